"""Types of canonical values and of JSON.

Values are normalised where they enter the program, so that two are equal exactly if ``==`` says so: money is
:class:`~decimal.Decimal`, sets are sorted tuples, instants are UTC.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = bool | int | float | Decimal | str | list["Json"] | dict[str, "Json"] | None
Value: TypeAlias = bool | int | Decimal | str | date | datetime | tuple["Value", ...] | Mapping[str, "Value"] | None
Values: TypeAlias = Mapping[str, Value]
"""Field name (``bidding.bidAmount``) -> canonical value. A field that is absent is not managed."""
FieldPath: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the top of a YAML file down to a value."""
