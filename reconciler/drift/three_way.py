"""Live, last applied, desired: of every value that differs, which side moved.

It begins with what a plan would move, so spend, statuses, order, case, rounding and zones of time
never count: equal canonical values are no change. A value that the API never shows can only be pending.
"""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.versions import name_of
from reconciler.model import Action, Address, Change, Drift, DriftState, FieldChange, Value, Values


def find_drift(changes: Iterable[Change], remembered: Mapping[Address, Values]) -> tuple[Drift, ...]:
    """What the files and live differ in. ``remembered`` holds the values that were last in force and wanted."""
    return tuple(each for change in changes for each in _of(change, remembered))


def drift_state(wanted: Value, live: Value, applied: Value, *, known: bool = True) -> DriftState:
    """The three-way table; without a last applied value nobody can tell which side moved."""
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
    """What the object is called at the account; in the files, while there is none."""
    return name_of(change.address.kind, change.live.values if change.live else change.after)


def _unseen(move: FieldChange) -> DriftState:
    """Its live value is not known, so only the files can be seen to move."""
    return DriftState.CONVERGED if move.after == move.before else DriftState.PENDING
