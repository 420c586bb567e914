"""Plain values -> YAML that a person would have written, and that no reader of YAML misunderstands.

Text that another reader would take for something else (``NO``, ``0123``, ``2026-01-01``) is quoted,
though ours would not need it; what cannot be seen is escaped; money has two decimals at least.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from reconciler.config.yaml_parser import WORDS, ScalarResolver
from reconciler.model import Json
from reconciler.model.money import format_amount

WIDTH = 100
"""Lines are not wider, unless one value is."""
FEW = 3
"""So many values stand in one line; more are easier to read, and to review, one below the other."""
INDENT = 2
Raw: TypeAlias = Json
"""A value as it stands in YAML."""


class BareWord(str):
    """A text of our own vocabulary (``on``, a day, a moment): written plain, as the documents show it."""

    __slots__ = ()


class NestedBlock(dict[str, Json]):
    """A map whose entries stand one below the other, however few."""


_PLAIN = re.compile(r"[^\W_](?:[\w ./+()&%@*=?!~^$;<>|'-]*[\w./+()&%@*=?!~^$;<>|'-])?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})")
_OLD_WORDS = frozenset({"y", "Y", "n", "N"})
_OLD: Any = Resolver()
_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"}


def scalar(value: Raw, quote: str = "") -> str:
    """One value in one line; ``quote`` is the style to keep, if the text can be written in it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format_amount(value)
        case int():
            return str(value)
        case str():
            return _text(value, quote)
        case _:
            raise TypeError(f"{type(value).__name__} is not one value")


@lru_cache(8192, typed=True)
def _text(text: str, quote: str) -> str:
    visible = all(character.isprintable() for character in text)
    ours = isinstance(text, BareWord)
    if not quote and ((ours and _MOMENT.fullmatch(text)) or (_is_plain(text) and (ours or not _misread(text)))):
        return str(text)
    if visible and (quote == "'" or (not quote and ('"' in text or "\\" in text))):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def _is_plain(text: str) -> bool:
    """Whether the text may stand without quotes, anywhere, and then means itself."""
    return _PLAIN.fullmatch(text) is not None and text.isprintable() and ScalarResolver(WORDS)[text] == text


def _misread(text: str) -> bool:
    """Whether a reader of YAML 1.1 takes it for something else, or it runs from right to left."""
    if text in _OLD_WORDS or _OLD.resolve(ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str":
        return True
    return not text.isascii() and any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def _escaped(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    if letter in _ESCAPES:
        return "\\" + _ESCAPES[letter]
    point = ord(letter)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def make_visible(text: str) -> str:
    """A text in one line, as a comment may hold it."""
    return "".join(letter if letter in '"\\' else _escaped(letter) for letter in text)


# --- Collections ------------------------------------------------------------------------------------------


def flow(value: Raw) -> str:
    """Any value in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key(name)}: {flow(each)}" for name, each in value.items()) + "}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case _:
            return scalar(value)


def key(name: str) -> str:
    """A key; it is text in our reading whatever it looks like, and so it is in others'."""
    return scalar(str(name))


def entry(name: str, value: Raw, indent: int = 0) -> Iterator[str]:
    """The lines of ``name: value``, in one line where a person would have done so."""
    start = f"{' ' * indent}{key(name)}:"
    if not isinstance(value, dict | list) or not value or (type(value) is not NestedBlock and _fits(value, len(start))):
        yield f"{start} {flow(value)}"
        return
    yield start
    yield from block(value, indent + INDENT)


def block(value: Raw, indent: int = 0) -> Iterator[str]:
    """The lines of a map or a list, an entry below the other."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from entry(name, each, indent)
    elif isinstance(value, list):
        yield from (f"{' ' * indent}- {flow(each)}" for each in value)


def _fits(value: Raw, start: int) -> bool:
    many = isinstance(value, dict) and _leaves(value) > FEW
    return not many and start + 1 + len(flow(value)) <= WIDTH


def _leaves(value: Raw) -> int:
    """How many values a map holds; a list is one."""
    return sum(map(_leaves, value.values())) if isinstance(value, Mapping) else 1
