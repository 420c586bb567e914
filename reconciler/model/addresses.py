"""Names of resources, and positions in a user's files."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from msgspec import Struct

from reconciler.model.values import FieldPath


class Address(Struct, frozen=True, order=True):
    """The user's own name for a resource: ``adSets.summer-fr``. It stays the same when names or ids change."""

    kind: str
    key: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.key}"


class Span(Struct, frozen=True, order=True):
    """A range in a user's file: 1-based line and column, and its width in characters."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Locator(Protocol):
    """Resolves the position of a value in a file (a parsed document)."""

    def has(self, path: FieldPath) -> bool: ...

    def span(self, path: FieldPath, *, key: bool = False) -> Span: ...


class _Position:
    """Base of positions. They are no part of a value: two positions of one class are always equal."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return 0


class Place(_Position):
    """A position that is resolved on demand, since most are never shown."""

    __slots__ = ("key", "path", "source")

    def __init__(self, source: Locator, path: FieldPath, key: bool = False) -> None:
        self.source = source
        self.path = path
        self.key = key

    def __repr__(self) -> str:
        return f"Place({self.path!r}, key={self.key})"

    @property
    def span(self) -> Span:
        return self.source.span(self.path, key=self.key)


class FixedLocator(Struct, frozen=True):
    """A locator with one fixed position, for a file whose text is no longer in memory."""

    where: Span

    def has(self, path: FieldPath) -> bool:
        return True

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        return self.where


NOWHERE = Place(FixedLocator(Span("", 0, 0)), ())
"""Position of a stored value, whose file is not known."""


class Origin(_Position):
    """Position of a resource and its fields.

    If its file has ``defaults``, ``stated`` are the fields that the resource states itself; ``overlaid`` are those that
    an override sets.
    """

    __slots__ = ("defaults", "overlaid", "place", "stated")

    def __init__(
        self,
        place: Place,
        defaults: Place | None = None,
        stated: frozenset[str] = frozenset(),
        overlaid: Mapping[str, Place] = MappingProxyType({}),
    ) -> None:
        self.place = place
        self.defaults = defaults
        self.stated = stated
        self.overlaid = overlaid

    def __repr__(self) -> str:
        return f"Origin({self.place!r})"

    def overlaid_by(self, overlaid: Mapping[str, Place]) -> "Origin":
        """Return the same origin with other fields set by overrides."""
        return Origin(self.place, self.defaults, self.stated, overlaid)

    def at(self, name: str, *, key: bool = False) -> Place:
        """Return the position of a field: in the resource, in the ``defaults`` of its file, or in an override."""
        if name in self.overlaid:
            return self.overlaid[name]
        whole = self.place if self.defaults is None or self._states(name) else self.defaults
        return Place(whole.source, (*whole.path, *name.split(".")), key)

    def _states(self, name: str) -> bool:
        """Return True if the resource states the field, a part of it, or an object that contains it."""
        return name in self.stated or any(
            each.startswith(f"{name}.") or name.startswith(f"{each}.") for each in self.stated
        )
