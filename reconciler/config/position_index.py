"""Find the position of a path in one document, in the notes of its first pass or else in its tree."""

from collections.abc import Sequence
from functools import cached_property

from reconciler.config.key_index import KeyIndex
from reconciler.config.positions import Lines, Tree
from reconciler.config.yaml_events import Where
from reconciler.model import FieldPath


class PositionIndex:
    """Positions in one document: from the notes of its first pass, or from its tree."""

    def __init__(self, text: str, notes: Sequence[int]) -> None:
        self.text = text
        self.index = KeyIndex(text, notes)

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
