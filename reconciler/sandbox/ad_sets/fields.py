"""Typed access to the JSON objects of a request: a wrong type fails the whole call (contract §2.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from ..clock import instant, stamp
from ..errors import Refusal, problem

ABSENT: Final[Any] = object()
"""Marks a key that is not given, as opposed to given as null."""


def invalid(path: str, why: str, code: str = "invalid") -> Refusal:
    """Return the refusal (400) of a body that cannot be read."""
    return Refusal(400, problem(code, "The request cannot be read", f"{path}: {why}", source={path: path}))


class Fields:
    """One JSON object of a request. With `boxed`, nillable values arrive as `{"value": …}` (§2.12)."""

    def __init__(self, value: Any, path: str, *, boxed: bool = False) -> None:
        if not isinstance(value, dict):
            raise invalid(path, "an object is expected")
        self._value: Mapping[str, Any] = value
        self.path = path
        self.boxed = boxed

    @property
    def raw(self) -> Mapping[str, Any]:
        """The JSON object as received."""
        return self._value

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def names(self) -> frozenset[str]:
        return frozenset(self._value)

    def place(self, key: str) -> str:
        return f"{self.path}/{key}"

    def section(self, key: str) -> Fields | None:
        """Return the object under a key, or None if it is absent or null."""
        value = self._value.get(key)
        return None if value is None else Fields(value, self.place(key), boxed=self.boxed)

    def sections(self, key: str) -> list[Fields]:
        """Return the list of objects under a key; empty if it is absent or null."""
        value = self._value.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid(self.place(key), "a list is expected")
        return [Fields(one, f"{self.place(key)}/{i}", boxed=self.boxed) for i, one in enumerate(value)]

    def text(self, key: str) -> str | None:
        value = self._value.get(key)
        return None if value is None else _text(value, self.place(key))

    def texts(self, key: str) -> list[str] | None:
        """Return the list of texts under a key, or None if it is absent or null."""
        value = self._value.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise invalid(self.place(key), "a list is expected")
        return [_text(one, self.place(key)) for one in value]

    def nillable(self, key: str, read: Callable[[Any, str], Any]) -> Any:
        """Return ABSENT, None or the value; with `boxed`, null in place of the box is ABSENT (rule 30)."""
        if key not in self._value:
            return ABSENT
        value = self._value[key]
        if self.boxed:
            if value is None:
                return ABSENT
            if not isinstance(value, dict):
                raise invalid(self.place(key), 'an object {"value": …} is expected')
            value = value.get("value")
        return None if value is None else read(value, self.place(key))


def number(value: Any, path: str) -> Decimal:
    """Return a JSON number as a `Decimal`. Raise `Refusal` if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid(path, "a number is expected")
    return Decimal(value)


def whole(value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(path, "an integer is expected")
    return value


def moment(value: Any, path: str) -> str:
    """Return a date-time as UTC text in the API's format. Raise `Refusal` if it is not a date-time."""
    try:
        return stamp(instant(_text(value, path)))
    except (ValueError, OverflowError) as error:
        raise invalid(path, str(error), "invalid-date-format") from error


def _text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise invalid(path, "a text is expected")
    return value
