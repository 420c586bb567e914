"""Rows of a ledger in memory: those read from parts so far, and the changes since; every change is noted."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reconciler.ledger import format
from reconciler.ledger.checked_rows import Cell, Row
from reconciler.ledger.objects.head import Change
from reconciler.ledger.sqlite import SQLite

Key = tuple[Cell, ...]


class MemoryRows:
    """Tables in memory. One thread at a time.

    ``changes`` are those that no commit holds yet, each with the whole row. ``tail`` are the committed ones that no
    part holds yet, and ``removed`` the keys that these removed: a part that is read later may still have them.
    """

    def __init__(self, where: str) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.database = SQLite(self._connection, where, None)
        format.migrate(self.database, lambda: None)
        self.changes: list[Change] = []
        self.tail: list[Change] = []
        self._removed: dict[str, set[Key]] = {}
        self._noting = True
        self._columns = {table: self._table(table) for table in self._tables()}
        self._keys = {table: keys for table, (_, keys) in self._columns.items()}
        self._connection.create_function("noted", -1, self._note)
        for table, (columns, _) in self._columns.items():
            self._watch(table, columns)

    def close(self) -> None:
        self._connection.close()

    def _tables(self) -> list[str]:
        found = self._connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'format'")
        return [name for (name,) in found]

    def _table(self, table: str) -> tuple[list[str], list[int]]:
        """Return the columns of a table, and the positions of its key: all columns if it has none."""
        about = self._connection.execute(f"PRAGMA table_info({table})").fetchall()
        key = [at for _, at in sorted((each[5], at) for at, each in enumerate(about) if each[5])]
        return [each[1] for each in about], key or list(range(len(about)))

    def _watch(self, table: str, columns: Sequence[str]) -> None:
        new, old = (", ".join(f"{row}.{column}" for column in columns) for row in ("NEW", "OLD"))
        minus, plus = f"SELECT noted('-', '{table}', {old});", f"SELECT noted('+', '{table}', {new});"
        for event, act in (("INSERT", plus), ("DELETE", minus), ("UPDATE", f"{minus} {plus}")):
            statement = f"CREATE TEMP TRIGGER {table}_{event} AFTER {event} ON {table} BEGIN {act} END"
            self._connection.execute(statement)

    def _note(self, op: str, table: str, *cells: Cell) -> None:
        if self._noting:
            self.changes.append((op, table, list(cells)))
            self._mark(op, table, tuple(cells[at] for at in self._keys[table]))

    def _mark(self, op: str, table: str, key: Key) -> None:
        removed = self._removed.setdefault(table, set())
        removed.add(key) if op == "-" else removed.discard(key)

    def cells(self, table: str, column: str, rows: Iterable[Row]) -> list[Cell]:
        """Return one column of some rows; columns are stored in the order in which the formats added them."""
        at = self._columns[table][0].index(column)
        return [row[at] for row in rows]

    def key(self, change: Change) -> list[Any]:
        """Return the key of a noted change."""
        return [change[2][at] for at in self._keys[change[1]]]

    def to_stored(self, changes: Iterable[Change]) -> list[Change]:
        """Return noted changes as they are stored: a removed row by its key."""
        return [each if each[0] == "+" else ("-", each[1], self.key(each)) for each in changes]

    # --- Changing -----------------------------------------------------------------------------------------

    def apply(self, changes: Iterable[Change]) -> None:
        """Apply the changes of a commit of another writer, or of an earlier run."""
        for op, table, cells in changes:
            key = cells if op == "-" else [cells[at] for at in self._keys[table]]
            self._do("-", table, key)
            if op == "+":
                self._do("+", table, cells)
            self._mark(op, table, tuple(key))
            self.tail.append((op, table, cells))

    def undo(self, to: int) -> None:
        """Undo the noted changes from a position on."""
        undone, self.changes[to:] = self.changes[to:], []
        for change in reversed(undone):
            op, table, cells = change
            key = self.key(change)
            self._do("-", table, key) if op == "+" else self._do("+", table, cells)
            self._mark("+" if op == "-" else "-", table, tuple(key))

    def _do(self, op: str, table: str, cells: Sequence[Cell]) -> None:
        columns, keys = self._columns[table]
        self._noting = False
        try:
            if op == "+":
                self._connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", cells)
            else:
                here = " AND ".join(f"{columns[at]} IS ?" for at in keys)
                self._connection.execute(f"DELETE FROM {table} WHERE {here}", cells)
        finally:
            self._noting = True

    def put(self, read: Mapping[str, Sequence[Row]]) -> None:
        """Add rows of a part; those in memory are newer, and removed ones stay so."""
        self._noting = False
        try:
            for table, rows in read.items():
                columns, keys = self._columns[table]
                removed = self._removed.get(table)
                fresh = [row for row in rows if tuple(row[at] for at in keys) not in removed] if removed else rows
                if len(keys) == len(columns):  # a table without a key
                    for row in fresh:
                        self._do("-", table, row)
                    self._noting = False
                marks = ", ".join("?" * len(columns))
                self._connection.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", fresh)
        finally:
            self._noting = True

    def clear(self) -> None:
        """Forget all rows; what no commit holds must be undone before."""
        self._noting = False
        try:
            for table in self._columns:
                self._connection.execute(f"DELETE FROM {table}")
        finally:
            self._noting = True
        self.tail.clear()
        self._removed.clear()

    def note_folded(self) -> None:
        """Note that parts hold all committed changes."""
        self.tail.clear()
