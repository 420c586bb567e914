"""Client of the API: sends one call with token, rate limit and safe retries, and returns an Answer."""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from reconciler.model import Answer, Call, Delivery, Json, ReadCall, WriteEffect
from reconciler.model.threads import Threads
from reconciler.provider.codec import dump_json
from reconciler.provider.http.clock import RunClock, SystemClock
from reconciler.provider.http.messages import Attempt, Message, Reply, TransportError, interpret
from reconciler.provider.http.rate_limiter import RateLimiter
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.refusal import TOO_MANY, TURNED_AWAY, UNAUTHORIZED, is_token_end
from reconciler.provider.http.retry import Halted, repeat
from reconciler.provider.http.settings import Clock, Credentials, Event, Listener, Settings
from reconciler.provider.http.token import Token

if TYPE_CHECKING:
    from reconciler.provider.http.transport import HttpTransport

SIMULATED = "x-simulated-time"
"""Header of a simulated response, whose date need not agree with the local clock."""
MAX_429_WAITS = 20
"""Maximum number of 429 responses for which one call waits."""


def ignore_event(event: Event) -> None:
    """Default event listener: does nothing."""


def ignore_reply(path: str, reply: Reply) -> None:
    """Default reply hook: does nothing."""


def always() -> str | None:
    """Return None: the default permission to send."""
    return None


class _Application:
    """State of one client id at one host: its token and its rate limiter."""

    def __init__(self, token: Token, pace: RateLimiter) -> None:
        self.token = token
        self.pace = pace
        self.refusals: Counter[str] = Counter()
        """Number of 429 responses by call name; a call that is not sent twice returns as a new sending."""


class _Request:
    """One call in progress. It remembers a refused token, since only one refusal is retried.

    ``allow`` is called directly before the request is sent, after every wait; a returned reason prevents it.
    """

    def __init__(
        self,
        call: Call,
        application: _Application,
        host: str,
        redaction: Redaction,
        exchange: Callable[..., Reply | TransportError],
        allow: Callable[[], str | None],
        halted: Callable[[], bool] | None,
    ) -> None:
        self._call = call
        self._row_hook = call.row_hook if isinstance(call, ReadCall) else None
        self._body = b"" if call.body is None else dump_json(call.body)
        self._application = application
        self._host = host
        self._redaction = redaction
        self._exchange = exchange
        self._allow = allow
        self._halted = halted
        self._refused: str | None = None

    def send_once(self) -> Attempt:
        """Send once; a repeatable call again after a 401 or a 429 of the API itself (contract §9 rule 5)."""
        refusals = self._application.refusals
        name = self._call.name
        while True:
            try:
                with self._application.pace.slot(name, self._halted) as hear:
                    token = self._application.token.current(self._refused)
                    if isinstance(token, Answer):
                        return Attempt(token, permanent=True)  # the token had its own retries
                    reason = self._allow()
                    if reason is not None:
                        return Attempt(Answer(Delivery.NOT_SENT, reason=reason), permanent=True)
                    result = self._exchange(self._message(token), fresh=not self._call.effect.repeatable)
                    status = result.status if isinstance(result, Reply) else 0
                    refusals[name] += status == TOO_MANY
                    hear(result, refusals[name] if status == TOO_MANY else 0)
            except Halted:
                return Attempt(Answer(Delivery.NOT_SENT, reason=f"{name} was waiting for its turn"), permanent=True)
            if status != TOO_MANY:
                refusals.pop(name, None)
            writes = self._call.effect is not WriteEffect.READ
            tried = interpret(result, self._host, self._row_hook, writes=writes, redaction=self._redaction)
            if is_token_end(status, tried.answer.body):  # the API also reports this with status 400
                status = UNAUTHORIZED
                tried = replace(tried, answer=replace(tried.answer, status=status))
            if status == UNAUTHORIZED:
                self._application.token.drop(token)
            answered = tried.answer.fate is Delivery.ANSWERED
            if not answered or status not in TURNED_AWAY or not self._call.effect.repeatable:
                return tried
            if status == UNAUTHORIZED:
                if self._refused is not None:
                    return tried
                self._refused = token
            elif refusals[name] > MAX_429_WAITS:
                reason = f"{self._host} still answered 429 after {MAX_429_WAITS} waits for the rate limit"
                return Attempt(replace(tried.answer, reason=reason))

    def _message(self, token: str) -> Message:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if self._body:
            headers["Content-Type"] = "application/json"
        return Message(self._call.method, self._call.path, headers, self._call.query, self._body)


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
        self._applications: dict[tuple[str, str], _Application] = {}
        self._time = RunClock(self._clock)
        self._simulated = False

    def send(self, call: Call, *, once: bool = False, allow: Callable[[], str | None] = always) -> Answer:
        """Send a call and return its fate; only repeatable calls are retried, as often as the policy allows.

        ``once`` retries only after a 401 or 429. ``allow`` is called directly before the request is sent and may
        refuse.
        """
        credentials = self._credentials.get(call.product)
        if credentials is None:
            return Answer(Delivery.NOT_SENT, reason=f"{call.name}: no credentials for {call.product}", permanent=True)
        halted = None if call.effect is WriteEffect.READ else self._is_halted
        application = self._application(credentials)
        sending = _Request(call, application, self._settings.host, self._redaction, self._exchange, allow, halted)
        if once:
            return self._redaction.answer(sending.send_once().answer)
        return self._redaction.answer(self._repeat(sending.send_once, call.effect, call.name, halted))

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

    def limit_used(self) -> float | None:
        """Return the share of the rate limit that is used up, of the application that uses most; None before a call."""
        with self._lock:
            applications = list(self._applications.values())
        return max((each.pace.used() for each in applications), default=None)

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
        """Close the connections."""
        if self._door is not None:
            self._door.close()

    def _repeat(
        self, sending: Callable[[], Attempt], effect: WriteEffect, name: str, halted: Callable[[], bool] | None = None
    ) -> Answer:
        return repeat(sending, effect, name, self._settings, self._clock, self._tell, halted)

    def _application(self, credentials: Credentials) -> _Application:
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
                self._applications[key] = _Application(
                    token, RateLimiter(self._settings, self._clock, self._tell, self._threads)
                )
            return self._applications[key]

    def _opened(self) -> "HttpTransport":
        if self._door is None:
            sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line, and rich with it
            from reconciler.provider.http.transport import (
                HttpTransport,  # imported here: httpx takes a tenth of a second to import
            )

            self._door = HttpTransport(self._settings, self._clock, self._handle, self._request, self._redaction)
        return self._door

    def _exchange(self, message: Message, *, fresh: bool) -> Reply | TransportError:
        result = self._opened().exchange(message, fresh=fresh)
        if isinstance(result, Reply):
            self._hear(message.path, result)
            self._simulated |= SIMULATED in result.headers
            if result.date is not None:
                self._time.hear(result.date)
        return result
