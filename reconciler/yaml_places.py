"""The second pass: YAML text -> where everything in it stands, and all that the first pass found wrong.

A span is mostly asked of a few resources, so those are read alone: by the lines of their block, wherever
the lines leave no doubt, and otherwise with the whole file.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from yaml.error import YAMLError
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

from reconciler.model import Path
from reconciler.yaml_text import Refused, Where, after, events
from reconciler.yaml_values import MERGE, WORDS, Plain, unfit

MAX_PROBLEMS = 100
"""Nobody reads more mistakes of one file at once."""
_ANCHOR = re.compile(r"&\S+(?:\s|#[^\r\n]*)*")
_TAG = re.compile(r"!\S*")
_SECTION = re.compile(r"^([A-Za-z]\w*):[ \t]*(?:#.*)?$|^[^\s#].*$", re.MULTILINE)
_CHILD = re.compile(r"^( +)[^\s#]", re.MULTILINE)
_NAME = r"^ {%d}(?:([\w./@+-]+|\"[^\"\\\n]*\"|'[^'\n]*'):(?=[ \t\r\n]|$)|(?!-[ \t\r\n])[^\s#])"
_REFERENCE = re.compile(r"(?:^|[\s\[{,])(?:[&*]\S|<<)")


@dataclass(frozen=True, slots=True)
class Region:
    """The lines of one resource: the text from its key to the next, and how many lines stand before."""

    text: str
    above: int


def regions(text: str) -> dict[Path, Region]:
    """The resources of a file by section and name, as far as their lines tell them apart."""
    found: dict[Path, Region] = {}
    twice: set[Path] = set()
    if text.count("\r") != text.count("\r\n"):  # other lines than ours
        return found
    sections = [(each[1], each.start(), each.end()) for each in _SECTION.finditer(text)]
    for (section, _, start), end in zip(sections, [*(start for _, start, _ in sections[1:]), len(text)], strict=True):
        child = _CHILD.search(text, start, end) if section else None
        if child is None:
            continue
        heads = list(re.compile(_NAME % len(child[1]), re.MULTILINE).finditer(text, start, end))
        at, above = 0, 0
        for each, until in zip(heads, [*(head.start() for head in heads[1:]), end], strict=True):
            above, at = above + text.count("\n", at, each.start()), each.start()
            if each[1] is not None:
                key: Path = (section, each[1][1:-1] if each[1][0] in "\"'" else each[1])
                twice |= {key} & found.keys()
                found[key] = Region(text[at:until], above)
    return {key: each for key, each in found.items() if key not in twice}


def alone(region: Region, name: str) -> "Spot | None":
    """The places of one resource, under its name and counted from its first line; None if it stands not alone."""
    if _REFERENCE.search(region.text):
        return None
    try:
        read = Places(region.text)
    except (YAMLError, Refused, AttributeError, KeyError):
        return None
    return read.root if read.root.form is MappingStartEvent and list(read.root.keys) == [name] else None


@dataclass(slots=True)
class Spot:
    """Where a value stands, where its keys stand, and what is in it; a list's items go by index."""

    form: type
    where: Where
    children: dict[Any, "Spot"] = field(default_factory=dict)
    keys: dict[Any, Where] = field(default_factory=dict)


class Places:
    """The second pass: the same events as a tree of places, and all that the first found wrong.

    It recurses, because the first pass bounded the depth.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.get = events(text)
        self.plain = Plain(WORDS)
        self.anchors: dict[str, Spot] = {}
        self.refused: list[Refused] = []
        while type(event := self.get()) is not DocumentStartEvent and type(event) is not StreamEndEvent:
            pass
        ended = type(event) is StreamEndEvent
        self.root = Spot(ScalarEvent, (1, 1, 1)) if ended else self._spot(self.get())

    def _spot(self, event: Any) -> Spot:
        """What this event begins, read to its end."""
        if isinstance(event, AliasEvent):
            return self.anchors[str(event.anchor)]
        spot = Spot(type(event), self._where(event))
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

    def _map(self, event: Any, spot: Spot) -> None:
        while type(name := self.get()) is not MappingEndEvent:
            key = MERGE if name.value == "<<" and not name.style else name.value
            if name.anchor:
                self.anchors[name.anchor] = Spot(ScalarEvent, self._where(name))
            self._refuse_tag(name)
            if first := spot.keys.get(key):
                message = f"The key {name.value!r} is already written in line {first[0]}."
                self._refuse(name, "yaml-duplicate-key", message, "Keep one of the two.")
            value = self.get()
            spot.keys[key], spot.children[key] = self._where(name), self._spot(value)
            if key is MERGE and not all(source.form is MappingStartEvent for source in sources(spot)):
                hint = "Write an alias of a map, or a list of such aliases, after '<<:'."
                self._refuse(value, "yaml-merge", "Only maps can be merged.", hint)
        self._close(event, name, spot)
        if MERGE in spot.children:
            for source in sources(spot):
                for key, child in source.children.items():
                    spot.keys.setdefault(key, source.keys.get(key, child.where))
                    spot.children.setdefault(key, child)
            del spot.keys[MERGE], spot.children[MERGE]

    def _close(self, event: Any, last: Any, spot: Spot) -> None:
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
            if found := _ANCHOR.match(self.text, start.index, until):
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
            found = _TAG.search(self.text, event.start_mark.index)
            message = f"The tag {found[0] if found else event.tag} is not supported."
            self._refuse(event, "yaml-tag", message, "Delete it. To make a value text, quote it.")

    def _refuse(self, event: Any, code: str, message: str, hint: str) -> None:
        if len(self.refused) < MAX_PROBLEMS:
            refused = Refused(code, message, hint, None)
            refused.where = self._where(event)
            self.refused.append(refused)


def sources(spot: Spot) -> list[Spot]:
    source = spot.children[MERGE]
    return list(source.children.values()) if source.form is SequenceStartEvent else [source]
