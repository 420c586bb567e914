"""Throttled progress messages."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from reconciler.model import Answer, Call, WriteEffect

LONG_WAIT = 10.0
"""Wait in seconds from which a message is also logged without a terminal."""
MIN_INTERVAL = 0.1
"""Minimum interval between progress updates (seconds)."""


class LongWait(Struct, frozen=True):
    """Progress line that is also printed when stderr is not a terminal."""

    text: str

    def __str__(self) -> str:
        return self.text


Line: TypeAlias = str | LongWait
Tell = Callable[[Line], None]


def wait_message(seconds: float, now: datetime, what: str) -> Line:
    """Return ``waiting 185 s, until 09:03:05 UTC: ...``."""
    told = f"waiting {seconds:.0f} s, until {now + timedelta(seconds=seconds):%H:%M:%S} UTC: {what}"
    return LongWait(told) if seconds >= LONG_WAIT else told


def throttled_progress(words: str, tell: Tell) -> Callable[[int, int], None]:
    """Return a function that reports progress in ``words``, with a place for each number."""
    last = 0.0

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= MIN_INTERVAL or done == total:
            last = now
            tell(words.format(f"{done:,}", f"{total:,}"))

    return told


def with_read_progress(send: Callable[[Call], Answer], tell: Tell) -> Callable[[Call], Answer]:
    """Return ``send`` with a progress message for each read; writes are counted by their sender."""
    reads = 0

    def sent(call: Call) -> Answer:
        nonlocal reads
        if call.effect is WriteEffect.READ:
            reads += 1
            tell(f"fetching {call.kind or 'the portfolio'}, answer {reads:,}")
        return send(call)

    return sent
