"""Parse YAML text into plain values, with the position of each.

A file means what YAML 1.2's core schema says, or it is refused at a line and a column; it is never silently understood
differently. ``NO`` is a word, ``0123`` and ``2026-01-01`` are text, ``0x1F`` is 31, decimals are exact, and nothing is
ever a float. The work is bounded for any text.

Almost every file is valid, so the text is read once. That pass builds values and records where each key begins, from
which nearly every position is found. A second pass builds the tree of all positions for the rest and for errors; only
the last few trees are kept. Values are shared between aliases: read them, never change them.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from itertools import islice

from reconciler.config.key_index import KeyIndex
from reconciler.config.positions import Lines, Tree
from reconciler.config.yaml_events import Where, YamlRefused, decode
from reconciler.config.yaml_parser import DocumentLimits, ValueBuilder
from reconciler.model import FieldPath, Json, Problem, Span, error

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


class _PositionIndex:
    """Positions in one document: from the notes of its first pass, or from its tree."""

    def __init__(self, document: Document) -> None:
        self.text = document.text.decode("utf-8-sig")
        self.index = KeyIndex(self.text, document.notes)

    @cached_property
    def lines(self) -> Lines:
        return Lines(self.text)

    @cached_property
    def tree(self) -> Tree:
        return Tree(self.text)

    def has(self, path: FieldPath) -> bool:
        return self.index.find(path, key=True) is not None or len(self.tree.walk(path)) > len(path)

    def where(self, path: FieldPath, *, key: bool) -> Where:
        return self.lines.where(*(self.index.find(path, key=key) or self._in_tree(path, key)))

    def _in_tree(self, path: FieldPath, key: bool) -> tuple[int, int]:
        steps = self.tree.walk(path)
        if not steps:
            return 0, 0
        name, value = steps[-1]
        return self.tree.extent(name if key and name is not None else value)


@lru_cache(maxsize=KEPT)
def _places(document: Document) -> _PositionIndex:
    return _PositionIndex(document)


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
        refused = list(islice(Tree(decoded).mistakes(), MAX_PROBLEMS))
    except YamlRefused as one:
        refused = [one]
    problems = (error(one.code, one.message, at=Span(file, *one.where), hint=one.hint) for one in refused)
    return None, tuple(problems)
