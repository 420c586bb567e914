"""Positions of keys recorded by the first pass, from which most positions are found without a second parse.

The first pass records the offset and depth of each key. With the surrounding characters that determines the position of
nearly every key and value. Anything else (quotes with escapes, list items, multi-line brackets) is not found here and
is looked up in the tree, which is always right.
"""

import re
from collections.abc import Mapping, Sequence

from reconciler.config.yaml_parser import DEPTH_BITS
from reconciler.model import FieldPath

_DEPTH = (1 << DEPTH_BITS) - 1
_KEY = re.compile(
    r"""(?:"(?P<double>[^"\\\r\n]*)"|'(?P<single>[^'\r\n]*)')[ \t]*:"""
    r"""|(?P<plain>\w[^:#'"\[\]{},\r\n]*?)[ \t]*:(?=\s|\Z)"""
)
_SPACE = re.compile(r"(?:\s|(?<=\s)#[^\r\n]*)*")
_BRACKET = re.compile(r"""[\[\]{}"'#\r\n]""")
_QUOTED = re.compile(r""""(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\r\n]|'')*'""")
_PLAIN = re.compile(r"[^\r\n]+?(?=[ \t]+#|[ \t]*(?:[\r\n]|\Z))")
_PLAIN_IN_BRACKETS = re.compile(r"[^\r\n,\[\]{}?]+?(?=[ \t]+#|[ \t]*(?:[\r\n,\]}]|\Z))")

Extent = tuple[int, int]


class KeyIndex:
    """Positions of keys and values from the first pass's notes: ``offset << DEPTH_BITS | depth`` of each key."""

    def __init__(self, text: str, notes: Sequence[int]) -> None:
        self.text = text
        self.notes = notes
        self._resources = (
            self._index_resources() if notes and not re.search(r"[\[{]", text[: notes[0] >> DEPTH_BITS]) else {}
        )

    def _index_resources(self) -> Mapping[FieldPath, int]:
        """Return the sections and the resources in them, each with the number of its key."""
        found: dict[FieldPath, int] = {}
        section: str | None = None
        for number in [number for number, note in enumerate(self.notes) if note & _DEPTH <= 2]:
            name = self._name(number)
            if self.notes[number] & _DEPTH == 1:
                section = name
                path: FieldPath = (name,) if name is not None else ()
            else:
                path = (section, name) if section is not None and name is not None else ()
            if path:
                found[path] = number
        return found

    def find(self, path: FieldPath, *, key: bool) -> Extent | None:
        """Return the first and last offset of a value or its key; None if the tree is needed."""
        numbers = self._numbers(path)
        if not numbers:
            return None
        if not key:
            return self._value(numbers[-1], any(self._opens(number) for number in numbers[:-1]))
        return self._key(numbers[-1])

    def _numbers(self, path: FieldPath) -> Sequence[int]:
        """Return the numbers of the keys on the path; empty if one is not known."""
        found = [self._resources.get(path[:length], -1) for length in range(1, min(2, len(path)) + 1)]
        for step in path[2:]:
            if found[-1] < 0:
                break
            found.append(self._child(found[-1], step))
        return found if found and min(found) >= 0 else ()

    def _child(self, parent: int, step: str | int) -> int:
        depth = self.notes[parent] & _DEPTH
        for number in range(parent + 1, len(self.notes)):
            here = self.notes[number] & _DEPTH
            if here <= depth:
                break
            if here == depth + 1 and self._name(number) == step:
                return number
        return -1

    def _start(self, number: int) -> int:
        return self.notes[number] >> DEPTH_BITS

    def _name(self, number: int) -> str | None:
        found = _KEY.match(self.text, self._start(number))
        return found[found.lastgroup or 0] if found else None

    def _key(self, number: int) -> Extent | None:
        start = self._start(number)
        found = _KEY.match(self.text, start)
        if found is None or found.lastgroup is None:
            return None
        return start, found.end(found.lastgroup) + (found.lastgroup != "plain")

    def _find_value_offset(self, number: int) -> int:
        """Return the offset of the value, after the colon, spaces, comments and anchors."""
        found = _KEY.match(self.text, self._start(number))
        space = _SPACE.match(self.text, found.end()) if found else None
        return space.end() if space else len(self.text)

    def _opens(self, number: int) -> bool:
        return self.text.startswith(("{", "["), self._find_value_offset(number))

    def _value(self, number: int, in_brackets: bool) -> Extent | None:
        start = self._find_value_offset(number)
        following = self._start(number + 1) if number + 1 < len(self.notes) else len(self.text)
        if start >= following:
            return self._key(number + 1) if self._is_block_map(number, start) else None
        first, second = self.text[start], self.text[start + 1 : start + 2]
        if first in "{[":
            return self._brackets(start)
        if first in "|>":
            return start, start + 1
        if first in "\"'":
            found = _QUOTED.match(self.text, start)
            return found.span() if found else None
        if first in "-?:" and (not second or second.isspace()):
            return (start, start + 1) if first == "-" and not in_brackets else None
        if first in "&*!%@`#,]}" or self.text.startswith(("---", "..."), start):
            return None
        found = (_PLAIN_IN_BRACKETS if in_brackets else _PLAIN).match(self.text, start)
        if found is None or found[0][-1].isspace() or (in_brackets and found[0].endswith(":")):
            return None
        return found.span()

    def _is_block_map(self, number: int, start: int) -> bool:
        """Return True if the value is a block map: the next key begins at the value and is one level deeper."""
        if number + 1 == len(self.notes) or start != self._start(number + 1):
            return False
        return self.notes[number + 1] & _DEPTH == (self.notes[number] & _DEPTH) + 1

    def _brackets(self, start: int) -> Extent | None:
        """Return the extent of a bracketed collection on one line."""
        depth, at = 0, start
        while found := _BRACKET.search(self.text, at):
            at = found.end()
            if found[0] in "\"'":
                before = self.text[start : found.start()]
                quoted = _QUOTED.match(self.text, found.start())
                if quoted is None or before[-1] == ":" or before.rstrip(" \t")[-1] not in ",:[{":
                    return None
                at = quoted.end()
            elif found[0] in "[{":
                depth += 1
            elif found[0] in "]}":
                depth -= 1
                if not depth:
                    return start, at
            else:
                return None
        return None
