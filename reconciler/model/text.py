"""Text that is safe to show: text from outside without invisible letters or commands, values, and visible reasons."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from reconciler.model.money import group_digits
from reconciler.model.values import Value

SEEN = "LNPS"
"""Unicode categories that count as visible: letters, numbers, punctuation, symbols (marks and spaces alone do not)."""


def is_reason(text: str) -> bool:
    """Return True if at least one character is visible."""
    return any(unicodedata.category(each)[0] in SEEN and each not in BLANK for each in text)


BLANK = frozenset(["\u034f", *"\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", *map(chr, range(0xE0100, 0xE01F0))])
"""Characters that Unicode calls printable and that have no glyph."""
COMMAND, FIRST = "##[", "::"
"""Commands in a pipeline's log: one anywhere in a line, one at its beginning."""


def sanitize(text: object) -> str:
    """Return text from outside in a form safe for terminals and logs: no invisible letters, line breaks or commands."""
    string = str(text)
    if COMMAND in string:
        string = string.replace(COMMAND, "##\\u005b")
    if string.lstrip().startswith(FIRST):
        string = string.replace(FIRST, "\\u003a:", 1)
    if string.isprintable() and (string.isascii() or BLANK.isdisjoint(string)):
        return string
    return "".join(_visible(letter) for letter in string)


def _visible(letter: str) -> str:
    """Return a letter, or its code point if it is a control, format or blank character or a surrogate."""
    point = ord(letter)
    if letter.isprintable() and letter not in BLANK:
        return letter
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def format_value(value: Value) -> str:
    """Return a value for people: amounts with at least two decimals and grouped digits, sets in brackets."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return group_digits(value)
        case datetime():
            return (
                f"{value:%Y-%m-%dT%H:%M:%SZ}"
                if (value.hour, value.minute, value.second) != (0, 0, 0)
                else f"{value:%Y-%m-%d}"
            )
        case date():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(format_value(each) for each in value)}]"
        case Mapping():
            return f"{{{', '.join(f'{sanitize(name)}: {format_value(part)}' for name, part in value.items())}}}"
        case str():
            return sanitize(value)
        case _:
            return str(value)


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 item``, ``2 items``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
