"""Reads of an older state: before a write (rule 80), or some seconds ago.

Every read of the API counts, except those of the application itself (`me`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase

from ..call import Call, Handler
from ..clock import instant, stamp
from ..message import Request, Response
from ..state import REACH, SANDBOX_OWN, Record, State

Overlay = dict[str, dict[str, Record | None]]


def reads(request: Request) -> bool:
    """Return whether a request only reads."""
    return request.method == "GET" or request.path.endswith(("/search", "/cpc-min-bids"))


# --- the world some time ago ---


def reach(state: State, seconds: float) -> None:
    """Start to record replaced records, for `seconds`."""
    known = state.get("counters", REACH)
    longest = max(seconds, 0.0 if known is None else float(known["value"]))
    state.put("counters", REACH, {"value": longest})


def forget(state: State) -> None:
    """Stop recording replaced records, and drop those recorded."""
    state.remove("counters", REACH)
    for key in list(state.all("before")):
        state.remove("before", key)


def answer(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's response on the state of some seconds ago; a write uses the current state."""
    if not reads(call.request):
        return handler(call)
    moment = call.now - timedelta(seconds=float(fault["seconds"]))
    only = fault.get("only", ["*"])
    overlay: Overlay = {}
    for entry in reversed(call.state.collections["before"].values()):
        if instant(entry["at"]) <= moment:
            break
        place = f"{entry['collection']}/{entry['key']}"
        if any(fnmatchcase(place, pattern) for pattern in only):
            overlay.setdefault(entry["collection"], {})[entry["key"]] = entry["record"]
    return handler(replace(call, state=call.state.overlaid(overlay)) if overlay else call)


# --- a write that reads do not show yet ---


def hide(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's response; reads see the old records for the fault's number of reads or seconds."""
    state = call.state
    before = state.copied().collections
    response = handler(call)
    seconds = fault.get("seconds")
    until = None if seconds is None else stamp(call.now + timedelta(seconds=float(seconds)))
    for collection in before.keys() - SANDBOX_OWN:
        old, new = before[collection], state.collections[collection]
        for key in [key for key in {**old, **new} if old.get(key) is not new.get(key)]:
            if state.get("past", f"{collection}/{key}") is None:
                left = None if until else int(fault.get("reads", 1))
                entry = {"collection": collection, "key": key, "record": old.get(key), "until": until, "reads": left}
                state.put("past", f"{collection}/{key}", entry)
    return response


def lagging(call: Call) -> Call:
    """Return the call on a state in which hidden writes are not yet visible."""
    overlay: Overlay = {}
    for place, entry in list(call.state.all("past").items()):
        left = entry["reads"]
        if (left is not None and left <= 0) or (entry["until"] and instant(entry["until"]) <= call.now):
            call.state.remove("past", place)
            continue
        overlay.setdefault(entry["collection"], {})[entry["key"]] = entry["record"]
        if left is not None:
            call.state.put("past", place, {**entry, "reads": left - 1})
    return replace(call, state=call.state.overlaid(overlay)) if overlay else call
