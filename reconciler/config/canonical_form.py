"""Canonical form of a resource file: spelling, quotes and order of fields, with every comment and line kept.

Only parts with one meaning are changed: a value with an anchor, an alias, or multi-line text stays, and so does the
order of a block that contains one. The order of resources is the author's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from reconciler.config.positions import MapEntry, Node, Tree
from reconciler.config.value_formatter import respell
from reconciler.config.yaml_document import parse
from reconciler.config.yaml_writer import key, scalar
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.value_types import InvalidValue
from reconciler.model import Json

Splice: TypeAlias = tuple[int, int, str]
Block: TypeAlias = tuple[Kind, str, Node, Json, int]
"""A map of fields: kind, prefix of its fields, node, content, depth."""
DEPTHS = 8
"""Maximum depth of nested blocks of fields."""


def format_text(text: str, kinds: Mapping[str, Kind]) -> str:
    """Return the text in its canonical form; a text that cannot be read is returned as it is."""
    text = _splice(text, _spellings(text, kinds))
    for depth in range(DEPTHS):
        text = _splice(text, _orders(text, kinds, depth))
    return text


def _splice(text: str, splices: Iterator[Splice]) -> str:
    parts, done = list[str](), 0
    for start, end, new in sorted(splices):
        parts += [text[done:start], new]
        done = end
    return "".join([*parts, text[done:]])


def _blocks(text: str, kinds: Mapping[str, Kind]) -> Iterator[Block]:
    """Yield each resource, each block of defaults, and the blocks of fields inside."""
    parsed, _ = parse(text.encode(), "")
    root = Tree(text).root if parsed is not None else None
    if parsed is None or root is None or not root.is_map or not isinstance(parsed.value, dict):
        return
    for section in root.entries:
        content = parsed.value.get(str(section.name))
        if section.merge or not section.value.is_map or not isinstance(content, dict):
            continue
        for each in section.value.entries:
            name = str(each.name if section.name == "defaults" else section.name)
            if name in kinds and not each.merge:
                yield from _inside(kinds[name], "", each.value, content.get(str(each.name)), 0)


def _inside(kind: Kind, prefix: str, node: Node, value: Json, depth: int) -> Iterator[Block]:
    if not node.is_map or not isinstance(value, dict):
        return
    yield kind, prefix, node, value, depth
    for each in node.entries:
        name = f"{prefix}{each.name}"
        if not each.merge and not (kind.has(name) and (prefix or name in kind.by_name)):
            yield from _inside(kind, f"{name}.", each.value, value.get(str(each.name)), depth + 1)


# --- Spelling and quotes ------------------------------------------------------------------------------------


def _spellings(text: str, kinds: Mapping[str, Kind]) -> Iterator[Splice]:
    for kind, prefix, node, value, _ in _blocks(text, kinds):
        assert isinstance(value, dict)
        for each in node.entries:
            if each.merge or each.key is None:
                continue
            yield from _replace_node(text, each.key, key(str(each.name)))
            name, raw = f"{prefix}{each.name}", value.get(str(each.name))
            if name == "id":
                yield from _scalars(text, each.value, str(raw))
            elif raw is not None and kind.has(name) and (prefix or name in kind.by_name):
                yield from _scalars(text, each.value, _canonical(kind.field(name), raw))


def _canonical(row: Field, raw: Json) -> Json:
    """Return the value in canonical spelling, or unchanged if it has none."""
    try:
        return respell(row.type, raw)
    except InvalidValue:
        return raw


def _scalars(text: str, node: Node, value: Json) -> Iterator[Splice]:
    """Yield the edits of a value and of its parts."""
    if node.anchor is not None or node.style in ("*", "|", ">"):
        return
    match value:
        case dict() if node.is_map:
            for each in node.entries:
                if each.name in value and not each.merge:
                    yield from _scalars(text, each.value, value[each.name])
        case list() if node.is_list and len(value) == len(node.entries):
            for each, one in zip(node.entries, value, strict=True):
                yield from _scalars(text, each.value, one)
        case dict() | list() | None:
            return
        case _ if not node.is_map and not node.is_list:
            yield from _replace_node(text, node, scalar(value))


def _replace_node(text: str, node: Node, new: str) -> Iterator[Splice]:
    old = text[node.start : node.end]
    if node.anchor is None and old and "\n" not in old and old != new:
        yield node.start, node.end, new


# --- Order --------------------------------------------------------------------------------------------------


def _orders(text: str, kinds: Mapping[str, Kind], depth: int) -> Iterator[Splice]:
    """Yield the edits that sort the fields of blocks at one depth, which never overlap."""
    for kind, prefix, node, _, deep in _blocks(text, kinds):
        if deep == depth and len(node.entries) > 1 and not any(_is_shared(each) for each in node.entries):
            wanted = sorted(node.entries, key=lambda each: _rank(kind, f"{prefix}{each.name}"))
            if wanted != node.entries:
                yield from _in_flow(text, node, wanted) if node.is_flow else _in_lines(text, node, wanted)


def _is_shared(entry: MapEntry) -> bool:
    """Return whether an entry holds an anchor, an alias or a text of several lines, which must stay where it is."""
    return entry.merge or any(each.anchor is not None or each.style in ("|", ">") for each in entry.value.inside())


def _rank(kind: Kind, name: str) -> int:
    """Return the place of a field in its table, or of the first field of a block."""
    if name == "id":
        return -1
    if kind.has(name) and ("." in name or name in kind.by_name):
        return kind.field_order(name)
    inner = [kind.field_order(row.name) for row in kind.fields if row.name.startswith(f"{name}.")]
    return min(inner, default=len(kind.fields))


def _in_flow(text: str, node: Node, wanted: Sequence[MapEntry]) -> Iterator[Splice]:
    """Yield the edit that reorders entries in brackets; the text between them stays."""
    ends = [each.value.end for each in node.entries]
    between = [text[end : after.start] for end, after in zip(ends, node.entries[1:], strict=False)]
    if any("#" in each for each in between):
        return
    texts = [text[each.start : each.value.end] for each in wanted]
    parts = [part for pair in zip(texts, [*between, ""], strict=True) for part in pair]
    yield node.entries[0].start, ends[-1], "".join(parts)


def _in_lines(text: str, node: Node, wanted: Sequence[MapEntry]) -> Iterator[Splice]:
    """Yield the edit that reorders entries of a block, each with its comments."""
    ends = [_line_end(text, each.value.end) for each in node.entries]
    start = _comments_above(text, _line_start(text, node.entries[0].start))
    starts = [start, *ends[:-1]]
    own_lines = all(not text[_line_start(text, each.start) : each.start].strip() for each in node.entries)
    if not own_lines or starts != sorted(set(starts)):
        return
    newline = "\r\n" if "\r\n" in text else "\n"
    chunks = {id(each): text[begin:end] for each, begin, end in zip(node.entries, starts, ends, strict=True)}
    lines = [chunk if chunk.endswith("\n") else chunk + newline for chunk in (chunks[id(each)] for each in wanted)]
    whole = "".join(lines)
    yield start, ends[-1], whole if text[: ends[-1]].endswith("\n") else whole.removesuffix(newline)


def _comments_above(text: str, at: int) -> int:
    """Return where the comments and empty lines right above a line begin."""
    while at > 0 and (above := text[_line_start(text, at - 1) : at].strip())[:1] in ("", "#"):
        at = _line_start(text, at - 1)
        if not at and not above:
            break
    return at


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
