"""The sandbox's own surface for tests and demos, under `/_sandbox/`: nothing of it exists in the real API.

Its calls need no token, are not metered and not logged. `GET calls` `DELETE calls` · `GET state` `PUT state` ·
`GET clock` `POST clock {"advance": seconds} | {"now": instant}` · `GET faults` `POST faults [...]` `DELETE faults` ·
`POST edit {"collection", "id", "set": {dotted path: value}, "by": login}` · `GET ad-sets/{id}/audience`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import faults
from .clock import instant
from .encoding import decode
from .errors import reply
from .message import Request, Response
from .state import State

PREFIX = "/_sandbox/"
_Answer = tuple[Response, State]


def handle(state: State, request: Request) -> _Answer:
    """Answer one control call; return the response, and the state to continue with."""
    what = request.path.removeprefix(PREFIX).strip("/")
    try:
        body = decode(request.body) if request.body else None
        return _answer(state, request.method, what, body)
    except (KeyError, TypeError, ValueError) as error:
        return reply(400, {"error": f"{type(error).__name__}: {error}"}), state


def _answer(state: State, method: str, what: str, body: Any) -> _Answer:
    parts = what.split("/")
    if (method, what) == ("PUT", "state"):
        return reply(200, {}), State.from_json(body)
    if parts[0] == "ad-sets" and len(parts) == 3 and method == "GET":
        return _audience(state, parts[1]), state
    verb = _VERBS.get((method, what))
    if verb is None:
        return reply(404, {"error": f"{method} {PREFIX}{what} is not a control call"}), state
    return verb(state, body), state


def _audience(state: State, ad_set_id: str) -> Response:
    """Return the audience link, which no operation of the API returns (rule 40)."""
    record = state.get("adSets", ad_set_id)
    if record is None:
        return reply(404, {"error": f"no ad set {ad_set_id}"})
    return reply(200, {"audienceId": record.get("audienceId")})


def _calls(state: State, body: Any) -> Response:
    return reply(200, state.log)


def _forget_calls(state: State, body: Any) -> Response:
    state.forget_calls()
    return reply(200, [])


def _state(state: State, body: Any) -> Response:
    return reply(200, state.to_json())


def _clock(state: State, body: Any) -> Response:
    return reply(200, state.clock.to_json())


def _turn_clock(state: State, body: Any) -> Response:
    if "now" in body:
        state.clock.set(instant(body["now"]))
    else:
        state.clock.advance(float(body["advance"]))
    state.mark_whole()
    return _clock(state, None)


def _faults(state: State, body: Any) -> Response:
    return reply(200, list(state.all("faults").values()))


def _inject(state: State, body: Any) -> Response:
    faults.add(state, body)
    return _faults(state, None)


def _repair(state: State, body: Any) -> Response:
    faults.clear(state)
    return reply(200, [])


def _edit(state: State, body: Any) -> Response:
    faults.edit(state, body["collection"], str(body["id"]), body["set"], body.get("by", faults.DEFAULT_USER))
    return reply(200, state.get(body["collection"], str(body["id"])))


_VERBS: dict[tuple[str, str], Callable[[State, Any], Response]] = {
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "state"): _state,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _turn_clock,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _inject,
    ("DELETE", "faults"): _repair,
    ("POST", "edit"): _edit,
}
