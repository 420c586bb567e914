"""Simulated clock: frozen or running, and settable."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

DEMO_START = "2026-11-21T09:00:00Z"


class Clock:
    """Simulated clock. A frozen one moves only by `advance` and `set`; a running one also follows real time."""

    __slots__ = ("_at", "_origin", "running")

    def __init__(self, now: datetime, *, running: bool = False) -> None:
        self._at = now.astimezone(UTC)
        self._origin = time.monotonic()
        self.running = running

    def now(self) -> datetime:
        """Return the simulated time in UTC."""
        if not self.running:
            return self._at
        return self._at + timedelta(seconds=time.monotonic() - self._origin)

    def advance(self, seconds: float) -> None:
        """Advance the clock."""
        self.set(self.now() + timedelta(seconds=seconds))

    def set(self, now: datetime) -> None:
        """Set the clock."""
        self._at = now.astimezone(UTC)
        self._origin = time.monotonic()

    def to_json(self) -> dict[str, Any]:
        return {"now": stamp(self.now()), "running": self.running}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Clock:
        return cls(instant(value["now"]), running=bool(value.get("running", False)))


def instant(text: str) -> datetime:
    """Return an ISO 8601 date-time as an aware datetime; UTC if it has no offset. Raise `ValueError` if it is none."""
    if len(text) < 11:
        raise ValueError(f"not a date-time: {text!r}")
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def stamp(moment: datetime) -> str:
    """Return an instant in the API's format: UTC with `Z`, fractional seconds only if not zero."""
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"
