"""What is billed at most is another number than the budgets: the limits of campaigns and the balances, never added."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.model import Run
from reconciler.model.money import Limit, Period
from reconciler.planning.ceilings import bound

from ...support.bench import bench

NEW = '{{advertiserId: "1352", name: {name}, goal: acquisition, spendLimit: {limit}}}'
HIGH = "{spendLimitType: capped, spendLimitRenewal: daily, spendLimitAmount: 250}"


def planned(text: str, **world: Any) -> Run:
    with bench(guarded=False) as here:
        for key, changes in world.items():
            collection, _, id = key.partition("_")
            here.world.edit(collection, id, changes)
        here.write({"a.yaml": text})
        return here.plan()


def ceilings(run: Run) -> dict[str, tuple[Decimal | int, Decimal | int]]:
    assert run.money is not None
    return {
        each.period.value if each.period else "no promise": (each.before, each.after)
        if each.period
        else (each.open_before, each.open_after)
        for each in run.money.ceilings
    }


def asked(run: Run, period: str) -> tuple[Decimal, Decimal]:
    assert run.money is not None
    return next((each.before, each.after) for each in run.money.commitments if each.period.value == period)


CAMPAIGN = f'campaigns:\n  one: {{id: "358313", spendLimit: {HIGH}}}\n'
AD_SET = 'adSets:\n  fr: {id: "123467", budget: {budgetAmount: 400}}\n'


def test_a_limit_is_billed_at_most_and_counts_by_its_period() -> None:
    new = "  two: " + NEW.format(name="Two", limit=HIGH) + "\n  free: "
    new += NEW.format(name="Free", limit="{spendLimitType: uncapped}") + "\n"
    found = ceilings(planned(CAMPAIGN + new))

    assert found["a month"] == (20000, 0)
    assert found["a day"] == (0, 500)
    assert found["no promise"][1] - found["no promise"][0] == 1


def test_budgets_above_the_limit_ask_for_the_limit() -> None:
    """The demo's campaign holds an uncapped ad set and one of 123.45 a day; the other campaign asks for 2,700."""
    before, after = asked(planned(CAMPAIGN + AD_SET), "any one day")

    assert (before, after) == (20000 + 2700, 250 + 2700)


def test_what_is_asked_for_moves_and_what_is_billed_at_most_does_not() -> None:
    text = 'campaigns:\n  one: {id: "358313", goal: acquisition}\n' + AD_SET
    run = planned(text, adSets_123470={"schedule.activationStatus": "off"})

    assert asked(run, "a day") == (Decimal("123.45"), 400)
    assert ceilings(run)["a month"] == (20000, 20000)


def test_a_balance_is_billed_at_most_too() -> None:
    text = "balances: {q4: {id: '18446744073709551617', accountId: '18446744073709551616', deposited: 6000.00}}\n"
    before, after = ceilings(planned(text))["in all"]
    assert after - before == 1000


@pytest.mark.parametrize(
    ("cap", "period", "amount", "uncapped", "found"),
    [
        (Period.DAY, Period.ANY_DAY, 7, 0, (5, 0)),
        (Period.DAY, Period.DAY, 3, 0, (3, 0)),
        (Period.DAY, Period.MONTH, 7, 0, (7, 0)),
        (Period.MONTH, Period.WEEK, 7, 0, (5, 0)),
        (Period.MONTH, Period.ANY_DAY, 0, 2, (5, 0)),
        (Period.MONTH, Period.TOTAL, 1, 2, (1, 2)),
        (Period.TOTAL, Period.TOTAL, 7, 0, (5, 0)),
    ],
)
def test_a_limit_bounds_its_own_period_and_shorter_ones(
    cap: Period, period: Period, amount: int, uncapped: int, found: tuple[int, int]
) -> None:
    assert bound(Limit(cap, Decimal(5)), period, Decimal(amount), uncapped) == found


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_every_report_tells_both_numbers_apart(form: str) -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SET})
        told = here.report(here.plan(), form)

    asked_first, billable = ('"22700', '"20000') if form == "json" else ("22,700.00", "20,000.00")
    assert told.index(asked_first) < told.rindex(billable)  # the page begins with the changes, which show it too
    assert ("Billable at most" in told) is (form != "json")
    assert ("no promise" if form == "json" else "without a maximum") in told


def test_the_question_of_an_apply_names_the_limits() -> None:
    from reconciler.reports.question import question

    assert question(planned(CAMPAIGN)).endswith("spend limits -19,750.00 EUR?")
