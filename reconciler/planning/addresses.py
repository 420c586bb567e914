"""Addresses in place of ids: `campaignId: campaigns.summer-fr` refers to the block of that address.

The address of an existing object is replaced by its id before values are compared. For one that is to be created,
changes that name it are sent in a later round, with the new id.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import kind_named
from reconciler.model import Action, Address, Change, Desired, Problem, Value, Values, error, warning


def list_named_addresses(kind: Kind, values: Values) -> Iterator[tuple[str, Address]]:
    """Yield (field, address) for the fields that hold an address."""
    for name, of in kind.address_fields.items():
        for each in _to_tuple(values.get(name)):
            if _is_address(each, of):
                yield name, _to_address(each, of)


def find_unknown_addresses(kind: Kind, blocks: Iterable[Desired], known: Collection[Address]) -> Iterator[Problem]:
    """Yield an error for each address that no block of the project has."""
    for each in blocks:
        for name, address in list_named_addresses(kind, each.values):
            if address not in known:
                message = f"{name}: the files hold no {address}"
                hint = f"write the name of a block under {address.kind}, or an id"
                yield error("unknown-address", message, at=each.at(name), address=each.address, hint=hint)


def resolve_blocks(
    kind: Kind, blocks: Sequence[Desired], find_id: Callable[[Address], str | None], created: Collection[Address]
) -> tuple[tuple[Desired, ...], list[Problem]]:
    """Return the blocks with ids in place of addresses.

    Addresses in ``created`` stay, since their ids come later; a block with any other unresolved address is left out
    with a warning.
    """
    if not kind.address_fields:
        return tuple(blocks), []
    kept: list[Desired] = []
    problems: list[Problem] = []
    for each in blocks:
        ids: dict[Address, str] = {}
        for name, address in list_named_addresses(kind, each.values):
            id = find_id(address)
            if id is not None:
                ids[address] = id
            elif address not in created:
                message = f"{each.address} waits for {address}, which has no id and is not created by this plan"
                hint = "include it in --target, or see what is said of it"
                problems.append(warning("address-waits", message, at=each.at(name), address=each.address, hint=hint))
                break
        else:
            kept.append(replace(each, values=_with_ids(kind, each.values, ids)) if ids else each)
    return tuple(kept), problems


def list_awaited(change: Change) -> tuple[Address, ...]:
    """Return the addresses whose ids a change needs."""
    kind = kind_named(change.address.kind)
    return tuple(address for _, address in list_named_addresses(kind, change.after)) if kind else ()


def is_waiting(kind: Kind, change: Change) -> bool:
    """Return True if a change names an object without an id, so that no call can hold it yet."""
    fields = kind.address_fields
    moves = [move for move in change.fields if move.field in fields]
    return any(_is_address(each, fields[move.field]) for move in moves for each in _to_tuple(move.after))


def _is_address(value: Value, of: str) -> bool:
    return isinstance(value, str) and value.startswith(f"{of}.")


def fill_ids(kind: Kind, change: Change, ids: Mapping[Address, str]) -> Change | None:
    """Return a deferred change with the ids that it needs, or None if one is not known yet."""
    id = change.id if change.action is Action.CREATE else change.id or ids.get(change.address)
    if id is None and change.action is not Action.CREATE:
        return None
    moved: Values = {move.field: move.after for move in change.fields}
    if any(address not in ids for _, address in list_named_addresses(kind, {**change.after, **moved})):
        return None
    after, moved = _with_ids(kind, change.after, ids), _with_ids(kind, moved, ids)
    fields = tuple(replace(move, after=moved[move.field]) for move in change.fields)
    return replace(change, id=id, fields=fields, after=after)


def _with_ids(kind: Kind, values: Values, ids: Mapping[Address, str]) -> dict[str, Value]:
    """Return the values with ids in place of the addresses that are known."""
    found = dict(values)
    for name, of in kind.address_fields.items():
        value = values.get(name)
        if isinstance(value, tuple):
            found[name] = tuple(sorted(str(_resolve_id(each, of, ids)) for each in value))
        elif name in values:
            found[name] = _resolve_id(value, of, ids)
    return found


def _resolve_id(value: Value, of: str, ids: Mapping[Address, str]) -> Value:
    return ids.get(_to_address(value, of), str(value)) if _is_address(value, of) else value


def _to_address(value: Value, of: str) -> Address:
    return Address(of, str(value).removeprefix(f"{of}."))


def _to_tuple(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)
