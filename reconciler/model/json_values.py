"""Plain JSON of reports and plan files. Amounts and dates are text, so that no reader parses them as float."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_type_hints

from reconciler.model.addresses import Address, Span
from reconciler.model.codec import AS_IS, Codec, Form, Layout, check_type
from reconciler.model.problems import Problem
from reconciler.model.values import Value, Values


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
    shape: dict[str, Any] = _CODEC.write(each)
    return shape


def read_address(text: str) -> Address:
    """Return the address of ``adSets.summer-fr``; the key may contain dots."""
    kind, _, key = text.partition(".")
    return Address(kind, key)


def read_span(text: str) -> Span:
    """Return the span of ``ads/summer.yaml:4:3``. Raise ValueError if it is no position."""
    file, line, column = text.rsplit(":", 2)
    return Span(file, int(line), int(column))


def _read_instant(text: str) -> datetime:
    """Return an instant. Raise ValueError if it has no offset, since it could not be compared."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return found


class _ValueHints:
    """Type hints of canonical values, resolved as in a field."""

    value: Value
    values: Values


_VALUES = get_type_hints(_ValueHints)
FORMS: Mapping[Any, Form] = {
    _VALUES["value"]: Form(to_json, AS_IS.read),
    _VALUES["values"]: Form(to_json, lambda shape: check_type(dict, shape)),
    Decimal: Form(to_json, lambda shape: Decimal(check_type(str, shape))),
    datetime: Form(to_json, _read_instant),
    Address: Form(str, read_address),
    Span: Form(str, read_span),
}
"""Forms of the types in plain JSON. The type of a canonical value is not read from it: its field knows the type."""
PROBLEM_KEYS = {name: name for name in ("severity", "code", "message", "hint", "address")}
"""Keys of a problem; ``hint`` and ``address`` may be null."""
_CODEC = Codec(FORMS, {Problem: Layout(PROBLEM_KEYS)})
