"""A YAML text as a tree of its nodes, each with the exact characters it takes: what an edit needs.

``document`` tells places to people; this tells them to a text editor. It keeps what means nothing to a
reader and much to a writer: anchors, aliases, merge keys, brackets, quotes.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.files.text import events

_ANCHOR = re.compile(r"&\S+(?:[ \t]+(?:#[^\r\n]*)?)?(?:\r?\n[ \t]*(?:#[^\r\n]*)?)*")
MERGE = "<<"


class Node:
    """One value: ``start`` to ``end`` without its anchor, which begins at ``outer``.

    ``style`` is ``""`` for plain, a quote or ``|`` for text, ``{`` and ``[`` for brackets, ``map`` and ``list`` for
    blocks, ``*`` for an alias. Entries of a list have no key.
    """

    __slots__ = ("anchor", "end", "entries", "outer", "start", "style")

    def __init__(self, outer: int, start: int, end: int, style: str, anchor: str | None = None) -> None:
        self.outer = outer
        self.start = start
        self.end = end
        self.style = style
        self.anchor = anchor
        self.entries: list[Entry] = []

    @property
    def is_map(self) -> bool:
        return self.style in ("map", "{")

    @property
    def is_list(self) -> bool:
        return self.style in ("list", "[")

    @property
    def is_flow(self) -> bool:
        return self.style in ("{", "[")

    def entry(self, name: str) -> "Entry | None":
        """The entry of that key which stands in this very map."""
        return next((each for each in self.entries if each.name == name), None)

    def inside(self) -> "Iterator[Node]":
        """This node and all within it, in the order of the text."""
        yield self
        for each in self.entries:
            yield from each.value.inside()


class Entry:
    """One entry of a collection, from its key (or its dash) on. ``merge`` marks a ``<<``."""

    __slots__ = ("key_end", "merge", "name", "start", "value")

    def __init__(self, start: int, name: str | None, value: Node, key_end: int = 0, merge: bool = False) -> None:
        self.start = start
        self.name = name
        self.value = value
        self.key_end = key_end
        self.merge = merge


def tree(text: str) -> Node | None:
    """The value of the document; None if there is none. The text has been parsed before, and is right."""
    get = events(text)
    while type(event := get()) is not DocumentStartEvent:
        if type(event) is StreamEndEvent:
            return None
    return _node(text, get, get())


def _node(text: str, get: Callable[[], Any], event: Any) -> Node:
    outer, end = event.start_mark.index, event.end_mark.index
    if type(event) is AliasEvent:
        return Node(outer, outer, end, "*", str(event.anchor))
    start = outer
    if event.anchor and (found := _ANCHOR.match(text, outer)):
        start = found.end()
    if type(event) is ScalarEvent:
        if not event.value and not event.style:  # nothing is written but the anchor, if there is one
            start = end = min(outer + len(f"&{event.anchor}"), end) if event.anchor else outer
        if event.style in ("|", ">"):
            end = start + len(text[start:end].rstrip())
        return Node(outer, start, end, event.style or "", event.anchor)
    flow = bool(event.flow_style)
    mapped = type(event) is MappingStartEvent
    node = Node(outer, start, end, ("{" if mapped else "[") if flow else ("map" if mapped else "list"), event.anchor)
    last = _map(text, get, node) if mapped else _list(text, get, node)
    node.end = last.end_mark.index if flow else max([each.value.end for each in node.entries], default=start)
    return node


def _map(text: str, get: Callable[[], Any], node: Node) -> Any:
    while type(name := get()) is not MappingEndEvent:
        merge = name.value == MERGE and not name.style
        value = _node(text, get, get())
        entry = Entry(name.start_mark.index, name.value, value, name.end_mark.index, merge)
        if not text[value.outer : value.end].strip():  # nothing is written: it stands right behind the colon
            value.outer = value.start = value.end = text.find(":", entry.key_end) + 1
        node.entries.append(entry)
    return name


def _list(text: str, get: Callable[[], Any], node: Node) -> Any:
    while type(event := get()) is not SequenceEndEvent:
        value = _node(text, get, event)
        dash = value.outer if node.is_flow else text.rindex("-", 0, value.outer)
        node.entries.append(Entry(dash, None, value))
    return event
