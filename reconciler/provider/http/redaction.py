"""No secret of this process stands in a message, in whatever form another program wrote it."""

import re
from html.entities import codepoint2name

from reconciler.model import Json

SHORTEST = 8
"""A real secret is far longer; to hide the sandbox's would only spoil the word in messages."""
HIDDEN = "***"


class Redaction:
    """The secrets of one process, and what a text is without them."""

    def __init__(self) -> None:
        self._patterns: dict[str, re.Pattern[str]] = {}

    def hide(self, secret: str) -> None:
        """Leave this text out of every message from now on."""
        if len(secret) >= SHORTEST and secret not in self._patterns:
            pattern = re.compile("".join(map(_any_form, secret)))
            longest_first = sorted({**self._patterns, secret: pattern}.items(), key=lambda each: -len(each[0]))
            self._patterns = dict(longest_first)

    def text(self, text: str) -> str:
        """Return a text without the secrets, also where they are escaped as in JSON, HTML or a URL."""
        for pattern in self._patterns.values():
            text = pattern.sub(HIDDEN, text)
        return text

    def json(self, value: Json) -> Json:
        """Return decoded JSON without the secrets, in keys as in values."""
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.json(each) for each in value]
            case dict():
                return {self.text(key): self.json(each) for key, each in value.items()}
            case _:
                return value


def _any_form(character: str) -> str:
    """Return an expression for a character as it is, and as JSON, HTML or a URL may write it."""
    code = ord(character)
    forms = [rf"\\{re.escape(character)}", f"&#0*{code};", f"&#[xX]0*(?i:{code:x});"]
    forms.append("".join(f"%(?:25)*(?i:{byte:02x})" for byte in character.encode("utf-8", "surrogatepass")))
    forms.append("".join(rf"\\u(?i:{unit.hex()})" for unit in _units(character)))
    if code in codepoint2name:
        forms.append(f"&{codepoint2name[code]};")
    if character == "'":
        forms.append("&apos;")
    if character == " ":
        forms.append(r"\+")
    forms.append(re.escape(character))  # last, since it is the beginning of other forms: & of &amp;, % of %25
    return f"(?:{'|'.join(forms)})"


def _units(character: str) -> list[bytes]:
    encoded = character.encode("utf-16-be", "surrogatepass")
    return [encoded[at : at + 2] for at in range(0, len(encoded), 2)]
