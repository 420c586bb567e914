"""Roll back a run: a normal plan of its earlier values, and the same change in the files, so that it stays.

A value is reverted only if live still has the run's value. Reported as irreversible: created objects, spent money,
values that the API never returns.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.commands import patch_files
from reconciler.commands.connection import CommandRefused, no_such_run
from reconciler.commands.drift import exact_target
from reconciler.commands.drift_accept import rewrite_files
from reconciler.commands.session import Session
from reconciler.config import loader
from reconciler.engine.plan import PreparedPlan
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference
from reconciler.ledger.interface import RunHistory
from reconciler.model import (
    Address,
    IrreversibleReason,
    ItemStatus,
    Json,
    Live,
    Problem,
    Run,
    Severity,
    Value,
    Values,
    warning,
)
from reconciler.planning.computed_fields import find_computed
from reconciler.planning.irreversible import find_reason_to_stay
from reconciler.planning.replacement_parts import attributes_of, find_path
from reconciler.reports.drift_report import format_drift_value


class RecordedMove(Struct, frozen=True):
    """Change of one value by a run, from its first call to its last."""

    address: Address
    id: str | None
    field: str
    before: Value
    after: Value
    seen: bool
    created: bool


class RollbackResult(Struct, frozen=True):
    """Plan of a rollback, its session, the new texts of the changed files, and the targets."""

    run: Run
    session: Session
    texts: Mapping[str, bytes] = field(default_factory=dict)
    targets: tuple[str, ...] = ()
    patch: str = ""


def rollback(session: Session, run: str, allowed: Mapping[str, str] | None = None) -> RollbackResult:
    """Plan the rollback of a run. Raise :class:`CommandRefused` if the ledger does not have it."""
    with session.remembering(create=False) as ledger:
        latest = next((each.id for each in ledger.runs(1)), run) if run == "last" else run
        past, remembered = ledger.run(latest), session.memory(ledger).values
    if past is None:
        raise CommandRefused(no_such_run(run))
    prepared = session.plan(())
    if isinstance(prepared, Run):
        return RollbackResult(prepared, session)
    wished, notes = undo_values(past, prepared, remembered)
    texts, trouble = rewrite_files(session.loaded, prepared, wished)
    targets = tuple(exact_target(address) for address in wished)
    patch = patch_files.unified_diff(session.loaded.documents, texts)
    if not targets:
        empty = Run("plan", session.project.name, problems=notes, unchanged=len(session.loaded.desired))
        return RollbackResult(empty, session)
    loaded = loader.load(session.paths, texts)
    if loaded.project is None or loaded.failed:
        broken = Run("plan", session.project.name, problems=(*notes, *trouble, *loaded.problems))
        return RollbackResult(broken, session)
    there = session.with_files(loaded, loaded.project)
    planned = there.plan(targets, allowed)
    found = planned if isinstance(planned, Run) else planned.run
    beside = _warn_of_pending(found, wished)
    return RollbackResult(
        replace(found, problems=(*notes, *trouble, *beside, *found.problems)), there, texts, targets, patch
    )


def undo_values(
    past: RunHistory, prepared: PreparedPlan, remembered: Mapping[Address, Values]
) -> tuple[dict[Address, dict[str, Value]], tuple[Problem, ...]]:
    """Return the earlier values by present address, and a problem for each value that cannot be reverted."""
    now = {(name, live.id): (desired.address, live) for name, pairs in prepared.pairs.items()
           for desired, live in pairs if live is not None}  # fmt: skip
    wished: dict[Address, dict[str, Value]] = {}
    written: dict[tuple[Kind, Address], tuple[Live, dict[str, Value]]] = {}
    notes: dict[Problem, None] = dict.fromkeys(_find_unsettled(past))
    moves = [move for move in recorded_moves(past) if move.address.kind in prepared.project.kinds]
    moves += implied_starts(prepared.project.kinds, moves)
    born = {(move.address.kind, move.id): move.address for move in moves if move.created}
    for move in moves:
        kind = prepared.project.kinds[move.address.kind]
        address, live = now.get((kind.name, move.id or ""), (move.address, None))
        wanted = undo_of_new_object(kind, move) if (kind.name, move.id) in born else move
        if wanted is None:
            continue
        why = _find_reason_to_keep(kind, wanted, live)
        if why is not None:
            notes[replace(why, address=address)] = None
            continue
        assert live is not None
        wished.setdefault(address, {})[wanted.field] = wanted.before
        written.setdefault((kind, address), (live, {}))[1][wanted.field] = wanted.after
        if isinstance(kind.writes.get(kind.field(wanted.field).facet), AddDifference):
            before = format_drift_value(wanted.before)
            message = f"{wanted.field} goes back to {before}; what was spent of it meanwhile stays spent"
            notes[Problem(Severity.NOTE, "money-spent", message, address=address)] = None
    sent = _list_sent_rows(past)
    for (kind, address), (live, after) in written.items():
        wished[address] |= values_moved_along(kind, live, wished[address], after, remembered.get(address, {}))
        wished[address] |= find_computed_since(kind, live, wished[address], sent.get((kind.name, live.id), ()))
    for (name, id), first in born.items():
        address, _ = now.get((name, id or ""), (first, None))
        notes[_warn_of_created(prepared.project.kinds[name], address, id, wished.get(address, {}))] = None
    return wished, tuple(notes)


def implied_starts(kinds: Mapping[str, Kind], moves: Sequence[RecordedMove]) -> Iterator[RecordedMove]:
    """Yield, for each new object, the value with which the API starts it where the file did not state one."""
    stated = {(move.address.kind, move.id, move.field) for move in moves}
    born = {(move.address.kind, move.id): move.address for move in moves if move.created}
    for (name, id), address in born.items():
        for field_name, value in kinds[name].start_values.items():
            given = kinds[name].create_defaults.get(field_name)
            if given == value and (name, id, field_name) not in stated:
                yield RecordedMove(address, id, field_name, None, value, seen=True, created=True)


def undo_of_new_object(kind: Kind, move: RecordedMove) -> RecordedMove | None:
    """Return a change of an object that the run created, with the value that takes it back; None if there is none.

    What the run started is stopped. What it wrote after the creation goes back to what the API gives a new object.
    """
    row = kind.field(move.field)
    stop, given = kind.stop_values.get(move.field), kind.create_defaults.get(move.field)
    if stop is not None and kind.is_changeable(row):
        waits = move.after == given and given != kind.start_values.get(move.field)
        return None if waits or move.after == stop else replace(move, before=stop)
    if move.created or move.before is not None:
        return None if move.created else move
    idle = kind.idle_when_equal.get(row.name)
    return replace(move, before=Decimal(idle) if isinstance(idle, int) else given)


def values_moved_along(kind: Kind, live: Live, before: Values, after: Values, remembered: Values) -> dict[str, Value]:
    """Return values that the API changed by itself with the run's change, from the remembered ones."""
    known = {name: value for name, value in remembered.items() if name in live.values}
    was = {**live.values, **known, **before}
    implied = kind.after(was, after)
    return {
        name: value
        for name, value in known.items()
        if name not in after
        and implied.get(name, live.values[name]) == live.values[name] != value
        and kind.is_changeable(kind.field(name))
    }


def find_computed_since(kind: Kind, live: Live, before: Values, rows: Sequence[Json]) -> dict[str, Value]:
    """Return values that the API computes since the run, as the run's calls sent them, having read them before."""
    names = find_computed(kind, live.values) - find_computed(kind, {**live.values, **before}) - before.keys()
    known = [attributes for row in rows if (attributes := attributes_of({"data": row})) is not None]
    sent = {name: find_path(row, str(kind.field(name).path("patch"))) for name in names for row in reversed(known)}
    return {name: kind.field(name).type.read(wire) for name, (there, wire) in sent.items() if there}


def _list_sent_rows(past: RunHistory) -> dict[tuple[str, str | None], list[Json]]:
    """Return what the calls of the run sent, by kind and id of the object."""
    found: dict[tuple[str, str | None], list[Json]] = {}
    for intent in past.calls:
        for item, row in zip(intent.call.items, intent.call.rows, strict=False):
            found.setdefault((intent.call.kind, item.id), []).append(row)
    return found


def recorded_moves(past: RunHistory) -> Iterator[RecordedMove]:
    """Yield the applied changes of the run, each value once."""
    found: dict[tuple[str, str, str], RecordedMove] = {}
    for intent in past.calls:
        created = intent.call.facet == "create"
        for outcome in intent.outcomes:
            id = outcome.item.id or outcome.id
            for each in outcome.item.fields if outcome.status is ItemStatus.APPLIED else ():
                key = (outcome.item.address.kind, str(id), each.field)
                first = found.get(key)
                before, new = (first.before, first.created) if first else (each.before, created)
                found[key] = RecordedMove(outcome.item.address, id, each.field, before, each.after, each.seen, new)
    yield from found.values()


def _find_unsettled(past: RunHistory) -> Iterator[Problem]:
    for intent in past.calls:
        if intent.settled is None or any(each.status is ItemStatus.UNKNOWN for each in intent.outcomes):
            message = f"whether {intent.call.name} took effect is not known, so nothing of it is undone"
            yield warning("unknown-outcome", message, hint="the next apply looks for it; roll back after that")


def _find_reason_to_keep(kind: Kind, move: RecordedMove, live: Live | None) -> Problem | None:
    """Return the reason why a value is not reverted, or None."""
    if live is None:
        return warning("not-in-files", f"{move.id} is not in the files any more", hint="describe it again by its id")
    why = find_reason_to_stay(kind, move.field, move.before, seen=move.seen)
    if why is IrreversibleReason.UNSEEN:
        return warning("never-shown", f"{move.field}: the API does not show it, so what it was is not certain")
    if live.values.get(move.field) != move.after:
        wrote, now = format_drift_value(move.after), format_drift_value(live.values.get(move.field))
        moved = f"the run wrote {wrote}, and {now} is live now"
        return warning("moved-since", f"{move.field} stays: {moved}", hint="`drift` says who moved it")
    if why is not None:
        reason = "the API has no way to clear it" if move.before is None else "it cannot be written"
        return warning("cannot-go-back", f"{move.field} cannot go back to {format_drift_value(move.before)}: {reason}")
    return None


def _warn_of_created(kind: Kind, address: Address, id: str | None, wished: Values) -> Problem:
    """Return a warning for an object that stays, with what stops it: this plan, a line in its block, or nothing."""
    stops = {name: value for name, value in kind.stop_values.items() if kind.is_changeable(kind.field(name))}
    ends = [
        row.name for row in kind.fields if isinstance(row.type, DayType) and row.nullable and kind.is_changeable(row)
    ]
    hint = "the API can neither delete nor stop it"
    if stops:
        stop = next(f"{name}: {format_drift_value(value)}" for name, value in stops.items())
        does = "this plan stops it with" if stops.items() <= wished.items() else "to stop it, write"
        hint = f"the API cannot delete it; {does} {stop}"
    elif ends:
        hint = f"the API cannot delete it; to stop it, write its {ends[-1]}"
    return warning("created", f"{id} was created, and stays", address=address, hint=hint)


def _warn_of_pending(run: Run, wished: Mapping[Address, Mapping[str, Value]]) -> Iterator[Problem]:
    """Yield a warning for each further change in the plan, pending in the files already."""
    for change in run.changes:
        for move in change.fields:
            if move.field not in wished.get(change.address, {}):
                message = f"{move.field} is in this plan too: the files state it and it is not applied yet"
                yield warning("also-pending", message, at=move.place, address=change.address)
