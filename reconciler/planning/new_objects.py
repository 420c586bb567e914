"""Siblings of a new object, to compare its amounts with, and the limit of objects that are created off."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from reconciler.kinds.kind import Kind
from reconciler.kinds.products import SCOPES
from reconciler.model import Address, Change, LimitChange, Live, Value, Values
from reconciler.planning.cost import CostContext


class Sibling(Struct, frozen=True):
    """The largest amount of a field among a new object's siblings, and where these are."""

    amount: Decimal
    among: str


def find_siblings(
    kinds: Mapping[str, Kind], changes: Sequence[Change], live: Mapping[str, Sequence[Live]]
) -> dict[Address, dict[str, Sibling]]:
    """Return the largest amount among each new object's siblings, by field: live objects and other new ones."""
    born = [change for change in changes if change.id is None]
    found: dict[Address, dict[str, Sibling]] = {}
    for kind in dict.fromkeys(change.address.kind for change in born):
        own = [change for change in born if change.address.kind == kind]
        index = _Largest(kinds[kind], [row.values for row in live.get(kind, ())] + [change.after for change in own])
        found |= {change.address: index.find_beside(change.after) for change in own}
    return found


class _Largest:
    """The two largest amounts by parent, unit and field: the object that is judged may be one of them."""

    def __init__(self, kind: Kind, all: Iterable[Values]) -> None:
        self._kind = kind
        self._top: dict[tuple[object, ...], list[Decimal]] = {}
        for values in all:
            for name, value in _list_amounts(values):
                for parent, _ in _list_parents(self._kind, values):
                    top = self._top.setdefault((parent, _unit_of(self._kind, values), name), [])
                    top.append(value)
                    top.sort(reverse=True)
                    del top[2:]

    def find_beside(self, values: Values) -> dict[str, Sibling]:
        found: dict[str, Sibling] = {}
        for name, value in _list_amounts(values):
            for parent, noun in _list_parents(self._kind, values):
                others = list(self._top[parent, _unit_of(self._kind, values), name])
                others.remove(value) if value in others else None
                if others:
                    found[name] = Sibling(others[0], noun)
                    break
        return found


def _list_amounts(values: Values) -> Iterator[tuple[str, Decimal]]:
    return ((name, value) for name, value in values.items() if isinstance(value, Decimal) and value > 0)


def _list_parents(kind: Kind, values: Values) -> Iterator[tuple[tuple[str, Value], str]]:
    """Yield the nearest first: siblings are those of the same campaign, else of the same advertiser or account."""
    for name, noun in ((kind.campaign, "campaign"), (kind.holder, SCOPES[kind.scope].noun)):
        if name and values.get(name):
            yield (name, values[name]), f"of its {noun}"


def _unit_of(kind: Kind, values: Values) -> tuple[Value, ...]:
    return tuple(values.get(name) for name in kind.amount_units)


def find_created_off(book: CostContext) -> Iterator[LimitChange]:
    """Yield what each object that is created off may spend once it is started, in the platform with one click."""
    for change in book.changes:
        kind = book.kinds[change.address.kind]
        values = {**kind.create_defaults, **change.after}
        if change.id is not None or not kind.start_values or kind.limits is None:
            continue
        if any(values.get(name) == value for name, value in kind.start_values.items()):
            continue
        limit = kind.limits([{**values, **kind.start_values}], book.today(kind.name))[0]
        if limit is not None:
            yield LimitChange(kind.name, None, change.address, book.of(change), None, limit)
