"""A Markdown page of bounded length, with text from outside escaped.

Text from outside is put in a code span or a code block that it cannot end, in which no renderer looks for mentions,
links, images, tags or the end of a cell.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.text import sanitize
from reconciler.reports.common import clip

LONG = 160
"""Maximum length of one value; JSON holds all of it."""


def code(text: object, most: int = LONG) -> str:
    """Return a code span for use outside of a table."""
    said = clip(sanitize(text), most)
    if not said.strip():
        return "`(empty)`" if not said else "`(blank)`"
    fence = "`" * (_run(said) + 1)
    pad = " " if said[0] == "`" or said[-1] == "`" else ""
    return f"{fence}{pad}{said}{pad}{fence}"


def cell(text: object, most: int = LONG) -> str:
    """Return a code span for a table cell; a bar is escaped in the one way on which renderers agree."""
    said = clip(sanitize(text), most).replace("\\|", "\\\\u007c")
    return code(said.replace("|", "\\|"), most * 2)


def block(lines: Iterable[str]) -> tuple[str, list[str], str]:
    """Return (opening fence, lines, closing fence) of a code block; the fence is longer than any inside."""
    held = list(lines)
    fence = "`" * max(3, max((_run(line) for line in held), default=0) + 1)
    return f"{fence}text", held, fence


def slug(name: str) -> str:
    """Return a form of a name for a comment's tag; different names have different forms."""
    safe = re.sub(r"[^A-Za-z0-9_.]+", "-", name)[:60].strip("-")
    if safe == name:
        return safe
    return f"{safe}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}".lstrip("-")


def _run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


class Page:
    """Lines up to a number of characters; lines that do not fit are counted, not cut."""

    def __init__(self, most: int) -> None:
        self.left = most
        self.lines: list[str] = []

    def add(
        self,
        head: Sequence[str],
        rows: Iterable[str],
        tail: Sequence[str] = (),
        *,
        total: int = 0,
        most: int = 10**9,
        more: str = "",
    ) -> None:
        """Add a part of the page: head, as many of its ``total`` rows as fit, tail, and a note with the number left."""
        fixed = [*head, *tail, "", "", more.format(f"{total:,}")]
        taken = list(_fitting(rows, min(self.left, most) - sum(len(line) + 1 for line in fixed)))
        if not taken:
            return
        left = total - len(taken)
        note = ["", more.format(f"{left:,}")] if left > 0 and more else []
        self._write([*head, *taken, *tail, *note, ""])

    def _write(self, lines: Sequence[str]) -> None:
        self.left -= sum(len(line) + 1 for line in lines)
        self.lines += lines

    def __str__(self) -> str:
        return "\n".join(self.lines).rstrip("\n") + "\n"


def _fitting(rows: Iterable[str], room: int) -> Iterator[str]:
    for row in rows:
        room -= len(row) + 1
        if room < 0:
            return
        yield row
