"""What is known of each address: its id, the last applied values, the last look at it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Generic, TypeVar

from reconciler.ledger import codec
from reconciler.ledger.errors import Foreign
from reconciler.ledger.rows import Cell, Database, Rows
from reconciler.ledger.store import Observation
from reconciler.model import Address, Values

ANOTHER_SERVER = (
    "an id means another object there: name that server (--api-url, RECONCILER_API_URL), or another ledger in"
    " reconciler.yaml"
)
HERE = "kind = ? AND key = ?"
AT_ONCE = 400
"""Addresses in one statement: SQLite once took at most 999 parameters."""
Known = tuple[str | None, Values]
Packed = TypeVar("Packed")
Decoded = TypeVar("Decoded")


class Memory:
    """The tables that are overwritten: they say how things are, not how they came to be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database)

    def belong(self, server: str) -> None:
        """Note the server; the second to come finds it noted."""
        if not self.is_of(server):
            self._rows.insert("servers", (server,))

    def is_of(self, server: str) -> bool:
        """Whether the ids are that server's; raises ``Foreign`` if they are another's."""
        known = [str(name) for (name,) in self._rows.select("servers")]
        if known and server not in known:
            what = f"its ids are of {known[0]}, and this command talks to {server}"
            raise Foreign(self._database.where, what, ANOTHER_SERVER)
        return bool(known)

    def ids(self) -> dict[Address, str]:
        rows = self._rows.select("resources")
        return {_address(kind, key): codec.to_name(str(id)) for kind, key, id, _ in rows if id is not None}

    def values(self) -> Mapping[Address, Values]:
        rows = self._rows.select("resources", "ORDER BY kind, key")
        return Unpacked({_address(kind, key): str(values) for kind, key, _, values in rows}, codec.to_values)

    def merge(self, news: Sequence[tuple[Address, str | None, Values]]) -> None:
        """Add what is new, field by field, in as few statements as a call of thousands of items needs."""
        known = self._known({address for address, _, _ in news})
        for address, id, values in news:
            old_id, old = known.get(address, (None, {}))
            known[address] = (old_id if id is None else id, {**old, **values})
        self._put(known)

    def unlearn(self, doubted: Mapping[Address, Set[str]]) -> None:
        """Let go of single values: what the API never shows is not known while a call is on its way."""
        known = self._known(doubted)
        less = {
            address: (id, {name: value for name, value in values.items() if name not in doubted[address]})
            for address, (id, values) in known.items()
        }
        self._put({address: less[address] for address in less if less[address] != known[address]})

    def forget(self, address: Address) -> None:
        for table in ("resources", "observations"):
            self._rows.delete(table, HERE, _cells(address))

    def move(self, old: Address, new: Address) -> None:
        if old == new:
            return
        known, seen = self._known([old]), self.observed(old)
        if old in known:
            id, values = known[old]
            new_id, new_values = self._known([new]).get(new, (None, {}))
            self._put({new: (id if new_id is None else new_id, {**values, **new_values})})
        if seen is not None and self.observed(new) is None:
            self.observe({new: seen.values}, seen.at)
        self.forget(old)
        items = self._rows.select("items", f"WHERE {HERE}", *_cells(old))
        self._rows.delete("items", "intent = ? AND position = ?", *((intent, at) for intent, at, _, _ in items))
        self._rows.insert("items", *((intent, at, *_cells(new)) for intent, at, _, _ in items))

    def observe(self, news: Mapping[Address, Values], at: datetime) -> None:
        self._rows.delete("observations", HERE, *map(_cells, news))
        rows = ((*_cells(each), codec.of_instant(at), codec.of_values(values)) for each, values in news.items())
        self._rows.insert("observations", *rows)

    def observed(self, address: Address) -> Observation | None:
        for _, _, at, values in self._rows.select("observations", f"WHERE {HERE}", *_cells(address)):
            return _observation((at, values))
        return None

    def observations(self) -> Mapping[Address, Observation]:
        rows = self._rows.select("observations")
        return Unpacked({_address(kind, key): (at, values) for kind, key, at, values in rows}, _observation)

    def _known(self, addresses: Iterable[Address]) -> dict[Address, Known]:
        keys: dict[str, list[str]] = {}
        for address in addresses:
            keys.setdefault(address.kind, []).append(codec.of_name(address.key))
        known: dict[Address, Known] = {}
        for sort, some in ((sort, each[at : at + AT_ONCE]) for sort, each in keys.items() for at in _starts(each)):
            chosen = f"WHERE kind = ? AND key IN ({', '.join('?' * len(some))})"
            for kind, key, id, values in self._rows.select("resources", chosen, sort, *some):
                found = None if id is None else codec.to_name(str(id))
                known[_address(kind, key)] = (found, codec.to_values(str(values)))
        return known

    def _put(self, known: Mapping[Address, Known]) -> None:
        self._rows.delete("resources", HERE, *map(_cells, known))
        self._rows.insert(
            "resources",
            *(
                (*_cells(address), None if id is None else codec.of_name(id), codec.of_values(values))
                for address, (id, values) in known.items()
            ),
        )


class Unpacked(Mapping[Address, Decoded], Generic[Packed, Decoded]):
    """What is known by address, each decoded when it is asked for: of a large account few ever are."""

    def __init__(self, packed: Mapping[Address, Packed], decode: Callable[[Packed], Decoded]) -> None:
        self._packed, self._decode = packed, decode

    def __getitem__(self, address: Address) -> Decoded:
        return self._decode(self._packed[address])

    def __iter__(self) -> Iterator[Address]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _observation(cells: tuple[Cell, Cell]) -> Observation:
    at, values = map(str, cells)
    return Observation(codec.to_instant(at), codec.to_values(values))


def _starts(some: Sequence[str]) -> range:
    return range(0, len(some), AT_ONCE)


def _cells(address: Address) -> tuple[str, str]:
    return address.kind, codec.of_name(address.key)


def _address(kind: object, key: object) -> Address:
    return Address(str(kind), codec.to_name(str(key)))
