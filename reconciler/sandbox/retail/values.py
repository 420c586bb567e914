"""Values in the bodies of Retail Media: how each is read, and how a date is shown (E4.2 to E4.5).

A reader returns the value as stored. It raises `ValueError` with a reason if the value is of another type or out of
range. Dates are of the account's time zone: a day without a time is the midnight with which it begins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..clock import instant, stamp

Reader = Callable[[Any, ZoneInfo], Any]

DAYS_OF_WEEK = (
    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "everyday", "weekdays", "weekends",
)  # fmt: skip
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_LARGEST_WHOLE = 2**31 - 1
_LARGEST_AMOUNT = 10**15
"""The API's numbers are doubles, which hold 15 digits."""
_YEARS = range(1970, 9000)
_LEG = ("dayOfWeek", "startTime", "endTime")


def text(least: int, longest: int | None) -> Reader:
    """Return a function that reads a text of that length."""

    def read(value: Any, zone: ZoneInfo) -> str:
        if not isinstance(value, str):
            raise ValueError("it must be a text")
        if len(value) < least or (longest is not None and len(value) > longest):
            raise ValueError(f"it must have {least} to {longest} characters")
        return value

    return read


def choice(*words: str) -> Reader:
    """Return the reader of an enum; `unknown` is an answer, and no value to be written."""

    def read(value: Any, zone: ZoneInfo) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"it must be one of {', '.join(words)}")
        return value

    return read


def amount(value: Any, zone: ZoneInfo) -> Decimal:
    """Read an amount of money."""
    return money(value)


def money(value: Any) -> Decimal:
    """Return an amount, at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("it must be a number")
    if not 0 <= value < _LARGEST_AMOUNT:
        raise ValueError("it must be at least 0, and of 15 digits at most")
    return Decimal(value)


def flag(value: Any, zone: ZoneInfo) -> bool:
    """Read a boolean."""
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


def whole(value: Any, zone: ZoneInfo) -> int:
    """Read an integer of 32 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST_WHOLE:
        raise ValueError("it must be an integer")
    return value


def identifier(value: Any, zone: ZoneInfo) -> str:
    """Read an id: digits as a text, because ids exceed every integer type."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()):
        raise ValueError("it must be an id, digits as a text")
    return value


def identifiers(value: Any, zone: ZoneInfo) -> list[str]:
    """Read a list of ids."""
    if not isinstance(value, list):
        raise ValueError("it must be a list of ids")
    return [identifier(one, zone) for one in value]


def moment(value: Any, zone: ZoneInfo) -> str:
    """Read a day or a date-time as UTC text; without an offset it is of the account's time zone."""
    if not isinstance(value, str):
        raise ValueError("it must be a date")
    try:
        if not _DAY.match(value):
            raise ValueError(value)
        read = datetime.fromisoformat(value)
        if read.year not in _YEARS:
            raise ValueError(value)
        return stamp(read.replace(tzinfo=zone) if read.tzinfo is None else read)
    except (ValueError, OverflowError) as error:
        raise ValueError("it must be a date, YYYY-MM-DD, or a date-time") from error


def flight(value: Any, zone: ZoneInfo) -> dict[str, Any]:
    """Read a flight schedule: days of the week, each with times by the clock on the wall."""
    if not isinstance(value, Mapping) or set(value) - {"legs"}:
        raise ValueError('it must be {"legs": [...]}')
    legs = value.get("legs")
    if legs is not None and not (isinstance(legs, list) and all(_is_leg(one) for one in legs)):
        raise ValueError(f"each leg must have {', '.join(_LEG)}, and times as HH:mm")
    return {"legs": legs}


def day_of(stored: str | None, zone: ZoneInfo) -> date | None:
    """Return the calendar day of a stored date in a time zone."""
    return None if stored is None else instant(stored).astimezone(zone).date()


def shown(stored: str | None, zone: ZoneInfo, form: str) -> str | None:
    """Return a stored date as an answer shows it: `offset` (of the account), `utc` or `day`."""
    if stored is None or form == "utc":
        return stored
    local = instant(stored).astimezone(zone)
    if form == "day":
        return local.date().isoformat()
    return local.isoformat() if local.utcoffset() else stamp(local.astimezone(UTC))


def _is_leg(leg: Any) -> bool:
    if not isinstance(leg, Mapping) or set(leg) != set(_LEG) or leg["dayOfWeek"] not in DAYS_OF_WEEK:
        return False
    return all(isinstance(leg[name], str) and _CLOCK.fullmatch(leg[name]) for name in ("startTime", "endTime"))
