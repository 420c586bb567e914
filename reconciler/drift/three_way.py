"""Three-way drift classification: live, last applied, desired.

It starts from the changes of a plan, so spend, statuses, order, case, rounding and time zones never count: equal
canonical values are no change. A value that the API never returns can only be pending.
"""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.versions import name_of
from reconciler.model import Action, Address, Change, Drift, DriftState, FieldChange, Value, Values


def find_drift(changes: Iterable[Change], remembered: Mapping[Address, Values]) -> tuple[Drift, ...]:
    """Return the differences between files and live. ``remembered`` holds the last applied values."""
    return tuple(each for change in changes for each in _of(change, remembered))


def drift_state(wanted: Value, live: Value, applied: Value, *, known: bool = True) -> DriftState:
    """Return the state by the three-way table; UNKNOWN without a last applied value."""
    if wanted == live:
        return DriftState.CONVERGED
    if not known:
        return DriftState.UNKNOWN
    if live == applied:
        return DriftState.PENDING
    return DriftState.DRIFTED if wanted == applied else DriftState.CONFLICT


def _of(change: Change, remembered: Mapping[Address, Values]) -> Iterator[Drift]:
    if change.action is Action.CREATE:
        yield Drift(
            change.address,
            None,
            "",
            DriftState.PENDING,
            None,
            None,
            None,
            change.place,
            known=False,
            name=_name(change),
        )
        return
    applied = remembered.get(change.address, {})
    for move in change.fields:
        known = move.field in applied
        found = (
            drift_state(move.after, move.before, applied.get(move.field), known=known) if move.seen else _unseen(move)
        )
        last = applied.get(move.field)
        yield Drift(
            change.address,
            change.id,
            move.field,
            found,
            move.after,
            last,
            move.before,
            move.place,
            known=known,
            name=_name(change),
        )


def _name(change: Change) -> str:
    """Return the live name of the object, or the declared one if it is not live."""
    return name_of(change.address.kind, change.live.values if change.live else change.after)


def _unseen(move: FieldChange) -> DriftState:
    """Return the state of a value that the API never returns: only a change in the files can be detected."""
    return DriftState.CONVERGED if move.after == move.before else DriftState.PENDING
