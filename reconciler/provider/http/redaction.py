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
SAID = ("errors", "warnings")
"""Keys of a success with messages of the API; the rest is data."""


class Redaction:
    """Removes the secrets of one connection. A text without any is unchanged."""

    def __init__(self) -> None:
        self._secrets: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def hide(self, secret: str, *, least: int = SHORTEST) -> None:
        """Remove this text from all others from now on."""
        if len(secret) >= least and secret not in self._secrets:
            self._secrets[secret] = _forms(secret)
            longest = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(self._secrets[each] for each in longest))

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

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
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")
    urlsafe = base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")
    return "|".join(("".join(map(_character, secret)), re.escape(coded), re.escape(urlsafe)))


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
