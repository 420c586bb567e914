"""Renamed addresses (`moved`): ids and applied values of the old address pass to the new one.

Entries that lead in a circle exchange addresses. Since both names stay in the files, the ledger notes that it was done.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from reconciler.config.project import Project
from reconciler.model import Address, Desired, Problem, Values, error

KEY = "moved"
EXCHANGED = "exchanged"
"""Ledger note with the exchanges that were made, by their addresses."""
Circle = tuple[Address, ...]
"""Addresses of which each becomes the next, and the last the first."""


def validate_moves(project: Project, desired: Iterable[Desired]) -> Iterator[Problem]:
    """Yield the problems of the `moved` entries, at their lines."""
    known = {str(each.address) for each in desired}
    ends: dict[str, int] = {}
    circular = {str(each) for circle in exchanges(project) for each in circle}
    for number, (old, new) in enumerate(_pairs(project)):
        if old.kind != new.kind:
            message = f"{old} cannot become {new}: a resource keeps its kind"
            yield error("moved-kind", message, at=project.at(KEY, number, "to"))
        elif str(old) in known and str(old) not in circular:
            message = f"{old} is still in the files, so it was not renamed to {new}"
            yield error("moved-still-there", message, at=project.at(KEY, number, "from"), hint="remove one of the two")
        elif str(new) not in known and project.whole and (str(new) in circular or not _goes_on(project, new)):
            message = f"{new} is not in the files"
            hint = "correct it, or remove the entry"
            yield error("moved-nowhere", message, at=project.at(KEY, number, "to"), hint=hint)
        if ends.setdefault(str(new), number) != number:
            message = f"{new} stands twice: two addresses cannot become one"
            yield error("moved-twice", message, at=project.at(KEY, number, "to"))


def _goes_on(project: Project, address: Address) -> bool:
    """Return True if the address was renamed again."""
    return any(address == old for old, _ in _pairs(project))


def exchanges(project: Project) -> tuple[Circle, ...]:
    """Return the entries that lead in a circle; each circle begins with the least address."""
    following = dict(_pairs(project))
    found: dict[Circle, None] = {}
    for start in following:
        circle = [start]
        while (after := following.get(circle[-1])) is not None and after not in circle:
            circle.append(after)
        if after == start and len(circle) > 1:
            least = circle.index(min(circle, key=str))
            found[(*circle[least:], *circle[:least])] = None
    return tuple(found)


class _Noted(Protocol):
    @property
    def values(self) -> Values: ...


class SupportsMove(Protocol):
    """A store that can rename addresses: the ledger."""

    def ids(self, of: Iterable[Address] | None = None) -> Mapping[Address, str]: ...

    def notes(self, names: Iterable[str]) -> Mapping[str, _Noted]: ...

    def note(self, news: Mapping[str, Values], at: datetime) -> None: ...

    def together(self) -> AbstractContextManager[None]: ...

    def move(self, old: Address, new: Address) -> None: ...


Known = tuple[Mapping[Address, str], Mapping[Address, Values]]


def made_exchanges(project: Project, book: SupportsMove) -> frozenset[Circle]:
    """Return the exchanges that the ledger has made already."""
    circles = exchanges(project)
    noted = book.notes([EXCHANGED]).get(EXCHANGED) if circles else None
    return frozenset(each for each in circles if noted is not None and _name(each) in noted.values)


def resolve_moves(
    project: Project,
    ids: Mapping[Address, str],
    values: Mapping[Address, Values],
    made: Collection[Circle] = (),
) -> Known:
    """Return the remembered ids and values as they are after the renames; ``made`` are exchanges made already."""
    circles = exchanges(project)
    renamed = {
        old: new for each in circles if each not in made for old, new in zip(each, (*each[1:], each[0]), strict=True)
    }
    named = {renamed.get(old, old): id for old, id in ids.items()}
    values = {renamed.get(old, old): each for old, each in values.items()} if renamed else values
    circular = {each for circle in circles for each in circle}
    for old, new in _pairs(project):
        if old in circular:
            continue
        if old in named:
            named.setdefault(new, named.pop(old))
            if old in values:
                values = {**values, new: {**values[old], **values.get(new, {})}}
    return named, values


def moved_addresses(project: Project) -> Iterator[Address]:
    """Yield the old and the new address of each rename."""
    for pair in _pairs(project):
        yield from pair


def apply_moves(
    project: Project, book: SupportsMove, at: datetime, busy: Callable[[], Collection[Address]]
) -> Problem | None:
    """Rename the addresses in the ledger that still have their old name, and make the exchanges that are not made.

    Return a problem if an address to be exchanged is ``busy``: a call of it was or is open.
    """
    circles = exchanges(project)
    circular = {each for circle in circles for each in circle}
    pairs = tuple((old, new) for old, new in _pairs(project) if old not in circular)
    known = book.ids([old for old, _ in pairs]) if pairs else {}
    for old, new in pairs:
        if old in known:
            book.move(old, new)
    noted = book.notes([EXCHANGED]).get(EXCHANGED)
    made = set(noted.values if noted is not None else ())
    left = [each for each in circles if _name(each) not in made]
    wait = busy() if left else ()
    open = next((each for circle in left for each in circle if each in wait), None)
    if open is not None:
        message = f"{open} has a call of an earlier run, which was not settled when this run began"
        return error(
            "moved-open", message, at=project.at(KEY), hint="run again without the exchange, until none is open"
        )
    if left or made - {_name(each) for each in circles}:
        with book.together():
            for circle in left:
                _exchange(circle, book)
            book.note({EXCHANGED: {_name(each): True for each in circles}}, at)
    return None


def _exchange(circle: Circle, book: SupportsMove) -> None:
    *others, last = circle
    beside = Address(last.kind, f"{last.key} (exchanged)")
    book.move(last, beside)
    for old, new in reversed([*zip(others, circle[1:], strict=True)]):
        book.move(old, new)
    book.move(beside, circle[0])


def _name(circle: Circle) -> str:
    return " > ".join(map(str, circle))


def _pairs(project: Project) -> Iterator[tuple[Address, Address]]:
    for entry in project.terms(KEY):
        yield _address(str(entry["from"])), _address(str(entry["to"]))


def _address(text: str) -> Address:
    kind, _, key = text.partition(".")
    return Address(kind, key)
