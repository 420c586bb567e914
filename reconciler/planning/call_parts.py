"""Split a change into parts that can share one request. A facet is one part; a set may be two."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import (
    ActionByValue,
    AddDifference,
    Create,
    DatedEntries,
    PatchFields,
    Replace,
    SetMembership,
    Stage,
    SubresourcePatch,
    Write,
)
from reconciler.model import Action, Change, FieldChange, Value, Values

Each = TypeVar("Each")


class BoundType(Struct, frozen=True):
    """A kind in the configured version, with the prefix of its paths."""

    kind: Kind
    root: str


class CallPart(Struct, frozen=True):
    """Fields of one change that are sent together, and their endpoint.

    ``members`` are the ids that are added to a set or removed from it; ``raises_exposure`` is set only in the
    exposure-safe order.
    """

    change: Change
    fields: tuple[FieldChange, ...]
    stage: int
    facet: str
    method: str
    path: str
    write: Write | Create
    size: int
    members: tuple[str, ...] = ()
    raises_exposure: bool = False


def split_change(change: Change, target: BoundType, merged: bool) -> Iterator[CallPart]:
    kind = target.kind
    if change.action is Action.CREATE and kind.create is not None:
        create = kind.create
        now = tuple(move for move in change.fields if kind.field(move.field).path("create"))
        yield _make_part(change, now, target, create.stage, "create", "POST", create.path, create, create.chunk)
        return
    facets: dict[str, list[FieldChange]] = {}
    for move in change.fields:
        folded = merged and move.facet in kind.merged
        write = kind.writes[move.facet]
        facet = write.facet if isinstance(write, Replace) else move.facet
        facets.setdefault("+".join(kind.merged) if folded else facet, []).append(move)
    for facet, moves in facets.items():
        yield from _split_facet(change, tuple(moves), target, facet, kind.writes[moves[0].facet])


def _split_facet(
    change: Change, moves: tuple[FieldChange, ...], target: BoundType, facet: str, write: Write
) -> Iterator[CallPart]:
    """Yield the parts of one facet of a change, by its write method."""
    match write:
        case PatchFields():
            yield _make_part(change, moves, target, write.stage, facet, write.method, write.path, write, write.chunk)
        case Replace():
            yield _make_part(change, moves, target, write.stage, facet, "PUT", write.path, write, write.chunk)
        case DatedEntries():
            yield _make_part(change, moves, target, write.stage, facet, "PATCH", write.path, write, write.chunk)
        case SubresourcePatch():
            for chunk in split_batches(moves, write.chunk):
                yield _make_part(change, chunk, target, write.stage, facet, "PATCH", write.path, write, write.chunk)
        case ActionByValue():
            value = str(moves[0].after)
            path, stage = write.paths[value], write.stages[value]
            yield _make_part(change, moves, target, stage, facet, "POST", path, write, write.chunk)
        case AddDifference() if not isinstance(moves[0].before, Decimal):
            return  # without a live value there is no difference to send; a rule of the kind reports it at its line
        case AddDifference():
            yield _make_part(change, moves, target, write.stage, facet, "POST", write.path, write, 1)
        case SetMembership():
            yield from _split_membership(change, moves[0], target, facet, write)


def _split_membership(
    change: Change, move: FieldChange, target: BoundType, facet: str, write: SetMembership
) -> Iterator[CallPart]:
    before, after = _read_members(move.before), _read_members(move.after)
    ways = (
        (sorted(before - after), write.delete, write.delete_stage, (before, before & after)),
        (sorted(after - before), write.append, write.append_stage, (before & after, after)),
    )
    for ids, path, stage, (was, becomes) in ways:
        for chunk in split_batches(ids, write.chunk):
            step = replace(move, before=tuple(sorted(was)), after=tuple(sorted(becomes)))
            yield replace(
                _make_part(change, (step,), target, stage, facet, "POST", path, write, 1), members=tuple(chunk)
            )


def _make_part(
    change: Change,
    fields: tuple[FieldChange, ...],
    target: BoundType,
    stage: Stage,
    facet: str,
    method: str,
    path: str,
    write: Write | Create,
    size: int,
) -> CallPart:
    filled = path.format(root=target.root, id=change.id or change.address, **_list_url_values(change.after))
    return CallPart(change, fields, stage, facet, method, filled, write, size)


def _list_url_values(values: Values) -> dict[str, str]:
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _read_members(value: Value) -> set[str]:
    return {str(each) for each in value} if isinstance(value, tuple) else set()


def split_batches(each: Sequence[Each], size: int) -> Iterator[tuple[Each, ...]]:
    for start in range(0, len(each), size):
        yield tuple(each[start : start + size])
