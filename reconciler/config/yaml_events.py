"""Shared by all readers of YAML text: its characters, its events, and its errors in plain words."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from yaml.error import MarkedYAMLError
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from reconciler.config import light_events

try:
    from yaml import _yaml

    _Native = _yaml.CParser if light_events.install(_yaml) else None
except ImportError:  # PyYAML without libyaml: the same events, some fifteen times slower
    _Native = None

_UNSEEN = "\x85\u2028\u2029\ufeff"  # characters that only some readers treat as line breaks, and the byte order mark
_FORBIDDEN = f"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{_UNSEEN}]"

Where = tuple[int, int, int]
"""Line, column, width: a span without its file."""


class YamlRefused(Exception):
    """Raised if the text cannot be read further."""

    def __init__(self, code: str, message: str, hint: str, mark: Any) -> None:
        self.code, self.message, self.hint = code, message, hint
        self.where = (mark.line + 1, mark.column + 1, 1) if mark else (1, 1, 1)


def decode(text: bytes) -> str:
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line, column = position_after(text[: wrong.start].decode("utf-8-sig"))
        refused = YamlRefused("yaml-encoding", "The file is not UTF-8 text.", "Save it as UTF-8.", None)
        refused.where = (line, column, 1)
        raise refused from None
    if not decoded.isascii() and any(character in decoded for character in _UNSEEN):
        raise _forbidden(decoded)
    return decoded


def _forbidden(text: str) -> YamlRefused:
    found = re.search(_FORBIDDEN, text)
    message = f"The character U+{ord(found[0]):04X} cannot be seen and is not allowed." if found else "Not text."
    hint = 'Delete it, or write it as an escape, like "\\u2028", in double quotes.'
    refused = YamlRefused("yaml-encoding", message, hint, None)
    refused.where = (*position_after(text[: found.start() if found else 0]), 1)
    return refused


def position_after(text: str, line: int = 1, column: int = 1) -> tuple[int, int]:
    rows = f"{text}|".splitlines()
    return (line, column + len(text)) if len(rows) == 1 else (line + len(rows) - 1, len(rows[-1]))


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def events(text: str) -> Callable[[], Any]:
    """Return a function that returns the next event of the text; both parsers raise the same errors."""
    return light_events.lighten(_PythonParser(text).get_event) if _Native is None else _Native(text).get_event


@contextmanager
def explain_parser_errors(text: str) -> Iterator[None]:
    """Raise YamlRefused for errors of the parser."""
    try:
        yield
    except ReaderError:
        raise _forbidden(text) from None
    except MarkedYAMLError as wrong:
        refused = _syntax(wrong, text)
        refused.where = min(refused.where, (*position_after(text), 1))  # libyaml counts one line too many at the end
        raise refused from None


_FIT = "Check its indentation, and the quotes and brackets before it."
_UNCLOSED = ("The quoted text that begins in line {line} is not closed.", "Write the closing quote.")
_BACKSLASH = (
    "A backslash in double quotes does not begin a known escape.",
    "Use single quotes, or write the backslash twice.",
)
_SYNTAX: dict[str, tuple[str, str]] = {
    # libyaml's message: our message ({line} is where the construct begins), hint
    "tab character": ("A tab is used for indentation.", "Indent with spaces."),
    "mapping values are not allowed": (
        "A ':' stands where no key can be.",
        "Quote the text if the ':' belongs to it; else check the indentation of this line and the one before.",
    ),
    "',' or ']'": (
        "The list that '[' opens in line {line} is not closed, or a comma is missing.",
        "Write ',' between items and ']' at the end.",
    ),
    "',' or '}'": (
        "The map that '{{' opens in line {line} is not closed, or a comma is missing.",
        "Write ',' between entries and '}' at the end.",
    ),
    "unexpected end of stream": _UNCLOSED,
    "unexpected document indicator": _UNCLOSED,
    "could not find expected ':'": ("There is no ':' after this key.", "Write it as 'key: value'."),
    "expected '-' indicator": ("This line does not fit into the list that begins in line {line}.", _FIT),
    "did not find expected key": ("This line does not fit into the map that begins in line {line}.", _FIT),
    "expected <block end>": ("This line does not fit into the block that begins in line {line}.", _FIT),
    "<document start>": ("There is more text after the end of the value.", _FIT),
    "expected node content": ("A value is missing here.", "Write it, or check the brackets and quotes before it."),
    "escape": _BACKSLASH,
    "hexdecimal": _BACKSLASH,
    "alphabetic or numeric": (
        "The name of an anchor or alias is missing.",
        "Quote the text if it begins with '&' or '*'.",
    ),
}


def _syntax(wrong: MarkedYAMLError, text: str) -> YamlRefused:
    """Return a refusal for a syntax error, in plain words."""
    began, mark = wrong.context_mark, wrong.problem_mark or wrong.context_mark
    problem = wrong.problem or "it cannot be read"
    if "cannot start any token" in problem and mark:
        found = text[mark.index : mark.index + 1]
        if found != "\t":
            return YamlRefused("yaml-syntax", f"A value cannot begin with {found!r}.", "Quote it.", mark)
        problem = "tab character"
    if "undefined tag" in problem:
        return YamlRefused("yaml-tag", "Tags are not supported.", "Quote the text if it begins with '!'.", mark)
    for sign, (message, hint) in _SYNTAX.items():
        if sign in problem:
            start = began or mark
            if mark and (mark.index >= len(text) or "':'" in sign):  # the start of the construct says more
                mark = start
            return YamlRefused("yaml-syntax", message.format(line=start.line + 1 if start else 1), hint, mark)
    message = f"This is not valid YAML: {problem}{f' {wrong.context}' if wrong.context else ''}."
    return YamlRefused("yaml-syntax", message, "Check this line and the one before it.", mark)
