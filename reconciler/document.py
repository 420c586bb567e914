"""YAML text -> plain values, and where each of them stands.

The law: a file means what YAML 1.2's core schema says, or it is refused at a line and a column; it is
never understood differently in silence. ``NO`` is a word, ``0123`` and ``2026-01-01`` are text, ``0x1F``
is 31, decimals are exact, and nothing is ever a float. Whatever the text, the work is bounded.

Almost every file is right, so the text is read twice at most. The first pass only builds values and
remembers no positions: it decides what a plan costs. The second runs when somebody first asks where
something stands, or when there are mistakes to show. Values are shared between aliases: read, never write.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from yaml.error import MarkedYAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.scanner import Scanner

from reconciler.model import Json, Path, Problem, Span, error

try:
    from yaml._yaml import CParser as _Native
except ImportError:  # a PyYAML built without libyaml: the same events, some fifteen times slower
    _Native = None  # type: ignore[assignment,misc]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may ask for. Each bound is far above honest files and far below harm."""

    bytes: int = 10 * 2**20
    """Ten thousand ad sets in one file; ask :func:`oversize` before reading one."""
    depth: int = 64
    """The deepest resource has a dozen levels; readers that recurse bear hundreds."""
    nodes: int = 2_000_000
    """Twice what a file of full size has; a collection counts at its start and at its end."""
    aliases: int = 100_000
    """Nodes that aliases may stand for, if that is more than :data:`ALIAS_RATIO` allows: a bomb is small."""


ALIAS_RATIO = 10
"""A big file may share a lot, in proportion to what is written: its cost is no surprise."""
MAX_PROBLEMS = 100
"""Nobody reads more mistakes of one file at once."""
INT_DIGITS = 1_000
"""Beyond 4,300 Python refuses to print an integer; no id comes near."""
DECIMAL_DIGITS = 40
"""Digits of a decimal, and how far its exponent may reach: 1e999999999 would fill the memory when used."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?([0-9]+))?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC = frozenset("0123456789+-.")
_WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_UNSEEN = "\x85\u2028\u2029\ufeff"  # line breaks for some readers only, and the mark of byte order
_FORBIDDEN = re.compile(f"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{_UNSEEN}]")
_ANCHOR = re.compile(r"&\S+(?:\s|#[^\r\n]*)*")
_TAG = re.compile(r"!\S*")
_ITEM: Any = object()  # stands for the key of whatever goes into a list
_MERGE: Any = object()  # stands for a plain ``<<``, which no text can equal

_Where = tuple[int, int, int]
"""Line, column, width: a span without its file."""


class _Refused(Exception):
    """The text cannot be read on from here."""

    def __init__(self, code: str, message: str, hint: str, mark: Any) -> None:
        self.code, self.message, self.hint = code, message, hint
        self.where = (mark.line + 1, mark.column + 1, 1) if mark else (1, 1, 1)


class Document:
    """A file that was understood: its value, and, when asked, the place of everything in it."""

    def __init__(self, file: str, value: Json, text: bytes) -> None:
        self.file = file
        self.value = value
        self._text = text

    def has(self, path: Path) -> bool:
        """Whether the path is written, in an alias or under a merge key as well."""
        return len(self._walk(path)) == len(path) + 1

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Where a value stands (or its key), or else its nearest ancestor that is there."""
        spots = self._walk(path)
        last = len(spots) - 1
        where = spots[-1].where
        if key and last:
            where = spots[-2].keys.get(path[last - 1], where)
        return Span(self.file, *where)

    def excerpt(self, line: int) -> str | None:
        """A line as it is written."""
        return self._lines[line - 1] if 0 < line <= len(self._lines) else None

    def _walk(self, path: Path) -> "list[_Spot]":
        spots = [self._root]
        for step in path:
            if step not in spots[-1].children:
                break
            spots.append(spots[-1].children[step])
        return spots

    @cached_property
    def _root(self) -> "_Spot":
        return _Places(self._text.decode("utf-8-sig")).root

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.decode("utf-8-sig").splitlines()


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
        decoded = _decode(text)
        values = _Values(decoded, limits)
        if not values.wrong:
            return Document(file, values.root, text), ()
        refused = _Places(decoded).refused
    except _Refused as one:
        refused = [one]
    problems = (error(one.code, one.message, at=Span(file, *one.where), hint=one.hint) for one in refused)
    return None, tuple(problems)


def _decode(text: bytes) -> str:
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line, column = _after(text[: wrong.start].decode("utf-8-sig"))
        refused = _Refused("yaml-encoding", "The file is not UTF-8 text.", "Save it as UTF-8.", None)
        refused.where = (line, column, 1)
        raise refused from None
    if not decoded.isascii() and any(character in decoded for character in _UNSEEN):
        raise _forbidden(decoded)
    return decoded


def _forbidden(text: str) -> _Refused:
    found = _FORBIDDEN.search(text)
    message = f"The character U+{ord(found[0]):04X} cannot be seen and is not allowed." if found else "Not text."
    hint = 'Delete it, or write it as an escape, like "\\u2028", in double quotes.'
    refused = _Refused("yaml-encoding", message, hint, None)
    refused.where = (*_after(text[: found.start() if found else 0]), 1)
    return refused


def _after(text: str, line: int = 1, column: int = 1) -> tuple[int, int]:
    rows = f"{text}|".splitlines()
    return (line, column + len(text)) if len(rows) == 1 else (line + len(rows) - 1, len(rows[-1]))


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _events(text: str) -> Callable[[], Any]:
    """What gives the next event of the text; both parsers refuse in the same types."""
    return _PythonParser(text).get_event if _Native is None else _Native(text).get_event


def _number(text: str) -> Json:
    """The number that a plain scalar is, the text that it is instead, or None for one that is refused."""
    if _INTEGER.fullmatch(text):
        return int(text, 0) if len(text) <= INT_DIGITS else None
    if found := _DECIMAL.fullmatch(text):
        if len(text) > 2 * DECIMAL_DIGITS or len(found[1] or "") > 4:
            return None
        value = Decimal(text)
        fits = len(value.as_tuple().digits) <= DECIMAL_DIGITS and abs(value.adjusted()) <= DECIMAL_DIGITS
        return value if fits else None
    return None if _NOT_FINITE.fullmatch(text) else text


class _Plain(dict[str, Json]):
    """Plain scalars by their text: most of a file is the same few words, resolved and stored once."""

    refused = False

    def __missing__(self, text: str) -> Json:
        value = _number(text) if text[0] in _NUMERIC else text
        if value is None:
            self.refused = True
        else:
            self[text] = value
        return value


class _Values:
    """The first pass: every event once, no recursion, no positions.

    What makes reading on impossible is raised; anything else only sets ``wrong``, and the second pass
    tells all of it.
    """

    root: Json = None
    wrong = False

    def __init__(self, text: str, limits: Limits) -> None:
        self.limits = limits
        self.plain = _Plain(_WORDS)
        self.names: dict[str, str] = {}
        self.anchors: dict[str, Json] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.expanded = 0
        self.documents = 0
        self.merges = False
        try:
            self._read(_events(text))
        except ReaderError:
            raise _forbidden(text) from None
        except MarkedYAMLError as wrong:
            raise _syntax(wrong, text) from None
        self.wrong = self.wrong or self.plain.refused

    def _read(self, get: Callable[[], Any]) -> None:
        plain, names, twice = self.plain, self.names, False
        top: list[Json] = []
        box, key = top, _ITEM  # where values go; a key of None says that a key is due
        stack: list[Any] = []
        for count in range(self.limits.nodes):
            event = get()
            kind = type(event)
            if kind is ScalarEvent:
                if event.anchor or event.tag:
                    self._mark(event, key)
                if key is None:
                    key = names.get(event.value) or self._name(event)
                    twice = twice or key in box
                    continue
                value = event.value if event.style else plain[event.value]
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                box, key = self._open(event, box, key, stack)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if self.merges:
                    self._merge(box)
                box, key = stack.pop()
                continue
            elif kind is AliasEvent:
                value = self._alias(event, box, key, stack, count)
            elif kind is StreamEndEvent:
                self.root, self.wrong = (top[0] if top else None), self.wrong or twice
                return
            else:
                self._document(event)
                continue
            if key is _ITEM:
                box.append(value)
            else:
                box[key], key = value, None
        most = f"The file has more than {self.limits.nodes:,} values."
        raise _Refused("yaml-too-large", most, "Split it into several files.", event.start_mark)

    def _mark(self, event: Any, key: Any) -> None:
        self.wrong = self.wrong or event.tag is not None
        if event.anchor:
            plain = key is not None and not event.style
            self._anchor(event, self.plain[event.value] if plain else event.value)

    def _anchor(self, event: Any, value: Json) -> None:
        if event.anchor in self.anchors:
            message = f"The anchor &{event.anchor} is written twice."
            raise _Refused("yaml-alias", message, "Give each anchor a name of its own.", event.start_mark)
        self.anchors[event.anchor] = value

    def _name(self, event: Any) -> Any:
        """A key that is new to this file: its text as written, whatever type it would have as a value."""
        text = event.value
        if not event.style:
            if text == "<<":
                self.merges = True
                return _MERGE
            if not text:
                raise _Refused("yaml-key", "There is no key before this ':'.", "Write one.", event.start_mark)
        return self.names.setdefault(text, sys.intern(text))

    def _open(self, event: Any, box: Any, key: Any, stack: list[Any]) -> tuple[Any, Any]:
        """Put a new collection into the box that is open, and open it."""
        if key is None:
            raise _not_text(event)
        if len(stack) >= self.limits.depth:
            raise self._deep(event)
        listed = type(event) is SequenceStartEvent
        child: Any = [] if listed else {}
        if event.anchor:
            self._anchor(event, child)
        self.wrong = self.wrong or event.tag is not None
        if key is _ITEM:
            box.append(child)
        else:
            box[key] = child
        stack.append((box, key if key is _ITEM else None))
        return child, _ITEM if listed else None

    def _deep(self, event: Any) -> _Refused:
        message = f"Values are nested more than {self.limits.depth} deep here."
        return _Refused("yaml-too-deep", message, "Nest them less.", event.start_mark)

    def _merge(self, box: Any) -> None:
        """Add what ``<<`` brings: keys that are written win, then those of earlier maps."""
        if type(box) is not dict or _MERGE not in box:
            return
        sources = box.pop(_MERGE)
        for source in sources if type(sources) is list else [sources]:
            if type(source) is dict:
                for name, value in source.items():
                    box.setdefault(name, value)
            else:
                self.wrong = True

    def _alias(self, event: Any, box: Any, key: Any, stack: list[Any], written: int) -> Json:
        name = event.anchor
        if key is None:
            raise _not_text(event)
        if name not in self.anchors:
            hint = f"Write &{name} before the value that is meant, or quote this text."
            raise _Refused("yaml-alias", f"No anchor &{name} is written before *{name}.", hint, event.start_mark)
        value = self.anchors[name]
        if value is box or any(value is parent for parent, _ in stack):
            message = f"*{name} stands inside the value that it repeats."
            raise _Refused("yaml-alias", message, "Write the value out.", event.start_mark)
        most = max(self.limits.aliases, ALIAS_RATIO * written)
        if name not in self.sizes:
            self.sizes[name] = _measure(value, most)
        nodes, height = self.sizes[name]
        self.expanded += nodes
        if self.expanded > most:
            message = f"Aliases stand for more than {most:,} values up to here."
            raise _Refused("yaml-alias", message, "Write the values out, or use fewer aliases.", event.start_mark)
        if len(stack) + height > self.limits.depth:
            raise self._deep(event)
        return value

    def _document(self, event: Any) -> None:
        self.documents += type(event) is DocumentStartEvent
        if self.documents > 1 and type(event) is not DocumentEndEvent:
            hint = "Put it into a file of its own."
            raise _Refused("yaml-documents", "A second document begins here.", hint, event.start_mark)


def _measure(value: Json, most: int) -> tuple[int, int]:
    """How many values an anchor stands for, keys included and counted up to the bound, and how deep."""
    nodes, height, todo = 0, 0, [(value, 1)]
    while todo and nodes <= most:
        value, depth = todo.pop()
        nodes += 1
        if isinstance(value, dict | list):
            height = max(height, depth)
            if isinstance(value, dict):
                nodes += len(value)
            todo += [(child, depth + 1) for child in (value.values() if isinstance(value, dict) else value)]
    return nodes, height


def _not_text(event: Any) -> _Refused:
    message = "A key must be a word or a text; here it is a list, a map or an alias."
    return _Refused("yaml-key", message, "Write a plain key. To mean the text itself, quote it.", event.start_mark)


@dataclass(slots=True)
class _Spot:
    """Where a value stands, where its keys stand, and what is in it; a list's items go by index."""

    form: type
    where: _Where
    children: dict[Any, "_Spot"] = field(default_factory=dict)
    keys: dict[Any, _Where] = field(default_factory=dict)


class _Places:
    """The second pass: the same events as a tree of places, and all that the first found wrong.

    It recurses, because the first pass bounded the depth.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines()
        self.get = _events(text)
        self.anchors: dict[str, _Spot] = {}
        self.refused: list[_Refused] = []
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
        elif not event.style and event.value not in _WORDS and _Plain()[event.value] is None:
            self._refuse(event, "yaml-number", *_unfit(event.value))
        return spot

    def _map(self, event: Any, spot: _Spot) -> None:
        while type(name := self.get()) is not MappingEndEvent:
            key = _MERGE if name.value == "<<" and not name.style else name.value
            if name.anchor:
                self.anchors[name.anchor] = _Spot(ScalarEvent, self._where(name))
            self._refuse_tag(name)
            if first := spot.keys.get(key):
                message = f"The key {name.value!r} is already written in line {first[0]}."
                self._refuse(name, "yaml-duplicate-key", message, "Keep one of the two.")
            value = self.get()
            spot.keys[key], spot.children[key] = self._where(name), self._spot(value)
            if key is _MERGE and not all(source.form is MappingStartEvent for source in _sources(spot)):
                hint = "Write an alias of a map, or a list of such aliases, after '<<:'."
                self._refuse(value, "yaml-merge", "Only maps can be merged.", hint)
        self._close(event, name, spot)
        if _MERGE in spot.children:
            for source in _sources(spot):
                for key, child in source.children.items():
                    spot.keys.setdefault(key, source.keys.get(key, child.where))
                    spot.children.setdefault(key, child)
            del spot.keys[_MERGE], spot.children[_MERGE]

    def _close(self, event: Any, last: Any, spot: _Spot) -> None:
        """The width of a collection: to its bracket, or what its first line begins with."""
        if event.flow_style:
            spot.where = self._measured(*spot.where[:2], last.end_mark)
        elif spot.keys:
            line, column, width = next(iter(spot.keys.values()))
            spot.where = (line, column, width)

    def _where(self, event: Any) -> _Where:
        start, end = event.start_mark, event.end_mark
        line, column = start.line + 1, start.column + 1
        if type(event) is not AliasEvent and event.anchor:  # the value stands behind its anchor
            until = end.index if type(event) is ScalarEvent else len(self.text)
            if found := _ANCHOR.match(self.text, start.index, until):
                line, column = _after(found[0], line, column)
        if type(event) is ScalarEvent and event.style in ("|", ">"):
            return line, column, 1
        return self._measured(line, column, end)

    def _measured(self, line: int, column: int, end: Any) -> _Where:
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
            refused = _Refused(code, message, hint, None)
            refused.where = self._where(event)
            self.refused.append(refused)


def _sources(spot: _Spot) -> list[_Spot]:
    source = spot.children[_MERGE]
    return list(source.children.values()) if source.form is SequenceStartEvent else [source]


def _unfit(text: str) -> tuple[str, str]:
    shown = text if len(text) <= DECIMAL_DIGITS else f"{text[:DECIMAL_DIGITS]}…"
    if _NOT_FINITE.fullmatch(text):
        return f"{shown} is not a number that can be used.", "Write a finite number, or quote it to mean the text."
    return f"{shown} has too many digits or too large an exponent.", "Write it shorter, or quote it to mean the text."


_SYNTAX = (  # what libyaml says, what it means, what to do; {line} is where the construct began
    ("tab character", "A tab is used for indentation.", "Indent with spaces."),
    (
        "mapping values are not allowed",
        "A ':' stands where no key can be.",
        "If it belongs to the text, quote the text; if not, check the indentation of this line and the one before.",
    ),
    (
        "',' or ']'",
        "The list that '[' opens in line {line} is not closed, or a comma is missing.",
        "Write ',' between items and ']' at the end.",
    ),
    (
        "',' or '}'",
        "The map that '{{' opens in line {line} is not closed, or a comma is missing.",
        "Write ',' between entries and '}' at the end.",
    ),
    (
        "unexpected end of stream",
        "The quoted text that begins in line {line} is not closed.",
        "Write the closing quote.",
    ),
    (
        "unexpected document indicator",
        "The quoted text that begins in line {line} is not closed.",
        "Write the closing quote.",
    ),
    (
        "expected '-' indicator",
        "This line does not fit into the list that begins in line {line}.",
        "Begin it with '- ', or check its indentation.",
    ),
    (
        "did not find expected key",
        "This line does not fit into the map that begins in line {line}.",
        "Check its indentation, and the quotes and brackets before it.",
    ),
    ("could not find expected ':'", "There is no ':' after this key.", "Write it as 'key: value'."),
    (
        "escape",
        "A backslash in double quotes does not begin a known escape.",
        "Use single quotes, or write the backslash twice.",
    ),
    (
        "hexdecimal",
        "A backslash in double quotes does not begin a known escape.",
        "Use single quotes, or write the backslash twice.",
    ),
    (
        "alphabetic or numeric character",
        "The name of an anchor or alias is missing.",
        "Quote the text if it begins with '&' or '*'.",
    ),
    (
        "<document start>",
        "There is more text after the end of the value.",
        "Check the indentation of this line, and the brackets and quotes before it.",
    ),
    (
        "expected <block end>",
        "This line does not fit into the block that begins in line {line}.",
        "Check its indentation, and the quotes and brackets before it.",
    ),
)


def _syntax(wrong: MarkedYAMLError, text: str) -> _Refused:
    """What the parser could not read, in plain words."""
    began, mark = wrong.context_mark, wrong.problem_mark or wrong.context_mark
    problem = wrong.problem or "it cannot be read"
    if "cannot start any token" in problem and mark:
        found = text[mark.index : mark.index + 1]
        if found != "\t":
            return _Refused("yaml-syntax", f"A value cannot begin with {found!r}.", "Quote it.", mark)
        problem = "tab character"
    if "unexpected" in problem and began:  # where it was opened tells more than where the file ends
        mark = began
    for sign, message, hint in _SYNTAX:
        if sign in problem:
            line = began.line + 1 if began else mark.line + 1 if mark else 1
            return _Refused("yaml-syntax", message.format(line=line), hint, mark)
    message = f"This is not valid YAML: {problem}{f' {wrong.context}' if wrong.context else ''}."
    return _Refused("yaml-syntax", message, "Check this line and the one before it.", mark)
