"""JSON codec that keeps amounts as `Decimal` and never as float."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import orjson

_LARGEST_EXPONENT = 400
"""Largest decimal exponent: the API's numbers are doubles, and `1e999999999` would be written out digit by digit."""


def decode(text: bytes) -> Any:
    """Return the value of a JSON text. Raise `ValueError` if it is not JSON."""
    try:
        value = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_refuse)
        if b"\\u" in text:
            encode(value)  # raises TypeError on a lone surrogate, which could be neither sent nor stored
    except (RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error
    return value


def encode(value: Any, *, exact: bool = False, indent: bool = False) -> bytes:
    """Return the JSON text of a value; trailing zeros of decimals are kept only if `exact`."""
    option = orjson.OPT_INDENT_2 if indent else None
    return orjson.dumps(value, default=_exact if exact else _plain, option=option)


def array(texts: Iterable[bytes]) -> Any:
    """Return a list whose items are already JSON texts, so that only one item of a large response is held decoded."""
    return orjson.Fragment(b"[" + b",".join(texts) + b"]")


def digits(number: Decimal) -> str:
    """Return a decimal as a JSON number without exponent and trailing zeros."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _number(spell: Callable[[Decimal], str]) -> Callable[[Any], Any]:
    def fragment(value: Any) -> Any:
        if isinstance(value, Decimal):
            return orjson.Fragment(spell(value))
        raise TypeError(f"{type(value).__name__} has no JSON form")

    return fragment


_plain = _number(digits)
_exact = _number(lambda number: format(number, "f"))


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("number out of range")
    return number


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) < 19 else _decimal(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
