"""Compute the cost of a plan: commitments of the scope before and after, with the changes laid over live state.

Sums of budgets are amounts asked for, not a bound on what is billed: the API promises a maximum only for the spend
limit of a campaign (contract §14, 35). They are per currency; uncapped objects are counted, never dropped.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.calendar import latest_to_end
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Change, FieldChange, LimitChange, Live, Money, Value, Values
from reconciler.model.money import NOTHING, ZERO, BidShift, Commitment, Exposure, Funds, Increase, Limit, Period

ANY_DAY = (Period.DAY, Period.WEEK, Period.MONTH)
"""Periods that count in full on one day: a week's or month's budget may be spent on one day."""
BIDS = ("bids", "categoryBids")
"""Facets whose amounts are bids."""


class SupportsAppliedChange(Protocol):
    """A value that an earlier run changed, as the ledger returns it."""

    @property
    def address(self) -> Address: ...
    @property
    def field(self) -> str: ...
    @property
    def before(self) -> Value: ...


class CostContext(Struct, frozen=True, dict=True):
    """Inputs of the cost of a plan. ``currencies`` are by scope and owner id."""

    kinds: Mapping[str, Kind]
    live: Mapping[str, Sequence[Live]]
    changes: Sequence[Change]
    scope: Mapping[str, Sequence[str]]
    currencies: Mapping[tuple[str, str], str]
    now: datetime
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def today(self, kind: str) -> datetime:
        """Return now in the time zone, among a kind's owners, where the day ends last.

        An object that has ended there has ended for every owner.
        """
        return self._todays[self.kinds[kind].scope]

    @cached_property
    def _todays(self) -> Mapping[str, datetime]:
        return {
            kind.scope: latest_to_end(self.now, [zone for (name, _), zone in self.zones.items() if name == kind.scope])
            for kind in self.kinds.values()
        }

    def currency(self, kind: str, values: Values, owner: str | None) -> str:
        """Return the currency of an object: its owner's, or a phrase that names the owner."""
        scope, campaign = self.kinds[kind].scope, _text(values.get("campaignId"))
        campaigns = [campaign] if campaign else _members(values.get("campaignIds"))
        direct = owner or _text(values.get("advertiserId")) or _text(values.get("accountId"))
        known = direct or next((self._owners[scope, each] for each in campaigns if (scope, each) in self._owners), None)
        if known is None:
            known = self.scope[scope][0] if len(self.scope.get(scope, ())) == 1 else None
        if known is not None:
            return self.currencies.get((scope, known)) or f"currency of {NOUNS.get(scope, 'account')} {known}"
        shared = {self.currencies.get((scope, id)) for id in self.scope.get(scope, ())}
        one = shared.pop() if len(shared) == 1 else None
        return one or f"currency of campaign {campaigns[0] if campaigns else '?'}"

    @cached_property
    def _owners(self) -> Mapping[tuple[str, str], str]:
        """Owner id of each campaign, from its live objects, since a new object has no owner yet."""
        owners: dict[tuple[str, str], str] = {}
        for name, rows in self.live.items():
            for row in rows:
                owner = row.owner or _text(row.values.get("advertiserId"))
                campaign = _text(row.values.get("campaignId"))
                for each in (campaign,) if campaign else _members(row.values.get("campaignIds")):
                    if owner:
                        owners[self.kinds[name].scope, each] = owner
        return owners

    def of(self, change: Change) -> str:
        """Return the currency of a change."""
        return self.currency(change.address.kind, change.after, change.live.owner if change.live else None)


NOUNS = {"advertiserIds": "advertiser", "retailMediaAccountIds": "account"}


def compute_cost(
    book: CostContext, past: Iterable[SupportsAppliedChange] = (), ids: Mapping[Address, str] | None = None
) -> Money:
    """Return the cost of a plan. ``past`` holds the changes of earlier runs in the last 24 hours."""
    tally = _Totals()
    shifts = [shift for name in book.kinds for shift in _counted(book, name, tally)]
    increases = _increases((each.currency, each.change) for each in shifts)
    earlier = _increases(_recent_increases(book, past, ids or {}))
    both = _increases((each.currency, each.exposure) for each in (*increases, *earlier))
    return Money(
        commitments=tuple(tally.commitments()),
        funds=tuple(_funds(book, tally)),
        bids=tuple(_bids(book)),
        shifts=tuple(sorted(shifts, key=lambda each: (each.change, str(each.address)), reverse=True)),
        increases=increases,
        rolling=both,
    )


# --- Limits of objects --------------------------------------------------------------------------------------


class _Totals:
    """Sums by currency and period: amounts and uncapped counts, each before and after."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, Period], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        self.uncapped: dict[tuple[str, Period], list[int]] = defaultdict(lambda: [0, 0])
        self.funds: dict[str, Funds] = {}

    def add(self, currency: str, limit: Limit | None, sides: tuple[int, ...]) -> None:
        """Add a limit to every period to which it counts."""
        for period in _counted_in(limit):
            for side in sides:
                if limit is not None and limit.amount is not None:
                    self.sums[currency, period][side] += limit.amount
                else:
                    self.uncapped[currency, period][side] += 1

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
        for key in sorted({*self.sums, *self.uncapped}, key=lambda key: (key[0], order.index(key[1]))):
            (before, after), (uncapped_before, uncapped_after) = self.sums[key], self.uncapped[key]
            yield Commitment(*key, before, after, uncapped_before, uncapped_after)


def _counted(book: CostContext, name: str, tally: _Totals) -> Iterator[LimitChange]:
    """Add every object of a kind to the totals, and yield those whose limit changes."""
    kind, rows = book.kinds[name], book.live.get(name, ())
    own = [change for change in book.changes if change.address.kind == name]
    if kind.limits is None or not (rows or own):
        return
    moved = {change.id: change for change in own if change.id is not None}
    born = [change for change in own if change.id is None]
    before = kind.limits([row.values for row in rows], book.today(kind.name))
    changed = [moved[row.id].after if row.id in moved else row.values for row in rows]
    after = kind.limits([*changed, *(change.after for change in born)], book.today(kind.name)) if own else before
    codes: dict[tuple[object, ...], str] = {}
    for row, was, becomes in zip(rows, before, after, strict=False):
        key = (row.owner, row.values.get("advertiserId"), row.values.get("accountId"))
        if key not in codes or not any(key):
            codes[key] = book.currency(name, row.values, row.owner)
        _count(kind, tally, codes[key], was, becomes)
        if was != becomes:
            change = moved.get(row.id)
            yield LimitChange(name, row.id, change.address if change else None, codes[key], was, becomes)
    for change, becomes in zip(born, after[len(rows) :], strict=True):
        code = book.of(change)
        _count(kind, tally, code, None, becomes)
        if becomes is not None:
            yield LimitChange(name, None, change.address, code, None, becomes)


def _count(kind: Kind, tally: _Totals, currency: str, was: Limit | None, becomes: Limit | None) -> None:
    if kind.money:
        tally.deposit(currency, was, becomes)
    elif was is becomes:
        tally.add(currency, was, (0, 1))
    else:
        tally.add(currency, was, (0,))
        tally.add(currency, becomes, (1,))


def _counted_in(limit: Limit | None) -> tuple[Period, ...]:
    if limit is None:
        return ()
    if limit.period not in ANY_DAY:
        return (limit.period,)
    return (Period.ANY_DAY,) if limit.amount is None else (Period.ANY_DAY, limit.period)


def _funds(book: CostContext, tally: _Totals) -> Iterator[Funds]:
    """Yield the deposits with the amounts that this plan adds and takes back."""
    rows = tally.funds
    for change in book.changes:
        for move in change.fields if book.kinds[change.address.kind].money else ():
            if move.facet == "funds" and isinstance(move.after, Decimal):
                step = move.after - (move.before if isinstance(move.before, Decimal) else ZERO)
                row = rows.get(code := book.of(change)) or Funds(code)
                rows[code] = replace(row, added=row.added + max(step, ZERO), taken=row.taken + max(-step, ZERO))
    yield from (rows[currency] for currency in sorted(rows))


# --- Bids ---------------------------------------------------------------------------------------------------


def _bids(book: CostContext) -> Iterator[BidShift]:
    moves: dict[tuple[str, str, str], list[FieldChange]] = defaultdict(list)
    for change in book.changes:
        for move in change.fields:
            if move.facet in BIDS:
                kind = book.kinds[change.address.kind]
                moves[book.of(change), kind.name, kind.field(move.field).name].append(move)
    for (currency, kind_name, name), each in sorted(moves.items(), key=lambda item: item[0]):
        yield _shift(BidShift(currency, kind_name, name), each)


def _shift(row: BidShift, moves: Sequence[FieldChange]) -> BidShift:
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


def _increases(steps: Iterable[tuple[str, Exposure]]) -> tuple[Increase, ...]:
    sums: dict[str, Exposure] = {}
    for currency, step in steps:
        sums[currency] = sums.get(currency, NOTHING) + step
    return tuple(Increase(currency, sums[currency]) for currency in sorted(sums))


def _recent_increases(
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


def _text(value: Value) -> str | None:
    return str(value) if value is not None else None


def _members(value: Value) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, tuple) else ()
