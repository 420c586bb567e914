"""The ledger itself, over any database: ids and values by address, and a journal that only grows.

An intent is one row, and so is each settlement of it; nothing in the journal is ever overwritten.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from reconciler.ledger import codec
from reconciler.ledger.errors import LedgerError, Unsettled
from reconciler.ledger.memory import Memory
from reconciler.ledger.rows import Cell, Database, Row, Rows
from reconciler.ledger.store import (
    AppliedChange,
    HistoryEntry,
    Holder,
    Intent,
    Observation,
    PastRun,
    Resolution,
    RunHistory,
    RunRecord,
)
from reconciler.model import Address, Call, Outcome, Status, Values

OPEN = (
    "WHERE NOT EXISTS (SELECT 1 FROM settlements WHERE settlements.intent = intents.number AND conclusive = 1"
    " AND settlements.number = (SELECT max(later.number) FROM settlements later WHERE later.intent = intents.number))"
    " ORDER BY number"
)
"""Without a last word: what a read puts in doubt again is open again."""


class Backend(Database, Protocol):
    """A database that can also lock, and be closed."""

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]: ...

    def held(self, scopes: Sequence[str]) -> tuple[Holder, ...]: ...

    def assure(self) -> None:
        """Raises ``Lost`` if a lock that was taken is held no more."""
        ...

    def close(self) -> None: ...


class Book:
    """Implements ``Ledger`` (see there for what each method promises)."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._rows = Rows(backend)
        self._memory = Memory(backend)

    @property
    def where(self) -> str:
        return self._backend.where

    def close(self) -> None:
        self._backend.close()

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        return self._backend.lock(scopes, holder, timeout=timeout, waiting=waiting)

    def held(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        return self._backend.held(scopes)

    def together(self) -> AbstractContextManager[None]:
        return self._backend.transaction()

    def belong(self, server: str, *, create: bool) -> None:
        """Raises ``Foreign`` if its ids are another server's; with ``create``, the first one is noted."""
        if not self._memory.is_of(server) and create:
            with self._backend.transaction():
                self._memory.belong(server)

    # --- What is known of each address ---------------------------------------------------------------

    def ids(self) -> Mapping[Address, str]:
        return self._memory.ids()

    def values(self) -> Mapping[Address, Values]:
        return self._memory.values()

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        with self._backend.transaction():
            self._memory.merge([(address, id, values)])

    def forget(self, address: Address) -> None:
        with self._backend.transaction():
            self._memory.forget(address)

    def move(self, old: Address, new: Address) -> None:
        with self._backend.transaction():
            self._memory.move(old, new)

    def observe(self, address: Address, values: Values, at: datetime) -> None:
        with self._backend.transaction():
            self._memory.observe({address: values}, at)

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        with self._backend.transaction():
            self._memory.observe(news, at)

    def observed(self, address: Address) -> Observation | None:
        return self._memory.observed(address)

    def observations(self) -> Mapping[Address, Observation]:
        return self._memory.observations()

    # --- The journal, written ------------------------------------------------------------------------

    def begin(self, run: RunRecord) -> str:
        import secrets

        with self._backend.transaction():
            started = run.started.astimezone(UTC)
            while self._rows.count("runs", "id = ?", id := f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"):
                pass  # two runs began in the same second and drew the same lot
            self._rows.append("runs", id, codec.of_record(run))
        return id

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None:
        with self._backend.transaction():
            self._known(run_id)
            self._rows.delete("endings", "run = ?", (run_id,))
            self._rows.insert("endings", (run_id, codec.of_instant(ended), exit_code))

    def intend(
        self,
        run_id: str,
        call: Call,
        *,
        at: datetime,
        before: Mapping[str, tuple[str, ...]] | None = None,
        token: str | None = None,
    ) -> int:
        sent, details = codec.of_call(call), codec.text({"before": before or {}, "token": token})
        touched = [(item.address.kind, codec.of_name(item.address.key)) for item in call.items]
        with self._backend.transaction():
            self._backend.assure()  # within it: who has taken the lock meanwhile, and written, is seen here
            self._known(run_id)
            name = codec.of_name(call.name)
            number = self._rows.append("intents", run_id, name, codec.of_instant(at), sent, details)
            self._rows.insert("items", *((number, position, *address) for position, address in enumerate(touched)))
            self._memory.unlearn(_unseen(call))
        return number

    def settle(self, intent: int, outcomes: Sequence[Outcome], at: datetime) -> None:
        self._settle(intent, outcomes, at)

    def _settle(
        self, intent: int, outcomes: Sequence[Outcome], at: datetime, resolution: Resolution | None = None
    ) -> None:
        conclusive = int(all(each.status is not Status.UNKNOWN for each in outcomes))
        decided = codec.of_record(resolution) if resolution else None
        cells = (intent, codec.of_instant(at), conclusive, codec.of_outcomes(outcomes), decided)
        with self._backend.transaction():
            if not self._rows.count("intents", "number = ?", intent):
                raise LedgerError(self.where, f"there is no intent {intent}")
            self._rows.append("settlements", *cells)
            self._memory.merge(
                [
                    (each.item.address, each.id or each.item.id, {move.field: move.after for move in each.item.fields})
                    for each in outcomes
                    if each.status is Status.APPLIED
                ]
            )

    def resolve(self, run_id: str, call_name: str, *, applied: bool, because: str, by: str, at: datetime) -> None:
        status = Status.APPLIED if applied else Status.NOT_SENT
        with self._backend.transaction():
            meant = [each for each in self.open_intents() if (each.run, each.call.name) == (run_id, call_name)]
            if not meant:
                raise Unsettled(self.where, f"run {run_id} has no open call {call_name!r}")
            for intent in meant:
                decided = tuple(_decided(each, status) for each in _outcomes(intent))
                self._settle(intent.number, decided, at, Resolution(applied, because, by, at))

    def _known(self, run_id: str) -> None:
        if not self._rows.count("runs", "id = ?", run_id):
            raise LedgerError(self.where, f"there is no run {run_id!r}")

    # --- The journal, read ---------------------------------------------------------------------------

    def open_intents(self) -> tuple[Intent, ...]:
        return self._intents(OPEN)

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        return self._runs("ORDER BY number DESC LIMIT ?", limit)

    def run(self, run_id: str) -> RunHistory | None:
        found = self._runs("WHERE id = ?", run_id)
        if not found:
            return None
        return RunHistory(found[0], self._intents("WHERE run = ? ORDER BY number", run_id))

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        """By the index of items, which follows a moved address; each call tells the address of its time."""
        mine = "WHERE kind = ? AND key = ?"
        where = (address.kind, codec.of_name(address.key))
        positions: dict[Cell, list[Cell]] = {}
        for number, position, *_ in self._rows.select("items", mine, *where):
            positions.setdefault(number, []).append(position)
        chosen = f"WHERE number IN (SELECT intent FROM items {mine}) ORDER BY number"
        return tuple(
            HistoryEntry(str(run), codec.to_instant(str(at)), codec.to_name(str(name)), field, before, after, status)
            for (number, run, name, at, call, _), last in self._latest(chosen, *where)
            for _, status, field, _, before, after in codec.moved(str(call), last, positions[number])
        )

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        return tuple(
            AppliedChange(address, field, facet, before, after, codec.to_instant(str(at)))
            for (_, _, _, at, call, _), last in self._latest("WHERE at >= ? ORDER BY number", codec.of_instant(when))
            for address, status, field, facet, before, after in codec.moved(str(call), last)
            if status is Status.APPLIED
        )

    def _latest(self, chosen: str, *parameters: Cell) -> Iterator[tuple[Row, str | None]]:
        """Rows of intents, each with the outcomes that were written last; none if nobody saw its end."""
        for row, settlement in self._settled(chosen, *parameters):
            yield row, None if settlement is None else str(settlement[4])

    def _intents(self, chosen: str, *parameters: Cell) -> tuple[Intent, ...]:
        """Intents with the latest that is known of each."""
        return tuple(_intent(row, settlement) for row, settlement in self._settled(chosen, *parameters))

    def _settled(self, chosen: str, *parameters: Cell) -> Iterator[tuple[Row, Row | None]]:
        rows = self._rows.select("intents", chosen, *parameters)
        theirs = f"WHERE intent IN (SELECT number FROM intents {chosen}) ORDER BY number"
        latest = {row[1]: row for row in self._rows.select("settlements", theirs, *parameters)} if rows else {}
        return ((row, latest.get(row[0])) for row in rows)

    def _runs(self, chosen: str, *parameters: Cell) -> tuple[PastRun, ...]:
        return tuple(
            self._past(str(id), str(record)) for _, id, record in self._rows.select("runs", chosen, *parameters)
        )

    def _past(self, id: str, record: str) -> PastRun:
        calls = self._rows.count("intents", "run = ?", id)
        for _, ended, code in self._rows.select("endings", "WHERE run = ?", id):
            return PastRun(id, codec.to_run(record), calls, codec.to_instant(str(ended)), int(str(code)))
        return PastRun(id, codec.to_run(record), calls)


def _intent(row: Row, settlement: Row | None) -> Intent:
    number, run, _, at, call, details = row
    known = json.loads(str(details))
    intent = Intent(
        int(str(number)),
        str(run),
        codec.to_instant(str(at)),
        codec.to_call(str(call)),
        {address: tuple(ids) for address, ids in known["before"].items()},
        known["token"],
    )
    if settlement is None:
        return intent
    _, _, settled, _, outcomes, resolution = settlement
    return replace(
        intent,
        settled=codec.to_instant(str(settled)),
        outcomes=codec.to_outcomes(str(outcomes)),
        resolution=codec.to_resolution(str(resolution)) if resolution else None,
    )


def _unseen(call: Call) -> Mapping[Address, Set[str]]:
    """The fields of a call that the API never shows: whatever becomes of it, the old values are not certain."""
    unseen: dict[Address, set[str]] = {}
    for item in call.items:
        for move in item.fields:
            if not move.seen:
                unseen.setdefault(item.address, set()).add(move.field)
    return unseen


def _outcomes(intent: Intent) -> tuple[Outcome, ...]:
    """How the items of a call ended; unknown, if nobody saw its end."""
    if intent.settled is not None:
        return intent.outcomes
    return tuple(Outcome(intent.call.name, item, Status.UNKNOWN, item.id) for item in intent.call.items)


def _decided(outcome: Outcome, status: Status) -> Outcome:
    return replace(outcome, status=status) if outcome.status is Status.UNKNOWN else outcome
