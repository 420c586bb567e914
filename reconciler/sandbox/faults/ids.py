"""Creations that are answered with the id of an older object (contract §9, 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..call import Call, Handler
from ..encoding import decode, encode
from ..message import Response
from ..state import Record


def answer(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's response with the fault's id; the effect is discarded unless `applied`."""
    applied = fault.get("applied", True)
    response = handler(call if applied else replace(call, state=call.state.copied()))
    body = decode(response.body)
    told = body.get("data") if isinstance(body, dict) else body
    if response.status not in (200, 201) or not told:
        return response
    renamed = _renamed(told, str(fault["id"]))
    return replace(response, body=encode({**body, "data": renamed} if isinstance(body, dict) else renamed))


def _renamed(told: Any, key: str) -> Any:
    """Return the resource, or the first of a list, with its id replaced by `key`."""
    if isinstance(told, list):
        return [_renamed(told[0], key), *told[1:]]
    name = next((name for name in ("id", "budgetId") if isinstance(told, dict) and name in told), None)
    return told if name is None else {**told, name: type(told[name])(key)}
