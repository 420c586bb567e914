"""A canonical value as plain JSON: amounts and dates are text, so that no reader makes a float of them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any


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
