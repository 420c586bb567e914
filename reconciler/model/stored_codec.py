"""Nouns as JSON text, and back, exactly: to the type, and to the last zero of an amount.

It follows the types of a noun's fields: a Struct is an object (an address the list of its parts), an Enum its value.
Only what no type tells is tagged: a canonical value may be text, an amount or an instant, which JSON cannot tell
apart, so ``{"$decimal": "0.90"}``; an object of the user's own that could be mistaken for one is wrapped in
``{"$map": …}``. Positions in files are left out: what is stored outlives the files, and to work a position out costs
a second parse of its file.

The text is made by the standard library, in ASCII, so that every store can hold it: ``msgspec.json`` writes NaN as
null and refuses lone surrogates; and its ``convert`` accepts no union of several kinds of text, which a value is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from reconciler.model import Address, Json, Place, Span, Value, Values

Noun = TypeVar("Noun")
Convert = Callable[[Any], Any]
LISTED = (Address,)
"""Nouns that are written as the list of their parts."""


class Unfit(ValueError):
    """The JSON is not what a noun of this kind is written as."""


def dumps(noun: Any) -> str:
    """Return a noun, or a sequence of nouns, as compact ASCII JSON."""
    return text(plain(noun))


def loads(stored: str, kind: type[Noun]) -> Noun:
    """Return the noun that was written. Raise ``Unfit`` if the text holds another."""
    noun: Noun = read(json.loads(stored), kind)
    return noun


def text(shape: Any) -> str:
    """Return JSON that every store can hold: compact, ASCII."""
    return json.dumps(shape, separators=(",", ":"), allow_nan=False)


# --- Written ----------------------------------------------------------------------------------------


def plain(noun: Any) -> Any:
    """Return a noun, or a sequence of nouns, as JSON."""
    if isinstance(noun, tuple | list):
        return [plain(each) for each in noun]
    kind: Any = type(noun)
    return _writer(kind)(noun)


@cache
def _writer(kind: Any) -> Convert:
    """How a type is written as JSON."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct_writer(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda noun: noun.value
    if kind in (str, int, bool):
        return lambda noun: noun
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType) and not _is_value(kind):
        each = _writer(_some(parts))
        return lambda noun: None if noun is None else each(noun)
    if origin is tuple and not _is_value(kind):
        each = _writer(parts[0])
        return lambda noun: [each(part) for part in noun]
    return tag


def _struct_writer(kind: type[Struct]) -> Convert:
    writers = tuple((name, _writer(hint)) for name, hint in _parts(kind).items())
    if issubclass(kind, LISTED):
        return lambda noun: [write(getattr(noun, name)) for name, write in writers]
    return lambda noun: {name: write(getattr(noun, name)) for name, write in writers}


def _parts(kind: type[Struct]) -> dict[str, Any]:
    """The fields of a noun that are stored, with their types."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__ if not _is_position(hints[name])}


def _is_position(hint: Any) -> bool:
    return hint in (Place, Span) or Span in get_args(hint)


def _is_value(hint: Any) -> bool:
    return hint in _VALUES


class _Hints:
    """The types of values, as the hints of a field have them."""

    json: Json
    value: Value
    values: Values


_VALUES = tuple(get_type_hints(_Hints).values())


# --- Read -------------------------------------------------------------------------------------------


def read(shape: Any, kind: Any) -> Any:
    """Return the noun of a shape. Raise ``Unfit`` if it is another's."""
    try:
        return _reader(kind)(shape)
    except (KeyError, TypeError, AttributeError, ArithmeticError, ValueError) as trouble:
        raise Unfit(f"it is no {getattr(kind, '__name__', kind)}: {trouble}") from trouble


@cache
def _reader(kind: Any) -> Convert:
    """How a type is read from JSON."""
    if _is_value(kind):
        return untag
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _struct_reader(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is datetime:
        return _instant
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        some = _reader(_some(parts))
        return lambda shape: None if shape is None else some(shape)
    if origin is tuple:  # of parts of one type
        each = _reader(parts[0])
        return lambda shape: tuple(each(part) for part in _of(list, shape))
    if origin is not None and issubclass(origin, Mapping):
        each = _reader(parts[1])
        return lambda shape: {name: each(part) for name, part in _of(dict, untag(shape)).items()}
    return lambda shape: _of(kind, shape)


def _some(parts: tuple[Any, ...]) -> Any:
    """The one type of an optional part."""
    (part,) = (each for each in parts if each is not type(None))
    return part


def _struct_reader(kind: type[Struct]) -> Convert:
    readers = {name: _reader(hint) for name, hint in _parts(kind).items()}

    def reader(shape: Any) -> Struct:
        """A list holds the parts in their order; an object may hold parts of an earlier format as well."""
        if isinstance(shape, list):
            return kind(*(each(part) for each, part in zip(readers.values(), shape, strict=True)))
        return kind(**{name: readers[name](part) for name, part in shape.items() if name in readers})

    return reader


def _instant(shape: Any) -> datetime:
    instant = untag(shape)
    return instant if isinstance(instant, datetime) else datetime.fromisoformat(instant)


def _of(kind: type[Noun], shape: Any) -> Noun:
    if not isinstance(shape, kind):
        raise Unfit(f"{shape!r} is not of type {kind.__name__}")
    return shape


# --- Values: what no type tells apart ---------------------------------------------------------------


def tag(value: Any) -> Any:
    """Return a canonical value, or a body, as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$instant": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case tuple():
            return {"$tuple": [tag(each) for each in value]}
        case list():
            return [tag(each) for each in value]
        case Mapping():
            shape = {name: tag(part) for name, part in value.items()}
            return {"$map": shape} if any(name.startswith("$") for name in shape) else shape
        case _:
            raise TypeError(f"{type(value).__name__} is not a value")


def untag(shape: Any) -> Any:
    """Return the value of a shape."""
    match shape:
        case list():
            return [untag(each) for each in shape]
        case dict():
            if len(shape) == 1:
                name, content = next(iter(shape.items()))
                if name in _TAGS:
                    return _TAGS[name](content)
            return {name: untag(part) for name, part in shape.items()}
        case _:
            return shape


_TAGS: Mapping[str, Convert] = {
    "$decimal": Decimal,
    "$instant": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$tuple": lambda content: tuple(untag(each) for each in content),
    "$map": lambda content: {name: untag(part) for name, part in content.items()},
}
