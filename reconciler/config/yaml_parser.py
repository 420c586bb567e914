"""First pass: YAML text -> plain values and the offsets of keys, fast and within limits."""

import re
import sys
from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import Struct
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent, StreamEndEvent

from reconciler.config.light_events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from reconciler.config.yaml_events import YamlRefused, events, explain_parser_errors
from reconciler.model import Json


class DocumentLimits(Struct, frozen=True):
    """Limits of a file, each far above real files and far below harm."""

    bytes: int = 10 * 2**20
    """Size of ten thousand ad sets; call :func:`size_error` before reading a file."""
    depth: int = 64
    """The deepest resource has a dozen levels; recursive readers can handle hundreds."""
    nodes: int = 2_000_000
    """Twice the number in a file of maximum size; a collection counts at its start and at its end."""
    aliases: int = 100_000
    """Nodes that aliases may expand to, if more than :data:`ALIAS_RATIO` allows: an attack is a small file."""


ALIAS_RATIO = 10
"""Allowed ratio of expanded aliases to written nodes, so that large files may share much."""
INT_DIGITS = 1_000
"""Maximum digits of an integer: Python refuses to print more than 4,300, and ids are far shorter."""
DECIMAL_DIGITS = 40
"""Maximum digits and exponent of a decimal: printing 1e999999999 would fill the memory."""

DEPTH_BITS = 7
"""Bits of a note that hold how deep its key is; the others hold its offset."""

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_DECIMAL = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?([0-9]+))?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC = frozenset("0123456789+-.")
WORDS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_ITEM: Any = object()  # marks a value that goes into a list
MERGE: Any = object()  # marks a plain ``<<``; equal to no text


def _number(text: str) -> Json:
    """Return the number of a plain scalar, its text if it is none, or None if it is refused."""
    if _INTEGER.fullmatch(text):
        return int(text, 0) if len(text) <= INT_DIGITS else None
    if found := _DECIMAL.fullmatch(text):
        if len(text) > 2 * DECIMAL_DIGITS or len(found[1] or "") > 4:
            return None
        value = Decimal(text)
        fits = len(value.as_tuple().digits) <= DECIMAL_DIGITS and abs(value.adjusted()) <= DECIMAL_DIGITS
        return value if fits else None
    return None if _NOT_FINITE.fullmatch(text) else text


class ScalarResolver(dict[str, Json]):
    """Values of plain scalars by their text; most of a file is a few words, resolved and stored once."""

    refused = False

    def __missing__(self, text: str) -> Json:
        value = _number(text) if text[0] in _NUMERIC else text
        if value is None:
            self.refused = True
        else:
            self[text] = value
        return value


def refuse_number_text(text: str) -> tuple[str, str]:
    shown = text if len(text) <= DECIMAL_DIGITS else f"{text[:DECIMAL_DIGITS]}…"
    if _NOT_FINITE.fullmatch(text):
        return f"{shown} is not a number that can be used.", "Write a finite number, or quote it to mean the text."
    return f"{shown} has too many digits or too large an exponent.", "Write it shorter, or quote it to mean the text."


class ValueBuilder:
    """First pass: handles each event once, without recursion, and records positions of keys only.

    It raises if reading cannot continue; any other error sets ``wrong``, and the second pass reports all of them.
    """

    root: Json = None
    wrong = False

    def __init__(self, text: str, limits: DocumentLimits) -> None:
        self.limits = limits
        self.plain = ScalarResolver(WORDS)
        self.names: dict[str, str] = {}
        self.anchors: dict[str, Json] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        self.expanded = 0
        self.documents = 0
        self.merges = False
        self.notes = array("I")
        """Offset and depth of each key, in the order of the text, as :mod:`key_index` reads them."""
        with explain_parser_errors(text):
            self._read(events(text))
        self.wrong = self.wrong or self.plain.refused

    def _read(self, get: Callable[[], Any]) -> None:
        """Run the event loop, inlined for speed (a call per event doubles the cost)."""
        plain, names, note, twice = self.plain, self.names, self.notes.append, False
        top: list[Json] = []
        box, key = top, _ITEM  # container of the next value; a key of None means that a key is expected
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
                    note(event.start_mark.index << DEPTH_BITS | len(stack))
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
        raise YamlRefused("yaml-too-large", most, "Split it into several files.", event.start_mark)

    def _mark(self, event: Any, key: Any) -> None:
        self.wrong = self.wrong or event.tag is not None
        if event.anchor:
            plain = key is not None and not event.style
            self._anchor(event, self.plain[event.value] if plain else event.value)

    def _anchor(self, event: Any, value: Json) -> None:
        if event.anchor in self.anchors:
            message = f"The anchor &{event.anchor} is written twice."
            raise YamlRefused("yaml-alias", message, "Give each anchor a name of its own.", event.start_mark)
        self.anchors[event.anchor] = value

    def _name(self, event: Any) -> Any:
        """Return a key as text, also if it would be a number or a flag as a value. Raise YamlRefused if it is empty."""
        text = event.value
        if not event.style:
            if text == "<<":
                self.merges = True
                return MERGE
            if not text:
                raise YamlRefused("yaml-key", "There is no key before this ':'.", "Write one.", event.start_mark)
        return self.names.setdefault(text, sys.intern(text))

    def _open(self, event: Any, box: Any, key: Any, stack: list[Any]) -> tuple[Any, Any]:
        """Add a new collection to the open container; return it as the open one."""
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

    def _deep(self, event: Any) -> YamlRefused:
        message = f"Values are nested more than {self.limits.depth} deep here."
        return YamlRefused("yaml-too-deep", message, "Nest them less.", event.start_mark)

    def _merge(self, box: Any) -> None:
        """Add the keys of ``<<``: written keys have precedence, then those of earlier maps."""
        if type(box) is not dict or MERGE not in box:
            return
        sources = box.pop(MERGE)
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
            raise YamlRefused("yaml-alias", f"No anchor &{name} is written before *{name}.", hint, event.start_mark)
        value = self.anchors[name]
        if value is box or any(value is parent for parent, _ in stack):
            message = f"*{name} stands inside the value that it repeats."
            raise YamlRefused("yaml-alias", message, "Write the value out.", event.start_mark)
        most = max(self.limits.aliases, ALIAS_RATIO * written)
        if name not in self.sizes:
            self.sizes[name] = _measure(value)
        nodes, height = self.sizes[name]
        self.expanded += nodes
        if self.expanded > most:
            message = f"Aliases stand for more than {most:,} values up to here."
            raise YamlRefused("yaml-alias", message, "Write the values out, or use fewer aliases.", event.start_mark)
        if len(stack) + height > self.limits.depth:
            raise self._deep(event)
        return value

    def _document(self, event: Any) -> None:
        self.documents += type(event) is DocumentStartEvent
        if self.documents > 1 and type(event) is not DocumentEndEvent:
            hint = "Put it into a file of its own."
            raise YamlRefused("yaml-documents", "A second document begins here.", hint, event.start_mark)


def _measure(value: Json) -> tuple[int, int]:
    """Return the number of values and the depth of an anchor's value; anchors inside are already counted."""
    nodes, height, todo = 0, 0, [(value, 1)]
    while todo:
        value, depth = todo.pop()
        nodes += 1
        if isinstance(value, dict | list):
            height = max(height, depth)
            todo += [(child, depth + 1) for child in (value.values() if isinstance(value, dict) else value)]
    return nodes, height


def _not_text(event: Any) -> YamlRefused:
    message = "A key must be a word or a text; here it is a list, a map or an alias."
    return YamlRefused("yaml-key", message, "Write a plain key. To mean the text itself, quote it.", event.start_mark)
