"""Convert values to spreadsheet cells and back; a value that a spreadsheet may have damaged is refused.

Spreadsheets turn long ids into 6.97E+17, drop leading zeros, show dates as numbers, and write decimals with a comma.
"""

import re
from decimal import Decimal

from msgspec import Struct

from reconciler.config.conditions import parse_scalar
from reconciler.config.value_formatter import to_yaml
from reconciler.config.yaml_writer import flow
from reconciler.kinds.kind import Field
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.value_types import EnumType, IdType, InvalidValue, MoneyType, TextType
from reconciler.model import Json, Value

NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
COMMA = re.compile(r"-?[0-9. ]*[0-9],[0-9]+")
EXPONENT = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+")
DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
ESCAPED = re.compile(r"'+[=+\-@\t\r]")
FORMULA = re.compile(r"=|@|[+-](?![0-9. ])")
HINT = "format the column as text before you type"


class Cell(Struct, frozen=True):
    """One cell: its text, and what it is if it is no plain text or number (a formula, a date)."""

    text: str
    other: str | None = None


def spell_cell(row: Field, value: Value) -> str:
    """Return a value as the text of a cell. Raises :class:`InvalidValue` if it cannot be read again."""
    raw = to_yaml(row, value)
    if raw is None:
        return "null"
    if isinstance(row.type, TextType | IdType | EnumType):
        return str(raw)
    return flow(raw)


def escape(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula; :func:`unescape` is the way back."""
    return f"'{text}" if DANGEROUS.match(text) and not NUMBER.fullmatch(text) else text


def unescape(text: str) -> str:
    """Return the text that was escaped."""
    return text[1:] if ESCAPED.match(text) else text


def parse_cell(row: Field, cell: Cell, before: Value) -> Value:
    """Return the value of a cell, given the file's value. Raise :class:`InvalidValue` if it is not valid."""
    if cell.other is not None:
        raise InvalidValue("bad-cell", f"is {cell.other}", "write the value itself, as text")
    if FORMULA.match(cell.text):
        raise InvalidValue("bad-cell", f"{cell.text!r} is a formula", "write the value that it gives")
    text = unescape(cell.text)
    if text == "null" and row.nullable:
        return None
    if EXPONENT.fullmatch(text) and not isinstance(row.type, TextType):
        raise InvalidValue("bad-cell", f"{text} was rounded by the spreadsheet", HINT)
    value = row.type.parse(_raw(row, text))
    if _zeros_lost(before, value):
        raise InvalidValue("bad-cell", f"{text} has lost the zeros at its beginning", HINT)
    return value


def _raw(row: Field, text: str) -> Json:
    """Return the text as a file would hold it."""
    match row.type:
        case MoneyType():
            if COMMA.fullmatch(text):
                hint = "write a point, or save the table with the settings of another language"
                raise InvalidValue("bad-cell", f"{text} has a comma for its decimals", hint)
            if not NUMBER.fullmatch(text):
                raise InvalidValue("bad-cell", f"{text!r} is no amount", "write digits and a point")
            return Decimal(text)
        case TextType() | IdType() | EnumType():
            return text
        case _:
            pass
    if NUMBER.fullmatch(text) and not isinstance(row.type, SetType) and "date" in row.name.lower():
        raise InvalidValue("bad-cell", f"{text} is a date as a number of the spreadsheet", "write it as 2026-12-31")
    return parse_scalar(text)


def _zeros_lost(before: Value, after: Value) -> bool:
    """Return whether a text, or a member of a set, is the one before without its leading zeros."""
    match before, after:
        case str(), str():
            return before != after and before.startswith("0") and before.isdigit() and before.lstrip("0") == after
        case tuple(), tuple():
            fresh = [each for each in after if each not in before]
            return any(_zeros_lost(old, new) for old in before if old not in after for new in fresh)
        case dict(), dict():
            return any(_zeros_lost(before[name], after[name]) for name in before.keys() & after.keys())
        case _:
            return False
