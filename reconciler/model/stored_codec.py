"""Codec of stored data types: JSON text and back, exactly, including types and trailing zeros of amounts.

It is the codec of a ledger. An address is the list of its parts. Only values whose type is not known from the field are
tagged: a canonical value may be text, an amount or an instant, which JSON cannot distinguish, so an amount is
``{"$decimal": "0.90"}``; a user's object that could be mistaken for a tag is wrapped in ``{"$map": …}``. Positions in
files are left out: stored data outlives the files, and resolving a position costs a second parse of its file.

The text is written by the standard library, in ASCII, so that every store can hold it: ``msgspec.json`` writes NaN as
null and refuses lone surrogates, and its ``convert`` accepts no union of several text types, which a value is.
"""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_type_hints

from reconciler.model.addresses import Address, Place, Span
from reconciler.model.calls import Call
from reconciler.model.codec import Codec, Form, Noun, Unfit, check_type
from reconciler.model.values import Json, Value, Values


def dumps(noun: Any) -> str:
    """Return a struct, or a sequence of structs, as compact ASCII JSON."""
    return text(_CODEC.write(noun))


def loads(stored: str, kind: type[Noun]) -> Noun:
    """Return the struct of a stored text. Raise ``Unfit`` if the text has another form."""
    try:
        noun: Noun = _CODEC.read(json.loads(stored), kind)
    except Unfit as trouble:
        raise Unfit(f"it is no {getattr(kind, '__name__', kind)}: {trouble}") from trouble
    return noun


def text(shape: Any) -> str:
    """Return compact ASCII JSON text of a JSON value."""
    return json.dumps(shape, separators=(",", ":"), allow_nan=False)


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
            return _wrap({name: tag(part) for name, part in value.items()})
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


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$instant": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$tuple": lambda content: tuple(untag(each) for each in content),
    "$map": lambda content: {name: untag(part) for name, part in content.items()},
}


# --- Forms of the ledger ----------------------------------------------------------------------------


def _wrap(shape: dict[str, Any]) -> dict[str, Any]:
    return {"$map": shape} if any(name.startswith("$") for name in shape) else shape


def _unwrap(shape: Any) -> Any:
    return shape["$map"] if len(shape) == 1 and "$map" in shape else shape


def _read_instant(shape: Any) -> datetime:
    instant = untag(shape)
    return instant if isinstance(instant, datetime) else datetime.fromisoformat(instant)


def _read_address(shape: Any) -> Address:
    kind, key = check_type(list, shape)
    return Address(check_type(str, kind), check_type(str, key))


def _split_body(shape: dict[str, Any]) -> dict[str, Any]:
    """Return the object of a call with rows; earlier versions stored its body in one piece."""
    return {**shape, "rows": [shape["body"]]} if "body" in shape else shape


class _Hints:
    """Type hints of canonical values, resolved as in a field."""

    json: Json
    value: Value
    values: Values


_CODEC = Codec(
    {
        **dict.fromkeys(get_type_hints(_Hints).values(), Form(tag, untag)),
        datetime: Form(tag, _read_instant),
        Mapping: Form(_wrap, _unwrap),
        Address: Form(lambda address: [address.kind, address.key], _read_address),
    },
    omitted=(Place, Span),
    upgrades={Call: _split_body},
)
