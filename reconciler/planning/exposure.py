"""Exposure-safe order: calls that lower the exposure first; increases that lost their funding are not sent.

An object's exposure is a product of independent parts (is it active, has it ended, its budget), so each part of a
change either never raises it or never lowers it. Lowering parts are sent first, then raising ones: after every prefix,
and after any crash, the total is at most max(before, after).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import compress, product

from msgspec import Struct

from reconciler.kinds.kind import Kind
from reconciler.model import Action, Address, Call, Change, FieldChange, ItemOutcome, ItemStatus, Value, Values
from reconciler.model.money import NOTHING, Exposure, ExposureAfterCall

Moves = Iterable[FieldChange]


class ExposureContext(Struct, frozen=True):
    """Exposure before the plan by currency, and the exposure of changes; ``today`` is the current time for a kind."""

    kinds: Mapping[str, Kind]
    changes: Mapping[Address, Change]
    start: Mapping[str, Exposure]
    currency: Callable[[Change], str]
    today: Callable[[str], datetime]

    def of(self, kind: Kind, values: Values | None) -> Exposure:
        """Return the exposure of one object with these values; zero for None."""
        if values is None or kind.limits is None:
            return NOTHING
        return Exposure.of(kind.limits([values], self.today(kind.name))[0])

    def raises(self, change: Change, fields: Sequence[FieldChange]) -> bool:
        """Return True if these fields can raise the exposure, whichever of the other changes are in force."""
        kind = self.kinds[change.address.kind]
        if change.action is Action.CREATE:
            return self.of(kind, compute_values_after(kind, None, fields)) > NOTHING
        own = [move for move in fields if kind.affects_cost(move.field)]
        if not own:
            return False
        rest: dict[str, list[FieldChange]] = {}
        for move in change.fields:
            if kind.affects_cost(move.field) and move not in own:
                rest.setdefault(move.facet, []).append(move)
        for in_force in product((True, False), repeat=len(rest)):
            others = [move for moves in compress(rest.values(), in_force) for move in moves]
            before = compute_values_after(kind, self.base(change), others)
            if self.of(kind, compute_values_after(kind, before, own)) > self.of(kind, before):
                return True
        return False

    def base(self, change: Change) -> Values | None:
        """Return the values before the plan; for deferred changes, those of the new object."""
        if change.live is not None:
            return change.live.values
        kind = self.kinds[change.address.kind]
        if change.action is Action.CREATE:
            return None
        carried = {name: value for name, value in change.after.items() if _is_carried(kind, name)}
        return kind.after(None, carried)


def _is_carried(kind: Kind, name: str) -> bool:
    return kind.has(name) and kind.field(name).path("create") is not None


def compute_values_after(kind: Kind, values: Values | None, moves: Moves) -> Values | None:
    """Return the values after these changes, with those that the API sets by itself."""
    own: dict[str, Value] = {move.field: move.after for move in moves}
    if not own:
        return values
    if values is None:
        carried = {name: value for name, value in own.items() if _is_carried(kind, name)}
        return kind.after(None, carried)
    return kind.after(values, own)


# --- Exposure during the calls ------------------------------------------------------------------------------


class ExposureTracker:
    """Tracks the exposure item by item. An unknown outcome is kept both ways, and the higher exposure counts."""

    def __init__(self, ground: ExposureContext) -> None:
        self.ground = ground
        self.states: dict[Address, tuple[Values | None, ...]] = {}
        self.exposed: dict[str, Exposure] = {}
        self.exposed |= self.ground.start

    def apply(
        self, address: Address, moves: Moves, *, lost: bool = False, within: Mapping[str, Exposure] | None = None
    ) -> bool:
        """Apply the fields; return False (and change nothing) if the exposure would exceed the limit ``within``."""
        change = self.ground.changes[address]
        kind, currency = self.ground.kinds[address.kind], self.ground.currency(change)
        before = self.states.get(address, (self.ground.base(change),))
        after = tuple(compute_values_after(kind, each, moves) for each in before)
        after = (*before, *after) if lost else after
        worst = max(self.ground.of(kind, each) for each in after)
        step = worst - max(self.ground.of(kind, each) for each in before)
        becomes = self.exposed.get(currency, NOTHING) + step
        if within is not None and step > NOTHING and becomes > within.get(currency, NOTHING):
            return False
        self.states[address], self.exposed[currency] = after, becomes
        return True


def trace_exposure(
    ground: ExposureContext, calls: Sequence[Call], deferred: Sequence[Change]
) -> Iterator[ExposureAfterCall]:
    """Yield the exposure before the first call, and after each call that changes it."""
    meter = ExposureTracker(ground)
    yield from (ExposureAfterCall("", currency, meter.exposed[currency]) for currency in sorted(meter.exposed))
    for call in calls:
        was = dict(meter.exposed)
        for item in call.items:
            meter.apply(item.address, item.fields)
        yield from _report_rise(call.name, was, meter)
    was = dict(meter.exposed)
    for change in deferred:
        meter.apply(change.address, change.fields)
    yield from _report_rise("deferred", was, meter)


def _report_rise(name: str, was: Mapping[str, Exposure], meter: ExposureTracker) -> Iterator[ExposureAfterCall]:
    for currency, exposure in sorted(meter.exposed.items()):
        if was.get(currency, NOTHING) != exposure:
            yield ExposureAfterCall(name, currency, exposure)


# --- Increases that lost their funding ----------------------------------------------------------------------


def find_unfunded_items(
    ground: ExposureContext, ended: Sequence[ItemOutcome], calls: Sequence[Call], deferred: Sequence[Change] = ()
) -> Mapping[str, tuple[int, ...]]:
    """Return the item indices that must not be sent, by call name, because a decrease failed.

    Increases are kept in order while the exposure stays at or below max(before, planned). ``ended`` holds the outcomes
    of earlier calls; ``deferred`` is sent after these calls.
    """
    if all(outcome.status is ItemStatus.APPLIED for outcome in ended):
        return {}
    planned, meter = ExposureTracker(ground), ExposureTracker(ground)
    for outcome in ended:
        planned.apply(outcome.item.address, outcome.item.fields)
        if outcome.status in (ItemStatus.APPLIED, ItemStatus.UNKNOWN):
            meter.apply(outcome.item.address, outcome.item.fields, lost=outcome.status is ItemStatus.UNKNOWN)
    for item in (item for call in calls for item in call.items):
        planned.apply(item.address, item.fields)
    for change in deferred:
        planned.apply(change.address, change.fields)
    ceilings = {name: max(now, ground.start.get(name, NOTHING)) for name, now in planned.exposed.items()}
    dropped: dict[str, tuple[int, ...]] = {}
    for call in calls:
        kept = [meter.apply(item.address, item.fields, within=ceilings) for item in call.items]
        if not all(kept):
            dropped[call.name] = tuple(index for index, fits in enumerate(kept) if not fits)
    return dropped
