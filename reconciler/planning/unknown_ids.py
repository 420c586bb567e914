"""Ids in place of addresses: an id of a managed kind must be one that the scope has."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import kind_named
from reconciler.model import Live, Pair, Problem, error


def find_unknown_ids(
    kind: Kind, pairs: Sequence[Pair], live: Iterable[Live], find_ids: Callable[[str], Collection[str] | None]
) -> Iterator[Problem]:
    """Yield an error for each id of a managed kind that a write would name and that is not in the scope.

    An id that an object of this kind names already is proved by it. ``find_ids`` returns the ids of a kind, or None if
    it cannot be read; it is called only if an id is not proved. A field with a list of its own is left to that.
    """
    listed = {reference.field for reference in kind.references}
    for name, of in kind.address_fields.items():
        if name in listed:
            continue
        named = [(desired, desired.values.get(name)) for desired, found in pairs if found is None]
        proved = {each.values.get(name) for each in live} if named else set()
        doubted = [
            (desired, id) for desired, id in named if isinstance(id, str) and id.isdecimal() and id not in proved
        ]
        known = find_ids(of) if doubted else None
        target = kind_named(of)
        if known is None or target is None:
            continue
        for desired, id in doubted:
            if id not in known:
                code = f"unknown-{target.singular.split()[-1]}"
                message = f"the scope has no {target.singular} {id}"
                hint = f"write the id of one, or the address of its block ({of}.NAME)"
                yield error(code, message, at=desired.at(name), address=desired.address, hint=hint)
