"""Write plain values as YAML that a person would have written and that every YAML reader understands alike.

Text that another reader would take for another type (``NO``, ``0123``, ``2026-01-01``) is quoted, though our parser
does not need it; invisible characters are escaped; money has at least two decimals.
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
"""Maximum line width, unless a single value is wider."""
FEW = 3
"""Maximum number of values on one line; more are written one per line, which is easier to review."""
INDENT = 2
Raw: TypeAlias = Json
"""A value as YAML represents it."""


class BareWord(str):
    """A word of our schema (``on``, a date, a date-time): written plain, as in the documents."""

    __slots__ = ()


class NestedBlock(dict[str, Json]):
    """A map that is always written with one entry per line."""


_PLAIN = re.compile(r"[^\W_](?:[\w ./+()&%@*=?!~^$;<>|'-]*[\w./+()&%@*=?!~^$;<>|'-])?")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})")
_OLD_WORDS = frozenset({"y", "Y", "n", "N"})
_OLD: Any = Resolver()
_ESCAPES = {"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"}


def scalar(value: Raw, quote: str = "") -> str:
    """Return a value as one line; ``quote`` is the style to keep if possible."""
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
    return '"' + "".join(map(_escape_letter, text)) + '"'


def _is_plain(text: str) -> bool:
    """Return True if the text can be written unquoted anywhere and is read back as itself."""
    return _PLAIN.fullmatch(text) is not None and text.isprintable() and ScalarResolver(WORDS)[text] == text


def _misread(text: str) -> bool:
    """Return True if a YAML 1.1 reader would take the text for another type, or if it runs right to left."""
    if text in _OLD_WORDS or _OLD.resolve(ScalarNode, text, (True, False)) != "tag:yaml.org,2002:str":
        return True
    return not text.isascii() and any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def _escape_letter(letter: str) -> str:
    if letter in '"\\':
        return "\\" + letter
    if letter.isprintable():
        return letter
    if letter in _ESCAPES:
        return "\\" + _ESCAPES[letter]
    point = ord(letter)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def make_visible(text: str) -> str:
    """Return a text on one line with invisible characters escaped, for use in a comment."""
    return "".join(letter if letter in '"\\' else _escape_letter(letter) for letter in text)


# --- Collections ------------------------------------------------------------------------------------------


def flow(value: Raw) -> str:
    """Return any value on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key(name)}: {flow(each)}" for name, each in value.items()) + "}"
        case list():
            return f"[{', '.join(map(flow, value))}]"
        case _:
            return scalar(value)


def key(name: str) -> str:
    """Return a key, quoted where another reader would not take it for text."""
    return scalar(str(name))


def entry(name: str, value: Raw, indent: int = 0) -> Iterator[str]:
    """Yield the lines of ``name: value``, on one line if it is short."""
    start = f"{' ' * indent}{key(name)}:"
    if not isinstance(value, dict | list) or not value or (type(value) is not NestedBlock and _fits(value, len(start))):
        yield f"{start} {flow(value)}"
        return
    yield start
    yield from block(value, indent + INDENT)


def block(value: Raw, indent: int = 0) -> Iterator[str]:
    """Yield the lines of a map or a list, one entry per line."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from entry(name, each, indent)
    elif isinstance(value, list):
        yield from (f"{' ' * indent}- {flow(each)}" for each in value)


def _fits(value: Raw, start: int) -> bool:
    many = isinstance(value, dict) and _leaves(value) > FEW
    return not many and start + 1 + len(flow(value)) <= WIDTH


def _leaves(value: Raw) -> int:
    """Return the number of values in a map; a list counts as one."""
    return sum(map(_leaves, value.values())) if isinstance(value, Mapping) else 1
