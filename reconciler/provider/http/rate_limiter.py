"""Rate limiter: as fast as the server's window allows, without causing a 429 (contract §2.4).

The window is known only from ``x-ratelimit-*`` headers, so the first call of each window goes alone, and the others
follow its result. The end of the window is the reset minus the Date header, both by the server's clock.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from reconciler.model.threads import Threads
from reconciler.provider.http.messages import Reply, TransportError
from reconciler.provider.http.retry import Halted, wrap_sleep
from reconciler.provider.http.settings import Clock, Event, Listener, Settings

MINUTE = 61.0
"""Length of the window in seconds: a minute, plus one for calls that are delayed on the way."""
LONGEST_WAIT = 65.0
"""Maximum wait in seconds: a window is a minute, plus some seconds for a Date truncated to seconds."""


class RateLimitHeaders(Struct, frozen=True):
    """Rate-limit headers of one response. ``wait`` is None if the reset cannot be read, ``limit`` if it is not sent."""

    remaining: int
    reset: int
    wait: float | None
    limit: int | None = None


def read_rate_limit(reply: Reply) -> RateLimitHeaders | None:
    """Return the rate-limit headers of a response, or None if the remaining number is not given."""
    remaining, reset = _number(reply, "x-ratelimit-remaining"), _number(reply, "x-ratelimit-reset")
    if reply.status == 429:
        remaining = 0  # a 429 means that none remain
    if remaining is None:
        return None
    date = reply.date
    if reset is None or date is None:
        return RateLimitHeaders(remaining, 0, None)
    limit = _number(reply, "x-ratelimit-limit")
    return RateLimitHeaders(remaining, reset, min(max(reset - date.timestamp(), 0.0), LONGEST_WAIT), limit)


def _number(reply: Reply, header: str) -> int | None:
    text = reply.headers.get(header, "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


class RateWindow:
    """Number of calls that may still be sent, as far as known. Pure: the time is an argument."""

    __slots__ = (
        "closed_until",
        "in_flight",
        "left",
        "limit",
        "per_minute",
        "reset",
        "scouting",
        "sent",
        "until",
        "width",
    )

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
        # One call is in flight alone to learn the window.
        self.scouting = scouting
        self.left = left
        self.reset = reset
        # End of the known window, on the local monotonic clock.
        self.until = until
        self.closed_until = closed_until
        # Size of the window according to the server, which is used to report only.
        self.limit = 0
        self.sent: deque[float] = deque()

    def wait(self, now: float) -> float | None:
        """Return the seconds until another call may be sent: 0 is now, None is after the next response."""
        if now < self.closed_until:
            return self.closed_until - now
        if len(self.sent) >= self.per_minute and self.sent[0] + MINUTE > now:
            return self.sent[0] + MINUTE - now
        if self.in_flight >= self.width or self.scouting:
            return None
        if now >= self.until or self.left > 0:
            return 0.0
        return self.until - now

    def compute_used_share(self, now: float) -> float:
        """Return the share of the window, or of our own limit, that is used up: the larger of both."""
        own = sum(1 for each in self.sent if each + MINUTE > now) / self.per_minute
        if now < self.closed_until:
            return 1.0
        known = now < self.until and self.limit > 0 and self.left <= self.limit
        return min(max(own, 1 - self.left / self.limit if known else 0.0), 1.0)

    def take(self, now: float) -> bool:
        """Reserve one call before it is sent; return True if it is the scout of a new window."""
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
        """Release a call that has ended, with or without a response."""
        self.in_flight -= 1
        self.scouting = self.scouting and not scout

    def learn(self, now: float, sent_limits: RateLimitHeaders | None, *, scout: bool) -> None:
        """Update the window from a response; calls in flight may or may not be counted in what remains."""
        known = now < self.until
        self.limit = sent_limits.limit or 0 if sent_limits is not None else self.limit
        if sent_limits is None:
            if scout:  # no limit is given: only our own cap holds until one is
                self.left, self.reset, self.until = math.inf, 0, math.inf
            return
        ends = now + (LONGEST_WAIT if sent_limits.wait is None else sent_limits.wait)
        if not known or sent_limits.reset > self.reset:
            self.left, self.reset, self.until = max(0, sent_limits.remaining - self.in_flight), sent_limits.reset, ends
        elif sent_limits.reset == self.reset:
            # Date is truncated to seconds, so each response gives an upper bound of the end; the lowest is closest.
            self.until = min(self.until, ends)
            if sent_limits.remaining < self.left:  # another client of this application is using the window too
                self.left = max(0, sent_limits.remaining - self.in_flight)

    def refuse(self, now: float, sent_limits: RateLimitHeaders | None, times: int) -> None:
        """Close the window after the n-th 429 of a call: until the reset, or for growing times if none is given."""
        wait = max(sent_limits.wait or 0.0 if sent_limits else 0.0, min(2.0 ** (times - 1), LONGEST_WAIT))
        self.closed_until = max(self.closed_until, now + wait)
        self.until = -math.inf


class RateLimiter:
    """Window of one application, shared by its threads. ``halted``, if given, ends the waits of a call."""

    def __init__(self, settings: Settings, clock: Clock, tell: Listener, threads: Threads | None = None) -> None:
        self._window = RateWindow(settings.calls_per_minute, settings.in_flight)
        self._changed = (threads or Threads()).condition()
        self._clock = clock
        self._tell = tell
        self._announced = -math.inf

    def compute_used_share(self) -> float:
        """Return the share of the rate limit that is used up, from 0 to 1."""
        with self._changed:
            return self._window.compute_used_share(self._clock.monotonic())

    def ready(self, name: str, halted: Callable[[], bool] | None = None) -> None:
        """Wait until a call could be sent, without reserving it, so that a look made next is fresh.

        Raise :class:`Halted` if ``halted`` returns True first.
        """
        self._enter(name, halted, take=False)

    @contextmanager
    def slot(
        self, name: str, halted: Callable[[], bool] | None = None
    ) -> Iterator[Callable[[Reply | TransportError, int], None]]:
        """Wait for permission to send one call; yield a function that takes its reply and its number of 429s.

        Raise :class:`Halted` if ``halted`` returns True first.
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
                for sent_limits, refusals in heard:
                    if refusals:
                        self._window.refuse(now, sent_limits, refusals)
                    else:
                        self._window.learn(now, sent_limits, scout=scout)
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
            wrap_sleep(self._clock.sleep, halted)(wait)
