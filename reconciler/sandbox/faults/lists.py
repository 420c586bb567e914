"""Incomplete lists, in forms that a client can detect and in forms that it cannot (contract §2.10, §13).

A page is cut, its totals are missing, its number is ignored, its size differs, or rows move between two pages.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..call import Call, Handler
from ..encoding import decode, encode
from ..message import Response
from ..state import Record
from .views import reads

_TOTALS = ("count", "totalItemsAcrossAllPages", "totalPages", "totalItems")
_STARTS, _SIZES = ("offset", "pageIndex"), ("limit", "pageSize")
_ALL_ROWS = 2**31 - 1


def answer(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's list in the fault's form; a response that is not a list is unchanged."""
    if not reads(call.request):
        return handler(call)
    return _FORMS[fault["form"]](fault, call, handler)


def _cut(fault: Record, call: Call, handler: Handler) -> Response:
    return _with_rows(handler(call), lambda rows: rows[: int(fault.get("rows", 100))])


def _uncounted(fault: Record, call: Call, handler: Handler) -> Response:
    response = handler(call)
    if "rows" in fault:
        response = _with_rows(response, lambda rows: rows[: int(fault["rows"])])
    return _with_metadata(response, lambda told: {name: None if name in _TOTALS else told[name] for name in told})


def _first_page(fault: Record, call: Call, handler: Handler) -> Response:
    return handler(_asking(call, **dict.fromkeys(_STARTS, None)))


def _small_pages(fault: Record, call: Call, handler: Handler) -> Response:
    rows = int(fault.get("rows", 25))
    sizes = {name: min(rows, int(call.value(name) or rows)) for name in _SIZES}
    return handler(_asking(call, **sizes))


def _shift(fault: Record, call: Call, handler: Handler) -> Response:
    """Return a later page of a list from which rows before it were removed, or to which rows were added."""
    shift = int(fault.get("shift", 1))
    offset, index = int(call.value("offset") or 0), int(call.value("pageIndex") or 0)
    if not offset and not index:
        return handler(call)
    if offset:
        response = _with_metadata(
            handler(_asking(call, offset=max(0, offset + shift))), lambda told: told | {"offset": offset}
        )
    else:
        size = int(call.value("pageSize") or 25)
        first = max(0, index * size + shift)
        rows = _rows(decode(handler(_asking(call, pageIndex=None, pageSize=_ALL_ROWS)).body)) or []
        response = _with_rows(handler(call), lambda page: rows[first : first + size])
    return _with_metadata(response, lambda told: _recounted(told, shift))


def _recounted(told: dict[str, Any], shift: int) -> dict[str, Any]:
    changed: dict[str, Any] = {
        name: told[name] - shift for name in ("count", "totalItemsAcrossAllPages") if name in told
    }
    if "totalPages" in told:
        changed["totalPages"] = math.ceil(changed["totalItemsAcrossAllPages"] / told["currentPageSize"])
    return told | changed


def _asking(call: Call, **values: int | None) -> Call:
    """Return the same call with other query parameters; None removes one."""
    kept = [pair for pair in call.query if pair[0] not in values]
    given = [(name, str(value)) for name, value in values.items() if value is not None]
    return replace(call, request=replace(call.request, query=(*kept, *given)))


def _rows(body: Any) -> list[Any] | None:
    rows = body.get("data") if isinstance(body, dict) else body
    return rows if isinstance(rows, list) else None


def _with_rows(response: Response, change: Callable[[list[Any]], list[Any]]) -> Response:
    body = decode(response.body)
    rows = _rows(body)
    if rows is None or response.status != 200:
        return response
    changed = change(rows)
    return replace(response, body=encode({**body, "data": changed} if isinstance(body, dict) else changed))


def _with_metadata(response: Response, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
    body = decode(response.body)
    named = next((name for name in ("metadata", "meta") if isinstance(body, dict) and name in body), None)
    if named is None:
        return response
    return replace(response, body=encode({**body, named: change(body[named])}))


_FORMS: dict[str, Callable[[Record, Call, Handler], Response]] = {
    "cut": _cut,
    "uncounted": _uncounted,
    "first_page": _first_page,
    "small_pages": _small_pages,
    "shift": _shift,
}
