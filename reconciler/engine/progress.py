"""Where long work stands, in words; rarely enough to cost nothing."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from reconciler.model import Answer, Call, WriteEffect

LONG_WAIT = 10.0
"""Seconds of a wait of which a pipeline's log should know."""
MIN_INTERVAL = 0.1
"""Seconds between two counts: nobody reads faster."""


class LongWait(Struct, frozen=True):
    """A line about a long wait. Without a terminal it is printed for the log, and no other line of progress is."""

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
    """Tells how much of something is done, in words with a place for each number."""
    last = 0.0

    def told(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= MIN_INTERVAL or done == total:
            last = now
            tell(words.format(f"{done:,}", f"{total:,}"))

    return told


def with_read_progress(send: Callable[[Call], Answer], tell: Tell) -> Callable[[Call], Answer]:
    """Tells what is read; writes are counted by who sends them."""
    reads = 0

    def sent(call: Call) -> Answer:
        nonlocal reads
        if call.effect is WriteEffect.READ:
            reads += 1
            tell(f"fetching {call.kind or 'the portfolio'}, answer {reads:,}")
        return send(call)

    return sent
