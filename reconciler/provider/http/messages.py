"""Request and reply as values, and the interpretation of a reply by status and body (contract §2.7, §9)."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Never

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from reconciler.model import Answer, Delivery, Json
from reconciler.provider.http.redaction import Redaction
from reconciler.provider.http.refusal import proves_no_effect

EXCERPT = 200
LOOKED_AT = 2**16
"""Length of a page that is searched for secrets before it is cut, so that a secret at the cut is seen whole."""
SAID = ("errors", "warnings")
NOTHING_HIDDEN = Redaction()
RowHook = Callable[[dict[str, Any]], Any]
_JSON: Decoder[Any] = Decoder(float_hook=Decimal)
_PARTS = Decoder(dict[str, Raw])
_ROWS = Decoder(list[Raw])


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
        """Return method, path and query; headers and body hold the bearer token and the secret."""
        return f"Message(method={self.method!r}, path={self.path!r}, query={self.query!r})"


class Reply(Struct, frozen=True):
    """Status, headers and complete body of a response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray

    def __repr__(self) -> str:
        """Return the status; the body of the token endpoint is a secret."""
        return f"Reply(status={self.status})"

    @property
    def date(self) -> datetime | None:
        """Date header: the server's clock, to which its other headers refer; None if absent or invalid."""
        try:
            date = parsedate_to_datetime(self.headers.get("date", ""))
        except ValueError:
            return None
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


class TransportError(Struct, frozen=True):
    """Failure without a usable reply. ``sent`` is False only if certainly no byte of the request was sent."""

    sent: bool
    reason: str
    permanent: bool = False
    """True if sending again cannot help, as with a certificate error."""


class Attempt(Struct, frozen=True):
    """Result of one sending."""

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
    """Return what one sending proves, with its texts redacted.

    Only a readable 2xx proves an effect, and only a refusal by the API itself proves that there was none (contract §9
    rule 5); ``writes`` is True if the call could have an effect.
    """
    if isinstance(result, TransportError):
        return Attempt(
            Answer(Delivery.LOST if result.sent else Delivery.NOT_SENT, reason=result.reason), result.permanent
        )
    status = result.status
    if 200 <= status < 300:
        return Attempt(_read_accepted(result, host, row_hook, redaction))
    body = _read_refusal(result, redaction)
    if 400 <= status < 500 and (not writes or proves_no_effect(status, result.headers, body)):
        return Attempt(Answer(Delivery.ANSWERED, status, body))
    if 300 <= status < 400:
        reason = f"{host} answered {status}, a redirect; none is followed with a token: check the base URL"
        return Attempt(Answer(Delivery.LOST, status, body, reason), permanent=True)
    return Attempt(Answer(Delivery.LOST, status, body, f"{host} answered {status}{_excerpt(result.body, redaction)}"))


def _read_accepted(reply: Reply, host: str, row_hook: RowHook | None, redaction: Redaction) -> Answer:
    """Return the answer of a 2xx reply; LOST if its body cannot be read, since it then proves nothing."""
    if reply.status == 204 and not reply.body:
        return Answer(Delivery.ANSWERED, 204)
    try:
        body = decode_reply(reply, row_hook)
        if isinstance(body, dict):  # messages beside the data may repeat the request
            body.update({key: redaction.json(body[key]) for key in SAID if key in body})
        return Answer(Delivery.ANSWERED, reply.status, body)
    except (ValueError, RecursionError) as error:
        what = f"{host} answered {reply.status}, but {error}{_excerpt(reply.body, redaction)}"
        return Answer(Delivery.LOST, reply.status, reason=what)


def decode_reply(reply: Reply, row_hook: RowHook | None = None) -> Json:
    """Return the JSON of a reply with exact amounts, each row of its data converted by ``row_hook``.

    Raise ValueError (the text is a clause) or RecursionError if there is none.
    """
    kind = reply.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not reply.body or reply.body.isspace():
        raise ValueError("without the JSON that this call returns: the body is empty")
    if kind != "application/json" and not kind.endswith("+json"):
        raise ValueError(f"with {_printable(kind)} instead of JSON")
    try:
        return _read_rows(reply.body, row_hook) if row_hook is not None else _JSON.decode(reply.body)
    except (ArithmeticError, ValueError, RecursionError):
        return _read_leniently(reply.body, row_hook)


def _read_rows(body: bytes | bytearray, row_hook: RowHook) -> Json:
    """Return an answer with a list of rows; one at a time is held as JSON, and the text is never copied as a whole."""
    parts = _PARTS.decode(body)
    rows = _ROWS.decode(parts.pop("data", b""))
    whole: dict[str, Any] = {name: _JSON.decode(part) for name, part in parts.items()}
    whole["data"] = [_convert_row(_JSON.decode(row), row_hook) for row in rows]
    return whole


def _convert_row(row: Any, row_hook: RowHook) -> Any:
    return row_hook(row) if isinstance(row, dict) else row


def _read_leniently(body: bytes | bytearray, row_hook: RowHook | None) -> Json:
    """Return JSON that the strict decoder refuses: another Unicode encoding, half of a surrogate pair, no rows."""
    try:
        whole: Json = json.loads(body, parse_float=Decimal, parse_constant=_not_json)
    except (ArithmeticError, ValueError, RecursionError):
        raise ValueError("its body is not complete, valid JSON") from None
    if row_hook is not None and isinstance(whole, dict) and isinstance(rows := whole.get("data"), list):
        return {**whole, "data": [_convert_row(row, row_hook) for row in rows]}
    return whole


def _not_json(constant: str) -> Never:
    raise ValueError(constant)


def _read_refusal(reply: Reply, redaction: Redaction) -> Json:
    """Return the body of a refusal: JSON, or else the beginning of its text."""
    try:
        return redaction.json(decode_reply(reply))
    except (ValueError, RecursionError):
        return _excerpt(reply.body, redaction).removeprefix(": ") or None


def _excerpt(body: bytes | bytearray, redaction: Redaction) -> str:
    text = " ".join(redaction.text(body[:LOOKED_AT].decode("utf-8", "replace")).split())
    short = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    return f": {_printable(short)}" if short else ""


def _printable(text: str) -> str:
    """Return text from outside on one line without control characters."""
    return "".join(character if character.isprintable() else "�" for character in text)
