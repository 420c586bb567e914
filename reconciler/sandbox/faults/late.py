"""Writes whose effect lands after their answer, or never: a gateway that gave up in front of a slow commit.

The answer comes from a copy of the state. The effect is made when the world's clock gets to its instant, by handling
the call again on the state as it then is; the ids that the answer told are kept for it.
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
    """A write on its way."""

    due: datetime
    request: Request
    client_id: str
    record: Record

    @property
    def faults(self) -> list[Record]:
        """What else befalls it."""
        return list(self.record["with"])


def promise(fault: Record, others: Sequence[Record], call: Call, handler: Handler) -> Response:
    """The answer that the effect would have; the effect is kept for its time. A refused call has none."""
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
    """The writes whose time has come, by their instants; each is no longer on its way once it is told."""
    while state.collections["late"]:
        key, record = min(state.all("late").items(), key=lambda entry: (instant(entry[1]["due"]), int(entry[0])))
        moment = instant(record["due"])
        if moment > state.clock.now():
            return
        state.remove("late", key)
        query = tuple((name, value) for name, value in record["query"])
        yield Promise(moment, Request(record["method"], record["path"], query), record["clientId"], record)


def land(landing: Promise, call: Call, handler: Handler) -> None:
    """Make the effect, with the ids that its answer told."""
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
    """Count on where the copy has counted to; return where these counters were."""
    before: Record = {}
    for name, record in scratch.all("counters").items():
        known = state.get("counters", name)
        if known != record:
            before[name] = None if known is None else known["value"]
            state.put("counters", name, record)
    return before
