"""Composite value types: unordered sets, and small objects that are always written whole."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.value_types import InvalidValue, Schema, ValueType, unbox
from reconciler.model import FieldPath, Json, Value


class SetType(Struct, frozen=True):
    """A set of values, held as a sorted tuple."""

    each: ValueType
    filled: bool = False

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, list):
            raise InvalidValue("bad-list", f"{raw!r} is not a list")
        if self.filled and not raw:
            raise InvalidValue("empty-list", "must not be empty", "leave the field out, or write null to clear it")
        return _sorted_set(_parsed_at(self.each, each, (index,)) for index, each in enumerate(raw))

    def read(self, wire: Json) -> Value:
        listed = wire if isinstance(wire, list) else []
        return _sorted_set(self.each.read(each) for each in listed)

    def write(self, value: Value) -> Json:
        assert isinstance(value, tuple)
        return [self.each.write(each) for each in value]

    def schema(self) -> Schema:
        least: Schema = {"minItems": 1} if self.filled else {}
        return {"type": "array", "items": self.each.schema(), **least}


class ObjectType(Struct, frozen=True):
    """A small object that is always written whole (a frequency cap, a geo rule).

    ``defaults`` are the optional parts, with the values that the API then returns; they are filled in, so that the
    value equals what is read back. ``docs`` describes each part.
    """

    of: Mapping[str, ValueType]
    defaults: Mapping[str, Value] = field(default_factory=dict)
    docs: Mapping[str, str] = field(default_factory=dict)

    def parse(self, raw: Json) -> Value:
        if not isinstance(raw, dict):
            raise InvalidValue("bad-object", f"{raw!r} is not a block of {', '.join(self.of)}")
        stated = {name: _parsed_at(kind, raw[name], (name,)) for name, kind in self.of.items() if name in raw}
        return self._whole(stated)

    def read(self, wire: Json) -> Value:
        if not isinstance(wire, dict):
            return None
        folded = {key.casefold(): value for key, value in wire.items()}
        shown = {
            name: kind.read(unbox(folded[name.casefold()]))
            for name, kind in self.of.items()
            if name.casefold() in folded
        }
        return self._whole({name: value for name, value in shown.items() if value is not None})

    def _whole(self, stated: Mapping[str, Value]) -> Value:
        known = {**self.defaults, **stated}
        return {name: known[name] for name in self.of if name in known}

    def write(self, value: Value) -> Json:
        assert isinstance(value, Mapping)
        return {name: self.of[name].write(part) for name, part in value.items() if part is not None}

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {name: kind.schema() | {"description": self.docs[name]} for name, kind in self.of.items()},
            "required": [name for name in self.of if name not in self.defaults],
            "additionalProperties": False,
        }


def _parsed_at(kind: ValueType, raw: Json, path: FieldPath) -> Value:
    """Return a parsed part. Raise InvalidValue with its path inside the whole if it is refused."""
    try:
        return kind.parse(raw)
    except InvalidValue as refused:
        raise InvalidValue(refused.code, refused.reason, refused.hint, (*path, *refused.path)) from None


def _sorted_set(values: Any) -> tuple[Value, ...]:
    """Return the values without repetitions, sorted by their text; objects cannot be hashed."""
    by_text = {(str(each), type(each).__name__): each for each in values}
    return tuple(by_text[text] for text in sorted(by_text))
