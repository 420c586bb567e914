"""Write the journal: an intent before its call is sent, and a settlement for each new fact about its outcome.

Rows are never overwritten. Open intents, and accepted ones that no read has confirmed, are listed in tables of their
own, so that finding them costs only their number.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Database, Rows
from reconciler.ledger.errors import Late, LedgerError, PlanUsed, Unsettled
from reconciler.ledger.fence import Fence
from reconciler.ledger.memory_ledger import RememberedRows
from reconciler.ledger.past import AWAITED, OPEN, JournalReader
from reconciler.ledger.records import Intent, PlanUse, Resolution, RunRecord
from reconciler.model import Address, Call, ItemOutcome, ItemStatus, Values
from reconciler.model.stored_codec import dumps, text


class CallBounds(Struct, frozen=True):
    """Instants of an intent besides its own: by the API's clock, its deadline, and the end of its hold."""

    server_at: datetime | None = None
    deadline: datetime | None = None
    held_until: datetime | None = None


class JournalWriter:
    """Writes runs, intents and settlements."""

    def __init__(self, database: Database, memory: RememberedRows, past: JournalReader, fence: Fence) -> None:
        self._database = database
        self._rows = Rows(database)
        self._memory, self._past, self._fence = memory, past, fence
        self._deadlines: dict[int, datetime] = {}

    def begin(self, run: RunRecord) -> str:
        import secrets

        with self._database.transaction():
            started = run.started.astimezone(UTC)
            while self._rows.count("runs", "id = ?", id := f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"):
                pass  # id collision of two runs in the same second: retry
            self._rows.append("runs", id, dumps(run))
        return id

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None:
        with self._database.transaction():
            self._record(run_id)
            self._rows.delete("endings", "run = ?", (run_id,))
            self._rows.insert("endings", (run_id, codec.of_instant(ended), exit_code))

    def note_look(self, run_id: str, kind: str, parents: Sequence[str], ids: Iterable[str], at: datetime) -> int:
        seen = text(sorted(set(ids)))
        with self._database.transaction():
            self._record(run_id)
            return self._rows.append("looks", run_id, codec.of_instant(at), kind, text(list(parents)), seen)

    # --- Intents ----------------------------------------------------------------------------------------

    def intend(
        self,
        run_id: str,
        call: Call,
        at: datetime,
        before: Mapping[str, tuple[str, ...]],
        token: str | None,
        bounds: CallBounds,
        look: int | None,
        naturals: Mapping[Address, str],
    ) -> int:
        if bounds.deadline is not None and bounds.deadline <= at:
            raise Late(self._database.where, f"{call.name} is intended after its deadline")
        sent = dumps(call)
        touched = [(item.address.kind, codec.of_name(item.address.key)) for item in call.items]
        with self._database.transaction():
            self._fence.check()  # inside the transaction, so that a lock taken by another session is seen
            record = self._record(run_id)
            self._use_plan(record, run_id, at)
            details = _details(before, token, bounds, record)
            kind, facet, effect = call.kind, codec.of_name(call.facet), call.effect.value
            cells = (run_id, codec.of_name(call.name), codec.of_instant(at), kind, facet, effect, look, sent, details)
            number = self._rows.append("intents", *cells)
            self._rows.insert("items", *((number, position, *address) for position, address in enumerate(touched)))
            self._rows.insert(
                "naturals", *((number, address.kind, codec.of_name(key)) for address, key in naturals.items())
            )
            self._rows.insert(OPEN, (number,))
            self._memory.unlearn(_unseen(call))
        if bounds.deadline is not None:
            self._deadlines[number] = bounds.deadline
        return number

    def assure(self, intent: int, now: datetime) -> None:
        self._fence.check()
        deadline = self._deadlines.get(intent)
        if deadline is not None and now >= deadline:
            raise Late(self._database.where, f"the deadline of intent {intent} has passed: it is not sent")

    def _use_plan(self, record: RunRecord, run_id: str, at: datetime) -> None:
        """Record the run's saved plan as used, with the run's first intent.

        Raise ``PlanUsed`` if another run used it.
        """
        digest = record.plan_digest
        if digest is None:
            return
        for _, run, since in self._rows.select("plans", "WHERE digest = ?", digest):
            if run != run_id:
                use = self._past.plan_used(digest) or PlanUse(digest, str(run), codec.to_instant(str(since)))
                raise PlanUsed(self._database.where, use)
            return
        self._rows.insert("plans", (digest, run_id, codec.of_instant(at)))

    # --- Settlements ------------------------------------------------------------------------------------

    def settle(
        self, intent: int, outcomes: Sequence[ItemOutcome], at: datetime, resolution: Resolution | None = None
    ) -> None:
        statuses = {each.status for each in outcomes}
        conclusive = ItemStatus.UNKNOWN not in statuses
        decided = dumps(resolution) if resolution else None
        cells = (intent, codec.of_instant(at), int(conclusive), dumps(outcomes), decided)
        with self._database.transaction():
            found = self._database.execute("SELECT effect, facet FROM intents WHERE number = ?", (intent,))
            if not found:
                raise LedgerError(self._database.where, f"there is no intent {intent}")
            self._rows.append("settlements", *cells)
            applied = [each for each in outcomes if each.status is ItemStatus.APPLIED]
            effect, facet = map(str, found[0])
            self._list(intent, facet, applied if resolution is None and effect in TO_BE_SEEN else (), conclusive)
            self._memory.merge([(each.item.address, each.id or each.item.id, _collect_moved(each)) for each in applied])
        if conclusive:
            self._deadlines.pop(intent, None)

    def resolve(self, run_id: str, call_name: str, resolution: Resolution) -> None:
        status = ItemStatus.APPLIED if resolution.applied else ItemStatus.NOT_SENT
        with self._database.transaction():
            open = self._past.open_intents()
            meant = [each for each in open if (each.run, each.call.name) == (run_id, call_name)]
            if not meant:
                raise Unsettled(self._database.where, f"run {run_id} has no open call {call_name!r}")
            for intent in meant:
                decided = tuple(_decide(each, status, resolution.ids) for each in _outcomes(intent))
                self.settle(intent.number, decided, resolution.at, resolution)

    def see(self, news: Mapping[tuple[Address, str], Values], at: datetime, server_at: datetime | None = None) -> None:
        with self._database.transaction():
            self._memory.see(news, at, server_at)
            before = "kind = ? AND key = ? AND facet = ? AND intent IN (SELECT number FROM intents WHERE at <= ?)"
            seen = [(each.kind, codec.of_name(each.key), codec.of_name(facet)) for each, facet in news]
            self._rows.delete(AWAITED, before, *((*cells, codec.of_instant(at)) for cells in seen))

    def _list(self, intent: int, facet: str, applied: Sequence[ItemOutcome], conclusive: bool) -> None:
        """Replace the listing of a call: as open if not conclusive, and its applied items as not yet confirmed."""
        self._rows.delete(OPEN, "intent = ?", (intent,))
        self._rows.delete(AWAITED, "intent = ?", (intent,))
        if not conclusive:
            self._rows.insert(OPEN, (intent,))
        touched = dict.fromkeys(each.item.address for each in applied)
        self._rows.insert(AWAITED, *((intent, each.kind, codec.of_name(each.key), facet) for each in touched))

    def _record(self, run_id: str) -> RunRecord:
        for _, _, record in self._rows.select("runs", "WHERE id = ?", run_id):
            return codec.to_run(str(record))
        raise LedgerError(self._database.where, f"there is no run {run_id!r}")


TO_BE_SEEN = ("create", "add")
"""Effects that a read must confirm before anything is planned on the state before them."""


def _details(before: Mapping[str, tuple[str, ...]], token: str | None, bounds: CallBounds, record: RunRecord) -> str:
    told = {"server_at": bounds.server_at, "deadline": bounds.deadline, "held_until": bounds.held_until}
    instants = {name: codec.of_instant(instant) for name, instant in told.items() if instant is not None}
    machine = {"machine": record.machine} if record.machine else {}
    return text({"before": before, "token": token, **instants, **machine})


def _collect_moved(outcome: ItemOutcome) -> Values:
    return {move.field: move.after for move in outcome.item.fields}


def _unseen(call: Call) -> Mapping[Address, Set[str]]:
    """Return the fields that a call changes and the API never returns, by address."""
    unseen: dict[Address, set[str]] = {}
    for item in call.items:
        for move in item.fields:
            if not move.seen:
                unseen.setdefault(item.address, set()).add(move.field)
    return unseen


def _outcomes(intent: Intent) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a call; unknown if it was never settled."""
    if intent.settled is not None:
        return intent.outcomes
    return tuple(ItemOutcome(intent.call.name, item, ItemStatus.UNKNOWN, item.id) for item in intent.call.items)


def _decide(outcome: ItemOutcome, status: ItemStatus, ids: Mapping[str, str]) -> ItemOutcome:
    if outcome.status is not ItemStatus.UNKNOWN:
        return outcome
    return replace(outcome, status=status, id=ids.get(str(outcome.item.address), outcome.id))
