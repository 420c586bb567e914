"""One call in, one answer out: the right token, in turn, repeated where that is harmless, and never a raise."""

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
"""The header of an answer whose date is that of a simulated world, which no machine's clock has to agree with."""
MAX_429_WAITS = 20
"""How often one call waits out a 429, before somebody should look why."""


def ignore_event(event: Event) -> None:
    """Nobody is watching."""


def ignore_reply(path: str, reply: Reply) -> None:
    """Nobody wants to know the headers."""


def always() -> str | None:
    """Let every call leave."""
    return None


class _Application:
    """What belongs to one client id at one host: its token, and its share of calls."""

    def __init__(self, token: Token, pace: RateLimiter) -> None:
        self.token = token
        self.pace = pace
        self.refusals: Counter[str] = Counter()
        """How often each call was answered 429: a call that is not sent twice comes back as a new sending."""


class _Request:
    """One call on its way. It knows the token that was refused, for only one is forgiven.

    ``allow`` is asked right before the bytes leave, after every wait; a reason means that they do not.
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
        """Send once; what may be sent twice, again after a 401 or a 429 of the API's own (contract §9 rule 5)."""
        refusals = self._application.refusals
        name = self._call.name
        while True:
            try:
                with self._application.pace.slot(name, self._halted) as hear:
                    token = self._application.token.current(self._refused)
                    if isinstance(token, Answer):
                        return Attempt(token, permanent=True)  # the token has had its own attempts
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
            if is_token_end(status, tried.answer.body):  # also told under 400; what follows is the same
                status = UNAUTHORIZED
                tried = replace(tried, answer=replace(tried.answer, status=status))
            if status == UNAUTHORIZED:
                self._application.token.drop(token)
            if (
                tried.answer.fate is not Delivery.ANSWERED
                or status not in TURNED_AWAY
                or not self._call.effect.repeatable
            ):
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
    """The accounts behind one base URL. Safe for ``settings.in_flight`` threads, and for more, who wait.

    ``on_reply`` gets every reply with the path that was asked, before it is judged: its headers are told nowhere else.
    ``handle`` takes the place of the network: it gets what ``request`` makes of (method, path, query,
    headers, body), and its response has status, headers, body, delay, aborted, cut.
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
        """Return the fate of a call: what may be sent twice is, as often as the policy says, and nothing else.

        ``once``: repeated only after a 401 or 429. ``allow`` is asked right before the bytes leave, and may refuse.
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
        """Wait until a call could leave at once: what is looked at after this is fresh when it does (rule 8)."""
        credentials = self._credentials.get(call.product)
        if credentials is not None:
            with suppress(Halted):
                self._application(credentials).pace.ready(call.name, self._is_halted)

    def channel(self, halted: Callable[[], bool]) -> "Api":
        """Return the way of writes, of which none that waits for its turn leaves once ``halted`` says so."""
        self.halted = halted
        return self

    @property
    def knows_time(self) -> bool:
        """Whether an answer of the server has set the clock of the run."""
        return self._time.skew is not None

    @property
    def clock(self) -> Clock:
        """The clock that was handed in: nothing of a run asks another."""
        return self._clock

    def _is_halted(self) -> bool:
        return self.halted()

    def read(
        self, method: str, path: str, *, product: str, body: Json = None, query: tuple[tuple[str, str], ...] = ()
    ) -> Answer:
        """Ask something; a search is a POST, and still a read."""
        return self.send(Call(f"{method} {path}", "", "", WriteEffect.READ, method, path, body, query, product=product))

    def now(self) -> datetime:
        """Return the time by the server's clock, as its first answer with a date gave it; before that, by ours."""
        return self._time.now()

    @property
    def skew(self) -> timedelta | None:
        """How far the local clock is ahead of the server's; None if no answer had a date, or its time is simulated."""
        return None if self._simulated else self._time.skew

    def learn_time(self, call: Call) -> Answer | None:
        """Fix the clock of the run before anything is judged by it. Return the answer that prevents it, if any.

        The answer that brings the token has a date, as a rule; if it has none, the call itself is sent, a read.
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
                HttpTransport,  # even so, httpx takes a tenth of a second to import
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
