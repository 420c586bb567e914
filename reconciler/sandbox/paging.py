"""Two kinds of paging in Retail Media (contract §2.10, rule 76)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from .call import Call
from .errors import Problem, Refusal, problem

T = TypeVar("T")
HOST = "api.criteo.com"
_LARGEST = 2**31 - 1


def by_index(call: Call, rows: Sequence[T]) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the page selected by `pageIndex` and `pageSize`, and its metadata with absolute links to neighbours."""
    index = _asked(call, "pageIndex", 0, 0, _LARGEST)
    size = _asked(call, "pageSize", 25, 1, _LARGEST)
    pages = math.ceil(len(rows) / size)
    metadata = {
        "currentPageIndex": index,
        "currentPageSize": size,
        "totalItemsAcrossAllPages": len(rows),
        "totalPages": pages,
        "nextPage": _address(call, index + 1, size) if index + 1 < pages else None,
        "previousPage": _address(call, index - 1, size) if index > 0 else None,
    }
    return rows[index * size : (index + 1) * size], metadata


def by_offset(call: Call, rows: Sequence[T], largest: int) -> tuple[Sequence[T], dict[str, Any]]:
    """Return the page selected by `offset` and `limit`, and its metadata."""
    offset = _asked(call, "offset", 0, 0, _LARGEST)
    limit = _asked(call, "limit", 25, 1, largest)
    return rows[offset : offset + limit], {"offset": offset, "limit": limit, "count": len(rows)}


def single_page(rows: Sequence[Any]) -> dict[str, Any]:
    """Return the metadata of a response that is always one page (rule 73)."""
    return {
        "currentPageIndex": 0,
        "currentPageSize": len(rows),
        "totalItemsAcrossAllPages": len(rows),
        "totalPages": 1,
        "nextPage": None,
        "previousPage": None,
    }


def unreadable(name: str, text: str) -> Problem:
    """Return the problem of an invalid query parameter."""
    detail = f"Review the value of field {name} provided in the request: {text}"
    return problem("invalid-field", "Invalid field", detail, source={name: name})


def _asked(call: Call, name: str, default: int, least: int, most: int) -> int:
    text = call.value(name)
    if text is None:
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else -1
    if value > most and call.options.page_over_limit == "cut":
        return most
    if not least <= value <= most:
        raise Refusal(400, unreadable(name, text))
    return value


def _address(call: Call, index: int, size: int) -> str:
    """Return the absolute URL of another page of the list, on the host that was called."""
    kept = [(key, value) for key, value in call.query if key not in ("pageIndex", "pageSize")]
    query = urlencode([*kept, ("pageIndex", index), ("pageSize", size)])
    host = call.request.headers.get("host", HOST)
    scheme = "https" if host == HOST else "http"
    return f"{scheme}://{host}{call.request.path}?{query}"
