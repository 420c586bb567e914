"""A kind's table precompiled for large accounts: dotted names are joined once, each distinct value is parsed once.

The caches are bounded, and distinguish values that differ in type or digits: ``1.0`` is not ``1.00``.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache

from msgspec import Struct

from reconciler.kinds.kind import Field, Kind
from reconciler.model import Json, Value

MOST = 4096
"""Maximum number of cached values per field; a field with more, such as a name, is cheap to parse."""


class BoundedCache(dict[str, Value]):
    """Cache of a pure function's results by argument; exceptions are not cached.

    Most arguments are text and are looked up as in any dict: ``memo[text]``. ``of`` takes any value.
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
    """Precompiled access paths of a kind."""

    kind: Kind

    def flat(self, block: Mapping[str, Json]) -> dict[str, Json]:
        """Return a nested block as dotted fields; object values stay whole."""
        found: dict[str, Json] = {}
        _flatten(block, self._names, found)
        return found

    @cached_property
    def _names(self) -> "_FlatNames":
        return _FlatNames(self.kind, "")

    @cached_property
    def parsers(self) -> "FieldParsers":
        """Parsers of declared values by field."""
        return FieldParsers(self.kind)

    @cached_property
    def steps(self) -> "DecodeTree":
        """Decode tree for a row of a response."""
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
        """Values of a row that contains no field."""
        return {row.name: row.type.read(None) for row, _ in self.kind.reads if row.list_key is None}


@lru_cache(maxsize=64)
def compile_kind(kind: Kind) -> CompiledKind:
    """Return the compiled kind, the same object on each call."""
    return CompiledKind(kind)


# --- Files ------------------------------------------------------------------------------------------------


class _FlatNames(dict[str, "tuple[str, _FlatNames | None]"]):
    """Key in a block -> (dotted name, names of the block below it, or None if its value stays whole)."""

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
    """Cached parsers by field name; None for a field that is not writable in the kind."""

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


# --- Responses -----------------------------------------------------------------------------------------------


class DecodeNode:
    """Node under one key of a row: a field with its reader (None for a list of entries), or an inner tree."""

    __slots__ = ("field", "inner", "key", "read")

    def __init__(self, key: str, field: Field | None = None, read: BoundedCache | None = None) -> None:
        self.key = key
        self.inner: DecodeTree = DecodeTree()
        self.field = field
        self.read = read


class DecodeTree(dict[str, "DecodeNode | None"]):
    """Nodes by key of a response, case-insensitive; None for a key that no field reads."""

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
