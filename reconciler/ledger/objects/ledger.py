"""Ledger over a bucket: that of any database, which first reads the parts with what it is asked for."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Cell
from reconciler.ledger.objects import parts
from reconciler.ledger.objects.head import Map
from reconciler.ledger.objects.parts import Wanted
from reconciler.ledger.objects.store import Need, ObjectStore
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
    RunHistory,
    RunRecord,
)
from reconciler.ledger.sql_ledger import SqlLedger
from reconciler.model import Address, Call, ItemOutcome, Values, WriteEffect


class ObjectLedger(SqlLedger):
    """Implementation of ``Ledger``, which documents each method.

    A method that writes is repeated while another writer comes first.
    """

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self._store = store
        self.is_new = self.is_new and not (store.map.segments or any(each.counts for each in store.map.state))

    # --- What must be in memory ---------------------------------------------------------------------------

    def _bring(self, choose: Callable[[Map], Wanted]) -> Need:
        return lambda: self._store.bring(choose)

    def _state(self, of: Iterable[Address] | None) -> Need:
        """Bring the state of some addresses, or of all."""
        return self._bring(lambda map: parts.of_addresses(map, of))

    def _run(self, run_id: str) -> Need:
        """Bring the journal of a run; one that is not known may have begun elsewhere since the head was read."""
        return self._bring_if_unknown("SELECT 1 FROM runs WHERE id = ?", run_id, lambda map: parts.of_run(map, run_id))

    def _intent(self, number: int) -> Need:
        asked = "SELECT 1 FROM intents WHERE number = ?"
        return self._bring_if_unknown(asked, number, lambda map: parts.of_intents(map, [number]))

    def _bring_if_unknown(self, asked: str, which: Cell, choose: Callable[[Map], Wanted]) -> Need:
        def bring() -> None:
            self._store.bring(choose)
            if not self._store.execute(asked, (which,)):
                self._store.catch_up()
                self._store.bring(choose)

        return bring

    # --- Locks --------------------------------------------------------------------------------------------

    @contextmanager
    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> Iterator[None]:
        store = self._store
        with store.lock(scopes, holder, timeout=timeout, waiting=waiting), ExitStack() as fenced:
            store.retry(lambda: fenced.enter_context(self._fence.hold(scopes)))
            store.assure()
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        self._store.catch_up()
        with self._store.transaction():
            yield

    def belong(self, server: str, *, create: bool) -> None:
        self._store.retry(lambda: super(ObjectLedger, self).belong(server, create=create))

    # --- By address ---------------------------------------------------------------------------------------

    def look_up(self, addresses: Iterable[Address]) -> Mapping[Address, Known]:
        of = list(addresses)
        return self._store.read(lambda: super(ObjectLedger, self).look_up(of), self._state(of))

    def find_linked(self, kind: str, ids: Iterable[str]) -> Mapping[str, tuple[Address, ...]]:
        wanted = list(ids)
        names = [codec.of_name(id) for id in wanted]
        need = self._bring(lambda map: parts.of_ids(map, self._store.bucket, kind, names))
        return self._store.read(lambda: super(ObjectLedger, self).find_linked(kind, wanted), need)

    def ids(self, of: Iterable[Address] | None = None) -> Mapping[Address, str]:
        of = None if of is None else list(of)
        return self._store.read(lambda: super(ObjectLedger, self).ids(of), self._state(of))

    def values(self, of: Iterable[Address] | None = None) -> Mapping[Address, Values]:
        of = None if of is None else list(of)
        return self._store.read(lambda: super(ObjectLedger, self).values(of), self._state(of))

    def recall(self, of: Iterable[Address]) -> tuple[Mapping[Address, str], Mapping[Address, Values]]:
        of = list(of)
        return self._store.read(lambda: super(ObjectLedger, self).recall(of), self._state(of))

    def counts(self) -> Mapping[str, int]:
        """Return the counts of the map for what is not in memory, and those of the rows that are."""
        store = self._store

        def count() -> Mapping[str, int]:
            counts = dict(super(ObjectLedger, self).counts())
            for kind, some in store.loaded.count_elsewhere(store.map).items():
                counts[kind] = counts.get(kind, 0) + some
            return counts

        return store.read(count, lambda: store.bring(lambda map: parts.of_places(map, store.find_touched())))

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        act = lambda: super(ObjectLedger, self).remember(address, id, values)  # noqa: E731
        self._store.retry(act, self._state([address]))

    def forget(self, address: Address) -> None:
        self._store.retry(lambda: super(ObjectLedger, self).forget(address), self._state([address]))

    def move(self, old: Address, new: Address) -> None:
        touching = self._bring(lambda map: self._touching(map, old))
        self._store.retry(lambda: super(ObjectLedger, self).move(old, new), self._state([old, new]), touching)

    def see(
        self, news: Mapping[tuple[Address, str], Values], at: datetime, *, server_at: datetime | None = None
    ) -> None:
        of = [address for address, _ in news]
        self._store.retry(lambda: super(ObjectLedger, self).see(news, at, server_at=server_at), self._state(of))

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        self._store.retry(lambda: super(ObjectLedger, self).observe_all(news, at), self._state(news))

    def read_observation(self, address: Address) -> Observation | None:
        return self._store.read(lambda: super(ObjectLedger, self).read_observation(address), self._state([address]))

    def observations(self, of: Iterable[Address] | None = None) -> Mapping[Address, Observation]:
        of = None if of is None else list(of)
        return self._store.read(lambda: super(ObjectLedger, self).observations(of), self._state(of))

    def note(self, news: Mapping[str, Values], at: datetime) -> None:
        self._store.retry(lambda: super(ObjectLedger, self).note(news, at))

    # --- Writing the journal ------------------------------------------------------------------------------

    def begin(self, run: RunRecord) -> str:
        return self._store.retry(lambda: super(ObjectLedger, self).begin(run))

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None:
        self._store.retry(lambda: super(ObjectLedger, self).finish(run_id, ended, exit_code), self._run(run_id))

    def note_look(self, run_id: str, kind: str, parents: Sequence[str], ids: Iterable[str], at: datetime) -> int:
        seen = tuple(ids)
        act = lambda: super(ObjectLedger, self).note_look(run_id, kind, parents, seen, at)  # noqa: E731
        return self._store.retry(act, self._run(run_id))

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
        more: dict[str, Any] = {"before": before, "token": token, "server_at": server_at, "deadline": deadline}
        more |= {"held_until": held_until, "look": look, "naturals": naturals}
        act = lambda: super(ObjectLedger, self).intend(run_id, call, at=at, **more)  # noqa: E731
        return self._store.retry(act, self._state([item.address for item in call.items]), self._run(run_id))

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome], at: datetime) -> None:
        act = lambda: super(ObjectLedger, self).settle(intent, outcomes, at)  # noqa: E731
        self._store.retry(act, self._state([each.item.address for each in outcomes]), self._intent(intent))

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
        more: dict[str, Any] = {"because": because, "by": by, "at": at, "ids": ids, "certain": certain}

        def bring() -> None:
            meant = [each for each in self.open_intents() if (each.run, each.call.name) == (run_id, call_name)]
            self._state([item.address for each in meant for item in each.call.items])()

        act = lambda: super(ObjectLedger, self).resolve(run_id, call_name, applied=applied, **more)  # noqa: E731
        self._store.retry(act, bring)

    def prune(self, before: datetime) -> Pruned:
        from reconciler.ledger import pruning
        from reconciler.ledger.objects import superseded

        store, until = self._store, codec.of_instant(before)
        older = self._bring(lambda map: parts.of_segments(map, lambda each: each.since < until))
        act = lambda: pruning.prune(store, before, lambda _, until: superseded.find_old(store, until))  # noqa: E731
        return store.retry(act, store.catch_up, older)

    def compact(self) -> None:
        from reconciler.ledger.objects import fold

        super().compact()
        fold.sweep(self._store)

    def check(self) -> Checkup:
        return self._store.read(super().check, self._state(None), self._bring(parts.of_segments))

    # --- Reading the journal ------------------------------------------------------------------------------

    def intents_since(self, when: datetime, effect: WriteEffect) -> tuple[Intent, ...]:
        need = self._bring(lambda map: parts.of_calls_since(map, codec.of_instant(when), effect.value))
        return self._store.read(lambda: super(ObjectLedger, self).intents_since(when, effect), need)

    def look(self, number: int) -> LookRecord:
        need = self._bring_if_unknown(
            "SELECT 1 FROM looks WHERE number = ?", number, lambda map: parts.of_look(map, number)
        )
        return self._store.read(lambda: super(ObjectLedger, self).look(number), need)

    def plan_used(self, digest: str) -> PlanUse | None:
        def bring() -> None:
            for (run,) in self._store.execute("SELECT run FROM plans WHERE digest = ?", (digest,)):
                self._run(str(run))()

        return self._store.read(lambda: super(ObjectLedger, self).plan_used(digest), bring)

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        need = self._bring(lambda map: parts.of_latest_runs(map, limit))
        return self._store.read(lambda: super(ObjectLedger, self).runs(limit), need)

    def run(self, run_id: str) -> RunHistory | None:
        return self._store.read(lambda: super(ObjectLedger, self).run(run_id), self._run(run_id))

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        need = self._bring(lambda map: self._touching(map, address))
        return self._store.read(lambda: super(ObjectLedger, self).history(address), need)

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        need = self._bring(lambda map: parts.of_calls_since(map, codec.of_instant(when)))
        return self._store.read(lambda: super(ObjectLedger, self).increases_since(when), need)

    def _touching(self, map: Map, address: Address) -> Wanted:
        """Return the segments whose calls touch an address."""
        kind, key = parts.place(address)
        indexes = parts.read_indexes(self._store.bucket, map.segments)
        found = zip(map.segments, indexes, strict=True)
        listed = [each for each, index in found if key in index.get(kind, {})]
        moved = self._store.execute("SELECT intent FROM items WHERE kind = ? AND key = ?", (kind, key))
        others = parts.of_intents(map, {int(str(number)) for (number,) in moved}).segments
        return Wanted(segments=(*listed, *(each for each in others if each not in listed)))
