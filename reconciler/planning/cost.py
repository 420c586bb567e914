"""Compute the cost of a plan: commitments of the scope before and after, with the changes laid over live state.

Sums of budgets are amounts asked for, not a bound on what is billed: the API promises a maximum only for the spend
limit of a campaign (contract §14, 35). They are per currency; uncapped objects are counted, never dropped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from reconciler.kinds.cells import FacetRole
from reconciler.kinds.kind import Kind
from reconciler.model import Address, FieldChange, LimitChange, Money, Value
from reconciler.model.money import (
    NOTHING,
    ZERO,
    BidShift,
    Commitment,
    Exposure,
    Funds,
    Increase,
    Limit,
    Period,
    before_and_after,
)
from reconciler.planning.ceilings import (
    Caps,
    MeasuredObject,
    bound,
    collect_spend_limits,
    count_ceilings,
    find_bounding_kinds,
    measure_objects,
)
from reconciler.planning.cost_context import CostContext as CostContext
from reconciler.planning.dated_budgets import list_dated_budgets

ANY_DAY = (Period.DAY, Period.WEEK, Period.MONTH)
"""Periods that count in full on one day: a week's or month's budget may be spent on one day."""

Row = tuple[str, Period, str | None]
"""A currency, a period, and the campaign whose limit applies."""


class SupportsAppliedChange(Protocol):
    """A value that an earlier run changed, as the ledger returns it."""

    @property
    def address(self) -> Address: ...
    @property
    def field(self) -> str: ...
    @property
    def before(self) -> Value: ...


def compute_cost(
    book: CostContext,
    past: Iterable[SupportsAppliedChange] = (),
    ids: Mapping[Address, str] | None = None,
    *,
    capped: bool = True,
) -> Money:
    """Return the cost of a plan. ``past`` holds the changes of earlier runs in the last 24 hours.

    Totals are the amounts asked for, reduced to the campaign's spend limit if ``capped``.
    """
    caps = collect_spend_limits(book) if capped else ({}, {})
    tally, shared = _Totals(caps), _Totals(caps)
    bounding = find_bounding_kinds(book) if capped else {}
    joint = {*bounding, *(name for names in bounding.values() for name in names)}
    shifts: list[LimitChange] = []
    for name in book.kinds:
        into = () if name in bounding else (tally, shared) if name in joint else (tally,)
        shifts += _count_kind(book, name, into)
    alone = ((each.currency, each.change) for each in shifts if each.kind not in joint)
    increases = _sum_increases([*alone, *shared.changes()])
    earlier = _sum_increases(_find_recent_increases(book, past, ids or {}))
    ceilings, ceiling_shifts = count_ceilings(book)
    both = _sum_increases((each.currency, each.exposure) for each in (*increases, *earlier))
    return Money(
        commitments=tuple(tally.commitments()),
        funds=tuple(_list_funds(book, tally)),
        bids=tuple(_list_bids(book)),
        shifts=tuple(sorted(shifts, key=lambda each: (each.change, str(each.address)), reverse=True)),
        increases=increases,
        rolling=both,
        ceilings=ceilings,
        ceiling_shifts=ceiling_shifts,
        dated=tuple(list_dated_budgets(book)),
    )


# --- Limits of objects --------------------------------------------------------------------------------------


class _Totals:
    """Sums by currency and period: amounts and uncapped counts, each before and after."""

    def __init__(self, caps: tuple[Caps, Caps]) -> None:
        self.caps = caps
        self.sums: dict[Row, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        self.uncapped: dict[Row, list[int]] = defaultdict(lambda: [0, 0])
        self.funds: dict[str, Funds] = {}

    def add(self, each: MeasuredObject, limit: Limit | None, sides: tuple[int, ...]) -> None:
        """Add a limit to every period to which it counts; those of a limited campaign are kept apart."""
        for period in _list_periods(limit):
            for side in sides:
                campaign = each.campaign if each.campaign in self.caps[side] else None
                row = (each.currency, period, campaign)
                if limit is not None and limit.amount is not None:
                    self.sums[row][side] += limit.amount
                else:
                    self.uncapped[row][side] += 1

    def deposit(self, currency: str, was: Limit | None, becomes: Limit | None) -> None:
        """Add a balance, which is one-off money and no renewing commitment."""
        before, after = Exposure.of(was), Exposure.of(becomes)
        row = self.funds.get(currency) or Funds(currency)
        self.funds[currency] = replace(
            row,
            before=row.before + before.amount,
            after=row.after + after.amount,
            uncapped_before=row.uncapped_before + before.uncapped,
            uncapped_after=row.uncapped_after + after.uncapped,
        )

    def commitments(self) -> Iterator[Commitment]:
        """Yield a row for any one day, and one for each period with a limit."""
        order = list(Period)
        rows: dict[tuple[str, Period], list[tuple[Decimal, int]]] = defaultdict(lambda: [(ZERO, 0), (ZERO, 0)])
        for row in {*self.sums, *self.uncapped}:
            for side in (0, 1):
                amount, uncapped = self._sum_asked(row, side)
                had, open_ = rows[row[:2]][side]
                rows[row[:2]][side] = (had + amount, open_ + uncapped)
        for key in sorted(rows, key=lambda key: (key[0], order.index(key[1]))):
            (before, uncapped_before), (after, uncapped_after) = rows[key]
            yield Commitment(*key, before, after, uncapped_before, uncapped_after)

    def changes(self) -> Iterator[tuple[str, Exposure]]:
        """Yield (currency, change) of the budgets for one day and for all days together."""
        for row in self.commitments():
            if row.period in (Period.ANY_DAY, Period.TOTAL):
                was, becomes = before_and_after(row)
                step = becomes.amount - was.amount if becomes.uncapped == was.uncapped else ZERO
                yield row.currency, Exposure(becomes.uncapped - was.uncapped, step)

    def _sum_asked(self, row: Row, side: int) -> tuple[Decimal, int]:
        _, period, campaign = row
        amount, uncapped = self.sums[row][side], self.uncapped[row][side]
        cap = self.caps[side].get(campaign) if campaign is not None else None
        return (amount, uncapped) if cap is None else bound(cap, period, amount, uncapped)


def _count_kind(book: CostContext, name: str, totals: Sequence[_Totals]) -> Iterator[LimitChange]:
    """Add every object of a kind to the totals, and yield those whose limit changes."""
    kind = book.kinds[name]
    for each in measure_objects(book, kind, kind.limits) if kind.limits else ():
        for tally in totals:
            _count(kind, tally, each)
        if each.before != each.after:
            yield each.shift(name)


def _count(kind: Kind, tally: _Totals, each: MeasuredObject) -> None:
    if kind.money:
        tally.deposit(each.currency, each.before, each.after)
    elif each.before is each.after:
        tally.add(each, each.before, (0, 1))
    else:
        tally.add(each, each.before, (0,))
        tally.add(each, each.after, (1,))


def _list_periods(limit: Limit | None) -> tuple[Period, ...]:
    if limit is None:
        return ()
    if limit.period not in ANY_DAY:
        return (limit.period,)
    return (Period.ANY_DAY,) if limit.amount is None else (Period.ANY_DAY, limit.period)


def _list_funds(book: CostContext, tally: _Totals) -> Iterator[Funds]:
    """Yield the deposits with the amounts that this plan adds and takes back."""
    rows = tally.funds
    for change in book.changes:
        for move in change.fields if book.kinds[change.address.kind].money else ():
            if book.kinds[change.address.kind].role(move.facet) is FacetRole.FUNDS and isinstance(move.after, Decimal):
                step = move.after - (move.before if isinstance(move.before, Decimal) else ZERO)
                row = rows.get(code := book.of(change)) or Funds(code)
                rows[code] = replace(row, added=row.added + max(step, ZERO), taken=row.taken + max(-step, ZERO))
    yield from (rows[currency] for currency in sorted(rows))


# --- Bids ---------------------------------------------------------------------------------------------------


def _list_bids(book: CostContext) -> Iterator[BidShift]:
    moves: dict[tuple[str, str, str], list[FieldChange]] = defaultdict(list)
    for change in book.changes:
        for move in change.fields:
            kind = book.kinds[change.address.kind]
            if kind.role(move.facet) is FacetRole.BID and move.before != move.after:
                moves[book.of(change), kind.name, kind.field(move.field).name].append(move)
    for (currency, kind_name, name), each in sorted(moves.items(), key=lambda item: item[0]):
        yield _sum_shift(BidShift(currency, kind_name, name), each)


def _sum_shift(row: BidShift, moves: Sequence[FieldChange]) -> BidShift:
    befores = [move.before for move in moves if isinstance(move.before, Decimal)]
    afters = [move.after for move in moves if isinstance(move.after, Decimal)]
    both = [(m.before, m.after) for m in moves if isinstance(m.before, Decimal) and isinstance(m.after, Decimal)]
    base = sum((before for before, _ in both), ZERO)
    lowered = sum(after < before for before, after in both) + sum(move.after is None for move in moves)
    return replace(
        row,
        raised=len(moves) - lowered,
        lowered=lowered,
        lowest_before=min(befores, default=None),
        highest_before=max(befores, default=None),
        lowest_after=min(afters, default=None),
        highest_after=max(afters, default=None),
        percent=(sum((after for _, after in both), ZERO) - base) / base * 100 if base else None,
    )


# --- Increases of this plan and of recent runs --------------------------------------------------------------


def _sum_increases(steps: Iterable[tuple[str, Exposure]]) -> tuple[Increase, ...]:
    sums: dict[str, Exposure] = {}
    for currency, step in steps:
        sums[currency] = sums.get(currency, NOTHING) + step
    return tuple(Increase(currency, sums[currency]) for currency in sorted(sums))


def _find_recent_increases(
    book: CostContext, past: Iterable[SupportsAppliedChange], ids: Mapping[Address, str]
) -> Iterator[tuple[str, Exposure]]:
    """Yield (currency, increase) of objects that earlier runs changed: exposure now against before those runs."""
    first: dict[Address, dict[str, Value]] = {}
    for each in past:
        first.setdefault(each.address, {}).setdefault(each.field, each.before)
    rows = {(name, row.id): row for name, each in book.live.items() for row in each} if first else {}
    for address, befores in first.items():
        kind, row = book.kinds.get(address.kind), rows.get((address.kind, ids.get(address, "")))
        if kind is None or kind.limits is None or row is None:
            continue
        born = any(befores.get(name, row.values.get(name)) is None for name in kind.natural_keys[0])
        was = NOTHING if born else Exposure.of(kind.limits([{**row.values, **befores}], book.today(kind.name))[0])
        step = Exposure.of(kind.limits([row.values], book.today(kind.name))[0]) - was
        yield book.currency(address.kind, row.values, row.owner), step
