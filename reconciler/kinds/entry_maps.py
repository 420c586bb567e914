"""Map fields of an object that is read and replaced as a whole: lists of dated entries, or one number for each key."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from msgspec import Struct

from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import ValueType, unbox
from reconciler.model import Json, Value

Entries = dict[str, dict[str, Json]]
"""Entries of a list as the API returns them, by key, each with an explicit start."""


class EntryMap(Struct, frozen=True):
    """A map field and its place in the object.

    ``attribute`` is the list of its entries, ``start`` the attribute that begins an entry, and the key of the map.
    Without it each key is an attribute of the object: one of ``words``, and ``default`` if it is null or absent.
    ``computed`` are attributes that no write takes; an entry that has one of ``ended`` is over. ``follow`` returns the
    start of an entry without one, from the entry before it. ``shown`` and ``sent`` convert a start.
    """

    field: str
    type: ValueType
    attribute: str = ""
    start: str = ""
    words: tuple[str, ...] = ()
    default: Value = None
    computed: tuple[str, ...] = ()
    ended: Mapping[str, tuple[str, ...]] = {}
    follow: Callable[[str, Mapping[str, Json]], str] | None = None
    shown: Callable[[str], str] = str
    sent: Callable[[str], str] = str

    @property
    def prefix(self) -> str:
        return self.field.removesuffix("*")

    @property
    def known(self) -> frozenset[str]:
        """Attributes that an entry of the list may have."""
        parts = self.type.of if isinstance(self.type, ObjectType) else ()
        return frozenset({*parts, *self.computed, self.start})

    def name(self, key: str) -> str:
        """Return the field of one entry."""
        return self.prefix + key

    def own(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values of this map, by key."""
        return {name.removeprefix(self.prefix): each for name, each in values.items() if name.startswith(self.prefix)}

    def is_over(self, entry: Mapping[str, Json]) -> bool:
        """Return True if the API says that an entry has ended."""
        return any(entry.get(name) in words for name, words in self.ended.items())

    def entries(self, attributes: Mapping[str, Json]) -> Entries:
        """Return the entries of the list with explicit starts. Raise ValueError if it is none."""
        listed = attributes.get(self.attribute)
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            raise ValueError(f"{self.attribute} is no list of entries")
        found: Entries = {}
        before: tuple[str, Mapping[str, Json]] | None = None
        for each in listed:
            assert isinstance(each, dict)
            told = each.get(self.start)
            if told is None and (before is None or self.follow is None):
                raise ValueError(f"the first entry of {self.attribute} has no {self.start}")
            key = self.shown(str(told)) if told is not None else self._following(before)
            if key in found:
                raise ValueError(f"{self.attribute} has two entries of {key}")
            found[key], before = {**each, self.start: key}, (key, each)
        return found

    def _following(self, before: tuple[str, Mapping[str, Json]] | None) -> str:
        assert before is not None
        assert self.follow is not None
        return self.follow(*before)

    def values(self, attributes: Mapping[str, Json]) -> dict[str, Value]:
        """Return the values of the map by field, without entries that are over."""
        if self.start:
            return {
                self.name(key): self.type.read(each)
                for key, each in self.entries(attributes).items()
                if not self.is_over(each)
            }
        return {self.name(word): self._number(attributes.get(word)) for word in self.words}

    def _number(self, wire: Json) -> Value:
        value = self.type.read(unbox(wire))
        return self.default if value is None else value

    def write(self, values: Mapping[str, Value]) -> Json:
        """Return the values by key in the API's form, a list or attributes, without those that are None."""
        stated = {key: value for key, value in sorted(values.items()) if value is not None}
        if not self.start:
            return {key: self.type.write(value) for key, value in stated.items()}
        return [self.entry(key, value) for key, value in stated.items()]

    def entry(self, key: str, value: Value) -> dict[str, Json]:
        """Return one entry of the list."""
        content = self.type.write(value)
        assert isinstance(content, dict)
        return {self.start: self.sent(key), **content}


def next_day(key: str, entry: Mapping[str, Json]) -> str:
    """Return the first day after an entry of days."""
    return str(date.fromisoformat(key) + timedelta(days=length(entry.get("duration"))))


def next_month(key: str, entry: Mapping[str, Json]) -> str:
    """Return the first month after an entry of months."""
    year, month = map(int, key.split("-"))
    months = year * 12 + month - 1 + length(entry.get("duration"))
    return f"{months // 12:04}-{months % 12 + 1:02}"


def length(duration: object) -> int:
    """Return the number in a duration such as ``4D``. Raise ValueError if it has none."""
    return int(str(duration)[:-1])


def known_keys(maps: Iterable[EntryMap]) -> frozenset[str]:
    """Return the attributes of an object that its maps know."""
    return frozenset(word for each in maps for word in (each.words or (each.attribute,)))
