"""A kind's table made ready for use ten thousand times: names are joined once, each distinct value is understood once.

What is remembered is bounded, and tells apart what differs in type or in digits: ``1.0`` is not ``1.00``.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from msgspec import Struct

from reconciler.kinds.kind import Field, Kind
from reconciler.model import Json, Value

MOST = 4096
"""So many different values of a field are remembered; one that has more, like a name, is cheap to understand."""


class BoundedCache(dict[str, Value]):
    """What a function made of each value that it was asked about. It must be pure; what it raises is not kept.

    Most values are text, and those are looked up as in any dict: ``memo[text]``. ``of`` takes whatever it is.
    """

    def __init__(self, make: Callable[[Json], Value]) -> None:
        super().__init__()
        self._make = make
        self._others: dict[str, Value] = {}

    def __missing__(self, text: str) -> Value:
        value = self._make(text)
        if len(self) < MOST:
            self[text] = value
        return value

    def of(self, raw: Json) -> Value:
        if raw.__class__ is str:
            return self[raw]
        key = repr(raw)
        if key in self._others:
            return self._others[key]
        value = self._make(raw)
        if len(self._others) < MOST:
            self._others[key] = value
        return value


class CompiledKind(Struct, frozen=True, eq=False, dict=True):
    """The ways through a kind that are walked for every object of it."""

    kind: Kind

    def flat(self, block: Mapping[str, Json]) -> dict[str, Json]:
        """A nested block as dotted fields; values that are objects themselves stay whole."""
        found: dict[str, Json] = {}
        _flatten(block, self._names, found)
        return found

    @cached_property
    def _names(self) -> "_FlatNames":
        return _FlatNames(self.kind, "")

    @cached_property
    def parsers(self) -> "FieldParsers":
        """How a written value of each field is understood."""
        return FieldParsers(self.kind)

    @cached_property
    def steps(self) -> "DecodeTree":
        """The way through a row of an answer."""
        root = DecodeTree()
        for row, path in self.kind.reads:
            step = root
            for key in path[:-1]:
                step = step.known.setdefault(key, DecodeNode(key)).inner
            leaf = step.known.setdefault(path[-1], DecodeNode(path[-1]))
            leaf.field, leaf.read = row, None if row.list_key else BoundedCache(row.type.read)
        return root

    @cached_property
    def absent(self) -> Mapping[str, Value]:
        """What is read of a row that shows nothing."""
        return {row.name: row.type.read(None) for row, _ in self.kind.reads if row.list_key is None}


@lru_cache(maxsize=64)
def compile_kind(kind: Kind) -> CompiledKind:
    """The kind made ready; the same each time."""
    return CompiledKind(kind)


# --- Files ------------------------------------------------------------------------------------------------


class _FlatNames(dict[str, "tuple[str, _FlatNames | None]"]):
    """Of a key in a block: its dotted name, and the block below it unless its value stays whole."""

    def __init__(self, kind: Kind, prefix: str) -> None:
        super().__init__()
        self._kind, self._prefix = kind, prefix

    def __missing__(self, key: str) -> "tuple[str, _FlatNames | None]":
        name = self._prefix + key
        whole = self._kind.has(name) and (self._prefix or name in self._kind.by_name)
        self[key] = found = name, None if whole else _FlatNames(self._kind, f"{name}.")
        return found


def _flatten(block: Mapping[str, Json], names: _FlatNames, found: dict[str, Json]) -> None:
    for key, value in block.items():
        name, inner = names[key]
        if inner is not None and isinstance(value, dict):
            _flatten(value, inner, found)
        else:
            found[name] = value


class FieldParsers(dict[str, "BoundedCache | None"]):
    """What written values mean, by the name of their field; None for one that the kind does not know as writable."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self._kind = kind
        self._memos: dict[str, BoundedCache] = {}

    def __missing__(self, name: str) -> "BoundedCache | None":
        found = None
        if self._kind.has(name) and self._kind.field(name).writable:
            row = self._kind.field(name)
            found = self._memos.setdefault(row.name, BoundedCache(row.type.parse))
        self[name] = found
        return found


# --- Answers ------------------------------------------------------------------------------------------------


class DecodeNode:
    """What stands under one key of a row: a field and how it is read (a list of entries is not), or more steps."""

    __slots__ = ("field", "inner", "key", "read")

    def __init__(self, key: str, field: Field | None = None, read: BoundedCache | None = None) -> None:
        self.key = key
        self.inner: DecodeTree = DecodeTree()
        self.field = field
        self.read = read


class DecodeTree(dict[str, "DecodeNode | None"]):
    """Steps by the keys of an answer, in whatever case they are; None for a key that nobody asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, DecodeNode] = {}

    def __missing__(self, key: str) -> DecodeNode | None:
        step = self.known.get(key)
        if step is None:
            folded = key.casefold()
            step = next((each for name, each in self.known.items() if name.casefold() == folded), None)
        if len(self) < MOST:
            self[key] = step
        return step
