"""Handle one request: access, routing, operation, faults and call log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import access, faults
from .call import Call
from .clock import stamp
from .encoding import decode
from .errors import Refusal, problem, refusal
from .message import Request, Response
from .routes import ROUTER
from .routing import Match
from .state import Record, State

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_NO_APPLICATION: Record = {"product": "MarketingSolutions"}


def answered(state: State, request: Request) -> Response:
    """Return the response to one request, and add the request to the call log."""
    land_due(state)
    fired = faults.fired(state, request)
    land_due(state)  # a fault may have advanced the clock
    call = _Handling(state, request, fired)
    response = faults.disturbed(fired, call.answer())
    state.record_call(call.entry(response))
    return faults.dated(fired, state.clock.now(), response)


def land_due(state: State) -> None:
    """Apply every late effect that is due."""
    for landing in faults.due(state):
        request = landing.request
        application = state.get("applications", landing.client_id) or _NO_APPLICATION
        try:
            match = ROUTER.match(request.method, request.path, landing.due, state.options)
            handler = faults.wrapped(landing.faults, match.route.handler)
            call = Call(state, request, match.version, match.params, landing.record["body"], application, landing.due)
            faults.land(landing, call, handler)
        except Refusal:
            continue  # the state has changed meanwhile and the call is refused now: it has no effect


class _Handling:
    """Handling of one request; keeps what the call log records."""

    def __init__(self, state: State, request: Request, fired: list[Record]) -> None:
        self.state = state
        self.request = request
        self.fired = fired
        self.now = state.clock.now()
        self.client_id: str | None = None
        self.body: Any = None
        self.family = "E1"

    def entry(self, response: Response) -> Record:
        """Return the entry of the call log (rule 84)."""
        entry: Record = {
            "method": self.request.method,
            "path": self.request.path,
            "query": [list(pair) for pair in self.request.query],
            "body": self.body,
            "status": None if response.aborted else response.status,
            "time": stamp(self.now),
            "client_id": self.client_id,
        }
        if self.fired:
            entry["faults"] = [fault["kind"] for fault in self.fired]
        return entry

    def answer(self) -> Response:
        """Return the response of the API, with the faults that act before or on the effect."""
        instead = faults.instead(self.fired, self.request)
        if instead is not None:
            self.body = self._loggable_body()
            return instead
        if self.request.path == access.TOKEN_PATH and self.request.method == "POST":
            return access.token(self.state, self.request)
        headers: access.Headers = ()
        call = self._call("", {}, _NO_APPLICATION, None)
        try:
            match = ROUTER.match(self.request.method, self.request.path, self.now, self.state.options)
            self.family = match.route.family
            call = self._call(match.version, match.params, _NO_APPLICATION, None)
            self.client_id = access.client_of(self.state, self.request, self.now)
            application = self.state.get("applications", self.client_id) or _NO_APPLICATION
            headers, admitted = access.meter(self.state, self.client_id, application)
            if not admitted:
                return Response(429, (("content-type", "application/json"), *headers), b"{}")
            access.permit(self.state, application, match.route)
            self.body = self._parsed_body() if match.route.takes_body else None
            response = self._handled(match, application)
        except Refusal as refused:
            response = refusal(call, refused, self.family)
        return response.with_headers(*headers)

    def _handled(self, match: Match, application: Record) -> Response:
        call = self._call(match.version, match.params, application, self.body)
        if not self.fired and not self.state.collections["past"]:
            return match.route.handler(call)
        return faults.handled(self.fired, call, match.route.handler)

    def _call(self, version: str, params: Mapping[str, str], application: Record, body: Any) -> Call:
        client_id = self.client_id or ""
        return Call(self.state, self.request, version, params, body, application, self.now, client_id)

    def _parsed_body(self) -> Any:
        if self.request.method not in _WITH_BODY:
            return None
        if len(self.request.body) > self.state.options.body_limit:
            raise Refusal(413, problem("payload-too-large", "Payload too large"))
        if access.media_type(self.request) != "application/json":
            raise Refusal(415, problem("unsupported-media-type", "Unsupported media type"))
        try:
            return decode(self.request.body)
        except ValueError as error:
            raise Refusal(400, problem("invalid", "The body is not JSON", str(error))) from error

    def _loggable_body(self) -> Any:
        """Return the body of a call that no handler read, or None for a token request, whose body holds a secret."""
        if self.request.method not in _WITH_BODY or self.request.path == access.TOKEN_PATH:
            return None
        try:
            return decode(self.request.body)
        except ValueError:
            return None
