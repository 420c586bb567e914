"""Changes to calls: the fewest that the API allows, cut to size, what frees money first.

Facets travel apart, since within one entry a bad budget takes a good bid down with it; ``merged``
folds them. Nothing unchanged is sent, an empty batch never is, and no call holds a placeholder.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, TypeVar

from reconciler import wire
from reconciler.kinds.kind import Kind
from reconciler.kinds.writes import (
    Block,
    Create,
    Delta,
    Entries,
    Membership,
    Patch,
    Stage,
    Switch,
    Timetable,
    Write,
    effect_of,
)
from reconciler.model import Action, Call, Change, FieldChange, Item, Json, Plan, Value, Values

Each = TypeVar("Each")


@dataclass(frozen=True)
class Target:
    """A kind as the configured version speaks it: its table, and what its paths begin with."""

    kind: Kind
    root: str


@dataclass(frozen=True)
class _Part:
    """Some fields of one change that travel together, and where they go."""

    change: Change
    fields: tuple[FieldChange, ...]
    stage: int
    facet: str
    method: str
    path: str
    write: Write | Create
    size: int


Raises = Callable[[Change, tuple[FieldChange, ...]], bool]
HELD = 100
"""Added to the stage of what is held back until all before it is confirmed: increases, where asked for."""


def plan(
    changes: Sequence[Change], targets: Mapping[str, Target], *, merged: bool = False, raises: Raises | None = None
) -> Plan:
    """All calls of the changes, in the order of sending, and what waits for the ids of new resources.

    What ``raises`` the exposure is kept in calls of its own, after all others.
    """
    parts = [part for change in changes for part in _parts(change, targets[change.address.kind], merged)]
    parts = _room_first(parts)
    if raises is not None:
        parts = [replace(part, stage=part.stage + HELD) if raises(part.change, part.fields) else part for part in parts]
    groups: dict[tuple[Any, ...], list[_Part]] = {}
    for part in sorted(parts, key=lambda part: _order(part, targets[part.change.address.kind].kind)):
        groups.setdefault((part.stage, part.change.address.kind, part.facet, part.method, part.path), []).append(part)
    calls = [
        _call(chunk, targets[chunk[0].change.address.kind], number)
        for group in groups.values()
        for number, chunk in enumerate(_chunks(group), 1)
    ]
    ordered = sorted(changes, key=lambda change: change.address)  # a plan knows nothing of the order of files
    deferred = tuple(late for change in ordered if (late := _late(change, targets[change.address.kind].kind)))
    later = [part for change in deferred for part in _parts(change, targets[change.address.kind], merged)]
    return Plan(tuple(_named_apart(calls)), deferred, _least(later), _least(parts) + _least(later))


def bound(deferred: Sequence[Change], ids: Mapping[Any, str]) -> tuple[Change, ...]:
    """The deferred changes whose resource now has its id: the second round, and nothing more."""
    return tuple(replace(change, id=ids[change.address]) for change in deferred if change.address in ids)


def touched(change: Change, kind: Kind) -> tuple[str, ...]:
    """The fields that the calls of a change send, those of their blocks included, as far as they can be read."""
    names: dict[str, None] = {}
    for move in change.fields:
        write = kind.writes.get(move.facet)
        beside = _completed({move.field: move.after}, change, write.whole, kind) if isinstance(write, Patch) else {}
        names |= dict.fromkeys((move.field, *beside))
    return tuple(name for name in names if kind.field(name).path("read") is not None)


def _least(parts: Sequence[_Part]) -> int:
    """The bound: over endpoint and facet, how many calls so many items need at least."""
    counts: dict[tuple[Any, ...], int] = {}
    sizes: dict[tuple[Any, ...], int] = {}
    for part in parts:
        key = (part.change.address.kind, part.facet, part.method, part.path)
        counts[key] = counts.get(key, 0) + (len(part.fields) if isinstance(part.write, Entries) else 1)
        sizes[key] = part.size
    return sum(-(-count // sizes[key]) for key, count in counts.items())


# --- Which fields travel together ------------------------------------------------------------------


def _parts(change: Change, target: Target, merged: bool) -> Iterator[_Part]:
    kind = target.kind
    if change.action is Action.CREATE and kind.create is not None:
        create = kind.create
        now = tuple(move for move in change.fields if kind.field(move.field).path("create"))
        yield _part(change, now, target, create.stage, "create", "POST", create.path, create, create.chunk)
        return
    facets: dict[str, list[FieldChange]] = {}
    for move in change.fields:
        folded = merged and move.facet in kind.merged
        facets.setdefault("+".join(kind.merged) if folded else move.facet, []).append(move)
    for facet, moves in facets.items():
        yield from _written(change, tuple(moves), target, facet, kind.writes[moves[0].facet])


def _written(
    change: Change, moves: tuple[FieldChange, ...], target: Target, facet: str, write: Write
) -> Iterator[_Part]:
    """One facet of one change, by its way of writing."""
    match write:
        case Patch():
            yield _part(change, moves, target, write.stage, facet, write.method, write.path, write, write.chunk)
        case Timetable():
            yield _part(change, moves, target, write.stage, facet, "PATCH", write.path, write, write.chunk)
        case Entries():
            for chunk in _batched(moves, write.chunk):
                yield _part(change, chunk, target, write.stage, facet, "PATCH", write.path, write, write.chunk)
        case Switch():
            value = str(moves[0].after)
            path, stage = write.paths[value], write.stages[value]
            yield _part(change, moves, target, stage, facet, "POST", path, write, write.chunk)
        case Delta() if not isinstance(moves[0].before, Decimal):
            return  # there is no difference to nothing; a rule of the kind has said so at its line
        case Delta():
            yield _part(change, moves, target, write.stage, facet, "POST", write.path, write, 1)
        case Membership():
            yield from _membership(change, moves[0], target, facet, write)


def _membership(change: Change, move: FieldChange, target: Target, facet: str, write: Membership) -> Iterator[_Part]:
    before, after = _members(move.before), _members(move.after)
    ways = (
        (sorted(before - after), write.delete, write.delete_stage, (before, before & after)),
        (sorted(after - before), write.append, write.append_stage, (before & after, after)),
    )
    for ids, path, stage, (was, becomes) in ways:
        for chunk in _batched(ids, write.chunk):
            step = replace(move, before=tuple(sorted(was)), after=tuple(sorted(becomes)))
            part = _part(change, (step,), target, stage, facet, "POST", path, write, 1)
            yield replace(part, change=replace(part.change, after={**part.change.after, "ids": tuple(chunk)}))


def _part(
    change: Change,
    fields: tuple[FieldChange, ...],
    target: Target,
    stage: Stage,
    facet: str,
    method: str,
    path: str,
    write: Write | Create,
    size: int,
) -> _Part:
    filled = path.format(root=target.root, id=change.id or change.address, **_url_values(change.after))
    return _Part(change, fields, stage, facet, method, filled, write, size)


def _url_values(values: Values) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if isinstance(value, str) and "." not in name}


def _members(value: Value) -> set[str]:
    return {str(each) for each in value} if isinstance(value, tuple) else set()


# --- What waits -------------------------------------------------------------------------------------


def _late(change: Change, kind: Kind) -> Change | None:
    """What creation cannot carry: it goes in a second round, once the id is known."""
    if change.action is not Action.CREATE:
        return None
    waiting = tuple(
        move
        for move in change.fields
        if kind.field(move.field).path("create") is None and kind.born.get(move.field) != move.after
    )
    return replace(change, action=Action.UPDATE, fields=waiting) if waiting else None


# --- In which order ------------------------------------------------------------------------------------


def _order(part: _Part, kind: Kind) -> tuple[Any, ...]:
    place = part.stage, part.change.address.kind, part.facet, part.path
    return *place, weight(part.fields), not _leads(part, kind), part.change.address


def _leads(part: _Part, kind: Kind) -> bool:
    """Whether it stands before others of its batch of creations, since they need it (contract §10)."""
    after = part.change.after
    return isinstance(part.write, Create) and any(after.get(name) in values for name, values in kind.leads.items())


def weight(fields: Sequence[FieldChange]) -> int:
    """0 frees money, 1 neither, 2 commits some: chunks are filled in this order, so it costs no call."""
    directions = [_direction(move) for move in fields]
    return 2 if 2 in directions else 0 if 0 in directions else 1


def _direction(move: FieldChange) -> int:
    match move.before, move.after:
        case Decimal() as before, Decimal() as after:
            return 0 if after < before else 2
        case (Decimal(), None):
            return 2
        case (None, Decimal()) if move.facet == "bids":
            return 2  # without a bid nothing is spent
        case _:
            return 1


def _room_first(parts: Sequence[_Part]) -> list[_Part]:
    """Where something new needs the room that others free, those go in a stage of their own."""
    creating: dict[str, list[Values]] = {}
    for part in parts:
        if isinstance(part.write, Create):
            creating.setdefault(part.change.address.kind, []).append(part.change.after)
    return [
        replace(part, stage=part.write.frees_stage)
        if isinstance(part.write, Patch)
        and part.write.frees_stage is not None
        and part.change.address.kind in creating
        and part.write.frees is not None
        and part.write.frees(replace(part.change, fields=part.fields), creating[part.change.address.kind])
        else part
        for part in parts
    ]


# --- The calls themselves ------------------------------------------------------------------------------


def _chunks(group: Sequence[_Part]) -> Iterator[tuple[_Part, ...]]:
    return _batched(group, 1 if isinstance(group[0].write, Entries) else group[0].size)


def _named_apart(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls with names of their own: an outcome and the journal know a call by its name."""
    seen: dict[str, int] = {}
    for call in calls:
        number = seen[call.name] = seen.get(call.name, 0) + 1
        yield call if number == 1 else replace(call, name=f"{call.name}-{number}")


def _batched(each: Sequence[Each], size: int) -> Iterator[tuple[Each, ...]]:
    for start in range(0, len(each), size):
        yield tuple(each[start : start + size])


def _call(parts: Sequence[_Part], target: Target, number: int) -> Call:
    first, kind = parts[0], target.kind
    write = first.write
    items = tuple(Item(part.change.address, part.change.id, part.fields, part.change.place) for part in parts)
    match write:
        case Patch():
            atomic = write.atomic
        case Create() | Delta() | Membership():
            atomic = True
        case _:
            atomic = False
    if isinstance(write, Entries):
        items = tuple(Item(first.change.address, first.change.id, (move,), move.place) for move in first.fields)
    name = f"{kind.name}.{first.facet}.{_verb(write, first)}{number if not _one_each(write) else _own(first)}"
    return Call(
        name,
        kind.name,
        first.facet,
        effect_of(write),
        first.method,
        first.path,
        _body(parts, kind),
        items=items,
        atomic=atomic,
        stage=int(first.stage),
        product=kind.product,
    )


def _one_each(write: Write | Create) -> bool:
    return getattr(write, "chunk", 1) == 1 or isinstance(write, Entries | Membership)


def _own(part: _Part) -> str:
    return f"{part.change.address.key}"


def _verb(write: Write | Create, part: _Part) -> str:
    return f"{part.path.rpartition('/')[2]}." if isinstance(write, Switch | Membership) else ""


def _body(parts: Sequence[_Part], kind: Kind) -> Json:
    write = parts[0].write
    match write:
        case Entries():
            part = parts[0]
            owner = str(part.change.id)
            return wire.body(write.envelope, [wire.nested_entry(write, owner, move, kind) for move in part.fields])
        case Membership():
            return _membership_body(write, parts[0])
        case _:
            return wire.body(write.envelope, [_entry(part, kind) for part in parts])


def _entry(part: _Part, kind: Kind) -> wire.Body:
    change, values = part.change, {move.field: move.after for move in part.fields}
    match part.write:
        case Create() as create:
            return wire.entry(create.envelope, None, wire.attributes(kind, values, "create"))
        case Patch() as patch:
            complete = _completed(values, change, patch.whole, kind)
            return wire.entry(patch.envelope, change.id, wire.attributes(kind, complete, "patch"))
        case Switch() as switch:
            return wire.entry(switch.envelope, change.id, {})
        case Timetable() as timetable:
            refs = change.live.refs if change.live else {}
            return wire.entry(timetable.envelope, change.id, wire.timetable(timetable, part.fields, refs, kind))
        case Delta() as delta:
            move = part.fields[0]
            assert isinstance(move.after, Decimal)
            assert isinstance(move.before, Decimal)
            amount = kind.field(delta.field).type.write(move.after - move.before)
            return wire.entry(delta.envelope, None, {delta.amount: amount})
        case write:
            raise TypeError(f"{type(write).__name__} has no entry of its own")


def _membership_body(write: Membership, part: _Part) -> Json:
    ids = part.change.after["ids"]
    assert isinstance(ids, tuple)
    kind = write.type.format(verb="Append" if part.stage == write.append_stage else "Delete")
    if write.listed:
        return {"data": [{"type": kind, "id": str(id)} for id in ids]}
    return {"data": {"type": kind, "attributes": {"ids": [str(id) for id in ids]}}}


def _completed(values: Values, change: Change, blocks: Sequence[Block], kind: Kind) -> Values:
    """With the rest of every block of which more than the safe fields move (contract §3.4)."""
    complete = dict(values)
    for block in blocks:
        inside = [name for name in block.fields if name in values]
        if not inside or all(name in block.alone for name in inside):
            continue
        live = change.live.values if change.live else {}
        for name in block.fields:
            value = change.after.get(name)
            cleared = kind.has(name) and kind.field(name).clears and live.get(name) is not None
            if kind.has(name) and name in change.after and (value is not None or cleared):
                complete[name] = value
            elif name not in change.after:
                complete.pop(name, None)
    return complete
