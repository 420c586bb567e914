"""Access token: one per application, in memory only, renewed before it expires (contract §2.1)."""

import threading
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from urllib.parse import urlencode

from msgspec.structs import replace

from reconciler.model import Answer, Delivery, Json
from reconciler.provider.http.messages import Attempt, Message, Reply, TransportError, interpret
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.settings import Clock, Credentials

PATH = "/oauth2/token"
LIFE = 900.0
"""Default lifetime in seconds, if the response does not say."""
DAY = 86400.0
RENEW_AT = 0.8
REFUSALS = (400, 401, 403)
"""Statuses of a wrong secret; whether it is 400 or 401 is not documented (contract §2.1)."""


class Token:
    """Token of one application; threads wait while another fetches it."""

    def __init__(
        self,
        credentials: Credentials,
        host: str,
        clock: Clock,
        redaction: Redaction,
        send: Callable[[Message], Reply | TransportError],
        repeat: Callable[[Callable[[], Attempt]], Answer],
    ) -> None:
        self._credentials = credentials
        self._host = host
        self._clock = clock
        self._redaction = redaction
        self._send = send
        self._repeat = repeat
        self._lock = threading.Lock()
        self._value: str | None = None
        self._renew_at = 0.0
        self._refusal: Answer | None = None
        redaction.hide(credentials.secret)

    def current(self, refused: str | None = None) -> str | Answer:
        """Return a token other than the refused one, or the answer that says why there is none."""
        with self._lock:
            if self._refusal is not None:  # refused credentials stay refused: further attempts could lock the account
                return self._refusal
            if self._value is None or self._value == refused or self._clock.monotonic() >= self._renew_at:
                return self._renew()
            return self._value

    def drop(self, refused: str) -> None:
        """Fetch a new token on the next call, if the refused one is still the current one."""
        with self._lock:
            if self._value == refused:
                self._renew_at = self._clock.monotonic()

    def _renew(self) -> str | Answer:
        asked, pages = self._clock.monotonic(), count(1)

        def attempt() -> Attempt:
            result = self._send(self._request())
            tried = self._judge(result)
            # One HTML page may be a gateway's temporary error; after two, this is no token endpoint.
            return replace(tried, permanent=next(pages) > 1) if _is_page(result) else tried

        answer = self._repeat(attempt)
        self._value = None
        body = answer.body if isinstance(answer.body, dict) else {}
        value = body.get("access_token")
        if answer.fate is Delivery.ANSWERED and answer.status < 300 and _is_token(value):
            self._value, self._renew_at = str(value), asked + RENEW_AT * _seconds(body.get("expires_in"))
            self._redaction.hide(self._value)
            return self._value
        failure = self._failure(answer, body)
        if failure.fate is Delivery.ANSWERED:
            self._refusal = failure
        return failure

    def _request(self) -> Message:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.secret,
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        # an unencoded + would be decoded as a space
        return Message("POST", PATH, headers, body=urlencode(form).encode())

    def _judge(self, result: Reply | TransportError) -> Attempt:
        """Return the attempt as for any read; a 429 is a temporary error, since the endpoint has no quota."""
        tried = interpret(result, self._host, redaction=self._redaction)
        status, fate = tried.answer.status, tried.answer.fate
        if status == 429 or (fate is Delivery.LOST and 200 <= status < 300):
            # An unreadable grant may contain a token: its text is not shown.
            what = "with a web page: check the base URL" if _is_page(result) else "without a grant"
            reason = f"the token endpoint of {self._host} answered {status} {what}"
            return Attempt(Answer(Delivery.LOST, status, reason=reason))
        return tried

    def _failure(self, answer: Answer, body: dict[str, Json]) -> Answer:
        """Return why there is no token; the call that needs it has not been sent."""
        endpoint = f"the token endpoint of {self._host}"
        if answer.fate is Delivery.ANSWERED and answer.status in REFUSALS:
            why = body.get("error") or f"status {answer.status}"
            reason = f"{endpoint} refused the credentials of {self._credentials.client_id}: {why}"
            return replace(answer, status=403 if answer.status == 403 else 401, reason=reason)
        if answer.fate is Delivery.ANSWERED:
            what = "without a usable access token" if answer.status < 300 else str(answer.status)
            return Answer(Delivery.NOT_SENT, reason=f"{endpoint} answered {what}: check the base URL")
        return Answer(Delivery.NOT_SENT, reason=f"no token: {answer.reason}", permanent=answer.permanent)


def _is_page(result: Reply | TransportError) -> bool:
    """Return True if a 2xx reply is HTML: a wrong host, a proxy, or a network with a login page."""
    return isinstance(result, Reply) and result.status < 300 and "html" in result.headers.get("content-type", "")


def _is_token(value: Json) -> bool:
    """Return True if the value can be sent in a header; a line break would start another header."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != "" and " " not in value


def _seconds(value: Json) -> float:
    """Return ``expires_in``, a number or a numeric string (contract §2.1), in seconds."""
    try:
        number = int(value) if isinstance(value, str) else value
        return min(max(float(number), 0.0), DAY) if isinstance(number, (int, Decimal)) else LIFE
    except ValueError:
        return LIFE
