"""Ledger in PostgreSQL, for teams and for runners without a persistent disk.

One connection holds the session's locks and does all writes, so a session that can write still holds its locks; if the
connection is lost, both are, and it is never reopened. Each project has its own schema and its own locks (see
:mod:`reconciler.ledger.namespace`).
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, cast

from reconciler.ledger import codec, format, lock, namespace
from reconciler.ledger.checked_rows import Cell, Row
from reconciler.ledger.connecting import connect
from reconciler.ledger.errors import Damaged, LedgerError, Locked, LockLost, Unwritable
from reconciler.ledger.records import Holder
from reconciler.ledger.sqlite import SQLite, open_empty
from reconciler.ledger.tables import FORMAT
from reconciler.model.stored_codec import dumps

if TYPE_CHECKING:
    import psycopg

WRITER = "the writer's turn"
FREE = ""
"""Holder text of a free scope."""
SESSION = (
    # whatever the server's default: an intent is on its disk before the request is sent
    "SET synchronous_commit TO on",
    "SET lock_timeout TO '30s'",
    "SET idle_in_transaction_session_timeout TO '60s'",  # the server ends a session that hangs, which releases its lock
    "SET tcp_keepalives_idle TO 30",  # so that the lock of a vanished machine is released within a minute
    "SET tcp_keepalives_interval TO 10",
    "SET tcp_keepalives_count TO 3",
)
NOTE = "INSERT INTO holders (scope, holder) VALUES (?, ?) ON CONFLICT (scope) DO UPDATE SET holder = excluded.holder"
MARK = "SELECT set_config('reconciler.session', ?, false)"
HELD = (
    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    " AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
SESSION_IS = (
    f"SELECT pg_backend_pid(), current_setting('reconciler.session', true), ARRAY({HELD} AND pid = pg_backend_pid())"
)
"""Query of the session and the locks that it holds, in one statement, so that one session answers."""
FULL = ("25006", "42501", "53")
TORN = ("XX001", "XX002")
GONE = ("08", "57P")
SHARED_SESSION = (
    "give the ledger a direct connection, or a pooler in session mode: one that hands out a session per transaction"
    " keeps no lock"
)


class Postgres:
    """A single connection, used by one thread at a time."""

    def __init__(self, connection: "psycopg.Connection[Row]", where: str, schema: str) -> None:
        self.where = where
        self.schema = schema
        self._connection = connection
        self._turn = threading.RLock()
        self._depth = 0
        self._locked: set[int] = set()
        self._mark = secrets.token_hex(8)
        self._session: Row = ()

    def begin_session(self) -> None:
        """Configure and mark this session, so that a different session is detected."""
        for setting in SESSION:
            self.execute(setting)
        self.execute(MARK, (self._mark,))
        self._session, _ = self._ask_session()

    def execute(self, statement: str, parameters: Sequence[Cell] = ()) -> list[Row]:
        with self._convert_errors():
            cursor = self._connection.execute(_mark_parameters(statement), parameters)
            return cursor.fetchall() if cursor.description else []

    def executemany(self, statement: str, parameters: Sequence[Sequence[Cell]]) -> None:
        if parameters:
            with self._convert_errors(), self._connection.cursor() as cursor:
                cursor.executemany(_mark_parameters(statement), parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._turn:
            if self._depth == 0:
                self.execute("BEGIN ISOLATION LEVEL READ COMMITTED")  # to see the last writer's commits
            self._depth += 1
            try:
                if self._depth == 1:
                    self.execute("SELECT pg_advisory_xact_lock(?)", (self._key(WRITER),))
                yield
                if self._depth == 1:
                    self.execute("COMMIT")
            except BaseException:
                if self._depth == 1:
                    with suppress(LedgerError):  # the first error is the one to report
                        self.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    @contextmanager
    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> Iterator[None]:
        """Hold an advisory lock of this session for every scope, taken in sorted order."""
        with ExitStack() as held:
            for scope in sorted(set(scopes)):
                held.enter_context(self._scope(scope, holder, timeout, waiting))
            yield

    @contextmanager
    def _scope(self, scope: str, holder: Holder, timeout: float, waiting: Callable[[Holder], None]) -> Iterator[None]:
        key = self._key(scope)
        lock.wait(
            lambda: self.execute("SELECT pg_try_advisory_lock(?)", (key,)) == [(True,)],
            lambda: self._holder(scope),
            lambda who: Locked(self.where, scope, who),
            timeout,
            waiting,
        )
        self._locked.add(key)
        try:
            self._note(scope, dumps(holder))
            yield
        finally:
            self._locked.discard(key)
            with suppress(LedgerError):  # a lost connection has released the lock already
                self._note(scope, FREE)
                self.execute("SELECT pg_advisory_unlock(?)", (key,))

    def _key(self, name: str) -> int:
        """Return the key of a lock; keys are shared by the whole database, so the schema is part of it."""
        return int.from_bytes(lock.digest(f"{self.schema} {name}"), "big", signed=True)

    def _holder(self, scope: str) -> Holder | None:
        """Return the current lock holder.

        It may be stale if the previous holder crashed and the new one has not written its note yet.
        """
        for (told,) in self.execute("SELECT holder FROM holders WHERE scope = ?", (codec.of_name(scope),)):
            return codec.to_holder(str(told)) if told else None
        return None

    def _note(self, scope: str, told: str) -> None:
        """Write the holder's note; the row of a free scope is kept, since it records which scopes use the ledger."""
        self.execute(NOTE, (codec.of_name(scope), told))

    def belong(self, scopes: Sequence[str], *, create: bool) -> None:
        """Raise ``Foreign`` if other scopes wrote here and none of these did; with ``create``, record these."""
        new = namespace.find_newcomers(self, scopes)
        if new and create:
            with self.transaction():
                for scope in namespace.find_newcomers(self, scopes):
                    self._note(scope, FREE)

    def assure(self) -> None:
        """Raise ``LockLost`` if the connection has another session, or if the session lost a lock.

        Behind a pooler, a statement runs in any free session, which does not hold the lock.
        """
        session, held = self._ask_session()
        if session != self._session:
            raise LockLost(self.where, "its connection was given another session, which lacks the lock", SHARED_SESSION)
        if not self._locked <= held:
            raise LockLost(self.where, "its session no longer holds the lock", SHARED_SESSION)

    def _ask_session(self) -> tuple[Row, set[int]]:
        """Return the session that answers, and the locks that it holds."""
        ((process, mark, held),) = self.execute(SESSION_IS)
        return (process, mark), set(cast("list[int]", held))

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        """Return the holders of any of the scopes; this takes no lock."""
        keys = {self._key(scope): scope for scope in scopes}
        taken = {int(str(key)) for (key,) in self.execute(HELD)}
        return tuple(self._holder(scope) or lock.UNNAMED for key, scope in sorted(keys.items()) if key in taken)

    def compact(self) -> None:
        """Do nothing: the server reuses freed space by itself."""

    def flaws(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        """Run one statement, with PostgreSQL's errors converted to LedgerError."""
        import psycopg

        with self._turn:
            try:
                yield
            except psycopg.Error as trouble:
                raise self._error(trouble) from None

    def _error(self, trouble: "psycopg.Error") -> LedgerError:
        state = trouble.sqlstate or ""
        said = (trouble.diag.message_primary or str(trouble) or type(trouble).__name__).strip()
        if self._connection.closed or state.startswith(GONE):
            return LockLost(self.where, f"lost the connection, and the lock with it: {said}")
        if state.startswith(FULL):
            return Unwritable(self.where, said)
        if state in TORN:
            return Damaged(self.where, said)
        return LedgerError(self.where, said)


def _mark_parameters(statement: str) -> str:
    return statement.replace("?", "%s")


# --- Opening ------------------------------------------------------------------------------------------


def open_postgres(
    url: str, name: str, *, aliases: Sequence[str] = (), scopes: Sequence[str] = (), create: bool
) -> Postgres | SQLite:
    """Open the ledger of a project in a database.

    Read-only, nothing is written, and missing tables are an empty ledger.
    """
    database = _connect(url, namespace.of(name))
    try:
        if not create:
            database.execute("SET default_transaction_read_only TO on")
        made = namespace.has_tables(database, database.schema) or _take_over(database, name, aliases, create=create)
        if not made and not create:
            database.close()
            return open_empty(database.where)
        if made and not namespace.may_use(database, database.schema):
            hint = f'ask its owner: GRANT USAGE ON SCHEMA "{database.schema}", and rights to its tables, to your role'
            raise Unwritable(database.where, f"this user may not use the schema {database.schema}", hint)
        database.execute(f'SET search_path TO "{database.schema}"')
        found = _format(database)
        format.judge(database, found or FORMAT, migrating=create)
        if found != FORMAT:
            format.migrate(database, lambda: _format(database), _create_schema_first(database))
        database.belong(scopes, create=create)
    except BaseException:
        database.close()
        raise
    return database


def _take_over(database: Postgres, name: str, aliases: Sequence[str], *, create: bool) -> bool:
    """Take over the schema that all projects shared, if only this one used it; return False if not.

    Read-only, it is read where it is.
    """
    if not namespace.is_ours(database, name, aliases):
        return False
    if not create:
        database.schema = namespace.SHARED
        return True
    with database.transaction():
        if not namespace.has_tables(database, database.schema):  # another process may have done it meanwhile
            database.execute(f'ALTER SCHEMA {namespace.SHARED} RENAME TO "{database.schema}"')
    return True


def _create_schema_first(database: Postgres) -> tuple[str, ...]:
    """Return the statement that creates the schema, or nothing if it exists.

    CREATE SCHEMA requires a right that a team's role may lack, even with IF NOT EXISTS.
    """
    there = namespace.exists(database, database.schema)
    return () if there else (f'CREATE SCHEMA IF NOT EXISTS "{database.schema}"',)


def _connect(url: str, schema: str) -> Postgres:
    database = Postgres(*connect(url), schema)
    try:
        database.begin_session()
    except BaseException:
        database.close()
        raise
    return database


def _format(database: Postgres) -> int | None:
    return format.stored_format(database) if namespace.has_tables(database, database.schema) else None
