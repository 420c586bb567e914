"""Database of a ledger in a bucket: transactions on rows in memory, committed to the log in groups."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TypeVar

from reconciler.ledger.checked_rows import Cell, Row
from reconciler.ledger.errors import LedgerError, Unwritable
from reconciler.ledger.objects import parts
from reconciler.ledger.objects.bucket import Bucket
from reconciler.ledger.objects.head import Change, Entry, Map, Part, part
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.objects.loaded import Loaded
from reconciler.ledger.objects.log import ATTEMPTS, Log
from reconciler.ledger.objects.parts import Missing, Wanted
from reconciler.ledger.objects.rows import MemoryRows
from reconciler.ledger.objects.ticket import Conflict, Ticket
from reconciler.ledger.records import Holder

Result = TypeVar("Result")
Need = Callable[[], object]
"""Brings rows into memory."""
CONFLICTS = 20
"""Times that a transaction is repeated because another writer came first."""
READ_ONLY = "it was opened to read only"
TOO_LONG = 128
"""Objects of the log, from which on it is folded during a run, so that its readers need not wait."""
NUMBERED = {f"SELECT max(number) FROM {table}": table for table in ("runs", "looks", "intents", "settlements")}


class ObjectStore:
    """Implementation of ``Backend``. ``log`` and ``rows`` are changed by the holder of both locks only.

    A transaction runs on the rows in memory, in its thread's turn. It is committed outside of the turn: one thread
    at a time writes the head, with the changes of all that wait for it.
    """

    def __init__(
        self, bucket: Bucket, leases: Leases, *, fold: Callable[["ObjectStore"], None], writable: bool
    ) -> None:
        self.where = bucket.where
        self.bucket, self.leases, self._fold = bucket, leases, fold
        self.log = Log(bucket)
        self.rows = MemoryRows(bucket.where)
        self.turn, self.flushing = threading.RLock(), threading.RLock()
        self._depth, self._owner = 0, 0
        self._pending: list[Ticket] = []
        self.loaded = Loaded(bucket.where)
        self._in_doubt, self._reloads = False, 0
        self._writable, self._written = writable, False

    @property
    def map(self) -> Map:
        return self.log.map

    # --- Statements ---------------------------------------------------------------------------------------

    def execute(self, statement: str, parameters: Sequence[Cell] = ()) -> list[Row]:
        with nullcontext() if statement.startswith("SELECT") else self.transaction(), self.turn:
            found = self.rows.database.execute(statement, parameters)
        table = NUMBERED.get(statement)
        if table is None:
            return found
        return [(max(int(found[0][0] or 0), self.map.floors.get(table, 0)),)]  # rows that no memory holds have numbers

    def executemany(self, statement: str, parameters: Sequence[Sequence[Cell]]) -> None:
        with self.transaction(), self.turn:
            self.rows.database.executemany(statement, parameters)

    # --- Transactions -------------------------------------------------------------------------------------

    @property
    def inside(self) -> bool:
        """True if this thread has an open transaction."""
        return self._depth > 0 and self._owner == threading.get_ident()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes inside; raise ``Conflict`` if another writer came first."""
        if self.inside:
            yield
            return
        if self._in_doubt:
            self.catch_up()
        with self.turn:
            self._depth, self._owner = 1, threading.get_ident()
            try:
                yield
            except BaseException:
                self.rows.undo(0)
                raise
            finally:
                self._depth = 0
            if not self._writable and self.rows.changes:
                self.rows.undo(0)
                raise LedgerError(self.where, READ_ONLY)
            changes, self.rows.changes = self.rows.changes, []
            ticket = Ticket(changes)
            if changes:
                self._pending.append(ticket)
        if changes:
            self._flush(ticket)

    def retry(self, act: Callable[[], Result], *needs: Need) -> Result:
        """Run a transaction with what it needs in memory, repeated while other writers come first."""
        for _ in range(1 if self.inside else CONFLICTS):
            with suppress(Conflict) if not self.inside else nullcontext():
                return self.read(act, *needs, within=self.transaction)
        raise Conflict(self.where, "other runs write to it all the time", "run again")

    def read(
        self,
        act: Callable[[], Result],
        *needs: Need,
        within: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> Result:
        """Return what is read from the rows in memory, after the parts that it needs were brought there."""
        for _ in range(ATTEMPTS):
            seen = self._reloads
            for need in needs:
                need()
            with within(), self.turn:
                if self._reloads == seen:  # else another thread has found the log folded, and read it again
                    return act()
        raise LedgerError(self.where, "other runs fold its log all the time", "run again")

    def _flush(self, ticket: Ticket) -> None:
        with self.flushing:
            for _ in range(CONFLICTS):
                if not ticket.done:
                    self._commit()
            if not ticket.done:  # refused each time, without another writer
                self._undo(Unwritable(self.where, "the store refuses to replace an object that did not change"))
            self.fold_if_long(TOO_LONG)
        if ticket.error is not None:
            raise ticket.error

    def _commit(self) -> None:
        """Write all that is pending as one commit."""
        with self.turn:
            batch = tuple(self._pending)
        if not batch:
            return
        changes, by = self.rows.to_stored(change for each in batch for change in each.changes), self.log.name()
        try:
            ours = self.log.append(changes, by)
            news = () if ours else self.log.refresh()
        except LedgerError as trouble:
            self._in_doubt = True  # the store may have it all the same
            self._undo(trouble)
            return
        with self.turn:
            if ours or self.log.holds(by):  # perhaps by an attempt whose answer was lost
                self._end(batch, changes)
            if not ours:
                self._follow(news, by)

    def _follow(self, news: Sequence[Entry] | None, known: str = "") -> None:
        """Take over what others committed; a transaction that waits for its commit did not know of it."""
        if news == ():
            return
        self._undo(Conflict(self.where, "another run wrote to it at the same time"))
        for entry in news or ():
            if entry.by != known:
                self.rows.apply(entry.changes)
        if news is None:
            self._reload()

    def _end(self, batch: Sequence[Ticket], changes: Sequence[Change]) -> None:
        self._pending = [each for each in self._pending if each not in batch]
        self.rows.tail.extend(changes)
        self._written = True
        for each in batch:
            each.done = True

    def _undo(self, trouble: LedgerError) -> None:
        """Undo all that is pending, newest first."""
        with self.turn:
            for each in reversed(self._pending):
                self.rows.changes = each.changes
                self.rows.undo(0)
                each.done, each.error = True, trouble
            self.rows.changes = []
            self._pending = []

    # --- Reading ------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Read what other writers committed since, in one read of the head."""
        if self.inside:
            return
        with self.flushing:
            self._commit()
            news = self.log.refresh()
            with self.turn:
                self._follow(news)
            self._in_doubt = False

    def load(self) -> None:
        """Read the head and the rows that every run needs."""
        with self.flushing, self.turn:
            self._reload()

    def _reload(self) -> None:
        self._reloads += 1
        for _ in range(ATTEMPTS):
            self.rows.clear()
            self.loaded.clear()
            news = self.log.refresh(whole=True)
            for entry in news or ():
                self.rows.apply(entry.changes)
            with suppress(Missing):
                base = self.map.base
                self._put(Wanted(), [base] if base is not None else [])
                return
        raise LedgerError(self.where, "other runs fold its log all the time", "run again")

    def bring(self, choose: Callable[[Map], Wanted]) -> None:
        """Read the chosen parts, unless they are in memory."""
        for _ in range(ATTEMPTS):
            try:
                wanted = choose(self.map)
                self._put(wanted)
                return
            except Missing:
                if self.inside:
                    raise Conflict(self.where, "another run folded its log at the same time") from None
                self.catch_up()
        raise LedgerError(self.where, "an object of its map is missing", "see `reconciler ledger check`")

    def _put(self, wanted: Wanted, others: Sequence[Part] = ()) -> None:
        with self.turn:
            unread = self.loaded.list_unread(wanted, others)
        found = parts.read(self.bucket, unread)
        with self.turn:
            for rows in self.loaded.take(wanted, found, others):
                self.rows.put(rows)

    def find_touched(self) -> set[tuple[str, str]]:
        """Return the addresses whose ids the log changes."""
        with self.turn:
            return {(str(cells[0]), str(cells[1])) for _, table, cells in self.rows.tail if table == "resources"}

    # --- Locks --------------------------------------------------------------------------------------------

    @contextmanager
    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> Iterator[None]:
        if not self._writable:
            raise LedgerError(self.where, READ_ONLY)
        with self.leases.hold(scopes, holder, timeout=timeout, waiting=waiting):
            yield

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        return self.leases.holders(scopes)

    def assure(self) -> None:
        """Raise ``LockLost`` if a lease has ended or was taken over; this asks no one."""
        self.leases.check()

    def compact(self) -> None:
        self._fold(self)

    def flaws(self) -> Sequence[str]:
        """Return the objects of the map that are missing or altered."""
        found = self.bucket.get_all(each.name for each in self.map.parts())
        return [
            f"the object {each.name} is {'missing' if each.name not in found else 'not what was written'}"
            for each in self.map.parts()
            if each.name not in found or part(each.name, found[each.name].data) != each
        ]

    def fold_if_long(self, least: int) -> None:
        """Fold the log if so many objects of it have left the head. Without effect, the next session does it."""
        if self._writable and not self._in_doubt and self.log.head and len(self.log.head.header.chunks) >= least:
            with suppress(LedgerError):
                self._fold(self)

    def close(self) -> None:
        if not self.inside:
            self.fold_if_long(1)
        self.leases.close()
        self.rows.close()
