"""Known state of each address: its id, last applied values, confirmed values, and last observation."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import datetime
from typing import Generic, TypeVar

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Cell, Database, Row, Rows
from reconciler.ledger.errors import Foreign
from reconciler.ledger.records import Known, Observation, SeenValues
from reconciler.model import Address, Values

ANOTHER_SERVER = (
    "an id means another object there: name that server (--api-url, RECONCILER_API_URL), or another ledger in"
    " reconciler.yaml"
)
HERE = "kind = ? AND key = ?"
AT_ONCE = 400
"""Addresses per statement: older SQLite accepts at most 999 parameters."""
Kept = tuple[str | None, Values]
BY_ADDRESS = ("resources", "observations", "seen")
Packed = TypeVar("Packed")
Decoded = TypeVar("Decoded")


class RememberedRows:
    """Tables of current state, whose rows are overwritten."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database)

    def belong(self, server: str) -> None:
        """Record the server; no effect if it is recorded already."""
        if not self.is_of(server):
            self._rows.insert("servers", (server,))

    def is_of(self, server: str) -> bool:
        """Return True if the ids are of that server, False if none is recorded.

        Raise ``Foreign`` if they are another's.
        """
        known = [str(name) for (name,) in self._rows.select("servers")]
        if known and server not in known:
            what = f"its ids are of {known[0]}, and this command talks to {server}"
            raise Foreign(self._database.where, what, ANOTHER_SERVER)
        return bool(known)

    def is_used(self) -> bool:
        """Return True if a run or an id was recorded."""
        asked = "SELECT EXISTS (SELECT 1 FROM runs) OR EXISTS (SELECT 1 FROM resources)"
        return bool(self._database.execute(asked)[0][0])

    # --- Reading ------------------------------------------------------------------------------------------

    def ids(self, of: Iterable[Address] | None = None) -> dict[Address, str]:
        rows = self._rows_of("resources", of)
        return {_address(kind, key): codec.to_name(str(id)) for kind, key, id, _ in rows if id is not None}

    def values(self, of: Iterable[Address] | None = None) -> Mapping[Address, Values]:
        rows = self._rows_of("resources", of, "ORDER BY kind, key")
        return Unpacked({_address(kind, key): str(values) for kind, key, _, values in rows}, codec.to_values)

    def recall(self, of: Iterable[Address]) -> tuple[dict[Address, str], Mapping[Address, Values]]:
        """Return ids and values of some addresses, in one read."""
        ids: dict[Address, str] = {}
        values: dict[Address, str] = {}
        for kind, key, id, stored in self._rows_of("resources", of):
            address = _address(kind, key)
            values[address] = str(stored)
            if id is not None:
                ids[address] = codec.to_name(str(id))
        return ids, Unpacked(values, codec.to_values)

    def counts(self) -> dict[str, int]:
        asked = "SELECT kind, count(*) FROM resources WHERE id IS NOT NULL GROUP BY kind"
        return {str(kind): int(str(count)) for kind, count in self._database.execute(asked)}

    def observations(self, of: Iterable[Address] | None = None) -> Mapping[Address, Observation]:
        rows = self._rows_of("observations", of)
        return Unpacked({_address(kind, key): (at, values) for kind, key, at, values in rows}, _observation)

    def look_up(self, of: Iterable[Address]) -> dict[Address, Known]:
        addresses = tuple(of)
        kept, looks = self._read_known(addresses), self.observations(addresses)
        seen: dict[Address, dict[str, SeenValues]] = {}
        for kind, key, facet, at, server_at, values in self._rows_of("seen", addresses):
            told = None if server_at is None else codec.to_instant(str(server_at))
            seen.setdefault(_address(kind, key), {})[codec.to_name(str(facet))] = SeenValues(
                codec.to_instant(str(at)), codec.to_values(str(values)), told
            )
        return {
            each: Known(*kept.get(each, (None, {})), seen.get(each, {}), looks.get(each))
            for each in addresses
            if each in kept or each in seen or each in looks
        }

    def find_linked(self, kind: str, ids: Iterable[str]) -> dict[str, tuple[Address, ...]]:
        found: dict[str, tuple[Address, ...]] = {}
        for some in _portions([codec.of_name(id) for id in ids]):
            chosen = f"WHERE kind = ? AND id IN ({_marks(some)})"  # sorted in SQL, every row of the kind would be read
            rows = self._rows.select("resources", chosen, kind, *some)
            for _, key, id, _ in sorted(rows, key=lambda row: str(row[1])):
                name = codec.to_name(str(id))
                found[name] = (*found.get(name, ()), _address(kind, key))
        return found

    def read_observation(self, address: Address) -> Observation | None:
        return self.observations([address]).get(address)

    def notes(self, names: Iterable[str]) -> dict[str, Observation]:
        return {
            codec.to_name(str(name)): _observation((at, values))
            for some in _portions([codec.of_name(name) for name in names])
            for name, at, values in self._rows.select("notes", f"WHERE name IN ({_marks(some)})", *some)
        }

    def _rows_of(self, table: str, of: Iterable[Address] | None, whole: str = "") -> Iterator[Row]:
        """Yield the rows of these addresses, or of all."""
        if of is None:
            yield from self._rows.select(table, whole)
            return
        keys: dict[str, dict[str, None]] = {}
        for address in of:
            keys.setdefault(address.kind, {})[codec.of_name(address.key)] = None
        for kind, each in keys.items():
            for some in _portions(list(each)):
                yield from self._rows.select(table, f"WHERE kind = ? AND key IN ({_marks(some)})", kind, *some)

    def _read_known(self, of: Iterable[Address]) -> dict[Address, Kept]:
        return {
            _address(kind, key): (None if id is None else codec.to_name(str(id)), codec.to_values(str(values)))
            for kind, key, id, values in self._rows_of("resources", of)
        }

    # --- Writing ------------------------------------------------------------------------------------------

    def merge(self, news: Sequence[tuple[Address, str | None, Values]]) -> None:
        """Merge new values by field, in few statements even for a call of thousands of items."""
        known = self._read_known({address for address, _, _ in news})
        for address, id, values in news:
            old_id, old = known.get(address, (None, {}))
            known[address] = (old_id if id is None else id, {**old, **values})
        self._put(known)

    def unlearn(self, doubted: Mapping[Address, Set[str]]) -> None:
        """Remove single values: one that the API never returns is unknown while a call is in flight."""
        known = self._read_known(doubted)
        less = {
            address: (id, {name: value for name, value in values.items() if name not in doubted[address]})
            for address, (id, values) in known.items()
        }
        self._put({address: less[address] for address in less if less[address] != known[address]})

    def forget(self, address: Address) -> None:
        for table in BY_ADDRESS:
            self._rows.delete(table, HERE, _cells(address))

    def move(self, old: Address, new: Address) -> None:
        if old == new:
            return
        known, seen = self._read_known([old]), self.read_observation(old)
        if old in known:
            id, values = known[old]
            new_id, new_values = self._read_known([new]).get(new, (None, {}))
            self._put({new: (id if new_id is None else new_id, {**values, **new_values})})
        if seen is not None and self.read_observation(new) is None:
            self.observe({new: seen.values}, seen.at)
        self._move_seen(old, new)
        self.forget(old)
        items = self._rows.select("items", f"WHERE {HERE}", *_cells(old))
        self._rows.delete("items", "intent = ? AND position = ?", *((intent, at) for intent, at, _, _ in items))
        self._rows.insert("items", *((intent, at, *_cells(new)) for intent, at, _, _ in items))
        awaited = self._rows.select("awaited", f"WHERE {HERE}", *_cells(old))
        self._rows.delete("awaited", HERE, _cells(old))
        self._rows.insert("awaited", *((intent, *_cells(new), facet) for intent, _, _, facet in awaited))

    def observe(self, news: Mapping[Address, Values], at: datetime) -> None:
        self._rows.delete("observations", HERE, *map(_cells, news))
        rows = ((*_cells(each), codec.of_instant(at), codec.of_values(values)) for each, values in news.items())
        self._rows.insert("observations", *rows)

    def see(self, news: Mapping[tuple[Address, str], Values], at: datetime, server_at: datetime | None) -> None:
        told = None if server_at is None else codec.of_instant(server_at)
        rows = [
            (*_cells(address), codec.of_name(facet), codec.of_instant(at), told, codec.of_values(values))
            for (address, facet), values in news.items()
        ]
        self._rows.delete("seen", f"{HERE} AND facet = ?", *(row[:3] for row in rows))
        self._rows.insert("seen", *rows)

    def _move_seen(self, old: Address, new: Address) -> None:
        """Move the confirmed values of an address; those of the new address take precedence."""
        seen = {row[2]: row for address in (old, new) for row in self._rows_of("seen", [address])}
        self._rows.delete("seen", HERE, _cells(new))
        self._rows.insert("seen", *((*_cells(new), *row[2:]) for row in seen.values()))

    def note(self, news: Mapping[str, Values], at: datetime) -> None:
        rows = [(codec.of_name(name), codec.of_instant(at), codec.of_values(values)) for name, values in news.items()]
        self._rows.delete("notes", "name = ?", *(row[:1] for row in rows))
        self._rows.insert("notes", *rows)

    def _put(self, known: Mapping[Address, Kept]) -> None:
        self._rows.delete("resources", HERE, *map(_cells, known))
        self._rows.insert(
            "resources",
            *(
                (*_cells(address), None if id is None else codec.of_name(id), codec.of_values(values))
                for address, (id, values) in known.items()
            ),
        )


class Unpacked(Mapping[Address, Decoded], Generic[Packed, Decoded]):
    """Mapping by address that decodes a value on access, since few of a large account are read."""

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


def _portions(some: Sequence[str]) -> Iterator[Sequence[str]]:
    return (some[at : at + AT_ONCE] for at in range(0, len(some), AT_ONCE))


def _marks(some: Sequence[str]) -> str:
    return ", ".join("?" * len(some))


def _cells(address: Address) -> tuple[str, str]:
    return address.kind, codec.of_name(address.key)


def _address(kind: object, key: object) -> Address:
    return Address(str(kind), codec.to_name(str(key)))
