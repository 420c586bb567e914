"""Ask the user which object is meant before anything is sent: near names, twins, shared objects, exchanged keys."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Live, Pair, Problem, Value, error, warning
from reconciler.planning import likeness

Key = tuple[Value, ...]
Claimed = Callable[[str, Iterable[str]], Mapping[str, tuple[Address, ...]]]


def find_invisible_names(kind: Kind, desired: Desired) -> Iterator[Problem]:
    """Yield an error for each invisible part of a name, unless the block has an id."""
    name = desired.values.get(kind.title) if kind.title else None
    if kind.title and isinstance(name, str) and desired.id is None:
        for what in likeness.describe_hidden(name):
            message = f"the name has {what}: {likeness.escape_lookalikes(name)}"
            hint = "remove it; if a live object is really called so, write its id beside it"
            yield error("invisible-name", message, at=desired.at(kind.title), address=desired.address, hint=hint)


def find_questions(
    kind: Kind, pairs: Sequence[Pair], live: Sequence[Live], *, near_is_same: bool = True
) -> Iterator[Problem]:
    """Yield a problem for each pair whose names leave open which object is intended; the user must state it."""
    if kind.title not in kind.natural_keys[0]:
        return
    managed = {row.id for _, row in pairs if row is not None}
    creates = near_is_same and any(row is None for _, row in pairs)
    by_key: dict[Key, list[Live]] = {}
    for each in live:  # a twin is in no block: few objects are, and to fold every name takes long
        gone = any(each.values.get(name) in over for name, over in kind.excluded_when.items())
        if not gone and (creates or each.id not in managed):
            by_key.setdefault(likeness.fold_key(kind, each.values), []).append(each)
    for desired, row in pairs if by_key else ():
        if row is None and near_is_same:
            yield from _find_near(kind, desired, by_key.get(likeness.fold_key(kind, desired.values), ()))
        elif row is not None:
            others = (each for each in by_key.get(likeness.fold_key(kind, row.values), ()) if each.id not in managed)
            yield from (_report_twin(kind, desired, row, other) for other in others)
    yield from _find_exchanged(kind, pairs)


def _find_near(kind: Kind, desired: Desired, rows: Sequence[Live]) -> Iterator[Problem]:
    """Yield a creation whose name differs from a live one in nothing that a person can see."""
    wanted = kind.name_of(desired.values)
    for row in rows:
        there = kind.name_of(row.values)
        message = (
            f"this would be a new {kind.singular}, and {row.id} has the same name but for what can hardly be seen:"
            f" {likeness.escape_lookalikes(wanted)} here, {likeness.escape_lookalikes(there)} there"
        )
        hint = f'write id: "{row.id}" if it is meant, or another name if it is not'
        yield error("near-name", message, at=desired.at(str(kind.title)), address=desired.address, hint=hint)


def _report_twin(kind: Kind, desired: Desired, row: Live, other: Live) -> Problem:
    message = f"{other.id} is a twin of {row.id}, which {desired.address} is: same parent, same name, in no block"
    hint = f"it is not changed here; rename or archive it, or write both ids if two of this {kind.singular} are meant"
    return warning("twin", message, at=desired.place, address=desired.address, hint=hint)


def _find_exchanged(kind: Kind, pairs: Sequence[Pair]) -> Iterator[Problem]:
    """Yield a problem for two blocks whose keys are exchanged with respect to their live objects."""
    live_keys = {_exact_key(kind, row.values): desired for desired, row in pairs if row is not None}
    for desired, row in pairs:
        if row is None or desired.id is not None:
            continue
        other = live_keys.get(_exact_key(kind, desired.values))
        back = None if other is None or other is desired else live_keys.get(_exact_key(kind, other.values))
        if back is desired and other is not None and other.id is None:
            message = (
                f"{desired.address} and {other.address} have exchanged their keys: the ledger knows"
                f" {desired.address} as {row.id}, whose key is now that of {other.address}"
            )
            hint = (
                "write the ids of the two live objects in the two blocks, or, if only the addresses were exchanged, two"
                " entries under `moved`: one from each address to the other"
            )
            yield error("exchanged-keys", message, at=desired.place, address=desired.address, hint=hint)


def _exact_key(kind: Kind, values: Mapping[str, Value]) -> Key:
    return tuple(values.get(name) for name in kind.natural_keys[0])


def find_claims(
    kind: str, pairs: Sequence[Pair], claimed: Claimed, known: Collection[Address], *, whole: bool
) -> Iterator[Problem]:
    """Yield an error for each object that the ledger links to a block outside of this plan.

    ``known`` are the addresses of all files that were read; if these are not the ``whole`` project, a block of another
    file may declare the same object, and the two would undo each other.
    """
    ids = {row.id: desired for desired, row in pairs if row is not None}
    mine = {desired.address for desired, _ in pairs}
    for id, addresses in claimed(kind, ids).items() if ids else ():
        for address in addresses:
            if address in mine or (whole and address not in known):
                continue
            desired = ids[id]
            message = f"{desired.address} means {id}, which the ledger knows as {address}"
            hint = f"one live object can be described only once: remove one block, or write `moved` from {address}"
            yield error("duplicate-claim", message, at=desired.place, address=desired.address, hint=hint)
