"""Writes whose effect is applied after their response, or never, as behind a gateway that timed out.

The response is computed on a copy of the state. When the world's clock reaches the due time, the call is handled again
on the state of that moment, with the ids of its response reserved for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..call import Call, Handler
from ..clock import instant, stamp
from ..message import Request, Response
from ..state import Record, State


@dataclass(frozen=True, slots=True)
class Promise:
    """A write that is answered and not yet applied."""

    due: datetime
    request: Request
    client_id: str
    record: Record

    @property
    def faults(self) -> list[Record]:
        """Other faults that apply to the write."""
        return list(self.record["with"])


def promise(fault: Record, others: Sequence[Record], call: Call, handler: Handler) -> Response:
    """Return the response of a call with its effect, and store the call for its due time, unless it is refused."""
    scratch = call.state.copied()
    response = handler(replace(call, state=scratch))
    before = _reserve(call.state, scratch)
    if fault["seconds"] is None:
        return response
    request = call.request
    record = {
        "due": stamp(call.now + timedelta(seconds=float(fault["seconds"]))),
        "method": request.method,
        "path": request.path,
        "query": [list(pair) for pair in request.query],
        "body": call.body,
        "clientId": call.client_id,
        "counters": before,
        "with": list(others),
    }
    call.state.put("late", str(call.state.count("late")), record)
    return response


def due(state: State) -> Iterator[Promise]:
    """Yield the writes that are due, by due time; each is removed from the state before it is yielded."""
    while state.collections["late"]:
        key, record = min(state.all("late").items(), key=lambda entry: (instant(entry[1]["due"]), int(entry[0])))
        moment = instant(record["due"])
        if moment > state.clock.now():
            return
        state.remove("late", key)
        query = tuple((name, value) for name, value in record["query"])
        yield Promise(moment, Request(record["method"], record["path"], query), record["clientId"], record)


def land(landing: Promise, call: Call, handler: Handler) -> None:
    """Apply the effect, with the ids of its response."""
    state, told = call.state, landing.record["counters"]
    now = {name: state.get("counters", name) for name in told}
    for name, value in told.items():
        if value is None:
            state.remove("counters", name)
        else:
            state.put("counters", name, {"value": value})
    state.moment = landing.due
    try:
        handler(call)
    finally:
        state.moment = None
        for name, record in now.items():
            if record is not None and record["value"] > (state.get("counters", name) or {"value": 0})["value"]:
                state.put("counters", name, record)


def _reserve(state: State, scratch: State) -> Record:
    """Advance the counters to those of the copy; return their values before."""
    before: Record = {}
    for name, record in scratch.all("counters").items():
        known = state.get("counters", name)
        if known != record:
            before[name] = None if known is None else known["value"]
            state.put("counters", name, record)
    return before
