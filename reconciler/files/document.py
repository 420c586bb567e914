"""YAML text -> plain values, and where each of them stands.

The law: a file means what YAML 1.2's core schema says, or it is refused at a line and a column; it is
never understood differently in silence. ``NO`` is a word, ``0123`` and ``2026-01-01`` are text, ``0x1F``
is 31, decimals are exact, and nothing is ever a float. Whatever the text, the work is bounded.

Almost every file is right, so the text is read twice at most. The first pass builds values and remembers only
where each resource is named, which every plan shows: it decides what a plan costs. The second runs when somebody
first asks where something else stands, or when there are mistakes to show. Values are shared between aliases:
read, never write.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.files.text import Refused, Where, after, decode, events
from reconciler.files.values import MERGE, WORDS, Limits, Plain, Values, unfit
from reconciler.model import Json, Path, Problem, Span, error

__all__ = ["Document", "Limits", "oversize", "parse"]

MAX_PROBLEMS = 100
"""Nobody reads more mistakes of one file at once."""
_ANCHOR = r"&\S+(?:\s|#[^\r\n]*)*"
_TAG = r"!\S*"


class Document:
    """A file that was understood: its value, and, when asked, the place of everything in it."""

    def __init__(self, file: str, value: Json, text: bytes, heads: Sequence[int] = ()) -> None:
        self.file = file
        self.value = value
        self.text = text
        sections = value.items() if heads and isinstance(value, dict) else ()
        self._names = [(section, tuple(block)) for section, block in sections if isinstance(block, dict)]
        self._marks = heads

    def let_go(self) -> None:
        """Forget the value, which takes four times the room of the text; every place can still be told."""
        self.value = None

    def has(self, path: Path) -> bool:
        """Whether the path is written, in an alias or under a merge key as well."""
        return len(self._walk(path)) > len(path)

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Where a value stands (or its key), or else its nearest ancestor that is there."""
        if key and path in self._heads:
            return Span(self.file, *self._heads[path])
        spots = self._walk(path)
        last = len(spots) - 1
        where = spots[-1].where
        if key and last:
            where = spots[-2].keys.get(path[last - 1], where)
        return Span(self.file, *where)

    def _walk(self, path: Path) -> "list[_Spot]":
        spots = [self._root]
        for step in path:
            if step not in spots[-1].children:
                break
            spots.append(spots[-1].children[step])
        return spots

    @cached_property
    def _heads(self) -> Mapping[Path, Where]:
        """Where the resources are named, as far as the first pass can tell."""
        names = ((section, name) for section, block in self._names for name in block)
        marks = zip(self._marks[0::3], self._marks[1::3], self._marks[2::3], strict=True)
        return {name: where for name, where in zip(names, marks, strict=False) if where[2]}

    @cached_property
    def _root(self) -> "_Spot":
        return _Places(self.text.decode("utf-8-sig")).root


def oversize(size: int, file: str, limits: Limits | None = None) -> Problem | None:
    """The refusal of a file of so many bytes, to be asked before it is read."""
    most = (limits or Limits()).bytes
    if size <= most:
        return None
    message = f"The file has {size:,} bytes; at most {most:,} are read."
    return error("yaml-too-large", message, at=Span(file, 1, 1), hint="Split it into several files.")


def parse(text: bytes, file: str, limits: Limits | None = None) -> tuple[Document | None, tuple[Problem, ...]]:
    """The document, or why there is none: all mistakes in meaning, or the first in syntax."""
    limits = limits or Limits()
    if large := oversize(len(text), file, limits):
        return None, (large,)
    try:
        decoded = decode(text)
        values = Values(decoded, limits)
        if not values.wrong:
            # An anchor or a merge may bring keys from elsewhere: then only the second pass knows.
            heads = () if values.anchors or values.merges else values.heads
            return Document(file, values.root, text, heads), ()
        refused = _Places(decoded).refused
    except Refused as one:
        refused = [one]
    problems = (error(one.code, one.message, at=Span(file, *one.where), hint=one.hint) for one in refused)
    return None, tuple(problems)


class _Spot:
    """Where a value stands, where its keys stand, and what is in it; a list's items go by index."""

    __slots__ = ("children", "form", "keys", "where")

    def __init__(self, form: type, where: Where) -> None:
        self.form = form
        self.where = where
        self.children: dict[Any, _Spot] = {}
        self.keys: dict[Any, Where] = {}


class _Places:
    """The second pass: the same events as a tree of places, and all that the first found wrong.

    It recurses, because the first pass bounded the depth.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.get = events(text)
        self.plain = Plain(WORDS)
        self.anchors: dict[str, _Spot] = {}
        self.refused: list[Refused] = []
        while type(event := self.get()) is not DocumentStartEvent and type(event) is not StreamEndEvent:
            pass
        ended = type(event) is StreamEndEvent
        self.root = _Spot(ScalarEvent, (1, 1, 1)) if ended else self._spot(self.get())

    def _spot(self, event: Any) -> _Spot:
        """What this event begins, read to its end."""
        if isinstance(event, AliasEvent):
            return self.anchors[str(event.anchor)]
        spot = _Spot(type(event), self._where(event))
        if event.anchor:
            self.anchors[event.anchor] = spot
        self._refuse_tag(event)
        if type(event) is MappingStartEvent:
            self._map(event, spot)
        elif type(event) is SequenceStartEvent:
            while type(last := self.get()) is not SequenceEndEvent:
                spot.children[len(spot.children)] = self._spot(last)
            self._close(event, last, spot)
        elif not event.style and self.plain[event.value] is None and event.value not in WORDS:
            self._refuse(event, "yaml-number", *unfit(event.value))
        return spot

    def _map(self, event: Any, spot: _Spot) -> None:
        while type(name := self.get()) is not MappingEndEvent:
            key = MERGE if name.value == "<<" and not name.style else name.value
            if name.anchor:
                self.anchors[name.anchor] = _Spot(ScalarEvent, self._where(name))
            self._refuse_tag(name)
            if first := spot.keys.get(key):
                message = f"The key {name.value!r} is already written in line {first[0]}."
                self._refuse(name, "yaml-duplicate-key", message, "Keep one of the two.")
            value = self.get()
            spot.keys[key], spot.children[key] = self._where(name), self._spot(value)
            if key is MERGE and not all(source.form is MappingStartEvent for source in _sources(spot)):
                hint = "Write an alias of a map, or a list of such aliases, after '<<:'."
                self._refuse(value, "yaml-merge", "Only maps can be merged.", hint)
        self._close(event, name, spot)
        if MERGE in spot.children:
            for source in _sources(spot):
                for key, child in source.children.items():
                    spot.keys.setdefault(key, source.keys.get(key, child.where))
                    spot.children.setdefault(key, child)
            del spot.keys[MERGE], spot.children[MERGE]

    def _close(self, event: Any, last: Any, spot: _Spot) -> None:
        """The width of a collection: to its bracket, or what its first line begins with."""
        if event.flow_style:
            spot.where = self._measured(*spot.where[:2], last.end_mark)
        elif spot.keys:
            spot.where = next(iter(spot.keys.values()))

    def _where(self, event: Any) -> Where:
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        if type(event) is not AliasEvent and event.anchor:  # the value stands behind its anchor
            until = end.index if type(event) is ScalarEvent else len(self.text)
            if found := re.compile(_ANCHOR).match(self.text, start.index, until):
                line, column = after(found[0], line, column)
        if type(event) is ScalarEvent and event.style in ("|", ">"):
            return line, column, 1
        return self._measured(line, column, end)

    def _measured(self, line: int, column: int, end: Any) -> Where:
        """The place, as wide as what stands in its first line."""
        if end.line + 1 == line:
            return line, column, max(1, end.column + 1 - column)
        rest = self.lines[line - 1][column - 1 :].rstrip() if line <= len(self.lines) else ""
        return line, column, max(1, len(rest))

    def _refuse_tag(self, event: Any) -> None:
        if event.tag is not None:
            found = re.compile(_TAG).search(self.text, event.start_mark.index)
            message = f"The tag {found[0] if found else event.tag} is not supported."
            self._refuse(event, "yaml-tag", message, "Delete it. To make a value text, quote it.")

    def _refuse(self, event: Any, code: str, message: str, hint: str) -> None:
        if len(self.refused) < MAX_PROBLEMS:
            refused = Refused(code, message, hint, None)
            refused.where = self._where(event)
            self.refused.append(refused)


def _sources(spot: _Spot) -> list[_Spot]:
    source = spot.children[MERGE]
    return list(source.children.values()) if source.form is SequenceStartEvent else [source]
