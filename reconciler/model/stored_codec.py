"""Codec of stored data types: JSON text and back, exactly, including types and trailing zeros of amounts.

It follows the field types: a Struct is an object (an address is the list of its parts), an Enum its value. Only values
whose type is not known from the field are tagged: a canonical value may be text, an amount or an instant, which JSON
cannot distinguish, so an amount is ``{"$decimal": "0.90"}``; a user's object that could be mistaken for a tag is
wrapped in ``{"$map": …}``. Positions in files are left out: stored data outlives the files, and resolving a position
costs a second parse of its file.

The text is written by the standard library, in ASCII, so that every store can hold it: ``msgspec.json`` writes NaN as
null and refuses lone surrogates, and its ``convert`` accepts no union of several text types, which a value is.
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

from reconciler.model.addresses import Address, Place, Span
from reconciler.model.calls import Call
from reconciler.model.values import Json, Value, Values

Noun = TypeVar("Noun")
Convert = Callable[[Any], Any]
LISTED = (Address,)
"""Types that are written as the list of their parts."""


class Unfit(ValueError):
    """Raised if JSON does not have the form of the requested type."""


def dumps(noun: Any) -> str:
    """Return a struct, or a sequence of structs, as compact ASCII JSON."""
    return text(plain(noun))


def loads(stored: str, kind: type[Noun]) -> Noun:
    """Return the struct of a stored text. Raise ``Unfit`` if the text has another form."""
    noun: Noun = read(json.loads(stored), kind)
    return noun


def text(shape: Any) -> str:
    """Return compact ASCII JSON text of a JSON value."""
    return json.dumps(shape, separators=(",", ":"), allow_nan=False)


# --- Writing ----------------------------------------------------------------------------------------


def plain(noun: Any) -> Any:
    """Return a struct, or a sequence of structs, as a JSON value."""
    if isinstance(noun, tuple | list):
        return [plain(each) for each in noun]
    kind: Any = type(noun)
    return _writer(kind)(noun)


@cache
def _writer(kind: Any) -> Convert:
    """Return the function that writes a type as a JSON value."""
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
    """Return the stored fields of a struct, with their types."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__ if not _is_position(hints[name])}


def _is_position(hint: Any) -> bool:
    return hint in (Place, Span) or Span in get_args(hint)


def _is_value(hint: Any) -> bool:
    return hint in _VALUES


class _Hints:
    """Type hints of canonical values, resolved as in a field."""

    json: Json
    value: Value
    values: Values


_VALUES = tuple(get_type_hints(_Hints).values())


# --- Reading ----------------------------------------------------------------------------------------


def read(shape: Any, kind: Any) -> Any:
    """Return a JSON value as an instance of a type. Raise ``Unfit`` if it does not fit."""
    try:
        return _reader(kind)(shape)
    except (KeyError, TypeError, AttributeError, ArithmeticError, ValueError) as trouble:
        raise Unfit(f"it is no {getattr(kind, '__name__', kind)}: {trouble}") from trouble


@cache
def _reader(kind: Any) -> Convert:
    """Return the function that reads a type from a JSON value."""
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
    if origin is tuple:  # a tuple of one element type
        each = _reader(parts[0])
        return lambda shape: tuple(each(part) for part in _of(list, shape))
    if origin is not None and issubclass(origin, Mapping):
        each = _reader(parts[1])
        return lambda shape: {name: each(part) for name, part in _of(dict, untag(shape)).items()}
    return lambda shape: _of(kind, shape)


def _some(parts: tuple[Any, ...]) -> Any:
    """Return the type of an optional field."""
    (part,) = (each for each in parts if each is not type(None))
    return part


def _struct_reader(kind: type[Struct]) -> Convert:
    readers = {name: _reader(hint) for name, hint in _parts(kind).items()}
    of_body = issubclass(kind, Call)

    def reader(shape: Any) -> Struct:
        """Return the struct of a JSON list of its parts, or of an object, ignoring fields of earlier formats."""
        if isinstance(shape, list):
            return kind(*(each(part) for each, part in zip(readers.values(), shape, strict=True)))
        if of_body and "body" in shape:  # calls were stored with their whole body once
            shape = {**shape, "rows": [shape["body"]]}
        return kind(**{name: readers[name](part) for name, part in shape.items() if name in readers})

    return reader


def _instant(shape: Any) -> datetime:
    instant = untag(shape)
    return instant if isinstance(instant, datetime) else datetime.fromisoformat(instant)


def _of(kind: type[Noun], shape: Any) -> Noun:
    if not isinstance(shape, kind):
        raise Unfit(f"{shape!r} is not of type {kind.__name__}")
    return shape


# --- Values whose type is not known from the field --------------------------------------------------


def tag(value: Any) -> Any:
    """Return a canonical value, or a body, as a JSON value with tags."""
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
    """Return the canonical value of a tagged JSON value."""
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
