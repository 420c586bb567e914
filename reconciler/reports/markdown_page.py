"""A Markdown page of bounded length, in which text from outside is nothing but text.

Whatever comes from outside stands in a code span or a code block that it cannot end: there no
renderer looks for mentions, links, images, tags or the end of a cell.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence

from reconciler.reports.common import clip, sanitize

LONG = 160
"""So much of one value is shown; JSON holds all of it."""


def code(text: object, most: int = LONG) -> str:
    """A code span, outside of a table."""
    said = clip(sanitize(text), most)
    if not said.strip():
        return "`(empty)`" if not said else "`(blank)`"
    fence = "`" * (_run(said) + 1)
    pad = " " if said[0] == "`" or said[-1] == "`" else ""
    return f"{fence}{pad}{said}{pad}{fence}"


def cell(text: object, most: int = LONG) -> str:
    """A code span in a table. A bar is escaped once, in the one way on which renderers agree."""
    said = clip(sanitize(text), most).replace("\\|", "\\\\u007c")
    return code(said.replace("|", "\\|"), most * 2)


def block(lines: Iterable[str]) -> tuple[str, list[str], str]:
    """A code block's opening, its lines, and its end: longer than anything inside it."""
    held = list(lines)
    fence = "`" * max(3, max((_run(line) for line in held), default=0) + 1)
    return f"{fence}text", held, fence


def slug(name: str) -> str:
    """A name that may stand in a comment's tag, and another one for each other name."""
    safe = re.sub(r"[^A-Za-z0-9_.]+", "-", name)[:60].strip("-")
    if safe == name:
        return safe
    return f"{safe}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}".lstrip("-")


def _run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


class Page:
    """Lines up to a number of characters; what does not fit is counted, not cut."""

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
        """A part of the page: its rows, ``total`` in all, as far as there is room between its head and its tail."""
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
