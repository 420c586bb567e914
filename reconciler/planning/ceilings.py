"""Maximum billed amounts before and after a plan: spend limits of campaigns, and balances.

It is the only maximum that the vendor promises, and differs from the budgets asked for: the two are never added. A
spend limit also bounds the budgets of objects in its campaign.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from reconciler.kinds.kind import Kind
from reconciler.model import Address, Change, LimitChange, Live, Values
from reconciler.model.money import ZERO, Ceiling, Limit, Period
from reconciler.planning.cost_context import CostContext

Measure = Callable[[Sequence[Values], datetime], Sequence[Limit | None]]
Caps = Mapping[str, Limit]
"""Limits of campaigns by product and id."""
ORDER = {period: number for number, period in enumerate(Period)}


class MeasuredObject(Struct, frozen=True):
    """One object with its limit before and after the plan; without an id the plan creates it."""

    id: str | None
    address: Address | None
    currency: str
    campaign: str | None
    before: Limit | None
    after: Limit | None

    def shift(self, kind: str) -> LimitChange:
        return LimitChange(kind, self.id, self.address, self.currency, self.before, self.after)


def measure_objects(book: CostContext, kind: Kind, limits: Measure) -> Iterator[MeasuredObject]:
    """Yield every object of a kind with its limits, those that the plan creates last."""
    rows = book.live.get(kind.name, ())
    own = [change for change in book.changes if change.address.kind == kind.name]
    if not (rows or own):
        return
    moved = {change.id: change for change in own if change.id is not None}
    born = [change for change in own if change.id is None]
    before = limits([row.values for row in rows], book.today(kind.name))
    changed = [_lay_over(kind, row, moved.get(row.id)) for row in rows]
    after = limits([*changed, *(change.after for change in born)], book.today(kind.name)) if own else before
    codes: dict[tuple[object, ...], str] = {}
    for row, was, becomes in zip(rows, before, after, strict=False):
        change = moved.get(row.id)
        yield _measure(book, kind, row, change, codes, was, becomes)
    for change, becomes in zip(born, after[len(rows) :], strict=True):
        campaign = _find_campaign(kind, change.after)
        yield MeasuredObject(None, change.address, book.of(change), campaign, None, becomes)


def _lay_over(kind: Kind, row: Live, change: Change | None) -> Values:
    """Return the values of a live object after its change; what moved since it was planned counts as it is now."""
    if change is None:
        return row.values
    if change.live is None or change.live.values == row.values:
        return change.after
    return kind.after(row.values, {move.field: move.after for move in change.fields})


def _measure(
    book: CostContext,
    kind: Kind,
    row: Live,
    change: Change | None,
    codes: dict[tuple[object, ...], str],
    was: Limit | None,
    becomes: Limit | None,
) -> MeasuredObject:
    key = (row.owner, kind.owner_of(row.values))
    if key not in codes or not any(key):
        codes[key] = book.currency(kind.name, row.values, row.owner)
    address = change.address if change else None
    return MeasuredObject(row.id, address, codes[key], _find_campaign(kind, row.values), was, becomes)


def _find_campaign(kind: Kind, values: Values) -> str | None:
    """Return the one campaign whose limit bounds an object; None if there is none or more than one."""
    campaigns = kind.campaigns_of(values)
    return f"{kind.product} {campaigns[0]}" if len(campaigns) == 1 else None


def find_bounding_kinds(book: CostContext) -> Mapping[str, frozenset[str]]:
    """Return each kind of campaign that has a limit, with the kinds of its members, if these are read.

    The budget of such a campaign is the sum of its members' budgets, and at most its own limit.
    """
    found: dict[str, frozenset[str]] = {}
    for name, kind in book.kinds.items():
        members = {
            each.name for each in book.kinds.values() if name in _list_named_campaigns(each) and each.name in book.live
        }
        if kind.caps_campaigns and kind.limits is not None and members:
            found[name] = frozenset(members)
    return found


def _list_named_campaigns(kind: Kind) -> tuple[str, ...]:
    """Return the kind of campaign that bounds an object, if its own limit is no fund."""
    of = kind.address_fields.get(kind.campaign or "")
    return (of,) if of and kind.limits is not None and not kind.money else ()


def collect_spend_limits(book: CostContext) -> tuple[Caps, Caps]:
    """Return the limits of campaigns before and after the plan, by id, or by address for new ones."""
    before: dict[str, Limit] = {}
    after: dict[str, Limit] = {}
    for kind in book.kinds.values():
        measure = kind.ceilings or kind.limits
        if not kind.caps_campaigns or measure is None:
            continue
        for each in measure_objects(book, kind, measure):
            for limit, side in ((each.before, before), (each.after, after)):
                if limit is not None and limit.amount is not None:
                    side[f"{kind.product} {each.id or each.address}"] = limit
    return before, after


def bound(cap: Limit, period: Period, amount: Decimal, uncapped: int) -> tuple[Decimal, int]:
    """Return the amount asked for in a period, reduced to the campaign's limit.

    A limit bounds its own period and shorter ones, but no longer one.
    """
    assert cap.amount is not None
    if ORDER[period] > ORDER[cap.period]:
        return amount, uncapped
    return (cap.amount, 0) if uncapped else (min(amount, cap.amount), 0)


def count_ceilings(book: CostContext) -> tuple[tuple[Ceiling, ...], tuple[LimitChange, ...]]:
    """Return the maximum billed amounts by currency and period, and the objects whose own maximum changes."""
    sums: dict[tuple[str, Period], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    unbounded: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    shifts: list[LimitChange] = []
    for kind in book.kinds.values():
        for each in measure_objects(book, kind, kind.ceilings) if kind.ceilings else ():
            for side, limit in enumerate((each.before, each.after)):
                if limit is not None and limit.amount is not None:
                    sums[each.currency, limit.period][side] += limit.amount
                elif limit is not None:
                    unbounded[each.currency][side] += 1
            if each.before != each.after:
                shifts.append(each.shift(kind.name))
    rows = [Ceiling(currency, period, pair[0], pair[1]) for (currency, period), pair in sums.items()]
    rows += [Ceiling(currency, None, ZERO, ZERO, *pair) for currency, pair in unbounded.items()]
    ordered = sorted(rows, key=lambda row: (row.currency, len(ORDER) if row.period is None else ORDER[row.period]))
    return tuple(ordered), tuple(sorted(shifts, key=lambda each: (each.change, str(each.address)), reverse=True))
