"""Group changes into the fewest calls that the API allows, within its limits, calls that free money first.

Facets are sent separately, because an invalid budget makes the API refuse a valid bid in the same entry; ``merged``
combines them. Nothing unchanged is sent, a batch is never empty, and no call holds a placeholder.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.cells import FacetRole
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import Create, PatchFields, Replace, SubresourcePatch
from reconciler.model import Action, Address, Call, Change, FieldChange, Plan, Values
from reconciler.planning.addresses import fill_ids, is_waiting
from reconciler.planning.call_bodies import build_call, complete_blocks
from reconciler.planning.call_parts import BoundType, CallPart, split_batches, split_change
from reconciler.planning.replacement import select_replaced_rows

Raises = Callable[[Change, tuple[FieldChange, ...]], bool]


def build_calls(
    changes: Sequence[Change], targets: Mapping[str, BoundType], *, merged: bool = False, raises: Raises | None = None
) -> Plan:
    """Return the plan: all calls of the changes in the order of sending, and the changes that wait for new ids.

    Changes for which ``raises`` is true get calls of their own, which are sent after all others are confirmed.
    """
    waiting = [change for change in changes if is_waiting(targets[change.address.kind].kind, change)]
    ready = [change for change in changes if not is_waiting(targets[change.address.kind].kind, change)]
    parts = [part for change in ready for part in split_change(change, targets[change.address.kind], merged)]
    parts = [_move_braking_first(part, targets[part.change.address.kind].kind) for part in _move_room_first(parts)]
    if raises is not None:
        parts = [replace(part, raises_exposure=raises(part.change, part.fields)) for part in parts]
    groups: dict[tuple[Any, ...], list[CallPart]] = {}
    for part in sorted(parts, key=lambda part: _make_order(part, targets[part.change.address.kind].kind)):
        place = part.raises_exposure, part.stage, part.change.address.kind, part.facet, part.method, part.path
        groups.setdefault(place, []).append(part)
    calls = [
        build_call(chunk, targets[chunk[0].change.address.kind], number)
        for group in groups.values()
        for number, chunk in enumerate(_split_chunks(group), 1)
    ]
    ordered = sorted(changes, key=lambda change: change.address)  # a plan must not depend on the order of the files
    late = tuple(late for change in ordered if (late := _split_late(change, targets[change.address.kind].kind)))
    deferred = (*sorted(waiting, key=lambda change: change.address), *late)
    later = [part for change in deferred for part in split_change(change, targets[change.address.kind], merged)]
    return Plan(tuple(_name_apart(calls)), deferred, _count_least(later), _count_least(parts) + _count_least(later))


def resolve_deferred(
    deferred: Sequence[Change], ids: Mapping[Address, str], kinds: Mapping[str, BoundType]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return (changes whose ids are all known now: the next round, changes that still wait)."""
    filled = [(change, fill_ids(kinds[change.address.kind].kind, change, ids)) for change in deferred]
    ready = tuple(now for _, now in filled if now is not None)
    return ready, tuple(change for change, now in filled if now is None)


def list_sent_fields(change: Change, kind: Kind) -> tuple[str, ...]:
    """Return the fields that the calls of a change send and a read can return, including those of completed blocks."""
    names: dict[str, None] = {}
    for move in change.fields:
        names |= dict.fromkeys((move.field, *_list_fields_beside(move, change, kind)))
    return tuple(name for name in names if kind.field(name).path("read") is not None)


def _list_fields_beside(move: FieldChange, change: Change, kind: Kind) -> Iterable[str]:
    match kind.writes.get(move.facet):
        case PatchFields() as patch:
            return complete_blocks({move.field: move.after}, change, patch.whole, kind)
        case Replace() as whole:
            return (row.name for row in select_replaced_rows(kind, whole))
        case _:
            return ()


def _count_least(parts: Sequence[CallPart]) -> int:
    """Return the lower bound of calls: per endpoint and facet, the number of items over the chunk size."""
    counts: dict[tuple[Any, ...], int] = {}
    sizes: dict[tuple[Any, ...], int] = {}
    for part in parts:
        key = (part.change.address.kind, part.facet, part.method, part.path)
        counts[key] = counts.get(key, 0) + (len(part.fields) if isinstance(part.write, SubresourcePatch) else 1)
        sizes[key] = part.size
    return sum(-(-count // sizes[key]) for key, count in counts.items())


# --- Deferred changes -------------------------------------------------------------------------------


def _split_late(change: Change, kind: Kind) -> Change | None:
    """Return the part of a creation that the create call cannot carry and that needs the new id, or None."""
    if change.action is not Action.CREATE:
        return None
    waiting = tuple(
        move
        for move in change.fields
        if kind.field(move.field).path("create") is None and kind.create_defaults.get(move.field) != move.after
    )
    return replace(change, action=Action.UPDATE, fields=waiting) if waiting else None


# --- Order ------------------------------------------------------------------------------------------


def _make_order(part: CallPart, kind: Kind) -> tuple[Any, ...]:
    place = part.raises_exposure, part.stage, part.change.address.kind, part.facet, part.path
    return *place, weigh(part.fields, kind), not _is_leading(part, kind), part.change.address


def _is_leading(part: CallPart, kind: Kind) -> bool:
    """Return True if the creation must precede others in its batch, which depend on it (contract §10)."""
    after = part.change.after
    return isinstance(part.write, Create) and any(
        after.get(name) in values for name, values in kind.create_first.items()
    )


def weigh(fields: Sequence[FieldChange], kind: Kind) -> int:
    """Return 0 if the fields free money, 1 if neither, 2 if they commit money; chunks are filled in this order."""
    directions = [_find_direction(move, kind) for move in fields]
    return 2 if 2 in directions else 0 if 0 in directions else 1


def _find_direction(move: FieldChange, kind: Kind) -> int:
    match move.before, move.after:
        case Decimal() as before, Decimal() as after:
            return 0 if after < before else 2
        case (Decimal(), None):
            return 2
        case (None, Decimal()) if kind.role(move.facet) is FacetRole.BID:
            return 2  # without a bid no money is spent
        case _:
            return 1


def _move_room_first(parts: Sequence[CallPart]) -> list[CallPart]:
    """Return the parts, with those that free room for a creation moved to an earlier stage."""
    creating: dict[str, list[Values]] = {}
    for part in parts:
        if isinstance(part.write, Create):
            creating.setdefault(part.change.address.kind, []).append(part.change.after)
    return [
        replace(part, stage=part.write.frees_stage)
        if isinstance(part.write, PatchFields)
        and part.write.frees_stage is not None
        and part.change.address.kind in creating
        and part.write.frees is not None
        and part.write.frees(replace(part.change, fields=part.fields), creating[part.change.address.kind])
        else part
        for part in parts
    ]


def _move_braking_first(part: CallPart, kind: Kind) -> CallPart:
    """Return a replacement at its earlier stage if it stops delivery or frees money: each has a path of its own."""
    write = part.write
    if not isinstance(write, Replace) or write.first is None:
        return part
    stops = any(move.after == kind.stop_values.get(move.field, ...) for move in part.fields)
    return replace(part, stage=write.first) if stops or weigh(part.fields, kind) == 0 else part


# --- Calls ------------------------------------------------------------------------------------------


def _split_chunks(group: Sequence[CallPart]) -> Iterator[tuple[CallPart, ...]]:
    return split_batches(group, 1 if isinstance(group[0].write, SubresourcePatch) else group[0].size)


def _name_apart(calls: Sequence[Call]) -> Iterator[Call]:
    """Yield the calls with unique names, by which outcomes and the journal identify them."""
    seen: dict[str, int] = {}
    for call in calls:
        number = seen[call.name] = seen.get(call.name, 0) + 1
        yield call if number == 1 else replace(call, name=f"{call.name}-{number}")
