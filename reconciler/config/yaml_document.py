"""Parse YAML text into plain values, with the position of each.

A file means what YAML 1.2's core schema says, or it is refused at a line and a column; it is never silently understood
differently. ``NO`` is a word, ``0123`` and ``2026-01-01`` are text, ``0x1F`` is 31, decimals are exact, and nothing is
ever a float. The work is bounded for any text.

Almost every file is valid, so the text is read once. That pass builds values and records where each key begins, from
which nearly every position is found. A second pass builds the tree of all positions for the rest and for errors; only
the last few trees are kept. Values are shared between aliases: read them, never change them.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from reconciler.config.yaml_events import YamlRefused, decode
from reconciler.config.yaml_parser import DocumentLimits, ValueBuilder
from reconciler.model import FieldPath, Json, Problem, Span, error

if TYPE_CHECKING:
    from reconciler.config.position_index import PositionIndex

__all__ = ["Document", "DocumentLimits", "parse", "size_error"]

MAX_PROBLEMS = 100
"""Maximum number of problems reported per file."""
KEPT = 4
"""Number of position trees kept in memory: lookups go from file to file, and a tree is large."""


class Document:
    """A parsed file: its value, and the position of everything in it on demand."""

    def __init__(self, file: str, value: Json, text: bytes, notes: Sequence[int] = ()) -> None:
        self.file = file
        self.value = value
        self.text = text
        self.notes = notes

    def let_go(self) -> None:
        """Drop the value, which takes four times the memory of the text; positions can still be found."""
        self.value = None

    def has(self, path: FieldPath) -> bool:
        """Return True if the path exists, including in aliases and merge keys."""
        return _places(self).has(path)

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        """Return the span of a value or its key, or of its nearest existing ancestor."""
        return Span(self.file, *_places(self).where(path, key=key))


@lru_cache(maxsize=KEPT)
def _places(document: Document) -> "PositionIndex":
    from reconciler.config.position_index import PositionIndex  # files without a problem need no positions

    return PositionIndex(document.text.decode("utf-8-sig"), document.notes)


def size_error(size: int, file: str, limits: DocumentLimits | None = None) -> Problem | None:
    """Return the error for a file of this size, or None; call it before the file is read."""
    most = (limits or DocumentLimits()).bytes
    if size <= most:
        return None
    message = f"The file has {size:,} bytes; at most {most:,} are read."
    return error("yaml-too-large", message, at=Span(file, 1, 1), hint="Split it into several files.")


def parse(text: bytes, file: str, limits: DocumentLimits | None = None) -> tuple[Document | None, tuple[Problem, ...]]:
    """Return the document, or None with the problems: all errors in meaning, or the first in syntax."""
    limits = limits or DocumentLimits()
    if large := size_error(len(text), file, limits):
        return None, (large,)
    try:
        decoded = decode(text)
        values = ValueBuilder(decoded, limits)
        if not values.wrong:
            # With an anchor or a merge, keys may come from elsewhere: only the tree has their positions.
            notes = () if values.anchors or values.merges else values.notes
            return Document(file, values.root, text, notes), ()
        refused = _find_mistakes(decoded)
    except YamlRefused as one:
        refused = [one]
    problems = (error(one.code, one.message, at=Span(file, *one.where), hint=one.hint) for one in refused)
    return None, tuple(problems)


def _find_mistakes(text: str) -> list[YamlRefused]:
    """Return the first errors in the meaning of a text that is YAML."""
    from reconciler.config.positions import Tree  # imported here: few files have a mistake

    return list(islice(Tree(text).mistakes(), MAX_PROBLEMS))
