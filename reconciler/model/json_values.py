"""What reports and plan files tell as plain JSON. Amounts and dates are text: no reader makes a float of them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.model import Address, Problem, Severity, Span


def to_json(value: Any) -> Any:
    """``Decimal("1.10")`` is ``"1.10"``, an instant in UTC ends in ``Z``, a set is a list."""
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
    """Return a problem without its position, which each kind of file tells in its own way."""
    return {
        "severity": each.severity.value,
        "code": each.code,
        "message": each.message,
        "hint": each.hint,
        "address": str(each.address) if each.address else None,
    }


def read_problem(shape: Mapping[str, Any], span: Span | None) -> Problem:
    """Return the problem of a shape. Raise KeyError, TypeError or ValueError if it is not whole."""
    address = None if shape["address"] is None else read_address(shape["address"])
    return Problem(Severity(shape["severity"]), shape["code"], shape["message"], span, address, shape["hint"])


def read_address(text: str) -> Address:
    """``adSets.summer-fr``: a key may hold points."""
    kind, _, key = text.partition(".")
    return Address(kind, key)


def read_span(text: str) -> Span:
    """``ads/summer.yaml:4:3``. Raise ValueError if it is no position."""
    file, line, column = text.rsplit(":", 2)
    return Span(file, int(line), int(column))
