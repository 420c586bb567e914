"""The same response in another JSON spelling, which a client must accept (rule 82)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

from ..clock import instant
from ..encoding import decode, encode

FORMS = ("dates", "numbers", "order", "unknown", "null_errors", "enums")
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
_SETS = frozenset(
    {"values", "devices", "environments", "operatingSystems", "campaignIds", "ids", "drawableBalanceIds", "pageTypes"}
)
"""Lists that are sets. `data` itself keeps its order, which is documented."""
_PARIS = timezone(timedelta(hours=2))


def added(body: bytes, forms: Iterable[str] | None = None) -> bytes:
    """Return the body rewritten in these forms (default: all)."""
    chosen = set(FORMS if forms is None else forms)
    try:
        value = decode(body)
    except ValueError:
        return body
    return encode(_noisy(value, None, chosen), exact=True)


def _noisy(value: Any, key: str | None, forms: set[str]) -> Any:
    if isinstance(value, dict):
        return _noisy_object(value, forms)
    if isinstance(value, list):
        items = [_noisy(item, key, forms) for item in value]
        return items[::-1] if "order" in forms and key in _SETS else items
    change = _LEAVES.get(type(value))
    return value if change is None else change(value, forms)


def _noisy_object(value: dict[str, Any], forms: set[str]) -> dict[str, Any]:
    told = {name: _noisy(item, name, forms) for name, item in value.items()}
    if "unknown" in forms and set(value) != {"value"}:
        told["xAddedLater"] = {"value": None}
    if "enums" in forms and "deliveryStatus" in told:
        told["deliveryStatus"] = "learning"
    if "null_errors" in forms:
        for name in ("errors", "warnings"):
            if told.get(name) == []:
                told[name] = None
    return told


def _noisy_text(text: str, forms: set[str]) -> str:
    if "dates" not in forms or not _INSTANT.match(text):
        return text
    moment = instant(text).astimezone(_PARIS)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}0+02:00"


def _noisy_decimal(number: Decimal, forms: set[str]) -> Decimal:
    return Decimal(f"{number:f}0") if "numbers" in forms and "." in f"{number:f}" else number


_LEAVES: dict[type, Callable[[Any, set[str]], Any]] = {str: _noisy_text, Decimal: _noisy_decimal}
