"""Edit values in a user's YAML text and change nothing else.

Comments, order, anchors, quotes and brackets stay. The result is parsed again and must have exactly the requested
value; values changed through an anchor or a merge key are restored at their own place.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from math import inf
from typing import Any, Final, TypeAlias

from reconciler.config import yaml_document
from reconciler.config.positions import MapEntry, Node, Tree
from reconciler.config.yaml_writer import block, entry, flow, key, scalar
from reconciler.model import FieldPath, Json

ROUNDS = 50
"""Maximum number of parses per edit; two or three are enough unless anchors are nested."""


EMPTY_LINE = re.compile(r"\n[ \t]*\r?\n")


class Removed(Enum):
    """Marker that removes a value together with its key."""

    GONE = "gone"


REMOVED: Final = Removed.GONE
Change: TypeAlias = tuple[FieldPath, "Json | Removed"]
Splice: TypeAlias = tuple[int, int, str]


class EditError(ValueError):
    """Raised if no safe edit leads to the requested value."""


def apply_edits_to_bytes(raw: bytes, file: str, changes: Sequence[Change], value: Json = None) -> bytes:
    """Return the edited bytes of a file, with its byte order mark if any; ``value`` is what it holds, if known."""
    mark = BOM_UTF8 if raw.startswith(BOM_UTF8) else b""
    return mark + apply_edits(raw.decode("utf-8-sig"), file, changes, value).encode()


def apply_edits(text: str, file: str, changes: Sequence[Change], value: Json = None) -> str:
    """Return the text with these values at these paths and all others unchanged; ``value`` is its own, if known.

    Raise :class:`EditError` if impossible.
    """
    value = _read(text, file) if value is None else value
    wanted, fresh = value, dict[int, Json]()
    for path, new in changes:
        wanted = _with(wanted, path, new, fresh)
    for _ in range(ROUNDS):
        left = list(_differences(value, wanted))
        if not left:
            return text
        text = _splice(text, _Editor(text, value, wanted).splices(left))
        value = _read(text, file)
    raise EditError(f"{file} cannot be edited at {'.'.join(map(str, left[0][0]))}")


def _read(text: str, file: str) -> Json:
    parsed, problems = yaml_document.parse(text.encode(), file)
    if parsed is None:
        raise EditError(f"{file} cannot be edited: {problems[0].message}")
    return {} if parsed.value is None else parsed.value


# --- Values -----------------------------------------------------------------------------------------------


def _with(value: Json, path: FieldPath, new: "Json | Removed", fresh: dict[int, Json]) -> Any:
    """Return the value with a part of it replaced; missing blocks are added, blocks left empty are removed.

    A block is copied before its first change, since aliases share it; ``fresh`` holds the copies, which are changed in
    place, so that many changes of one large block cost no more than its size.
    """
    if not path:
        return new
    if isinstance(value, list) and isinstance(path[0], int):
        items: list[Any] = list(value)
        items[path[0]] = _with(items[path[0]], path[1:], new, fresh)
        return [each for each in items if each is not REMOVED]
    block = value if isinstance(value, dict) and id(value) in fresh else dict(value) if isinstance(value, dict) else {}
    fresh[id(block)] = block
    step = str(path[0])
    inner = _with(block.get(step), path[1:], new, fresh)
    if inner is REMOVED or (new is REMOVED and inner in ({}, None)):
        block.pop(step, None)
    else:
        block[step] = inner
    return block


def _differences(value: Json, wanted: Json, path: FieldPath = ()) -> Iterator[Change]:
    if isinstance(value, dict) and isinstance(wanted, dict) and value and (wanted or not path):
        for name in value.keys() - wanted.keys():
            yield (*path, name), REMOVED
        for name, each in wanted.items():
            if name not in value:
                yield (*path, name), each
            else:
                yield from _differences(value[name], each, (*path, name))
    elif value != wanted or isinstance(value, bool) is not isinstance(wanted, bool):
        yield path, wanted


def _at(value: Json, path: FieldPath) -> "Json | Removed":
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return REMOVED
        value = value[str(step)]
    return value


# --- Text ---------------------------------------------------------------------------------------------------


def _splice(text: str, splices: Iterable[Splice]) -> str:
    """Return the text with all splices that do not overlap; the others follow in the next round."""
    parts, done = [], 0
    for start, end, new in sorted(splices, key=_order):
        if start >= done:
            parts += [text[done:start], new]
            done = end
    return "".join([*parts, text[done:]])


def _order(splice: Splice) -> tuple[int, int, float]:
    """Return the sort key: the end of a line before a new line there, the deeper before the shallower."""
    start, end, new = splice
    lines = new.lstrip("\r\n")
    return start, end, len(lines.lstrip(" ")) - len(lines) if new[:1] in ("\r", "\n") else -inf


class _Editor:
    """One round of edits: the splices for each difference."""

    def __init__(self, text: str, value: Json, wanted: Json) -> None:
        self.text, self.value, self.wanted = text, value, wanted
        self.root = Tree(text).root
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.done: set[tuple[int, object]] = set()
        self.brackets: dict[int, tuple[bool, bool]] = {}

    def splices(self, left: Iterable[Change]) -> list[Splice]:
        if self.root is None or not self.root.is_map:
            end = self.root.start if self.root else len(self.text)
            return [(end, self.root.end if self.root else end, self._lines(block(self.wanted)) + self.newline)]
        found = [each for path, new in left for each in self._change(self.root, path, new)]
        return [*found, *self._saved_anchors(found)]

    def _change(self, node: Node, path: FieldPath, new: "Json | Removed") -> Iterator[Splice]:
        """Yield the splices of one change: follow the path as far as it exists, and write the missing part there."""
        for depth, step in enumerate(path):
            found = node.entry(str(step)) if node.is_map else None
            here = path[: depth + 1]
            if found is not None and depth + 1 < len(path) and found.value.is_map:
                node = found.value
                continue
            if (id(node), step) in self.done:
                return
            self.done.add((id(node), step))
            whole = new if depth + 1 == len(path) else _at(self.wanted, here)
            if node.is_flow and self.brackets.setdefault(id(node), (found is None, whole is REMOVED)) != (
                found is None,
                whole is REMOVED,
            ):
                return  # neighbouring additions and removals share a comma: the next round makes the other one
            if found is None and whole is REMOVED:
                yield from (self._without(node, each) for each in node.entries if each.merge)
            elif found is None:
                yield self._insert_entry(node, str(step), whole)
            elif whole is REMOVED:
                yield self._without(node, found)
            else:
                yield from self._replace_node(node, found, whole, _at(self.value, here))
            return

    # --- one entry ---

    def _replace_node(self, node: Node, old: MapEntry, new: Any, was: "Json | Removed") -> Iterator[Splice]:
        value = old.value
        if value.is_list and isinstance(new, list) and isinstance(was, list):
            items = [self.text[each.value.outer : each.value.end] for each in value.entries]
            kept = [each for each in was if each in new]
            if kept and kept == new[: len(kept)]:
                yield from self._list(value, [each in new for each in was], items, new[len(kept) :])
                return
        if isinstance(new, dict | list) or value.style in ("map", "list"):
            anchor = f" &{value.anchor}" if value.anchor and value.style != "*" else ""
            start = self.text.rindex(":", 0, value.outer + 1) + 1 if value.outer > old.key_end else value.start
            yield start, value.end, anchor + self._tail(node, old, new)
        else:
            keep = value.style if value.style in ("'", '"') and isinstance(new, str) else ""
            yield value.start, value.end, f"{'' if value.end > value.start else ' '}{scalar(new, keep)}"

    def _tail(self, node: Node, old: MapEntry, new: Json) -> str:
        """Return the text after the colon."""
        if node.is_flow:
            return f" {flow(new)}"
        indent = self._column(old.start)
        name = str(old.name)
        return self._lines(entry(name, new, indent))[indent + len(key(name)) + 1 :]

    def _insert_entry(self, node: Node, name: str, new: Any) -> Splice:
        if node.is_flow:
            at = node.entries[-1].value.end if node.entries else node.start + 1
            return at, at, f"{', ' if node.entries else ''}{key(name)}: {flow(new)}"
        at = self._line_end(node.end)
        apart = self.newline if self._are_apart(node) else ""
        return at, at, apart + self.newline + self._lines(entry(name, new, self._column(node.entries[0].start)))

    def _without(self, node: Node, old: MapEntry) -> Splice:
        place = node.entries.index(old)
        following = node.entries[place + 1] if place + 1 < len(node.entries) else None
        if node.is_flow:
            if following:
                return old.start, following.start, ""
            return (node.entries[place - 1].value.end if place else old.start), old.value.end, ""
        start = self.text.rfind("\n", 0, old.start) + 1
        if self.text[start : old.start].strip() and following:  # the first entry of a map after a dash
            return old.start, following.start, ""
        end = self._line_end(old.value.end)
        return start, min(len(self.text), end + len(self.newline)), ""

    def _list(self, node: Node, stays: Sequence[bool], items: Sequence[str], added: Sequence[Json]) -> Iterator[Splice]:
        inside = self.text[node.start : node.end]
        if node.is_flow and "\n" not in inside:
            kept = [item for item, stay in zip(items, stays, strict=True) if stay]
            yield node.start, node.end, f"[{', '.join([*kept, *map(flow, added)])}]"
            return
        yield from (self._without(node, each) for each, stay in zip(node.entries, stays, strict=True) if not stay)
        if added and stays[-1]:
            if node.is_flow:
                at, lines = node.entries[-1].value.end, "".join(f", {flow(each)}" for each in added)
            else:
                at, dash = self._line_end(node.end), self._column(node.entries[0].start)
                lines = "".join(f"{self.newline}{' ' * dash}- {flow(each)}" for each in added)
            yield at, at, lines

    # --- anchors in removed parts ---

    def _saved_anchors(self, splices: Sequence[Splice]) -> Iterator[Splice]:
        """Yield splices that move an anchor with its value from a removed part to the first remaining alias."""
        assert self.root is not None
        nodes = list(self.root.inside())
        aliases = [each for each in nodes if each.style == "*" and not _is_covered(each.outer, splices)]
        for each in nodes:
            if each.anchor is None or each.style == "*" or not _is_covered(each.outer, splices):
                continue
            heir = next((alias for alias in aliases if alias.anchor == each.anchor), None)
            if heir is not None:
                yield heir.outer, heir.end, f"&{each.anchor} {self._in_one_line(each)}"

    def _in_one_line(self, node: Node) -> str:
        text = self.text[node.start : node.end]
        if node.style not in ("map", "list", "|", ">"):
            return text
        return flow(_read(" " * self._column(node.start) + text, f"the value of &{node.anchor}"))

    # --- lines ---

    def _lines(self, lines: Iterable[str]) -> str:
        return self.newline.join(lines)

    def _column(self, at: int) -> int:
        return at - (self.text.rfind("\n", 0, at) + 1)

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if self.text[end - 1 : end] == "\r" and end > at else end

    def _are_apart(self, node: Node) -> bool:
        """Return True if entries of the map are separated by empty lines."""
        pairs = zip(node.entries, node.entries[1:], strict=False)
        return any(EMPTY_LINE.search(self.text, each.value.end, after.start) for each, after in pairs)


def _is_covered(at: int, splices: Sequence[Splice]) -> bool:
    return any(start <= at < end for start, end, _ in splices)
