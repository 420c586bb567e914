"""The simulated time: frozen or running, and settable either way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

DEMO_START = "2026-11-21T09:00:00Z"


class Clock:
    """A frozen clock moves only when told; a running one also moves with the real time since it was set."""

    __slots__ = ("_at", "_origin", "running")

    def __init__(self, now: datetime, *, running: bool = False) -> None:
        self._at = now.astimezone(UTC)
        self._origin = time.monotonic()
        self.running = running

    def now(self) -> datetime:
        """The simulated instant, in UTC."""
        if not self.running:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._origin)

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.set(self.now() + timedelta(seconds=seconds))

    def set(self, now: datetime) -> None:
        """Make it that instant."""
        self._at = now.astimezone(UTC)
        self._origin = time.monotonic()

    def to_json(self) -> dict[str, Any]:
        return {"now": stamp(self.now()), "running": self.running}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Clock:
        return cls(instant(value["now"]), running=bool(value.get("running", False)))


def instant(text: str) -> datetime:
    """An ISO 8601 date-time as an instant; without an offset it is UTC. Raises `ValueError`."""
    if len(text) < 11:
        raise ValueError(f"not a date-time: {text!r}")
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """An instant as the API writes it: UTC with `Z`, fractions only if there are any."""
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"
