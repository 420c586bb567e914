"""What an apply asks speaks of changes, resources and money, never of calls."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from reconciler.model import Money, Run
from reconciler.model.money import BidShift, Commitment, Funds, Period
from reconciler.reports.question import question

from .runs import BID, BUDGET, CREATED, MONEY, RAISED, STOPPED, changed, moved


def asked(*commitments: Commitment, funds: tuple[Funds, ...] = (), bids: tuple[BidShift, ...] = ()) -> str:
    many = tuple(changed(f"a{n}", moved(BUDGET, Decimal(10), Decimal(11))) for n in range(24))
    return question(Run("plan", "p", many, money=Money(commitments, funds, bids)))


def test_it_counts_changes_and_objects_and_tells_how_far_budgets_move() -> None:
    daily = Commitment("EUR", Period.DAY, Decimal("12345.60"), Decimal("12447.15"))
    any_day = Commitment("EUR", Period.ANY_DAY, Decimal("12345.60"), Decimal("12447.15"))

    assert asked(any_day, daily) == "Apply 24 changes to 24 ad sets: daily budgets +101.55 EUR?"


def test_amounts_that_fall_and_other_currencies_stand_beside_it() -> None:
    week = Commitment("EUR", Period.WEEK, Decimal("5000"), Decimal("3500"))
    dollars = Commitment("USD", Period.TOTAL, Decimal("0"), Decimal("1500000"))
    funds = (Funds("USD", Decimal(0), Decimal(1000), Decimal(1000)),)

    told = asked(week, dollars, funds=funds)

    assert told.endswith(
        ": weekly budgets -1,500.00 EUR, lifetime budgets +1,500,000.00 USD, balance deposits +1,000.00 USD?"
    )


def test_what_is_uncapped_and_the_bids_are_counted() -> None:
    any_day = Commitment("EUR", Period.ANY_DAY, Decimal(1), Decimal(1), 0, 2)
    bids = (
        BidShift("EUR", "adSets", BID, 1, 2, Decimal(1), Decimal(1), Decimal(2), Decimal(2), None),
        BidShift("USD", "adSets", BID, 1, 0, Decimal(1), Decimal(1), Decimal(2), Decimal(2), None),
    )

    assert asked(any_day, bids=bids).endswith(": uncapped budgets +2, 2 bids raised, 2 bids lowered?")


def test_a_creation_and_a_stop_are_one_change_each_and_kinds_stand_apart() -> None:
    topped = changed("q1", moved("deposited", Decimal(1), Decimal(2)), kind="balances")
    run = Run("plan", "p", (RAISED, CREATED, STOPPED, topped), money=replace(MONEY, commitments=(), bids=()))

    assert question(run).startswith("Apply 5 changes to 3 ad sets and 1 balance: balance deposits ")


def test_a_change_without_money_says_so() -> None:
    renamed = changed("fr", moved("name", "a", "b"))

    told = question(Run("plan", "p", (renamed,), money=Money()))

    assert told == "Apply 1 change to 1 ad set: no budget and no bid moves?"
