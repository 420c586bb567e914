"""Ledger over any database: known state by address, an append-only journal, and the lock."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Protocol

from msgspec.structs import replace

from reconciler.ledger.checked_rows import Database
from reconciler.ledger.fence import Fence
from reconciler.ledger.journal import CallBounds, JournalWriter
from reconciler.ledger.memory_ledger import RememberedRows
from reconciler.ledger.past import JournalReader
from reconciler.ledger.records import (
    AppliedChange,
    Checkup,
    HistoryEntry,
    Holder,
    Intent,
    Known,
    LookRecord,
    Observation,
    PastRun,
    PlanUse,
    Pruned,
    Resolution,
    RunHistory,
    RunRecord,
)
from reconciler.model import Address, Call, ItemOutcome, Values, WriteEffect


class Backend(Database, Protocol):
    """A database that can also lock and be closed."""

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]: ...

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]: ...

    def assure(self) -> None:
        """Raise ``LockLost`` if a lock is no longer held, or is another session's."""
        ...

    def compact(self) -> None: ...

    def flaws(self) -> Sequence[str]:
        """Return the damage that the database finds in a full check."""
        ...

    def close(self) -> None: ...


class SqlLedger:
    """Implementation of ``Ledger``, which documents each method."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._memory = RememberedRows(backend)
        self._past = JournalReader(backend)
        self._fence = Fence(backend)
        self._journal = JournalWriter(backend, self._memory, self._past, self._fence)
        self.is_new = not self._memory.is_used()

    @property
    def where(self) -> str:
        return self._backend.where

    def close(self) -> None:
        self._backend.close()

    # --- Locks ------------------------------------------------------------------------------------------

    @contextmanager
    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> Iterator[None]:
        with self._backend.lock(scopes, holder, timeout=timeout, waiting=waiting), self._fence.hold(scopes):
            self._backend.assure()  # before anything is planned: some poolers keep no lock
            yield

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        return self._backend.find_holders(scopes)

    def together(self) -> AbstractContextManager[None]:
        return self._backend.transaction()

    def assure(self, intent: int, now: datetime) -> None:
        self._backend.assure()
        self._journal.assure(intent, now)

    def belong(self, server: str, *, create: bool) -> None:
        """Raise ``Foreign`` if the ids are another server's; with ``create``, record the first server."""
        if not self._memory.is_of(server) and create:
            with self._backend.transaction():
                self._memory.belong(server)

    # --- By address -------------------------------------------------------------------------------------

    def look_up(self, addresses: Iterable[Address]) -> Mapping[Address, Known]:
        return self._memory.look_up(addresses)

    def find_linked(self, kind: str, ids: Iterable[str]) -> Mapping[str, tuple[Address, ...]]:
        return self._memory.find_linked(kind, ids)

    def ids(self, of: Iterable[Address] | None = None) -> Mapping[Address, str]:
        return self._memory.ids(of)

    def values(self, of: Iterable[Address] | None = None) -> Mapping[Address, Values]:
        return self._memory.values(of)

    def recall(self, of: Iterable[Address]) -> tuple[Mapping[Address, str], Mapping[Address, Values]]:
        return self._memory.recall(of)

    def counts(self) -> Mapping[str, int]:
        return self._memory.counts()

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        with self._backend.transaction():
            self._memory.merge([(address, id, values)])

    def forget(self, address: Address) -> None:
        with self._backend.transaction():
            self._memory.forget(address)

    def move(self, old: Address, new: Address) -> None:
        with self._backend.transaction():
            self._memory.move(old, new)

    def see(
        self, news: Mapping[tuple[Address, str], Values], at: datetime, *, server_at: datetime | None = None
    ) -> None:
        self._journal.see(news, at, server_at)

    def observe(self, address: Address, values: Values, at: datetime) -> None:
        self.observe_all({address: values}, at)

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        with self._backend.transaction():
            self._memory.observe(news, at)

    def read_observation(self, address: Address) -> Observation | None:
        return self._memory.read_observation(address)

    def observations(self, of: Iterable[Address] | None = None) -> Mapping[Address, Observation]:
        return self._memory.observations(of)

    def notes(self, names: Iterable[str]) -> Mapping[str, Observation]:
        return self._memory.notes(names)

    def note(self, news: Mapping[str, Values], at: datetime) -> None:
        with self._backend.transaction():
            self._memory.note(news, at)

    # --- Writing the journal -----------------------------------------------------------------------------

    def begin(self, run: RunRecord) -> str:
        return self._journal.begin(run)

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None:
        self._journal.finish(run_id, ended, exit_code)

    def note_look(self, run_id: str, kind: str, parents: Sequence[str], ids: Iterable[str], at: datetime) -> int:
        return self._journal.note_look(run_id, kind, parents, ids, at)

    def intend(
        self,
        run_id: str,
        call: Call,
        *,
        at: datetime,
        before: Mapping[str, tuple[str, ...]] | None = None,
        token: str | None = None,
        server_at: datetime | None = None,
        deadline: datetime | None = None,
        held_until: datetime | None = None,
        look: int | None = None,
        naturals: Mapping[Address, str] | None = None,
    ) -> int:
        bounds = CallBounds(server_at, deadline, held_until)
        with self._backend.transaction():
            self._backend.assure()  # inside the transaction, so that a lock taken by another session is seen
            return self._journal.intend(run_id, call, at, before or {}, token, bounds, look, naturals or {})

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome], at: datetime) -> None:
        self._journal.settle(intent, outcomes, at)

    def resolve(
        self,
        run_id: str,
        call_name: str,
        *,
        applied: bool,
        because: str,
        by: str,
        at: datetime,
        ids: Mapping[str, str] | None = None,
        certain: bool = False,
    ) -> None:
        self._journal.resolve(run_id, call_name, Resolution(applied, because, by, at, ids or {}, certain))

    def prune(self, before: datetime) -> Pruned:
        from reconciler.ledger import pruning

        return pruning.prune(self._backend, before)

    def compact(self) -> None:
        self._backend.compact()

    def check(self) -> Checkup:
        from reconciler.ledger import checking

        found = checking.check(self._backend)
        return replace(found, damage=(*self._backend.flaws(), *found.damage))

    # --- Reading the journal -----------------------------------------------------------------------------

    def open_intents(self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()) -> tuple[Intent, ...]:
        return self._past.open_intents(effects=effects, kinds=kinds)

    def open_creates(
        self, kind: str, *, naturals: Collection[str] = (), addresses: Collection[Address] = ()
    ) -> tuple[Intent, ...]:
        return self._past.open_creates(kind, naturals=naturals, addresses=addresses)

    def list_accepted(
        self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()
    ) -> tuple[Intent, ...]:
        return self._past.list_accepted(effects=effects, kinds=kinds)

    def intents_since(self, when: datetime, effect: WriteEffect) -> tuple[Intent, ...]:
        return self._past.intents_since(when, effect)

    def look(self, number: int) -> LookRecord:
        return self._past.look(number)

    def plan_used(self, digest: str) -> PlanUse | None:
        return self._past.plan_used(digest)

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        return self._past.runs(limit)

    def run(self, run_id: str) -> RunHistory | None:
        return self._past.run(run_id)

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        return self._past.history(address)

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        return self._past.increases_since(when)
