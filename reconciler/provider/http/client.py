"""Client of the API: sends one call with token, rate limit and safe retries, and returns an Answer."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.model import Answer, Call, Delivery, Json, WriteEffect
from reconciler.model.threads import Threads
from reconciler.provider.http.clock import RunClock, SystemClock
from reconciler.provider.http.messages import Attempt, Message, Reply, TransportError
from reconciler.provider.http.rate_limiter import RateLimiter
from reconciler.provider.http.read_ahead import Fetched, ReadAhead
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.request import Application, Request
from reconciler.provider.http.retry import Halted, repeat
from reconciler.provider.http.settings import Clock, Credentials, Event, Listener, Settings
from reconciler.provider.http.token import Token

if TYPE_CHECKING:
    from reconciler.provider.http.transport import HttpTransport

SIMULATED = "x-simulated-time"
"""Header of a simulated response, whose date need not agree with the local clock."""


def ignore_event(event: Event) -> None:
    """Default event listener: does nothing."""


def ignore_reply(path: str, reply: Reply) -> None:
    """Default reply hook: does nothing."""


def allow_always() -> str | None:
    """Return None: the default permission to send."""
    return None


class Api:
    """The API behind one base URL. Safe for any number of threads, of which ``settings.in_flight`` send at a time.

    ``on_reply`` gets every reply with its request path before it is interpreted, including its headers. ``handle``
    replaces the network: it gets what ``request`` makes of (method, path, query, headers, body), and returns a response
    with status, headers, body, delay, aborted, cut.
    """

    def __init__(
        self,
        credentials: Mapping[str, Credentials],
        settings: Settings | None = None,
        *,
        handle: Callable[[Any], Any] | None = None,
        request: Callable[..., Any] | None = None,
        clock: Clock | None = None,
        on_event: Listener = ignore_event,
        on_reply: Callable[[str, Reply], None] = ignore_reply,
        threads: Threads | None = None,
    ) -> None:
        self._credentials = dict(credentials)
        self._settings = settings or Settings()
        self._handle = handle
        self._request = request
        self._clock = clock or SystemClock()
        self._redaction = Redaction()
        self._tell = lambda event: on_event(replace(event, reason=self._redaction.text(event.reason)))
        self._hear = on_reply
        self._threads = threads or Threads()
        self._lock = self._threads.lock()
        self.halted: Callable[[], bool] = lambda: False
        self._door: HttpTransport | None = None
        self._applications: dict[tuple[str, str], Application] = {}
        self._time = RunClock(self._clock)
        self._simulated = False
        self._ahead = ReadAhead(self._fetch, self._threads, self._settings.in_flight)
        self._ahead_since: float | None = None

    def send(
        self, call: Call, *, once: bool = False, allow: Callable[[], str | None] = allow_always, again: bool = False
    ) -> Answer:
        """Send a call and return its fate; only repeatable calls are retried, as often as the policy allows.

        ``once`` retries only after a 401 or 429. ``allow`` is called directly before the request is sent and may
        refuse. A read that was sent ahead returns that answer, unless it is asked ``again``.
        """
        credentials = self._credentials.get(call.product)
        if credentials is None:
            return Answer(Delivery.NOT_SENT, reason=f"{call.name}: no credentials for {call.product}", permanent=True)
        halted = None if call.effect is WriteEffect.READ else self._is_halted
        application = self._application(credentials)
        sending = Request(call, application, self._settings.host, self._redaction, self._exchange, allow, halted)
        if once:
            return self._redaction.answer(sending.send_once().answer)
        fetched = None if again or call.effect is not WriteEffect.READ else self._ahead.take(call)
        if fetched is not None:
            return self._redaction.answer(self._use_fetched(fetched, sending, call))
        return self._redaction.answer(self._repeat(sending.send_once, call.effect, call.name, halted))

    def read_ahead(self, calls: Sequence[Call]) -> None:
        """Send reads in the background, in this order; :meth:`send` returns their answers when it is called for them.

        Without a network nothing is sent: a simulated clock knows one thread.
        """
        if self._handle is None:
            if self._ahead_since is None:
                self._ahead_since = self._clock.monotonic()
            self._ahead.begin(calls)

    def forget_ahead(self) -> None:
        """Drop the answers of reads that were sent ahead, so that each is sent when it is needed."""
        self._ahead.close()
        self._ahead = ReadAhead(self._fetch, self._threads, self._settings.in_flight)
        self._ahead_since = None

    @property
    def ahead_for(self) -> timedelta:
        """Time since the first read was sent ahead; zero if there was none."""
        return timedelta(seconds=self._clock.monotonic() - self._ahead_since if self._ahead_since is not None else 0)

    def ready(self, call: Call) -> None:
        """Wait until a call could be sent at once, so that a look made next is fresh when the call is sent (rule 8)."""
        credentials = self._credentials.get(call.product)
        if credentials is not None:
            with suppress(Halted):
                self._application(credentials).pace.ready(call.name, self._is_halted)

    def channel(self, halted: Callable[[], bool]) -> "Api":
        """Return this client for writes; no write that is waiting is sent once ``halted`` returns True."""
        self.halted = halted
        return self

    @property
    def knows_time(self) -> bool:
        """True if a response of the server has set the clock of the run."""
        return self._time.skew is not None

    @property
    def clock(self) -> Clock:
        """Clock that was passed in, the only one that the run uses."""
        return self._clock

    @property
    def calls_per_minute(self) -> int:
        """Own limit in any minute."""
        return self._settings.calls_per_minute

    def limit_used(self) -> float | None:
        """Return the share of the rate limit that is used up, of the application that uses most; None before a call."""
        with self._lock:
            applications = list(self._applications.values())
        return max((each.pace.compute_used_share() for each in applications), default=None)

    def _is_halted(self) -> bool:
        return self.halted()

    def read(
        self, method: str, path: str, *, product: str, body: Json = None, query: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Send a read; a search is a POST, and still a read."""
        return self.send(
            Call(f"{method} {path}", "", "", WriteEffect.READ, method, path, (body,), query, product=product)
        )

    def now(self) -> datetime:
        """Return the time by the server's clock, from its first response with a date; the local time before that."""
        return self._time.now()

    @property
    def skew(self) -> timedelta | None:
        """Local clock minus the server's; None if no response had a date, or if the time is simulated."""
        return None if self._simulated else self._time.skew

    def learn_time(self, call: Call) -> Answer | None:
        """Fix the clock of the run before it is first used. Return the response that prevents it, or None.

        The token's response usually has a date; if not, the call itself, a read, is sent.
        """
        credentials = self._credentials.get(call.product)
        if self._time.is_fixed or credentials is None:
            return None
        token = self._application(credentials).token.current()
        if isinstance(token, Answer):
            return token
        if not self._time.is_fixed:
            self.send(call)
        self._time.fix()
        return None

    def close(self) -> None:
        """Close the connections; reads that were sent ahead are dropped."""
        self._ahead.close()
        if self._door is not None:
            self._door.close()

    def _fetch(self, call: Call, halted: Callable[[], bool]) -> Fetched | None:
        """Send a read and return its reply as it came; None if its product has no credentials."""
        credentials = self._credentials.get(call.product)
        if credentials is None:
            return None
        application, host = self._application(credentials), self._settings.host
        sending = Request(call, application, host, self._redaction, self._exchange, allow_always, halted, decoded=False)
        answer = self._repeat(sending.send_once, call.effect, call.name, halted)
        return Fetched(answer, sending.reply if answer.fate is Delivery.ANSWERED else None)

    def _use_fetched(self, fetched: Fetched, sending: Request, call: Call) -> Answer:
        """Return the answer of a read that was sent ahead; an unreadable one is sent again, as always."""
        if fetched.reply is None:
            return fetched.answer
        first = [sending.interpret(fetched.reply)]
        return self._repeat(lambda: first.pop() if first else sending.send_once(), call.effect, call.name)

    def _repeat(
        self, sending: Callable[[], Attempt], effect: WriteEffect, name: str, halted: Callable[[], bool] | None = None
    ) -> Answer:
        return repeat(sending, effect, name, self._settings, self._clock, self._tell, halted)

    def _application(self, credentials: Credentials) -> Application:
        key = (self._settings.host, credentials.client_id)
        with self._lock:
            if key not in self._applications:
                token = Token(
                    credentials,
                    self._settings.host,
                    self._clock,
                    self._redaction,
                    lambda message: self._exchange(message, fresh=False),
                    lambda sending: self._repeat(sending, WriteEffect.READ, "token"),
                )
                self._applications[key] = Application(
                    token, RateLimiter(self._settings, self._clock, self._tell, self._threads)
                )
            return self._applications[key]

    def _open_transport(self) -> "HttpTransport":
        with self._lock:
            return self._door or self._open()

    def _open(self) -> "HttpTransport":
        if self._door is None:
            sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line, and rich with it
            from reconciler.provider.http.transport import (
                HttpTransport,  # imported here: httpx takes a tenth of a second to import
            )

            self._door = HttpTransport(self._settings, self._clock, self._handle, self._request, self._redaction)
        return self._door

    def _exchange(self, message: Message, *, fresh: bool) -> Reply | TransportError:
        result = self._open_transport().exchange(message, fresh=fresh)
        if isinstance(result, Reply):
            self._hear(message.path, result)
            self._simulated |= SIMULATED in result.headers
            if result.date is not None:
                self._time.hear(result.date)
        return result
