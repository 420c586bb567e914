"""Progress of long work: how much is done, of what, at which share of the rate limit, and for how long still."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from reconciler.model import Answer, Call, WriteEffect

LONG_WAIT = 10.0
"""Wait in seconds from which a message is also logged without a terminal."""
MEASURED = 1.0
"""Seconds of work from which its speed is known well enough to say how long the rest takes."""


class LongWait(Struct, frozen=True):
    """Message that is also printed when stderr is not a terminal."""

    text: str

    def __str__(self) -> str:
        return self.text


class Activity(Struct, frozen=True):
    """State of long work. Without a total it is not known how much there is to do."""

    what: str
    done: int
    total: int | None = None
    noun: str = "items"
    used: float | None = None
    """Share of the rate limit that is used up, from 0 to 1."""
    left: float | None = None
    """Estimated seconds to the end."""

    @property
    def is_complete(self) -> bool:
        """True if all is done."""
        return self.total is not None and self.done >= self.total

    @property
    def facts(self) -> tuple[str, ...]:
        """The parts of the sentence that follow the work's name."""
        of = "" if self.total is None else f" of {self.total:,}"
        used = () if self.used is None else (f"rate limit {self.used * 100:.0f} % used",)
        left = () if self.left is None else (f"{format_about(self.left)} left",)
        return (f"{self.done:,}{of} {self.noun}", *used, *left)

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(self.facts)}"


Line: TypeAlias = str | LongWait | Activity
Tell = Callable[[Line], None]
Count = Callable[[int, int], None]


def format_about(seconds: float) -> str:
    """Return a rounded duration: ``about 40 s``, ``about 3 min``, ``about 1 h 5 min``."""
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 60 else f"about {minutes // 60} h {minutes % 60} min"


def wait_message(seconds: float, now: datetime, what: str) -> Line:
    """Return ``waiting 185 s, until 09:03:05 UTC: ...``."""
    told = f"waiting {seconds:.0f} s, until {now + timedelta(seconds=seconds):%H:%M:%S} UTC: {what}"
    return LongWait(told) if seconds >= LONG_WAIT else told


def count_progress(what: str, noun: str, tell: Tell) -> Count:
    """Return a function that reports how many of a number are done."""
    return lambda done, total: tell(Activity(what, done, total, noun))


class CallProgress:
    """Progress of the calls of one run: reads, and the sending of a plan, during which reads are not reported."""

    def __init__(self, tell: Tell, now: Callable[[], float], used: Callable[[], float | None]) -> None:
        self._tell = tell
        self._now = now
        self._used = used
        self._began: float | None = None
        self._read: dict[str, int] = {}

    def reading(self, send: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Return ``send`` with a report before and after each read."""

        def sent(call: Call) -> Answer:
            if call.effect is not WriteEffect.READ or self._began is not None:
                return send(call)
            what = call.kind or "the portfolio"
            self._report(what)
            answer = send(call)
            body = answer.body
            rows = body.get("data") if isinstance(body, dict) else None
            self._read[what] = self._read.get(what, 0) + (len(rows) if isinstance(rows, list) else 1)
            self._report(what)
            return answer

        return sent

    def _report(self, what: str) -> None:
        self._tell(Activity(f"reading {what}", self._read.get(what, 0), noun="objects", used=self._used()))

    def sending(self, done: int, total: int) -> None:
        """Report that so many of the items are sent; the first report, of none, starts the clock."""
        now = self._now()
        if self._began is None:
            self._began = now
        spent = now - self._began
        left = spent * (total - done) / done if done and spent >= MEASURED and done < total else None
        self._tell(Activity("sending", done, total, "items", self._used(), left))
        if done >= total:
            self._began = None


def count_items(calls: Iterable[Call], later: int, told: Count) -> Callable[[int], None]:
    """Return a function that adds to the number of items that were sent, of all in the calls and ``later`` others."""
    done, total = 0, sum(len(call.items) for call in calls) + later
    if total:
        told(0, total)

    def ended(items: int) -> None:
        nonlocal done
        if items:
            done = min(done + items, total)
            told(done, total)

    return ended
