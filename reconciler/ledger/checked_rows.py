"""Table access with a checksum per row; raise Damaged on a mismatch.

The database protects its structure, not the content of cells; a wrong digit in an id would be another resource's.
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from reconciler.ledger.errors import Damaged
from reconciler.ledger.tables import TABLES

Cell = str | int | None
Row = tuple[Cell, ...]


class Database(Protocol):
    """What differs between the SQL stores. Statements mark their parameters with ``?``."""

    @property
    def where(self) -> str: ...

    def execute(self, statement: str, parameters: Sequence[Cell] = ()) -> list[Row]: ...

    def executemany(self, statement: str, parameters: Sequence[Sequence[Cell]]) -> None: ...

    def transaction(self) -> AbstractContextManager[None]:
        """Open an exclusive transaction that is synced when it ends; a nested one is a part of the outer one."""
        ...


def checksum(cells: Iterable[Cell]) -> int:
    return zlib.crc32(json.dumps(list(cells)).encode())


class Rows:
    """The tables of a ledger, by their names in ``TABLES``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, table: str, *rows: Sequence[Cell]) -> None:
        columns = (*TABLES[table], "seal")
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        self._database.executemany(statement, [(*cells, checksum(cells)) for cells in rows])

    def append(self, table: str, *cells: Cell) -> int:
        """Insert one row under the next number, which is free because writers are exclusive; return the number."""
        ((last,),) = self._database.execute(f"SELECT max(number) FROM {table}")
        number = int(last or 0) + 1
        self.insert(table, (number, *cells))
        return number

    def select(self, table: str, rest: str = "", *parameters: Cell) -> list[Row]:
        """Return the rows of a table, each checked against its checksum; ``rest`` follows the table's name in SQL."""
        columns = ", ".join(f"{table}.{column}" for column in (*TABLES[table], "seal"))
        rows = self._database.execute(f"SELECT {columns} FROM {table} {rest}", parameters)
        for *cells, sealed in rows:
            if checksum(cells) != sealed:
                raise Damaged(self._database.where, f"a row of {table} is not what was written")
        return [row[:-1] for row in rows]

    def delete(self, table: str, where: str, *keys: Sequence[Cell]) -> None:
        self._database.executemany(f"DELETE FROM {table} WHERE {where}", keys)

    def count(self, table: str, where: str, *parameters: Cell) -> int:
        ((number,),) = self._database.execute(f"SELECT count(*) FROM {table} WHERE {where}", parameters)
        return int(number or 0)

    def broken(self, table: str) -> Iterator[str]:
        """Yield the first cell of each row that does not match its checksum."""
        columns = ", ".join((*TABLES[table], "seal"))
        for *cells, sealed in self._database.execute(f"SELECT {columns} FROM {table}"):
            if checksum(cells) != sealed:
                yield str(cells[0])

    def audit(self) -> None:
        """Check every row's checksum. Raise Damaged on a mismatch."""
        for table in TABLES:
            self.select(table)
