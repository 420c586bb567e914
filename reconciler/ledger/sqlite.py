"""Ledger as one local SQLite file.

Journal mode DELETE with ``synchronous=EXTRA``: a commit is on disk when it returns, including the folder's entry. WAL
would commit three times as fast (0.3 against 1 ms, at four calls a second), but spreads committed data over three
files, of which a CI cache keeps one; it needs shared memory, which network folders lack; and even a reader writes. With
DELETE, one file is always the whole ledger.
"""

import os
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from reconciler.ledger import format, lock
from reconciler.ledger.checked_rows import Cell, Row, Rows
from reconciler.ledger.errors import Damaged, LedgerError, LockLost, Unsafe, Unwritable
from reconciler.ledger.records import Holder
from reconciler.ledger.tables import FORMAT

PRAGMAS = "PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF"
PATIENCE = 30.0
"""Seconds that a statement waits for another process's transaction."""
CHECKED = 8 * 2**20
"""Size in bytes up to which a file is checked whole when opened (0.1 s); in larger ones, rows are checked when read."""
FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
}
# SQLITE_ERROR: our SQL does not fit the file's tables
TORN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
NEVER_REMOVED = "leave the lock files where they are, and run again: open intents are settled first"
GARBLED = "it holds bytes that are no text"


class SQLite:
    """A single connection, used by one thread at a time."""

    def __init__(self, connection: sqlite3.Connection, where: str, path: Path | None) -> None:
        self.where = where
        self._path = path
        self._connection = connection
        self._turn = threading.RLock()
        self._depth = 0
        self._taken = lock.HeldLocks()

    def execute(self, statement: str, parameters: Sequence[Cell] = ()) -> list[Row]:
        with self._turn, _convert_errors(self.where):
            return self._connection.execute(statement, parameters).fetchall()

    def executemany(self, statement: str, parameters: Sequence[Sequence[Cell]]) -> None:
        with self._turn, _convert_errors(self.where):
            self._connection.executemany(statement, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._turn:
            if self._depth == 0:
                self.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:
                    with suppress(LedgerError):  # the first error is the one to report
                        self.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        if self._path is None:
            raise LedgerError(self.where, "it was opened to read only")
        return lock.files(self._path, scopes, holder, timeout=timeout, waiting=waiting, taken=self._taken)

    def assure(self) -> None:
        """Raise ``LockLost`` if a lock file was removed, since another process could lock a new one."""
        gone = self._taken.find_lost()
        if gone is not None:
            raise LockLost(self.where, f"its lock is gone: another process removed {gone}", NEVER_REMOVED)

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        return tuple(lock.lock_holders(Path(self.where), scopes))

    def compact(self) -> None:
        """Rewrite the file without free pages, atomically."""
        self.execute("VACUUM")

    def flaws(self) -> Sequence[str]:
        return [f"SQLite: {said}" for (said,) in self.execute("PRAGMA integrity_check") if said != "ok"]

    def close(self) -> None:
        with self._turn:
            self._connection.close()


def open_sqlite(path: Path, *, create: bool, audit: bool = True) -> SQLite:
    """Open the ledger of a file. Read-only, nothing is written, and a missing file is an empty ledger."""
    if create:
        _prepare(path)
    elif not _exists(path):
        return open_empty(str(path))
    _refuse_unsafe(path)
    if not create:
        _undo(path)
    elif not os.access(path.parent, os.W_OK) or not os.access(path, os.W_OK):
        raise Unwritable(str(path), "it may only be read")
    database = SQLite(_connect(path, "rw" if create else "ro"), str(path), path if create else None)
    try:
        _check(database, path)
        found = format.stored_format(database)
        format.judge(database, found, migrating=create)
        if found < FORMAT:
            format.migrate(database, lambda: format.stored_format(database))
        if audit and path.stat().st_size <= CHECKED:
            Rows(database).audit()
    except BaseException:
        database.close()
        raise
    return database


def _undo(path: Path) -> None:
    """Let SQLite roll back a killed writer's transaction, the only write on reading."""
    if _exists(path.with_name(path.name + "-journal")):
        with closing(_connect(path, "rw")) as connection, _convert_errors(str(path)):
            connection.execute("SELECT count(*) FROM sqlite_master").fetchall()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < (3, 24):
        raise LedgerError(
            str(path), f"SQLite {sqlite3.sqlite_version} is too old", "use Python with SQLite 3.24 or later"
        )
    with _convert_errors(str(path)):
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            connection.executescript(PRAGMAS)
        except BaseException:  # not a database, or not readable
            connection.close()
            raise
        return connection


def open_empty(where: str) -> SQLite:
    """Return an empty ledger in memory, for reading a store that was never written."""
    database = SQLite(sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False), where, None)
    format.migrate(database, lambda: None)
    return database


class Passing(SQLite):
    """In-memory ledger of one run, without a lock, for a project without a ledger."""

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        return ()


def open_passing() -> SQLite:
    """Return a ledger that is dropped when it is closed."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database = Passing(connection, "none", None)
    format.migrate(database, lambda: None)
    return database


# --- Creation ---------------------------------------------------------------------------------------


def _prepare(path: Path) -> None:
    """Create the file if it is missing, under another name first, so that it is never incomplete."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _exists(path):
            with lock.creation_lock(path):
                if not _exists(path):
                    _make(path)
    except OSError as trouble:
        raise Unwritable(str(path), f"it cannot be made: {trouble.strerror}") from None


def _make(path: Path) -> None:
    part = path.with_name(path.name + ".new")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    database = SQLite(_connect(part, "rw"), str(path), None)
    try:
        format.migrate(database, lambda: None)
    finally:
        database.close()
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- Checks -----------------------------------------------------------------------------------------


def _exists(path: Path) -> bool:
    """Return True if the path exists, including dangling links."""
    return os.path.lexists(path)


def _refuse_unsafe(path: Path) -> None:
    """Raise ``Unsafe`` if another user could replace or alter the file."""
    try:
        about, folder = path.lstat(), path.parent.stat()
    except OSError as trouble:
        raise Unwritable(str(path), f"it cannot be read: {trouble.strerror}") from None
    if stat.S_ISLNK(about.st_mode):
        raise Unsafe(str(path), "it is a symbolic link", "name the file itself")
    if not stat.S_ISREG(about.st_mode):
        raise Unsafe(str(path), "it is not a file", "name a file")
    if about.st_nlink > 1:
        raise Unsafe(str(path), "it has a second name (hard link)", "copy it to a file of its own")
    if os.name == "posix" and about.st_mode & 0o022:
        raise Unsafe(str(path), "others may write to it", f"chmod 600 {path}")
    if os.name == "posix" and folder.st_mode & 0o002 and not folder.st_mode & stat.S_ISVTX:
        raise Unsafe(str(path), "other users may replace it", f"chmod o-w {path.parent}")


def _check(database: SQLite, path: Path) -> None:
    """Raise ``Damaged`` if the file is no ledger, or not whole."""
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "format" not in tables:
        raise Damaged(str(path), "it is not a ledger" if path.stat().st_size else "it is empty")
    ((page,),) = database.execute("PRAGMA page_size")
    if path.stat().st_size % int(page or 0):  # SQLite would read zeros after the end of a cut page
        raise Damaged(str(path), "it is cut")
    if path.stat().st_size <= CHECKED:
        ((verdict,),) = database.execute("PRAGMA integrity_check(1)")
        if verdict != "ok":
            raise Damaged(str(path), f"SQLite finds it damaged: {verdict}")


@contextmanager
def _convert_errors(where: str) -> Iterator[None]:
    """Convert SQLite's errors to LedgerError with location, cause and hint."""
    try:
        yield
    except UnicodeDecodeError:
        raise Damaged(where, GARBLED) from None
    except sqlite3.ProgrammingError as trouble:
        raise LedgerError(where, str(trouble)) from None
    except sqlite3.Error as trouble:
        number = getattr(trouble, "sqlite_errorcode", None)
        if number is None:  # raised by Python for text that is not UTF-8; its message would repeat the text
            raise Damaged(where, GARBLED) from None
        code = number & 0xFF
        if code in TORN:
            raise Damaged(where, str(trouble)) from None
        if code in FULL:
            raise Unwritable(where, str(trouble)) from None
        if code == sqlite3.SQLITE_BUSY:
            raise LedgerError(where, "another process does not release it", "run again") from None
        raise LedgerError(where, str(trouble)) from None
