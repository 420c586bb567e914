"""Ids of other objects in the fields of a kind: which of them exist, and their names."""

from collections.abc import Iterator, Sequence

from reconciler.kinds.kind import Kind
from reconciler.model import Pair, Problem, Value, error
from reconciler.provider.lists import Send, read_reference


def find_unknown_references(
    kind: Kind, root: str, scope: Sequence[str], pairs: Sequence[Pair], send: Send
) -> Iterator[Problem]:
    """Yield a problem for each id in a write that is not in the scope. Raise :class:`ReadError` if a read fails."""
    for reference in kind.references:
        name = reference.field
        naming = [
            (desired, sorted(_to_names(desired.values.get(name)) - _to_names(live.values.get(name) if live else None)))
            for desired, live in pairs
        ]
        if not any(id.isdecimal() for _, ids in naming for id in ids):
            continue
        known = {str(row.get("id")) for id in scope for row in read_reference(kind, reference, root, id, send)}
        for desired, ids in naming:
            for id in (id for id in ids if id.isdecimal() and id not in known):
                message = f"there is no {reference.thing} {id} in the scope"
                hint = "correct it; the API would refuse everything that travels with it"
                at = desired.at(name)
                yield error(f"unknown-{reference.thing}", message, at=at, address=desired.address, hint=hint)


def _to_names(value: Value) -> set[str]:
    if value is None:
        return set()
    return {str(each) for each in value} if isinstance(value, tuple) else {str(value)}


def names_of(kind: Kind, field: str, root: str, scope: Sequence[str], send: Send) -> dict[tuple[str, str], str]:
    """Return the names of the objects to which a field refers, by field and id. Raise :class:`ReadError`."""
    return {
        (field, str(row.get("id"))): str(row.get(reference.label) or "")
        for reference in kind.references
        if reference.field == field
        for id in scope
        for row in read_reference(kind, reference, root, id, send)
    }
