"""Remove secrets from texts that the API, a gateway or a proxy may echo, in any escaped form.

Texts are searched after decoding, for every status, since a success can echo a header as well.
"""

import base64
import re
from collections.abc import Iterable
from html.entities import codepoint2name

from msgspec.structs import replace

from reconciler.model import Answer, Json

SHORTEST = 8
"""Minimum length of a secret to hide; hiding the sandbox's short one would only garble messages."""
SHORTEST_PASSWORD = 6
HIDDEN = "***"
ESCAPES = ("\\", "&", "%", "+")
"""What every escaped form begins with, see :func:`_escapes`."""
SAID = ("errors", "warnings")
"""Keys of a success with messages of the API; the rest is data."""


class Redaction:
    """Removes the secrets of one connection. A text without any is unchanged."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._plain: tuple[str, ...] = ()
        self._shortest = 0
        self._pattern: re.Pattern[str] | None = None

    def hide(self, secret: str, *, least: int = SHORTEST) -> None:
        """Remove this text from every text that is redacted from now on."""
        if len(secret) >= least and secret not in self._secrets:
            self._secrets.add(secret)
            self._plain += (secret, *_encode_secret(secret))
            self._shortest = min(map(len, self._secrets))
            self._pattern = None

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        if not self._may_hold_one(text):
            return text
        if self._pattern is None:  # only now: it takes 20 ms, and few runs have a text that may hold a secret
            longest = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_forms, longest)))
        return self._pattern.sub(HIDDEN, text)

    def _may_hold_one(self, text: str) -> bool:
        """Return False if the text holds no form of a secret.

        Each form is at least as long as its secret, and without an escape only the plain ones are possible.
        """
        if not self._secrets or len(text) < self._shortest:
            return False
        return any(mark in text for mark in ESCAPES) or any(plain in text for plain in self._plain)

    def json(self, value: Json) -> Json:
        """Return JSON without secrets in texts and keys."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(each) for each in value]
        if isinstance(value, dict):
            return {self.text(key): self.json(each) for key, each in value.items()}
        return value

    def answer(self, answer: Answer) -> Answer:
        """Return an answer without secrets in its body's messages and reason."""
        body = answer.body
        if not 200 <= answer.status < 300:
            body = self.json(body)
        elif isinstance(body, dict) and any(body.get(key) for key in SAID):
            body = {key: self.json(value) if key in SAID else value for key, value in body.items()}
        reason = self.text(answer.reason)
        return answer if body is answer.body and reason == answer.reason else replace(answer, body=body, reason=reason)


def _forms(secret: str) -> str:
    """Return a pattern of the secret with each character plain or escaped, and of its base64 forms."""
    return "|".join(("".join(map(_character, secret)), *map(re.escape, _encode_secret(secret))))


def _encode_secret(secret: str) -> tuple[str, str]:
    """Return the secret in both alphabets of base64."""
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return coded, base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")


def _character(each: str) -> str:
    return f"(?:{'|'.join(_escapes(each))})"


def _escapes(each: str) -> Iterable[str]:
    code = ord(each)
    yield rf"\\+{re.escape(each)}"
    yield "".join(rf"\\+u(?i:{unit.hex()})" for unit in _units(each))
    yield rf"&#0*{code};?"
    yield rf"&#(?i:x0*{code:x});?"
    if code in codepoint2name:
        yield f"&{codepoint2name[code]};"
    if each == '"':
        yield "&#34;"
    yield "".join(f"%(?:25)*(?i:{byte:02x})" for byte in each.encode("utf-8", "surrogatepass"))
    if code < 256:
        yield rf"\\+x(?i:{code:02x})"
    if each == " ":
        yield r"\+"
    if each == "'":
        yield "&apos;"
    yield re.escape(each)  # last, since it begins other forms: & of &amp;, % of %25


def _units(each: str) -> list[bytes]:
    """Return the two-byte units of a character in UTF-16, as JSON escapes it."""
    encoded = each.encode("utf-16-be", "surrogatepass")
    return [encoded[at : at + 2] for at in range(0, len(encoded), 2)]
