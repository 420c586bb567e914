"""Journal adapter of one run, and recovery of open intents."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from reconciler.engine.environment import StateSnapshot
from reconciler.executor import evidence, history_evidence
from reconciler.executor.evidence import Times
from reconciler.executor.held import Hold
from reconciler.executor.ports import JournalError, Noted
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference
from reconciler.ledger.errors import Late, LedgerError
from reconciler.ledger.interface import Ledger
from reconciler.model import Address, Call, ItemOutcome, Pair, Problem, error

DAY = timedelta(days=1)
PRUNED = "pruned"
"""Ledger note with the time of the last pruning."""
ABSOLUTE_LASTS = timedelta(minutes=15)
"""Maximum time after its intent at which an absolute write may be sent again."""


class RunJournal:
    """Journal of one run. A failure is raised as a problem, and nothing is sent after it.

    ``now`` is the clock of the run; ``dated`` is true if a response of the server has set it.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: str,
        now: Callable[[], datetime],
        times: Times | None = None,
        dated: Callable[[], bool] = lambda: False,
    ) -> None:
        self._ledger, self.run, self._now, self._dated = ledger, run, now, dated
        self._times = times or Times()
        self._count = 0

    def hold(self, call: Call) -> Hold:
        """Return the hold of a call of this run, in case its outcome stays unknown."""
        return Hold(self.run, call, self._now() + self._times.settle_after)

    def note_look(self, kind: str, parents: Sequence[str], ids: Sequence[str]) -> int | None:
        """Record every id that a look at some parents showed; return the number of the look."""
        with _telling():
            return self._ledger.note_look(self.run, kind, parents, ids, self._now())

    def intend(self, call: Call, noted: Noted) -> int:
        """Record a call that is about to be sent, with its deadline (rule 8)."""
        at = self._now()
        lasts = min(ABSOLUTE_LASTS, self._times.settle_after) if call.effect.repeatable else evidence.INTENT_LASTS
        with _telling():
            return self._ledger.intend(
                self.run,
                call,
                at=at,
                before=noted.before,
                token=noted.token,
                server_at=at if self._dated() else None,
                deadline=at + lasts,
                held_until=at + self._times.settle_after,
                look=noted.look,
                naturals=noted.naturals,
            )

    def may_leave(self, intent: int) -> bool:
        """Return False if the deadline has passed. Raise :class:`JournalError` if the lock is no longer held."""
        try:
            with _telling():
                self._ledger.assure(intent, self._now())
        except JournalError as unwritten:
            if unwritten.problem.code == Late.code:
                return False
            raise
        return True

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None:
        """Record the outcome of a call."""
        with _telling():
            self._ledger.settle(intent, outcomes, self._now())

    def see(self, outcomes: Sequence[ItemOutcome], facets: Mapping[str, str]) -> None:
        """Record what a read showed in force of created or funded objects; ``facets`` are those of the calls."""
        news = {
            (each.item.address, facets[each.call]): {move.field: move.after for move in each.item.fields}
            for each in outcomes
            if each.call in facets
        }
        if news:
            at = self._now()
            with _telling():
                self._ledger.see(news, at, server_at=at if self._dated() else None)

    def token(self, kinds: Mapping[str, Kind], pairs: Mapping[str, Sequence[Pair]]) -> Callable[[Call], str | None]:
        """Return a function that returns the mark of a top-up, or None if the files manage the memo that carries it."""
        stated = {desired.address: desired.values for each in pairs.values() for desired, _ in each}

        def mark(call: Call) -> str | None:
            write = kinds[call.kind].writes.get(call.facet)
            if not isinstance(write, AddDifference) or write.memo in stated.get(call.items[0].address, {}):
                return None
            self._count += 1
            return history_evidence.make_mark(self.run, self._count)

        return mark


@contextmanager
def _telling() -> Iterator[None]:
    """Raise :class:`JournalError` for an error of the ledger."""
    try:
        yield
    except LedgerError as trouble:
        raise JournalError(ledger_problem(trouble)) from trouble


def ledger_problem(trouble: LedgerError) -> Problem:
    """Return an error of the ledger as a problem."""
    return error(trouble.code, trouble.message, hint=trouble.hint)


def load_snapshot(
    ledger: Ledger, of: Collection[Address] | None = None, since: datetime | None = None
) -> StateSnapshot:
    """Return the ledger's snapshot of some addresses, or of all, with the changes since then.

    Addresses of open calls and recent changes are included.
    """
    lately = ledger.increases_since(since) if since else ()
    if of is None:
        return StateSnapshot(ledger.ids(), ledger.values(), lately)
    open = (item.address for intent in ledger.open_intents() for item in intent.call.items)
    ids, values = ledger.recall({*of, *open, *(each.address for each in lately)})
    return StateSnapshot(ids, values, lately, counts=ledger.counts(), claimed=ledger.find_linked)


def prune(ledger: Ledger, keep: timedelta, now: datetime) -> None:
    """Remove entries older than ``keep`` from the journal, at most once a day."""
    last = ledger.notes([PRUNED]).get(PRUNED)
    if last is None or now - last.at >= DAY:
        ledger.prune(now - keep)
        ledger.note({PRUNED: {}}, now)
