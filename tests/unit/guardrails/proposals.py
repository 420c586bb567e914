"""Plans as small as a guardrail can judge them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from reconciler.guardrails import Proposal
from reconciler.model import Action, Address, Change, FieldChange, FixedLocator, LimitChange, Money, Place, Span, Value
from reconciler.model.money import Commitment, Exposure, Increase, Limit, Period

SATURDAY = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
BID, BUDGET, STATUS = "bidding.bidAmount", "budget.budgetAmount", "schedule.activationStatus"
FACETS = {BID: "bids", BUDGET: "budgets", STATUS: "activation", "bid": "bids", "deposited": "funds"}


def at(line: int) -> Place:
    return Place(FixedLocator(Span("ads/summer.yaml", line, 5)), ())


def change(
    key: str = "a",
    *moves: tuple[str, Value, Value],
    kind: str = "adSets",
    action: Action = Action.UPDATE,
    id: str | None = "1",
    line: int = 1,
) -> Change:
    fields = tuple(
        FieldChange(name, FACETS.get(name, "settings"), before, after, at(line + index + 1))
        for index, (name, before, after) in enumerate(moves)
    )
    return Change(Address(kind, key), action, None if action is Action.CREATE else id, fields, {}, at(line))


def bid(before: str, after: str, key: str = "a", line: int = 1) -> Change:
    return change(key, (BID, Decimal(before), Decimal(after)), line=line)


def budget(before: str | None, after: str | None, key: str = "a") -> Change:
    return change(key, (BUDGET, before and Decimal(before), after and Decimal(after)))


def daily(amount: str | None, period: Period = Period.DAY) -> Limit:
    return Limit(period, None if amount is None else Decimal(amount))


def shift(before: Limit | None, after: Limit | None, key: str | None = "a", kind: str = "adSets") -> LimitChange:
    return LimitChange(kind, "1", Address(kind, key) if key else None, "EUR", before, after)


def money(
    added: str = "0",
    uncapped: int = 0,
    *,
    base: str = "1000",
    currency: str = "EUR",
    shifts: Iterable[LimitChange] = (),
    ceilings: Iterable[LimitChange] = (),
    lately: str = "0",
) -> Money:
    """A plan that adds so much to the budgets of one day, after runs that added ``lately``."""
    before, more = Decimal(base), Decimal(added)
    return Money(
        commitments=(Commitment(currency, Period.ANY_DAY, before, before + more, 0, max(uncapped, 0)),),
        shifts=tuple(shifts),
        ceiling_shifts=tuple(ceilings),
        increases=(Increase(currency, Exposure(uncapped, more)),),
        rolling=(Increase(currency, Exposure(uncapped, more + Decimal(lately))),),
    )


def increase(currency: str, amount: int) -> Increase:
    return Increase(currency, Exposure(0, Decimal(amount)))


def proposal(*changes: Change, cost: Money | None = None, now: datetime = SATURDAY, currency: str = "EUR",
             live: int = 10, remembered: Sequence[str] = (), wanted: Sequence[str] = (), whole: bool = True,
             ids: Sequence[str] | None = None) -> Proposal:  # fmt: skip
    """``remembered`` are keys of ad sets, whose ids are their places; ``ids`` the live ones, else ``live`` many."""
    shown = frozenset(ids if ids is not None else (str(number) for number in range(live)))
    return Proposal(
        changes=changes,
        money=cost or Money(),
        now=now,
        currencies={each.address: currency for each in changes},
        live={"adSets": shown},
        remembered={Address("adSets", key): str(place) for place, key in enumerate(remembered)},
        known={"adSets": (len(remembered), sum(str(place) in shown for place in range(len(remembered))))},
        wanted=frozenset(Address("adSets", key) for key in wanted),
        whole=whole,
    )
