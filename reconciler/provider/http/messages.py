"""What one sending proves: a request and what came of it, judged by status and body (contract §2.7, §9)."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Never

from msgspec import Struct, field

from reconciler.model import Answer, Delivery, Json
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.refusal import proves_no_effect

EXCERPT = 200
LOOKED_AT = 2**16
"""Of a page, before it is cut: a secret that begins in the excerpt must be seen to its end."""
SAID = ("errors", "warnings")
NOTHING_HIDDEN = Redaction()
RowHook = Callable[[dict[str, Any]], Any]


class Message(Struct, frozen=True):
    """One request, ready to be sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.startswith("//"):
            raise ValueError(f"{self.path!r} is not a path: a URL would take the token to another host")

    def __repr__(self) -> str:
        """Leave out headers and body: they hold the bearer token and the application's secret."""
        return f"Message(method={self.method!r}, path={self.path!r}, query={self.query!r})"


class Reply(Struct, frozen=True):
    """A status, and a body that arrived to its end. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        """Leave out headers and body: the answer of the token endpoint is a secret."""
        return f"Reply(status={self.status})"

    @property
    def date(self) -> datetime | None:
        """The server's own clock, the only one its other headers can be read by."""
        try:
            date = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


class TransportError(Struct, frozen=True):
    """No usable reply. ``sent`` is false only where it is certain that no byte of the request left."""

    sent: bool
    reason: str
    permanent: bool = False
    """Sending again cannot help: a certificate does not get better within a minute."""


class Attempt(Struct, frozen=True):
    """What is known after one sending."""

    answer: Answer
    permanent: bool = False


def interpret(
    result: Reply | TransportError,
    host: str,
    row_hook: RowHook | None = None,
    *,
    writes: bool = False,
    redaction: Redaction = NOTHING_HIDDEN,
) -> Attempt:
    """The fate of one sending. Only a readable 2xx proves an effect, and only a refusal of the API's own that there
    was none (contract §9 rule 5); ``writes``: whether the call could have had one. What is told is ``redaction``'s."""
    if isinstance(result, TransportError):
        return Attempt(
            Answer(Delivery.LOST if result.sent else Delivery.NOT_SENT, reason=result.reason), result.permanent
        )
    status = result.status
    if 200 <= status < 300:
        return Attempt(_accepted(result, host, row_hook, redaction))
    body = _as_told(result, redaction)
    if 400 <= status < 500 and (not writes or proves_no_effect(status, result.headers, body)):
        return Attempt(Answer(Delivery.ANSWERED, status, body))
    if 300 <= status < 400:
        reason = f"{host} answered {status}, a redirect; none is followed with a token: check the base URL"
        return Attempt(Answer(Delivery.LOST, status, body, reason), permanent=True)
    return Attempt(Answer(Delivery.LOST, status, body, f"{host} answered {status}{_excerpt(result.body, redaction)}"))


def _accepted(reply: Reply, host: str, row_hook: RowHook | None, redaction: Redaction) -> Answer:
    """A success that can be read, or else no evidence of anything."""
    if reply.status == 204 and not reply.body:
        return Answer(Delivery.ANSWERED, 204)
    try:
        body = decode_reply(reply, row_hook)
        if isinstance(body, dict):  # what the API says beside the data may repeat the request
            body.update({key: redaction.json(body[key]) for key in SAID if key in body})
        return Answer(Delivery.ANSWERED, reply.status, body)
    except (ValueError, RecursionError) as error:
        what = f"{host} answered {reply.status}, but {error}{_excerpt(reply.body, redaction)}"
        return Answer(Delivery.LOST, reply.status, reason=what)


def decode_reply(reply: Reply, row_hook: RowHook | None = None) -> Json:
    """The JSON of a reply, amounts exact, each object as ``row_hook`` converts it.

    ValueError (a clause) or RecursionError if there is none.
    """
    kind = reply.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not reply.body.strip():
        raise ValueError("without the JSON that this call returns: the body is empty")
    if kind != "application/json" and not kind.endswith("+json"):
        raise ValueError(f"with {_printable(kind)} instead of JSON")
    try:
        body: Json = json.loads(reply.body, parse_float=Decimal, parse_constant=_not_json, object_hook=row_hook)
    except (ValueError, RecursionError):
        raise ValueError("its body is not complete, valid JSON") from None
    return body


def _not_json(constant: str) -> Never:
    raise ValueError(constant)


def _as_told(reply: Reply, redaction: Redaction) -> Json:
    """The body of a refusal, as the API said it: JSON if it is, else the beginning of its text."""
    try:
        return redaction.json(decode_reply(reply))
    except (ValueError, RecursionError):
        return _excerpt(reply.body, redaction).removeprefix(": ") or None


def _excerpt(body: bytes, redaction: Redaction) -> str:
    text = " ".join(redaction.text(body[:LOOKED_AT].decode("utf-8", "replace")).split())
    short = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    return f": {_printable(short)}" if short else ""


def _printable(text: str) -> str:
    """Text from outside on one line, without anything that moves a cursor."""
    return "".join(character if character.isprintable() else "�" for character in text)
