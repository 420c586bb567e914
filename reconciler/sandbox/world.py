"""Entry point of the simulator: `World.handle` maps a request to a response and updates the state.

It opens no socket and never sleeps, so that the same world serves an in-process transport, an ASGI server and a test.
Create one with `World.demo()`, `World.empty()`, `World.guide()`, `World.load(path)` or `World.open(path)`; only the
last two access the disk, and only `open` (or `state_file=`) keeps the file up to date.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from . import answering, control, faults, seed
from .clock import Clock, instant
from .message import Request, Response
from .options import Options
from .state import Record, State
from .store import Store


class World:
    """One simulated API. Thread-safe: calls are handled one at a time."""

    def __init__(self, state: State, *, state_file: Path | str | None = None) -> None:
        self.state = state
        self._lock = threading.RLock()
        self._store = None if state_file is None else Store(Path(state_file))
        if self._store is not None:
            self._store.save(state)

    # --- making one ---

    @classmethod
    def empty(cls, *, now: str = "2026-11-21T09:00:00Z", running: bool = False, **options: Any) -> World:
        """Return a world with the two applications and nothing else; its clock is frozen by default."""
        state = State(Options(**options), Clock(instant(now), running=running))
        seed.applications(state)
        return cls(state)

    @classmethod
    def demo(cls, *, state_file: Path | str | None = None, running: bool = True, **options: Any) -> World:
        """Return the demo account of tutorials and tests."""
        return cls(seed.demo(Options(**options), running=running), state_file=state_file)

    @classmethod
    def guide(cls, **options: Any) -> World:
        """Return the objects of the vendor's ad-set guide, in its form and at its time."""
        return cls(seed.guide(Options(**{"profile": "guide", **options})))

    @classmethod
    def load(cls, path: Path | str) -> World:
        """Return a world from a saved state; the file is not written. Raise `OSError` or `ValueError`."""
        return cls(Store(Path(path)).load())

    @classmethod
    def open(cls, path: Path | str | None = None, seed: Path | str = "demo", **options: Any) -> World:
        """Return the world stored in this file, and keep the file up to date.

        Without a file or a path it starts from the seed: `demo`, `guide`, `empty`, or a saved state. Raise `OSError` or
        `ValueError`.
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
        """Return the whole state as one JSON value (decimals are `Decimal`)."""
        with self._lock:
            return self.state.to_json()

    def save(self, path: Path | str) -> None:
        """Write the whole state to a file, atomically."""
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
        """Advance the simulated time."""
        with self._lock:
            self.state.clock.advance(seconds)
            answering.land_due(self.state)
            self._save(whole=True)

    def edit(self, collection: str, key: str, changes: Mapping[str, Any], by: str = faults.DEFAULT_USER) -> None:
        """Change a record as another user would; keys are dotted paths (rule 79)."""
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

    def forget_calls(self) -> None:
        """Empty the call log."""
        with self._lock:
            self.state.forget_calls()
            self._save()

    # --- answering ---

    def handle(self, request: Request) -> Response:
        """Return the response to one request, after its changes are saved."""
        with self._lock:
            if request.path.startswith(control.PREFIX):
                return self._controlled(request)
            response = answering.answered(self.state, request).with_headers(("x-simulated-time", "yes"))
            self._save()
        return response

    def _controlled(self, request: Request) -> Response:
        answering.land_due(self.state)
        response, state = control.handle(self.state, request)
        if state is not self.state:
            self.state = state
            self.state.mark_whole()
        answering.land_due(self.state)
        self._save()
        return response

    def _save(self, *, whole: bool = False) -> None:
        if whole:
            self.state.mark_whole()
        if self._store is None:
            self.state.drain()
        else:
            self._store.save(self.state)
