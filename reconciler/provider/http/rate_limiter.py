"""As fast as the server's window allows, and never into a 429 of our own making (contract §2.4).

The window is known only from ``x-ratelimit-*`` headers, so the first call of each goes alone and the
others follow by what it learns. Its end is told by the server's clock: reset − Date, never by ours.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.model.threads import Threads
from reconciler.provider.http.messages import Reply, TransportError
from reconciler.provider.http.retry import Halted, halting
from reconciler.provider.http.settings import Clock, Event, Listener, Settings

MINUTE = 61.0
"""Seconds: a minute, and one for calls that reach the server later than those before them."""
LONGEST_WAIT = 65.0
"""A window is a minute; more than that, and some seconds for a Date that is cut to the second, is nonsense."""


class RateLimitHeaders(Struct, frozen=True):
    """What one answer says of the window. ``wait`` is None where its reset cannot be read."""

    remaining: int
    reset: int
    wait: float | None


def read_rate_limit(reply: Reply) -> RateLimitHeaders | None:
    """The rate-limit headers of an answer, or None if they do not say what remains."""
    remaining, reset = _number(reply, "x-ratelimit-remaining"), _number(reply, "x-ratelimit-reset")
    if reply.status == 429:
        remaining = 0  # it says so by being sent
    if remaining is None:
        return None
    date = reply.date
    if reset is None or date is None:
        return RateLimitHeaders(remaining, 0, None)
    return RateLimitHeaders(remaining, reset, min(max(reset - date.timestamp(), 0.0), LONGEST_WAIT))


def _number(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


class RateWindow:
    """How many calls may still go, as far as is known. Pure: it is told the time, and never asks."""

    __slots__ = ("closed_until", "in_flight", "left", "per_minute", "reset", "scouting", "sent", "until", "width")

    def __init__(
        self,
        per_minute: int,
        width: int,
        in_flight: int = 0,
        scouting: bool = False,
        left: float = 0,
        reset: int = 0,
        until: float = -math.inf,
        closed_until: float = -math.inf,
    ) -> None:
        self.per_minute = per_minute
        self.width = width
        self.in_flight = in_flight
        # One call is out alone to learn the window.
        self.scouting = scouting
        self.left = left
        self.reset = reset
        # When what is known expires: the reset, on our monotonic clock.
        self.until = until
        self.closed_until = closed_until
        self.sent: deque[float] = deque()

    def wait(self, now: float) -> float | None:
        """Seconds until another call may go: 0 is now, None is after the next answer."""
        if now < self.closed_until:
            return self.closed_until - now
        if len(self.sent) >= self.per_minute and self.sent[0] + MINUTE > now:
            return self.sent[0] + MINUTE - now
        if self.in_flight >= self.width or self.scouting:
            return None
        if now >= self.until or self.left > 0:
            return 0.0
        return self.until - now

    def take(self, now: float) -> bool:
        """Reserve one call before it is sent; whether it goes as the scout of a new window."""
        self.in_flight += 1
        self.sent.append(now)
        while len(self.sent) > self.per_minute:
            self.sent.popleft()
        scout = now >= self.until
        if scout:
            self.scouting = True
        else:
            self.left -= 1
        return scout

    def give_back(self, scout: bool) -> None:
        """A call has ended, however it ended."""
        self.in_flight -= 1
        self.scouting = self.scouting and not scout

    def learn(self, now: float, told: RateLimitHeaders | None, *, scout: bool) -> None:
        """An answer came. The calls still out may or may not be counted in what it says remains."""
        known = now < self.until
        if told is None:
            if scout:  # no limit is told: our own cap alone holds until one is
                self.left, self.reset, self.until = math.inf, 0, math.inf
            return
        ends = now + (LONGEST_WAIT if told.wait is None else told.wait)
        if not known or told.reset > self.reset:
            self.left, self.reset, self.until = max(0, told.remaining - self.in_flight), told.reset, ends
        elif told.reset == self.reset:
            # A Date is cut to the second: each answer bounds the end from above, the lowest is nearest.
            self.until = min(self.until, ends)
            if told.remaining < self.left:  # somebody else is using this application too
                self.left = max(0, told.remaining - self.in_flight)

    def refuse(self, now: float, told: RateLimitHeaders | None, times: int) -> None:
        """A 429 came, for the n-th time to this call: nobody goes until the reset, or ever longer if none is told."""
        wait = max(told.wait or 0.0 if told else 0.0, min(2.0 ** (times - 1), LONGEST_WAIT))
        self.closed_until = max(self.closed_until, now + wait)
        self.until = -math.inf


class RateLimiter:
    """The window of one application, shared by its threads. ``halted``, where a call gives it, ends its waits."""

    def __init__(self, settings: Settings, clock: Clock, tell: Listener, threads: Threads | None = None) -> None:
        self._window = RateWindow(settings.calls_per_minute, settings.in_flight)
        self._changed = (threads or Threads()).condition()
        self._clock = clock
        self._tell = tell
        self._announced = -math.inf

    def ready(self, name: str, halted: Callable[[], bool] | None = None) -> None:
        """Wait until a call could go, without taking its place: what is looked at next is not older than the wait.

        Raise :class:`Halted` if ``halted`` says so first.
        """
        self._enter(name, halted, take=False)

    @contextmanager
    def slot(
        self, name: str, halted: Callable[[], bool] | None = None
    ) -> Iterator[Callable[[Reply | TransportError, int], None]]:
        """Wait for leave to send one call; what is yielded takes its reply and how often it met 429.

        Raise :class:`Halted` if ``halted`` says so first.
        """
        scout = self._enter(name, halted)
        heard: list[tuple[RateLimitHeaders | None, int]] = []

        def hear(result: Reply | TransportError, refusals: int) -> None:
            if isinstance(result, Reply):
                heard.append((read_rate_limit(result), refusals))

        try:
            yield hear
        finally:
            with self._changed:
                now = self._clock.monotonic()
                self._window.give_back(scout)
                for told, refusals in heard:
                    if refusals:
                        self._window.refuse(now, told, refusals)
                    else:
                        self._window.learn(now, told, scout=scout)
                self._changed.notify_all()

    def _enter(self, name: str, halted: Callable[[], bool] | None, *, take: bool = True) -> bool:
        while True:
            with self._changed:
                if halted is not None and halted():
                    raise Halted
                now = self._clock.monotonic()
                wait = self._window.wait(now)
                if wait == 0:
                    return self._window.take(now) if take else False
                if wait is None:
                    self._changed.wait()
                    continue
                first = now + wait > self._announced + 1
                self._announced = max(self._announced, now + wait)
            if first:
                self._tell(Event("limit", wait, f"{name}: the rate limit is used up"))
            halting(self._clock.sleep, halted)(wait)
