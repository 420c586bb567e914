"""Compare names the way a server, a keyboard or a spreadsheet may have changed them.

Two names are *near* if they differ only in NFKC form, case, invisible characters and runs of spaces: a server may trim
or normalise a name (contract §9, row A3), and a person sees no difference.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.kinds.kind import Kind
from reconciler.model import Value, Values

INVISIBLE = frozenset({"Cf", "Cc", "Zl", "Zp"})
"""Unicode categories of characters without a glyph."""


def fold_name(text: str) -> str:
    """Return the text in NFKC, case folded, without invisible characters, with single spaces."""
    if text.isascii():
        return " ".join(text.casefold().split())
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = (each for each in plain if each.isspace() or unicodedata.category(each) not in INVISIBLE)
    return " ".join("".join(seen).split())


def fold_value(value: Value) -> Value:
    """Return a value in the form in which existing objects are compared."""
    return fold_name(value) if isinstance(value, str) else value


def fold_key(kind: Kind, values: Values) -> tuple[Value, ...]:
    """Return the natural key of an object, folded."""
    return tuple(fold_value(values.get(name)) for name in kind.natural_keys[0])


def join_key(kind: Kind, values: Values) -> str:
    """Return the folded natural key as one text; two objects of a kind are near if the texts are equal."""
    import json  # imported here: only what was created is remembered by this text

    return json.dumps([_to_plain(part) for part in fold_key(kind, values)], ensure_ascii=False)


def parent_of(kind: Kind) -> str:
    """Return the field that holds the parent of an object: a campaign, a seller, an account."""
    return kind.natural_keys[0][0]


def is_same(shown: Value, sent: Value) -> bool:
    """Return True if a returned value equals the one sent; an omitted value may be returned as None or empty."""
    return fold_value(shown) == fold_value(sent) or (sent is None and shown in (None, (), ""))


def escape_lookalikes(text: str) -> str:
    """Return the text with ambiguous and invisible characters escaped."""
    return "".join(_escape_letters(text))


def describe_hidden(text: str) -> Iterator[str]:
    """Yield a description of each invisible part of a name: outer, doubled and unusual spaces, control characters."""
    if text != text.strip():
        yield "a space at its beginning or end"
    if "  " in text:
        yield "two spaces in a row"
    for each in dict.fromkeys(text):
        if each != " " and (each.isspace() or unicodedata.category(each) in INVISIBLE):
            yield f"{unicodedata.name(each, 'a control character').lower()} (U+{ord(each):04X})"
    if unicodedata.normalize("NFC", text) != text:
        yield "letters that are composed of several characters (not NFC)"


def _to_plain(part: Value) -> Any:
    return [str(each) for each in part] if isinstance(part, tuple) else None if part is None else str(part)


def _escape_letters(text: str) -> Iterable[str]:
    for each in text:
        ascii_seen = each.isascii() and each.isprintable()
        yield each if ascii_seen else f"\\u{ord(each):04x}" if ord(each) < 0x10000 else f"\\U{ord(each):08x}"
