"""The API in one object: a request goes in, an answer comes out, and the state is what all answers agree on.

`World.handle` touches no socket and never sleeps, so the same world serves an in-process transport, an ASGI server and
a test. Build one with `World.demo()`, `World.empty()`, `World.guide()`, `World.load(path)` or `World.open(path)`; only
the last two touch the disk, and only `open` (or `state_file=`) keeps the file current.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from . import access, control, faults, seed
from .clock import Clock, instant, stamp
from .encoding import decode
from .errors import Refusal, problem, refusal
from .message import Request, Response
from .options import Options
from .routes import ROUTER
from .routing import Call, Match
from .state import Record, State
from .store import Store

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_NOBODY: Record = {"product": "MarketingSolutions"}


class World:
    """One simulated API. Thread-safe: one call at a time has the state."""

    def __init__(self, state: State, *, state_file: Path | str | None = None) -> None:
        self.state = state
        self._lock = threading.RLock()
        self._store = None if state_file is None else Store(Path(state_file))
        if self._store is not None:
            self._store.save(state)

    # --- making one ---

    @classmethod
    def empty(cls, *, now: str = "2026-11-21T09:00:00Z", running: bool = False, **options: Any) -> World:
        """A world with the two applications and nothing else, its clock frozen by default."""
        state = State(Options(**options), Clock(instant(now), running=running))
        seed.applications(state)
        return cls(state)

    @classmethod
    def demo(cls, *, state_file: Path | str | None = None, running: bool = True, **options: Any) -> World:
        """The account that tutorials and tests begin with."""
        return cls(seed.demo(Options(**options), running=running), state_file=state_file)

    @classmethod
    def guide(cls, **options: Any) -> World:
        """The objects that the vendor's ad-set guide talks about, in its form and at its time."""
        return cls(seed.guide(Options(**{"profile": "guide", **options})))

    @classmethod
    def load(cls, path: Path | str) -> World:
        """A world from a saved state; the file is not touched again. Raises `OSError`, `ValueError`."""
        return cls(Store(Path(path)).load())

    @classmethod
    def open(cls, path: Path | str | None = None, seed: Path | str = "demo", **options: Any) -> World:
        """The world that lives in this file, which stays current. If there is none yet, or no path, it begins with the
        seed: `demo`, `guide`, `empty`, or a saved state. Raises `OSError`, `ValueError`.
        """
        if path is not None and Path(path).exists():
            store = Store(Path(path))
            world = cls(store.load())
            world._store = store
            return world
        if seed == "demo":
            world = cls.demo(**options)
        elif seed == "guide":
            world = cls.guide(**options)
        elif seed == "empty":
            world = cls.empty(running=True, **options)
        else:
            world = cls.load(seed)
        return world if path is None else cls(world.state, state_file=path)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> World:
        return cls(State.from_json(value))

    def to_json(self) -> dict[str, Any]:
        """The whole state as one JSON value (decimals are `Decimal`)."""
        with self._lock:
            return self.state.to_json()

    def save(self, path: Path | str) -> None:
        """Write the whole state to a file, in one step."""
        with self._lock:
            Store(Path(path)).save(self.state)
            self.state.mark_whole()

    # --- what tests look at and turn ---

    @property
    def log(self) -> list[Record]:
        """Every call so far: method, path, query, body, status, time, client_id (rule 84)."""
        return self.state.log

    @property
    def now(self) -> datetime:
        return self.state.clock.now()

    def advance(self, seconds: float) -> None:
        """Let simulated time pass."""
        with self._lock:
            self.state.clock.advance(seconds)
            self._save(whole=True)

    def edit(self, collection: str, key: str, changes: Mapping[str, Any], by: str = faults.SOMEBODY) -> None:
        """Change a record behind everybody's back; keys are dotted paths (rule 79)."""
        with self._lock:
            faults.edit(self.state, collection, key, changes, by)
            self._save()

    def inject(self, *scripted: Record) -> None:
        """Add faults, see `faults.py` (rules 77 to 83)."""
        with self._lock:
            faults.add(self.state, scripted)
            self._save()

    def repair(self) -> None:
        """Remove every fault."""
        with self._lock:
            faults.clear(self.state)
            self._save()

    def replace_state(self, state: State) -> None:
        """Become another world."""
        with self._lock:
            self.state = state
            self._save(whole=True)

    def forget_calls(self) -> None:
        """Empty the call log."""
        with self._lock:
            self.state.forget_calls()
            self._save()

    # --- answering ---

    def handle(self, request: Request) -> Response:
        """Answer one request. What it did is saved before the answer is given."""
        with self._lock:
            if request.path.startswith(control.PREFIX):
                return control.handle(self, request)
            fired = faults.fired(self.state, request)
            call = _Handling(self.state, request, fired)
            response = faults.disturbed(fired, call.answer())
            self.state.record_call(call.entry(response))
            moment = format_datetime(self.state.clock.now(), usegmt=True)
            self._save()
        return response.with_headers(("date", moment), ("x-simulated-time", "yes"))

    def _save(self, *, whole: bool = False) -> None:
        if whole:
            self.state.mark_whole()
        if self._store is None:
            self.state.drain()
        else:
            self._store.save(self.state)


class _Handling:
    """One request on its way through the rules; keeps what the call log wants to know."""

    def __init__(self, state: State, request: Request, fired: list[Record]) -> None:
        self.state = state
        self.request = request
        self.fired = fired
        self.now = state.clock.now()
        self.client_id: str | None = None
        self.body: Any = None
        self.family = "E1"

    def entry(self, response: Response) -> Record:
        """The line of the call log (rule 84)."""
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
        """The answer as the API would give it, faults in the way of the effect included."""
        instead = faults.instead(self.fired)
        if instead is not None:
            self.body = self._loggable_body()
            return instead
        if self.request.path == access.TOKEN_PATH and self.request.method == "POST":
            return access.token(self.state, self.request)
        headers: access.Headers = ()
        call = self._call("", {}, _NOBODY, None)
        try:
            match = ROUTER.match(self.request.method, self.request.path, self.now, self.state.options)
            self.family = match.route.family
            call = self._call(match.version, match.params, _NOBODY, None)
            self.client_id = access.client_of(self.state, self.request, self.now)
            application = self.state.get("applications", self.client_id) or _NOBODY
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
        return Call(self.state, self.request, version, params, body, application, self.now)

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
        """The body of a call that was never looked at; a token request's holds a secret and is not kept."""
        if self.request.method not in _WITH_BODY or self.request.path == access.TOKEN_PATH:
            return None
        try:
            return decode(self.request.body)
        except ValueError:
            return None
