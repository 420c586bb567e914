"""Names that the server stores in a normalised form (contract §11, rule 82)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..call import Call, Handler
from ..message import Response
from ..state import Record

_FORMS: dict[str, Callable[[str], str]] = {
    "trim": str.strip,
    "fold": lambda text: re.sub(r"\s+", " ", text),
    "nfkc": lambda text: unicodedata.normalize("NFKC", text),
    "lower": str.lower,
}


def answer(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's response to the call with normalised names (default: trimmed, inner spaces folded)."""
    forms = fault.get("forms", ("trim", "fold"))
    return handler(replace(call, body=_renamed(call.body, forms)))


def _renamed(value: Any, forms: Iterable[str]) -> Any:
    if isinstance(value, list):
        return [_renamed(one, forms) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _name(one, forms) if key == "name" else _renamed(one, forms) for key, one in value.items()}


def _name(value: Any, forms: Iterable[str]) -> Any:
    if isinstance(value, dict):
        return {key: _name(one, forms) for key, one in value.items()}
    if isinstance(value, str):
        for form in forms:
            value = _FORMS[form](value)
    return value
