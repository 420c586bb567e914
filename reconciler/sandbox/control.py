"""The sandbox's own surface for tests and demos, under `/_sandbox/`: nothing of it exists in the real API.

Its calls need no token, are not metered and not logged. `GET calls` `DELETE calls` · `GET state` `PUT state` ·
`GET clock` `POST clock {"advance": seconds} | {"now": instant}` · `GET faults` `POST faults [...]` `DELETE faults` ·
`POST edit {"collection", "id", "set": {dotted path: value}, "by": login}` · `GET ad-sets/{id}/audience`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import instant
from .encoding import decode
from .errors import reply
from .faults import SOMEBODY
from .message import Request, Response
from .state import State

if TYPE_CHECKING:
    from .world import World

PREFIX = "/_sandbox/"


def handle(world: World, request: Request) -> Response:
    """Answer one control call."""
    what = request.path.removeprefix(PREFIX).strip("/")
    try:
        body = decode(request.body) if request.body else None
        return _answer(world, request.method, what, body)
    except (KeyError, TypeError, ValueError) as error:
        return reply(400, {"error": f"{type(error).__name__}: {error}"})


def _answer(world: World, method: str, what: str, body: Any) -> Response:
    parts = what.split("/")
    if parts[0] == "ad-sets" and len(parts) == 3 and method == "GET":
        return _audience(world, parts[1])
    verb = _VERBS.get((method, what))
    if verb is None:
        return reply(404, {"error": f"{method} {PREFIX}{what} is not a control call"})
    return verb(world, body)


def _audience(world: World, ad_set_id: str) -> Response:
    """The link that no read of the API shows (rule 40)."""
    record = world.state.get("adSets", ad_set_id)
    if record is None:
        return reply(404, {"error": f"no ad set {ad_set_id}"})
    return reply(200, {"audienceId": record.get("audienceId")})


def _calls(world: World, body: Any) -> Response:
    return reply(200, world.log)


def _forget_calls(world: World, body: Any) -> Response:
    world.forget_calls()
    return reply(200, [])


def _state(world: World, body: Any) -> Response:
    return reply(200, world.to_json())


def _replace_state(world: World, body: Any) -> Response:
    world.replace_state(State.from_json(body))
    return reply(200, {})


def _clock(world: World, body: Any) -> Response:
    return reply(200, world.state.clock.to_json())


def _turn_clock(world: World, body: Any) -> Response:
    if "now" in body:
        world.advance((instant(body["now"]) - world.now).total_seconds())
    else:
        world.advance(float(body["advance"]))
    return _clock(world, None)


def _faults(world: World, body: Any) -> Response:
    return reply(200, list(world.state.all("faults").values()))


def _inject(world: World, body: Any) -> Response:
    world.inject(*body)
    return _faults(world, None)


def _repair(world: World, body: Any) -> Response:
    world.repair()
    return reply(200, [])


def _edit(world: World, body: Any) -> Response:
    world.edit(body["collection"], str(body["id"]), body["set"], body.get("by", SOMEBODY))
    return reply(200, world.state.get(body["collection"], str(body["id"])))


_VERBS = {
    ("GET", "calls"): _calls,
    ("DELETE", "calls"): _forget_calls,
    ("GET", "state"): _state,
    ("PUT", "state"): _replace_state,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _turn_clock,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _inject,
    ("DELETE", "faults"): _repair,
    ("POST", "edit"): _edit,
}
