"""Read the journal: runs, calls and their outcomes; every query uses an index."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Cell, Database, Row, Rows
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.records import AppliedChange, HistoryEntry, Intent, LookRecord, PastRun, PlanUse, RunHistory
from reconciler.model import Address, ItemStatus, WriteEffect

OPEN, AWAITED = "open_calls", "awaited"
"""Tables that list the calls without a known outcome, and the accepted ones not yet confirmed by a read."""


class JournalReader:
    """Queries on the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database)

    # --- Runs -------------------------------------------------------------------------------------------

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        return self._runs("ORDER BY number DESC LIMIT ?", limit)

    def run(self, run_id: str) -> RunHistory | None:
        found = self._runs("WHERE id = ?", run_id)
        if not found:
            return None
        return RunHistory(found[0], self._intents("WHERE run = ? ORDER BY number", run_id))

    def plan_used(self, digest: str) -> PlanUse | None:
        for _, run, at in self._rows.select("plans", "WHERE digest = ?", digest):
            told = self.run(str(run))
            use = PlanUse(digest, str(run), codec.to_instant(str(at)))
            return use if told is None else replace(use, past=told.run, counts=_count_items(told))
        return None

    def _runs(self, chosen: str, *parameters: Cell) -> tuple[PastRun, ...]:
        return tuple(
            self._past(str(id), str(record)) for _, id, record in self._rows.select("runs", chosen, *parameters)
        )

    def _past(self, id: str, record: str) -> PastRun:
        calls = self._rows.count("intents", "run = ?", id)
        for _, ended, code in self._rows.select("endings", "WHERE run = ?", id):
            return PastRun(id, codec.to_run(record), calls, codec.to_instant(str(ended)), int(str(code)))
        return PastRun(id, codec.to_run(record), calls)

    # --- Calls ------------------------------------------------------------------------------------------

    def open_intents(self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()) -> tuple[Intent, ...]:
        return self._select_listed(OPEN, effects, kinds)

    def list_accepted(
        self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()
    ) -> tuple[Intent, ...]:
        return self._select_listed(AWAITED, effects, kinds)

    def open_creates(
        self, kind: str, *, naturals: Collection[str] = (), addresses: Collection[Address] = ()
    ) -> tuple[Intent, ...]:
        """Return open creates by natural key or present address; few are open, so they are compared one by one."""
        keys = {codec.of_name(each) for each in naturals}
        places = {(each.kind, codec.of_name(each.key)) for each in addresses}
        those = f"WHERE intent IN (SELECT intent FROM {OPEN})"
        meant = {number for number, of, key in self._rows.select("naturals", those) if of == kind and key in keys}
        meant |= {number for number, _, of, key in self._rows.select("items", those) if (of, key) in places}
        return tuple(
            each for each in self.open_intents(effects=(WriteEffect.CREATE,), kinds=(kind,)) if each.number in meant
        )

    def intents_since(self, when: datetime, effect: WriteEffect) -> tuple[Intent, ...]:
        return self._intents("WHERE at >= ? AND effect = ? ORDER BY number", codec.of_instant(when), effect.value)

    def look(self, number: int) -> LookRecord:
        for _, run, at, kind, parents, ids in self._rows.select("looks", "WHERE number = ?", number):
            seen = frozenset(json.loads(str(ids)))
            return LookRecord(
                number, str(run), codec.to_instant(str(at)), str(kind), tuple(json.loads(str(parents))), seen
            )
        raise LedgerError(self._database.where, f"there is no look {number}")

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        """Return the history through the index of items, which follows moved addresses.

        Each call has the address of its time.
        """
        mine = "WHERE kind = ? AND key = ?"
        where = (address.kind, codec.of_name(address.key))
        positions: dict[Cell, list[Cell]] = {}
        for number, position, *_ in self._rows.select("items", mine, *where):
            positions.setdefault(number, []).append(position)
        chosen = f"WHERE number IN (SELECT intent FROM items {mine}) ORDER BY number"
        return tuple(
            HistoryEntry(
                str(row[1]), codec.to_instant(str(row[3])), codec.to_name(str(row[2])), field, old, new, status
            )
            for row, last in self._latest(chosen, *where)
            for _, status, field, _, old, new in codec.moved_values(str(row[8]), last, positions[row[0]])
        )

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        return tuple(
            AppliedChange(address, field, facet, before, after, codec.to_instant(str(row[3])))
            for row, last in self._latest("WHERE at >= ? ORDER BY number", codec.of_instant(when))
            for address, status, field, facet, before, after in codec.moved_values(str(row[8]), last)
            if status is ItemStatus.APPLIED
        )

    def _select_listed(
        self, table: str, effects: Collection[WriteEffect], kinds: Collection[str]
    ) -> tuple[Intent, ...]:
        chosen, cells = f"WHERE number IN (SELECT intent FROM {table})", list[Cell]()
        for column, some in (("effect", [each.value for each in effects]), ("kind", list(kinds))):
            if some:
                chosen, cells = f"{chosen} AND {column} IN ({', '.join('?' * len(some))})", [*cells, *some]
        return self._intents(f"{chosen} ORDER BY number", *cells)

    def _latest(self, chosen: str, *parameters: Cell) -> Iterator[tuple[Row, str | None]]:
        """Yield rows of intents, each with its latest outcomes as JSON, or None if it was never settled."""
        for row, settlement in self._join_settlements(chosen, *parameters):
            yield row, None if settlement is None else str(settlement[4])

    def _intents(self, chosen: str, *parameters: Cell) -> tuple[Intent, ...]:
        """Return intents, each with its latest settlement."""
        return tuple(_intent(row, settlement) for row, settlement in self._join_settlements(chosen, *parameters))

    def _join_settlements(self, chosen: str, *parameters: Cell) -> Iterator[tuple[Row, Row | None]]:
        rows = self._rows.select("intents", chosen, *parameters)
        theirs = f"WHERE intent IN (SELECT number FROM intents {chosen}) ORDER BY number"
        latest = {row[1]: row for row in self._rows.select("settlements", theirs, *parameters)} if rows else {}
        return ((row, latest.get(row[0])) for row in rows)


def _intent(row: Row, settlement: Row | None) -> Intent:
    number, run, _, at, _, _, _, look, call, details = row
    known: dict[str, Any] = json.loads(str(details))
    server_at, deadline, held_until = (
        codec.to_instant(known[name]) if name in known else None for name in ("server_at", "deadline", "held_until")
    )
    intent = Intent(
        int(str(number)),
        str(run),
        codec.to_instant(str(at)),
        codec.to_call(str(call)),
        {address: tuple(ids) for address, ids in known["before"].items()},
        known["token"],
        server_at=server_at,
        deadline=deadline,
        held_until=held_until,
        look=None if look is None else int(look),
        machine=known.get("machine", ""),
    )
    if settlement is None:
        return intent
    _, _, settled, _, outcomes, resolution = settlement
    return replace(
        intent,
        settled=codec.to_instant(str(settled)),
        outcomes=codec.to_outcomes(str(outcomes)),
        resolution=None if resolution is None else codec.to_resolution(str(resolution)),
    )


def _count_items(told: RunHistory) -> dict[ItemStatus, int]:
    """Return the number of items by status; of an item with several intents, the last one counts."""
    last: dict[tuple[Address, str], ItemStatus] = {}
    for intent in told.calls:
        last |= {(item.address, intent.call.facet): ItemStatus.UNKNOWN for item in intent.call.items}
        last |= {(each.item.address, intent.call.facet): each.status for each in intent.outcomes}
    counts: dict[ItemStatus, int] = {}
    for status in last.values():
        counts[status] = counts.get(status, 0) + 1
    never = told.run.record.planned - len(last)
    if never > 0:
        counts[ItemStatus.NOT_SENT] = counts.get(ItemStatus.NOT_SENT, 0) + never
    return counts
