"""Wrapping of text at the width of a terminal, at words and with a hanging indent."""

import re
import unicodedata
from collections.abc import Iterator

LEAST = 40
"""Minimum width; a narrower terminal breaks the lines itself."""
HANGING = 4
"""Columns by which the rest of a line is indented further than its beginning."""
_EXCERPT = re.compile(r" +\d* +\| ")
"""Line of a user's file, or the marks below it: it stays as it is in the file."""
_GAP, _AFTER_ARROW = re.compile(r"(?<=\S) {3,}"), re.compile("→ +")
_UNIT = re.compile(
    r"`[^`]*`\S*"  # a command
    r"|(?:→ )?(?:\{[^{}]*\}|\[[^\[\]]*\])\S*"  # an object or a list, with its arrow
    r"|(?:[+~→-]|id|\d+\.) \S+"  # an action or an arrow with its object, an id, the number of a call with its method
    r"|(?:[A-Z]{3} )?\(?[+-]?\d[\d.,]*(?: %)?[^\s\d]*(?= |$)"  # an amount with its currency, a percentage
    r"|\S+"
)
_PART = re.compile(rf"(?P<space> *)(?P<unit>{_UNIT.pattern})")


def wrap_line(line: str, width: int) -> list[str]:
    """Return the line in parts of at most ``width`` columns; a word that is longer than that is not cut.

    Columns of a table come closer if it then fits. Amounts with their currency, addresses and positions in files are
    not broken, nor are commands that fit in a line.
    """
    most = max(width, LEAST)
    if columns(line) <= most or _EXCERPT.match(line):
        return [line]
    closer = _GAP.sub("  ", _AFTER_ARROW.sub("→ ", line))
    if columns(closer) <= most:
        return [closer]
    indent = " " * min(len(line) - len(line.lstrip()) + HANGING, most // 2)
    parts, begun, taken = [], "", 0
    for space, unit in _units(line, most - len(indent)):
        wide = columns(space) + columns(unit)
        if begun and taken + wide > most:
            parts.append(begun)
            begun, taken = indent + unit, len(indent) + columns(unit)
        else:
            begun, taken = begun + space + unit, taken + wide
    return [*parts, begun]


def _units(line: str, most: int) -> Iterator[tuple[str, str]]:
    """Yield what is not broken, with the spaces before it.

    A command, an object or a list of more than ``most`` columns is broken at its words.
    """
    for found in _PART.finditer(line):
        space, unit = found["space"], found["unit"]
        words = unit.split(" ")
        for word in words if len(words) > 2 and columns(unit) > most else [unit]:
            yield space, word
            space = " "


def columns(text: str) -> int:
    """Return the number of columns of a terminal that the text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )
