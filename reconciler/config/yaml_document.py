"""YAML text -> plain values, and where each of them stands.

The law: a file means what YAML 1.2's core schema says, or it is refused at a line and a column; it is
never understood differently in silence. ``NO`` is a word, ``0123`` and ``2026-01-01`` are text, ``0x1F``
is 31, decimals are exact, and nothing is ever a float. Whatever the text, the work is bounded.

Almost every file is right, so the text is read once. That pass builds values and notes where each key begins, from
which nearly every place is found. The tree of all places is made by a second pass, for the rest and for mistakes; the
last few are kept, no more. Values are shared between aliases: read, never write.
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
"""Nobody reads more mistakes of one file at once."""
KEPT = 4
"""Files whose places are kept at a time: what asks for many goes from file to file, and a tree takes much room."""


class Document:
    """A file that was understood: its value, and, when asked, the place of everything in it."""

    def __init__(self, file: str, value: Json, text: bytes, notes: Sequence[int] = ()) -> None:
        self.file = file
        self.value = value
        self.text = text
        self.notes = notes

    def let_go(self) -> None:
        """Forget the value, which takes four times the room of the text; every place can still be told."""
        self.value = None

    def has(self, path: FieldPath) -> bool:
        """Return whether the path is written, in an alias or under a merge key as well."""
        return _places(self).has(path)

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        """Return where a value stands (or its key), or else its nearest ancestor that is there."""
        return Span(self.file, *_places(self).where(path, key=key))


class _PositionIndex:
    """The places of one document: by the notes of its first pass, and by its tree where they do not suffice."""

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
    """The refusal of a file of so many bytes, to be asked before it is read."""
    most = (limits or DocumentLimits()).bytes
    if size <= most:
        return None
    message = f"The file has {size:,} bytes; at most {most:,} are read."
    return error("yaml-too-large", message, at=Span(file, 1, 1), hint="Split it into several files.")


def parse(text: bytes, file: str, limits: DocumentLimits | None = None) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document, or why there is none: all mistakes in meaning, or the first in syntax."""
    limits = limits or DocumentLimits()
    if large := size_error(len(text), file, limits):
        return None, (large,)
    try:
        decoded = decode(text)
        values = ValueBuilder(decoded, limits)
        if not values.wrong:
            # An anchor or a merge may bring keys from elsewhere: then only the tree knows.
            notes = () if values.anchors or values.merges else values.notes
            return Document(file, values.root, text, notes), ()
        refused = list(islice(Tree(decoded).mistakes(), MAX_PROBLEMS))
    except YamlRefused as one:
        refused = [one]
    problems = (error(one.code, one.message, at=Span(file, *one.where), hint=one.hint) for one in refused)
    return None, tuple(problems)
