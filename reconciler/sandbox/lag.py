"""Reads that have not yet heard of a write (contract §11, rule 80).

Every read of the API counts as one, whatever it asks for, except the questions who one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from .clock import instant, stamp
from .message import Request
from .state import Record, State

_OWN = frozenset({"applications", "tokens", "windows", "faults", "past", "counters"})
"""The sandbox's own records never lag."""


def reads(request: Request) -> bool:
    """Whether a request only reads."""
    return request.method == "GET" or request.path.endswith("/search")


def copies(state: State) -> dict[str, dict[str, Record]]:
    """The collections as they are. Cheap: records are shared, only the tables are copied."""
    return {name: dict(rows) for name, rows in state.collections.items() if name not in _OWN}


def remember(state: State, before: Mapping[str, Mapping[str, Record]], fault: Record, now: datetime) -> None:
    """Keep what this call changed as it was, for the reads that do not see it yet."""
    seconds = fault.get("seconds")
    until = None if seconds is None else stamp(now + timedelta(seconds=float(seconds)))
    for collection, key in state.changed():
        place = f"{collection}/{key}"
        if collection in _OWN or state.get("past", place) is not None:
            continue
        entry = {
            "collection": collection,
            "key": key,
            "record": before[collection].get(key),
            "until": until,
            "reads": None if until else int(fault.get("reads", 1)),
        }
        state.put("past", place, entry)


def stale(state: State, now: datetime) -> State:
    """The state as this read sees it."""
    overlay: dict[str, dict[str, Record | None]] = {}
    for place, entry in list(state.all("past").items()):
        left = entry["reads"]
        if (left is not None and left <= 0) or (entry["until"] and instant(entry["until"]) <= now):
            state.remove("past", place)
            continue
        overlay.setdefault(entry["collection"], {})[entry["key"]] = entry["record"]
        if left is not None:
            state.put("past", place, {**entry, "reads": left - 1})
    return state.overlaid(overlay) if overlay else state
