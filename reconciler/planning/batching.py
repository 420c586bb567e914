"""Changes to calls: the fewest that the API allows, cut to size, what frees money first.

Facets travel apart, since within one entry a bad budget takes a good bid down with it; ``merged``
folds them. Nothing unchanged is sent, an empty batch never is, and no call holds a placeholder.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.cells import FacetRole
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import Create, PatchFields, SubresourcePatch
from reconciler.model import Action, Address, Call, Change, FieldChange, Plan, Values
from reconciler.planning.addresses import fill_ids, is_waiting
from reconciler.planning.call_bodies import build_call, complete_blocks
from reconciler.planning.call_parts import BoundType, CallPart, split_batches, split_change

Raises = Callable[[Change, tuple[FieldChange, ...]], bool]


def build_calls(
    changes: Sequence[Change], targets: Mapping[str, BoundType], *, merged: bool = False, raises: Raises | None = None
) -> Plan:
    """All calls of the changes, in the order of sending, and what waits for the ids of new resources.

    What ``raises`` the exposure is kept in calls of its own, which are sent when all others are confirmed.
    """
    waiting = [change for change in changes if is_waiting(targets[change.address.kind].kind, change)]
    ready = [change for change in changes if not is_waiting(targets[change.address.kind].kind, change)]
    parts = [part for change in ready for part in split_change(change, targets[change.address.kind], merged)]
    parts = _room_first(parts)
    if raises is not None:
        parts = [replace(part, raises_exposure=raises(part.change, part.fields)) for part in parts]
    groups: dict[tuple[Any, ...], list[CallPart]] = {}
    for part in sorted(parts, key=lambda part: _order(part, targets[part.change.address.kind].kind)):
        place = part.raises_exposure, part.stage, part.change.address.kind, part.facet, part.method, part.path
        groups.setdefault(place, []).append(part)
    calls = [
        build_call(chunk, targets[chunk[0].change.address.kind], number)
        for group in groups.values()
        for number, chunk in enumerate(_chunks(group), 1)
    ]
    ordered = sorted(changes, key=lambda change: change.address)  # a plan knows nothing of the order of files
    late = tuple(late for change in ordered if (late := _late(change, targets[change.address.kind].kind)))
    deferred = (*sorted(waiting, key=lambda change: change.address), *late)
    later = [part for change in deferred for part in split_change(change, targets[change.address.kind], merged)]
    return Plan(tuple(_named_apart(calls)), deferred, _least(later), _least(parts) + _least(later))


def resolve_deferred(
    deferred: Sequence[Change], ids: Mapping[Address, str], kinds: Mapping[str, BoundType]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Return the deferred changes that have all ids they need now, which are the next round, and those that wait on."""
    filled = [(change, fill_ids(kinds[change.address.kind].kind, change, ids)) for change in deferred]
    ready = tuple(now for _, now in filled if now is not None)
    return ready, tuple(change for change, now in filled if now is None)


def fields_sent(change: Change, kind: Kind) -> tuple[str, ...]:
    """The fields that the calls of a change send, those of their blocks included, as far as they can be read."""
    names: dict[str, None] = {}
    for move in change.fields:
        write = kind.writes.get(move.facet)
        beside = (
            complete_blocks({move.field: move.after}, change, write.whole, kind)
            if isinstance(write, PatchFields)
            else {}
        )
        names |= dict.fromkeys((move.field, *beside))
    return tuple(name for name in names if kind.field(name).path("read") is not None)


def _least(parts: Sequence[CallPart]) -> int:
    """The bound: over endpoint and facet, how many calls so many items need at least."""
    counts: dict[tuple[Any, ...], int] = {}
    sizes: dict[tuple[Any, ...], int] = {}
    for part in parts:
        key = (part.change.address.kind, part.facet, part.method, part.path)
        counts[key] = counts.get(key, 0) + (len(part.fields) if isinstance(part.write, SubresourcePatch) else 1)
        sizes[key] = part.size
    return sum(-(-count // sizes[key]) for key, count in counts.items())


# --- What waits -------------------------------------------------------------------------------------


def _late(change: Change, kind: Kind) -> Change | None:
    """What creation cannot carry: it goes in a second round, once the id is known."""
    if change.action is not Action.CREATE:
        return None
    waiting = tuple(
        move
        for move in change.fields
        if kind.field(move.field).path("create") is None and kind.create_defaults.get(move.field) != move.after
    )
    return replace(change, action=Action.UPDATE, fields=waiting) if waiting else None


# --- In which order ------------------------------------------------------------------------------------


def _order(part: CallPart, kind: Kind) -> tuple[Any, ...]:
    place = part.raises_exposure, part.stage, part.change.address.kind, part.facet, part.path
    return *place, weight(part.fields, kind), not _leads(part, kind), part.change.address


def _leads(part: CallPart, kind: Kind) -> bool:
    """Whether it stands before others of its batch of creations, since they need it (contract §10)."""
    after = part.change.after
    return isinstance(part.write, Create) and any(
        after.get(name) in values for name, values in kind.create_first.items()
    )


def weight(fields: Sequence[FieldChange], kind: Kind) -> int:
    """0 frees money, 1 neither, 2 commits some: chunks are filled in this order, so it costs no call."""
    directions = [_direction(move, kind) for move in fields]
    return 2 if 2 in directions else 0 if 0 in directions else 1


def _direction(move: FieldChange, kind: Kind) -> int:
    match move.before, move.after:
        case Decimal() as before, Decimal() as after:
            return 0 if after < before else 2
        case (Decimal(), None):
            return 2
        case (None, Decimal()) if kind.role(move.facet) is FacetRole.BID:
            return 2  # without a bid nothing is spent
        case _:
            return 1


def _room_first(parts: Sequence[CallPart]) -> list[CallPart]:
    """Where something new needs the room that others free, those go in a stage of their own."""
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


# --- The calls themselves ------------------------------------------------------------------------------


def _chunks(group: Sequence[CallPart]) -> Iterator[tuple[CallPart, ...]]:
    return split_batches(group, 1 if isinstance(group[0].write, SubresourcePatch) else group[0].size)


def _named_apart(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls with names of their own: an outcome and the journal know a call by its name."""
    seen: dict[str, int] = {}
    for call in calls:
        number = seen[call.name] = seen.get(call.name, 0) + 1
        yield call if number == 1 else replace(call, name=f"{call.name}-{number}")
