"""Progress of long work: how much is done, of what, at which share of the rate limit, and for how long still."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from reconciler.model import Answer, Call, WriteEffect

LONG_WAIT = 10.0
"""Wait in seconds from which a message is also logged without a terminal."""
WINDOW = 60.0
"""Seconds in which the rate limit counts calls."""
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
    noun: str = "item"
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
        some = "" if (self.done if self.total is None else self.total) == 1 else "s"
        return (f"{self.done:,}{of} {self.noun}{some}", *used, *left)

    def __str__(self) -> str:
        return f"{self.what}: {', '.join(self.facts)}"


Line: TypeAlias = str | LongWait | Activity
Tell = Callable[[Line], None]
Count = Callable[[int, int], None]
CountSent = Callable[[int, int, int], None]
"""Function that is called with the number of items that were sent, their total, and the number of calls for all."""


def format_about(seconds: float) -> str:
    """Return a rounded duration: ``about 40 s``, ``about 3 min``, ``about 1 h 5 min``."""
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 60 else f"about {minutes // 60} h {minutes % 60} min"


def wait_message(seconds: float, now: datetime, what: str) -> Line:
    """Return ``waiting 185 s, until 09:03:05 UTC: ...``."""
    text = f"waiting {seconds:.0f} s, until {now + timedelta(seconds=seconds):%H:%M:%S} UTC: {what}"
    return LongWait(text) if seconds >= LONG_WAIT else text


def count_progress(what: str, noun: str, tell: Tell) -> Count:
    """Return a function that reports how many of a number are done."""
    return lambda done, total: tell(Activity(what, done, total, noun))


class CallProgress:
    """Progress of one run's calls: reads, and the sending of a plan, during which no reads are reported."""

    def __init__(
        self,
        tell: Tell,
        now: Callable[[], float],
        used: Callable[[], float | None],
        per_minute: int,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tell = tell
        self._now = now
        self._used = used
        self._per_minute = per_minute
        self._stopped = stopped
        self._began: float | None = None
        self._read: dict[str, int] = {}

    def reading(self, send: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """Return ``send`` with a report before and after each read."""

        def send_and_report(call: Call) -> Answer:
            beside = self._began is not None and not self._stopped()
            if call.effect is not WriteEffect.READ or beside:
                return send(call)
            what = call.kind or "the portfolio"
            self._report(what)
            answer = send(call)
            body = answer.body
            rows = body.get("data") if isinstance(body, dict) else None
            self._read[what] = self._read.get(what, 0) + (len(rows) if isinstance(rows, list) else 1)
            self._report(what)
            return answer

        return send_and_report

    def _report(self, what: str) -> None:
        self._tell(Activity(f"reading {what}", self._read.get(what, 0), noun="object", used=self._used()))

    def sending(self, done: int, total: int, calls: int) -> None:
        """Report that so many of the items in all calls are sent; the first report, of none, starts the clock."""
        now = self._now()
        if self._began is None:
            self._began = now
            self._read.clear()
        used = self._used()
        left = self._estimate_left(done / total, now - self._began, calls, used or 0.0)
        self._tell(Activity("sending", done, total, "item", used, left))
        if done >= total:
            self._began = None

    def _estimate_left(self, share: float, spent: float, calls: int, used: float) -> float | None:
        """Return the seconds to the end: at the speed until now, or more if the rate limit makes the last calls wait.

        A call beyond the limit waits until one of the last minute is a minute old.
        """
        if spent < MEASURED or not 0 < share < 1:
            return None
        pace = calls * share / spent
        beyond = calls * (1 - share) - (1 - used) * self._per_minute
        waiting = max(WINDOW - spent, 0.0) + beyond / pace if beyond > 0 else 0.0
        return max(spent * (1 - share) / share, waiting)


def count_items(calls: Sequence[Call], later: int, on_count: CountSent) -> Callable[[int], None]:
    """Return a function that adds to the number of items that were sent, of all in the calls and ``later`` others."""
    done, total = 0, sum(len(call.items) for call in calls) + later
    if total:
        on_count(0, total, len(calls))

    def count(items: int) -> None:
        nonlocal done
        if items:
            done = min(done + items, total)
            on_count(done, total, len(calls))

    return count
