"""One call in progress: with its token, in its turn, again after a 401 or a 429 of the API itself."""

from collections import Counter
from collections.abc import Callable

from msgspec.structs import replace

from reconciler.model import Answer, Call, Delivery, ReadCall, WriteEffect
from reconciler.provider.codec import dump_json
from reconciler.provider.http.messages import Attempt, Message, Reply, TransportError, interpret
from reconciler.provider.http.rate_limiter import RateLimiter
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.refusal import TOO_MANY, TURNED_AWAY, UNAUTHORIZED, is_token_end
from reconciler.provider.http.retry import Halted
from reconciler.provider.http.token import Token

MAX_429_WAITS = 20
"""Maximum number of 429 responses for which one call waits."""


class Application:
    """State of one client id at one host: its token and its rate limiter."""

    def __init__(self, token: Token, pace: RateLimiter) -> None:
        self.token = token
        self.pace = pace
        self.refusals: Counter[str] = Counter()
        """Number of 429 responses by call name; a call that is not sent twice returns as a new sending."""


class Request:
    """One call in progress. It remembers a refused token, since only one refusal is retried.

    ``allow`` is called directly before the request is sent, after every wait; a returned reason prevents it.
    """

    def __init__(
        self,
        call: Call,
        application: Application,
        host: str,
        redaction: Redaction,
        exchange: Callable[..., Reply | TransportError],
        allow: Callable[[], str | None],
        halted: Callable[[], bool] | None,
        *,
        decoded: bool = True,
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
        self._decoded = decoded
        self.reply: Reply | None = None
        """Reply that was accepted and is not decoded yet, if that was asked for."""

    def send_once(self) -> Attempt:
        """Send once; a repeatable call again after a 401 or a 429 of the API itself (contract §9 rule 5)."""
        refusals = self._application.refusals
        name, status = self._call.name, 0
        while True:
            try:
                with self._application.pace.slot(name, self._halted) as hear:
                    token = self._application.token.current(self._refused)
                    if isinstance(token, Answer):
                        return Attempt(token, permanent=True)  # the token had its own retries
                    reason = self._allow()
                    if reason is not None:
                        return Attempt(Answer(Delivery.NOT_SENT, status, reason=reason), permanent=True)
                    result = self._exchange(self._message(token), fresh=not self._call.effect.repeatable)
                    status = result.status if isinstance(result, Reply) else 0
                    refusals[name] += status == TOO_MANY
                    hear(result, refusals[name] if status == TOO_MANY else 0)
            except Halted:
                return Attempt(
                    Answer(Delivery.NOT_SENT, status, reason=f"{name} was waiting for its turn"), permanent=True
                )
            if status != TOO_MANY:
                refusals.pop(name, None)
            tried = self.interpret(result) if self._decoded else self._hold_reply(result)
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

    def _hold_reply(self, result: Reply | TransportError) -> Attempt:
        """Return what a result proves; an accepted reply is held, and not decoded."""
        if not isinstance(result, Reply) or not 200 <= result.status < 300:
            return self.interpret(result)
        self.reply = result
        return Attempt(Answer(Delivery.ANSWERED, result.status))

    def interpret(self, result: Reply | TransportError) -> Attempt:
        """Return what a result proves, with the rows of its answer decoded."""
        writes = self._call.effect is not WriteEffect.READ
        return interpret(result, self._host, self._row_hook, writes=writes, redaction=self._redaction)

    def _message(self, token: str) -> Message:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if self._body:
            headers["Content-Type"] = "application/json"
        return Message(self._call.method, self._call.path, headers, self._call.query, self._body)
