"""Renamed addresses (`moved`): ids and applied values of the old address pass to the new one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from reconciler.config.project import Project
from reconciler.model import Address, Desired, Problem, Values, error

KEY = "moved"


def validate_moves(project: Project, desired: Iterable[Desired]) -> Iterator[Problem]:
    """Yield the problems of the `moved` entries, at their lines."""
    known = {str(each.address) for each in desired}
    ends: dict[str, int] = {}
    for number, (old, new) in enumerate(_pairs(project)):
        if old.kind != new.kind:
            message = f"{old} cannot become {new}: a resource keeps its kind"
            yield error("moved-kind", message, at=project.at(KEY, number, "to"))
        elif str(old) in known:
            message = f"{old} is still in the files, so it was not renamed to {new}"
            yield error("moved-still-there", message, at=project.at(KEY, number, "from"), hint="remove one of the two")
        elif str(new) not in known and project.whole and not any(new == from_ for from_, _ in _pairs(project)):
            message = f"{new} is not in the files"
            hint = "correct it, or remove the entry"
            yield error("moved-nowhere", message, at=project.at(KEY, number, "to"), hint=hint)
        if ends.setdefault(str(new), number) != number:
            message = f"{new} stands twice: two addresses cannot become one"
            yield error("moved-twice", message, at=project.at(KEY, number, "to"))


class SupportsMove(Protocol):
    """A store that can rename addresses: the ledger."""

    def ids(self, of: Iterable[Address] | None = None) -> Mapping[Address, str]: ...

    def move(self, old: Address, new: Address) -> None: ...


Known = tuple[Mapping[Address, str], Mapping[Address, Values]]


def resolve_moves(project: Project, ids: Mapping[Address, str], values: Mapping[Address, Values]) -> Known:
    """Return the remembered ids and values as they are after the renames."""
    named = dict(ids)
    for old, new in _pairs(project):
        if old in named:
            named.setdefault(new, named.pop(old))
            if old in values:
                values = {**values, new: {**values[old], **values.get(new, {})}}
    return named, values


def moved_addresses(project: Project) -> Iterator[Address]:
    """Yield the old and the new address of each rename."""
    for pair in _pairs(project):
        yield from pair


def apply_moves(project: Project, book: SupportsMove) -> None:
    """Rename the addresses in the ledger that still have their old name."""
    pairs = tuple(_pairs(project))
    known = book.ids([old for old, _ in pairs]) if pairs else {}
    for old, new in pairs:
        if old in known:
            book.move(old, new)


def _pairs(project: Project) -> Iterator[tuple[Address, Address]]:
    for entry in project.terms(KEY):
        yield _address(str(entry["from"])), _address(str(entry["to"]))


def _address(text: str) -> Address:
    kind, _, key = text.partition(".")
    return Address(kind, key)
