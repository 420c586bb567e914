"""Plain JSON of reports and plan files. Amounts and dates are text, so that no reader parses them as float."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.model.addresses import Address, Span
from reconciler.model.problems import Problem, Severity


def to_json(value: Any) -> Any:
    """Return a value as plain JSON: ``Decimal("1.10")`` as ``"1.10"``, a UTC instant with ``Z``, a set as a list."""
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple():
            return [to_json(each) for each in value]
        case Mapping():
            return {name: to_json(part) for name, part in value.items()}
        case _:
            return value


def problem(each: Problem) -> dict[str, Any]:
    """Return a problem as JSON without its position, which each file format writes in its own way."""
    return {
        "severity": each.severity.value,
        "code": each.code,
        "message": each.message,
        "hint": each.hint,
        "address": str(each.address) if each.address else None,
    }


def read_problem(shape: Mapping[str, Any], span: Span | None) -> Problem:
    """Return the problem of a JSON object. Raise KeyError, TypeError or ValueError if a part is missing or wrong."""
    address = None if shape["address"] is None else read_address(shape["address"])
    return Problem(Severity(shape["severity"]), shape["code"], shape["message"], span, address, shape["hint"])


def read_address(text: str) -> Address:
    """Return the address of ``adSets.summer-fr``; the key may contain dots."""
    kind, _, key = text.partition(".")
    return Address(kind, key)


def read_span(text: str) -> Span:
    """Return the span of ``ads/summer.yaml:4:3``. Raise ValueError if it is no position."""
    file, line, column = text.rsplit(":", 2)
    return Span(file, int(line), int(column))
