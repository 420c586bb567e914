"""Build one call from parts: its name, its items in the order of the body, and the body."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import (
    ActionByValue,
    AddDifference,
    Block,
    Create,
    DatedEntries,
    PatchFields,
    Replace,
    SetMembership,
    SubresourcePatch,
    Write,
    effect_of,
)
from reconciler.model import BodyForm, Call, Change, Item, Json, Values
from reconciler.planning.call_parts import BoundType, CallPart
from reconciler.planning.replacement import build_planned_attributes
from reconciler.provider import codec


def build_call(parts: Sequence[CallPart], target: BoundType, number: int) -> Call:
    first, kind = parts[0], target.kind
    write = first.write
    items = tuple(Item(part.change.address, part.change.id, part.fields, part.change.place) for part in parts)
    match write:
        case PatchFields():
            atomic = write.atomic
        case Create() | AddDifference() | SetMembership() | Replace():
            atomic = True
        case _:
            atomic = False
    if isinstance(write, SubresourcePatch):
        items = tuple(Item(first.change.address, first.change.id, (move,), move.place) for move in first.fields)
    last = _name_part(first) if _is_one_each(write) else number
    name = f"{kind.name}.{first.facet}.{_name_action(write, first)}{last}"
    return Call(
        name,
        kind.name,
        first.facet,
        effect_of(write),
        first.method,
        first.path,
        tuple(_make_rows(parts, kind)),
        items=items,
        form=_choose_form(write),
        atomic=atomic,
        stage=int(first.stage),
        raises_exposure=first.raises_exposure,
        product=kind.product,
    )


def _is_one_each(write: Write | Create) -> bool:
    return getattr(write, "chunk", 1) == 1 or isinstance(write, SubresourcePatch | SetMembership)


def _name_part(part: CallPart) -> str:
    return f"{part.change.address.key}"


def _name_action(write: Write | Create, part: CallPart) -> str:
    return f"{part.path.rpartition('/')[2]}." if isinstance(write, ActionByValue | SetMembership) else ""


def _choose_form(write: Write | Create) -> BodyForm:
    if isinstance(write, SetMembership):  # its row is the whole list, since its item is the whole set
        return BodyForm(data=True)
    return BodyForm(write.envelope.many, write.envelope.data)


def _make_rows(parts: Sequence[CallPart], kind: Kind) -> Iterator[Json]:
    """Yield one row for each item."""
    first, write = parts[0], parts[0].write
    match write:
        case SubresourcePatch():
            owner = str(first.change.id)
            yield from (codec.encode_nested_entry(write, owner, move, kind) for move in first.fields)
        case SetMembership():
            yield _make_membership_row(write, first)
        case _:
            yield from (_make_entry(part, kind) for part in parts)


def _make_entry(part: CallPart, kind: Kind) -> codec.Body:
    change, values = part.change, {move.field: move.after for move in part.fields}
    match part.write:
        case Create() as create:
            return codec.encode_item(create.envelope, None, codec.encode_fields(kind, values, "create"))
        case PatchFields() as patch:
            complete = complete_blocks(values, change, patch.whole, kind)
            return codec.encode_item(patch.envelope, change.id, codec.encode_fields(kind, complete, "patch"))
        case Replace() as whole:
            item = codec.encode_item(whole.envelope, change.id, {})
            return {**item, "attributes": build_planned_attributes(kind, whole, change)}
        case ActionByValue() as switch:
            return codec.encode_item(switch.envelope, change.id, {})
        case DatedEntries() as timetable:
            refs = change.live.refs if change.live else {}
            return codec.encode_item(
                timetable.envelope, change.id, codec.dated_entries_body(timetable, part.fields, refs, kind)
            )
        case AddDifference() as delta:
            move = part.fields[0]
            assert isinstance(move.after, Decimal)
            assert isinstance(move.before, Decimal)
            amount = kind.field(delta.field).type.write(move.after - move.before)
            return codec.encode_item(delta.envelope, None, {delta.amount: amount})
        case write:
            raise TypeError(f"{type(write).__name__} has no entry of its own")


def _make_membership_row(write: SetMembership, part: CallPart) -> Json:
    kind = write.type.format(verb="Append" if part.stage == write.append_stage else "Delete")
    if write.listed:
        return [{"type": kind, "id": id} for id in part.members]
    return {"type": kind, "attributes": {"ids": [*part.members]}}


def complete_blocks(values: Values, change: Change, blocks: Sequence[Block], kind: Kind) -> Values:
    """Return the values with the rest of each block in which more than its ``alone`` fields change (contract §3.4)."""
    complete = dict(values)
    for block in blocks:
        inside = [name for name in block.fields if name in values]
        if not inside or all(name in block.alone for name in inside):
            continue
        live = change.live.values if change.live else {}
        for name in block.fields:
            value = change.after.get(name)
            cleared = kind.has(name) and kind.field(name).nullable and live.get(name) is not None
            if kind.has(name) and name in change.after and (value is not None or cleared):
                complete[name] = value
    return complete
