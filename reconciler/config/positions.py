"""Tree of a YAML text: every value and key with its exact offsets.

Problems use it for line and column, edits for offsets. It keeps what only a writer needs: anchors, aliases, merge keys,
brackets, quotes. It is recursive, because the first pass has limited the depth.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from yaml.events import AliasEvent, DocumentStartEvent, StreamEndEvent

from reconciler.config.light_events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent
from reconciler.config.yaml_events import Where, YamlRefused, events
from reconciler.config.yaml_parser import WORDS, ScalarResolver, refuse_number_text
from reconciler.model import FieldPath

_ANCHOR = re.compile(r"&\S+(?:\s|#[^\r\n]*)*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_TAG = re.compile(r"!\S*")
MERGE = "<<"
FEW = 8
"""So many entries are looked through; more are found by a table, made once all of them are read."""


class Node:
    """One value or key from ``start`` to ``end``; its anchor, if any, begins at ``outer``.

    ``style`` is ``""`` for plain, a quote, ``|`` or ``>`` for text, ``{`` and ``[`` for brackets, ``map`` and ``list``
    for blocks, ``*`` for an alias. Entries of a list have no key.
    """

    __slots__ = ("anchor", "end", "entries", "named", "outer", "start", "style", "tag")

    def __init__(
        self, outer: int, start: int, end: int, style: str, anchor: str | None = None, tag: str | None = None
    ) -> None:
        self.outer = outer
        self.start = start
        self.end = end
        self.style = style
        self.anchor = anchor
        self.tag = tag
        self.entries: list[MapEntry] = []
        self.named: dict[str | None, MapEntry] | None = None

    @property
    def is_map(self) -> bool:
        return self.style in ("map", "{")

    @property
    def is_list(self) -> bool:
        return self.style in ("list", "[")

    @property
    def is_flow(self) -> bool:
        return self.style in ("{", "[")

    def entry(self, name: str) -> "MapEntry | None":
        """Return the entry of that key of the map itself, without merged ones."""
        if len(self.entries) <= FEW:
            return next((each for each in self.entries if each.name == name and not each.merge), None)
        if self.named is None:
            self.named = {each.name: each for each in reversed(self.entries) if not each.merge}
        return self.named.get(name)

    def inside(self) -> "Iterator[Node]":
        """Yield this node and all within it, in the order of the text."""
        yield self
        for each in self.entries:
            yield from each.value.inside()


class MapEntry:
    """One entry of a collection, starting at its key or dash. ``merge`` is true for ``<<``."""

    __slots__ = ("key", "merge", "name", "start", "value")

    def __init__(self, start: int, name: str | None, key: Node | None, value: Node, merge: bool = False) -> None:
        self.start = start
        self.name = name
        self.key = key
        self.value = value
        self.merge = merge

    @property
    def key_end(self) -> int:
        return self.key.end if self.key else 0


class Lines:
    """Converts offsets of a text to lines and columns."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _LINE_END.finditer(text))]

    def where(self, start: int, end: int) -> Where:
        """Return line, column and width of a range; the width ends with its first line."""
        line = bisect_right(self.starts, start)
        begin = self.starts[line - 1]
        if line < len(self.starts) and end >= self.starts[line]:
            end = start + len(self.text[start : self.starts[line]].rstrip())
        return line, start - begin + 1, max(1, end - start)


class Tree:
    """Tree of a text that the first pass accepted as syntax; its meaning may still be wrong."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.anchors: dict[str, Node] = {}
        self.root: Node | None = None
        self._get: Callable[[], Any] = events(text)
        while type(event := self._get()) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                return
        self.root = self._node(self._get())

    # --- building ---

    def _node(self, event: Any) -> Node:
        """Return the node that this event begins, and consume its events."""
        outer, end = event.start_mark.index, event.end_mark.index
        if type(event) is AliasEvent:
            return Node(outer, outer, end, "*", str(event.anchor))
        if type(event) is ScalarEvent:
            return self._scalar(event, outer, end)
        mapped, flow = type(event) is MappingStartEvent, bool(event.flow_style)
        style = ("{" if mapped else "[") if flow else ("map" if mapped else "list")
        node = Node(outer, self._behind_anchor(event, outer, len(self.text)), end, style, event.anchor, event.tag)
        if event.anchor:
            self.anchors[event.anchor] = node
        last = self._map(node) if mapped else self._list(node)
        node.end = last.end_mark.index if flow else max([each.value.end for each in node.entries], default=node.start)
        return node

    def _scalar(self, event: Any, outer: int, end: int) -> Node:
        start = self._behind_anchor(event, outer, end)
        if not event.value and not event.style:  # an empty value with at most an anchor
            start = end = min(outer + len(f"&{event.anchor}"), end) if event.anchor else outer
        if event.style in ("|", ">"):
            end = start + len(self.text[start:end].rstrip())
        node = Node(outer, start, end, event.style or "", event.anchor, event.tag)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def _behind_anchor(self, event: Any, outer: int, end: int) -> int:
        found = _ANCHOR.match(self.text, outer, end) if event.anchor else None
        return found.end() if found else outer

    def _map(self, node: Node) -> Any:
        while type(event := self._get()) is not MappingEndEvent:
            merge = event.value == MERGE and not event.style
            key, value = self._node(event), self._node(self._get())
            if not self.text[value.outer : value.end].strip():  # an empty value: its position is right after the colon
                value.outer = value.start = value.end = self.text.find(":", key.end) + 1
            node.entries.append(MapEntry(key.outer, event.value, key, value, merge))
        return event

    def _list(self, node: Node) -> Any:
        while type(event := self._get()) is not SequenceEndEvent:
            value = self._node(event)
            dash = value.outer if node.is_flow else self.text.rindex("-", 0, value.outer)
            node.entries.append(MapEntry(dash, None, None, value))
        return event

    # --- queries ---

    def walk(self, path: FieldPath) -> list[tuple[Node | None, Node]]:
        """Return (key, value) for each step of the path from the root, as far as it exists."""
        if self.root is None:
            return []
        found: list[tuple[Node | None, Node]] = [(None, self.root)]
        for step in path:
            entry = self._child(self.resolve_alias(found[-1][1]), step)
            if entry is None:
                break
            found.append((entry.key, self.resolve_alias(entry.value)))
        return found

    def resolve_alias(self, node: Node) -> Node:
        """Return the node itself, or the node that an alias refers to."""
        return self.anchors[str(node.anchor)] if node.style == "*" else node

    def _child(self, node: Node, step: str | int) -> MapEntry | None:
        if node.is_list:
            return node.entries[step] if isinstance(step, int) and 0 <= step < len(node.entries) else None
        if not node.is_map or not isinstance(step, str):
            return None
        own = node.entry(step)
        inherited = (
            self._child(source, step) for each in node.entries if each.merge for source in self.list_merged(each)
        )
        return own or next(filter(None, inherited), None)

    def list_merged(self, entry: MapEntry) -> list[Node]:
        """Return the maps that a merge key includes."""
        source = self.resolve_alias(entry.value)
        return [self.resolve_alias(each.value) for each in source.entries] if source.is_list else [source]

    def extent(self, node: Node) -> tuple[int, int]:
        """Return the offsets that represent a value to a reader; for a block, its first token."""
        if node.style == "map" and node.entries and node.entries[0].key:
            return self.extent(node.entries[0].key)
        if node.style in ("list", "|", ">"):
            return node.start, node.start + 1
        return node.start, node.end

    # --- errors ---

    def mistakes(self) -> Iterator[YamlRefused]:
        """Yield all errors in the meaning of the text, in its order."""
        if self.root is not None:
            lines = Lines(self.text)
            for node, code, message, hint in self._wrong(self.root, lines, ScalarResolver(WORDS)):
                refused = YamlRefused(code, message, hint, None)
                refused.where = lines.where(
                    *(self.extent(node) if node.style in ("|", ">") else (node.start, node.end))
                )
                yield refused

    def _wrong(self, node: Node, lines: Lines, plain: ScalarResolver) -> Iterator[tuple[Node, str, str, str]]:
        yield from self._find_tagged(node)
        first: dict[object, Node] = {}
        for each in node.entries:
            if each.key is not None:
                yield from self._find_tagged(each.key)
                before = first.setdefault((each.merge, each.name), each.key)
                if before is not each.key:
                    line = lines.where(before.start, before.end)[0]
                    message = f"The key {each.name!r} is already written in line {line}."
                    yield each.key, "yaml-duplicate-key", message, "Keep one of the two."
            yield from self._wrong(each.value, lines, plain)
            if each.merge and not all(source.is_map for source in self.list_merged(each)):
                hint = "Write an alias of a map, or a list of such aliases, after '<<:'."
                yield each.value, "yaml-merge", "Only maps can be merged.", hint
        word = self.text[node.start : node.end] if not node.style else ""
        if word not in WORDS and plain[word] is None:
            yield node, "yaml-number", *refuse_number_text(word)

    def _find_tagged(self, node: Node) -> Iterator[tuple[Node, str, str, str]]:
        if node.tag is not None:
            found = _TAG.search(self.text, node.outer)
            message = f"The tag {found[0] if found else node.tag} is not supported."
            yield node, "yaml-tag", message, "Delete it. To make a value text, quote it."
