"""Recovery of open and recently accepted calls of earlier runs by reading (contract §9 rules 3, 4, 10, 16)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from reconciler.drift import baseline
from reconciler.engine.past_top_ups import PastTopUps, list_outcomes
from reconciler.executor import history_evidence
from reconciler.executor import recovery as recover
from reconciler.executor.evidence import Finding, ItemFinding, Times
from reconciler.executor.held import Accepted, Hold
from reconciler.executor.history_evidence import TopUpEvidence
from reconciler.executor.looks import KindReader, ListOnce
from reconciler.executor.recovery import Recovered
from reconciler.kinds.kind import Kind
from reconciler.ledger.interface import Intent, Ledger
from reconciler.model import Address, ItemOutcome, ItemStatus, Problem, Value, WriteEffect, error
from reconciler.provider.reader import ReadError

DAY = timedelta(days=1)
EVER = datetime.min.replace(tzinfo=UTC)
PRUNED = "pruned"
"""Ledger note with the time of the last pruning."""
UNSEEN, SILENT = "accepted-unseen", "the amount is what it was before, and its history does not say why"


# --- Recovery of open calls ------------------------------------------------------------------------------------


class Recovery(Struct, frozen=True):
    """Result of reading for open calls of earlier runs: outcomes to store, and calls that stay held."""

    settled: tuple[tuple[Intent, tuple[ItemOutcome, ...]], ...] = ()
    holds: tuple[Hold, ...] = ()
    problems: tuple[Problem, ...] = ()
    fresh: Mapping[Address, tuple[Hold, str | None]] = field(default_factory=dict)
    """Objects created less than ``settleAfter`` ago: a list without them lags (contract §9 rule 4)."""

    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    """Top-ups accepted less than ``settleAfter`` ago, by the id of their object."""

    @property
    def ids(self) -> Mapping[Address, str]:
        """Ids of the objects that were found, by address."""
        return {
            each.item.address: each.id
            for _, ended in self.settled
            for each in ended
            if each.status is ItemStatus.APPLIED and each.id is not None and each.item.id is None
        }


class PastReader(Struct, frozen=True):
    """Inputs of recovery: readers by kind, the time, and its clock."""

    kinds: Mapping[str, Kind]
    reader: Callable[[str], KindReader]
    now: datetime
    times: Times = field(default_factory=Times)
    dated: bool = False
    """True if ``now`` is by the server's clock."""
    machine: str = ""

    def is_held(self, intent: Intent) -> bool:
        """Return True if absence proves nothing yet (rules 3 and 16)."""
        held = intent.with_hold(self.times.settle_after)
        return held.is_held(self.now, self.now if self.dated else None, self.machine)

    def list_recent(self, ledger: Ledger, effect: WriteEffect) -> tuple[Intent, ...]:
        """Return the calls sent less than ``settleAfter`` ago, oldest first (rules 4 and 16).

        Without the server's clock, the time since another machine's call is unknown: each of them is recent.
        """
        since = self.now - self.times.settle_after if self.dated else EVER
        return tuple(each for each in ledger.intents_since(since, effect) if self.is_held(each))


def recover_open(ledger: Ledger, past: PastReader) -> Recovery:
    """Return what reads show of every open call and of recently accepted ones. It writes nothing."""
    past = replace(past, reader=cache(lambda kind, given=past.reader: ListOnce(**asdict(given(kind)))))
    settled: list[tuple[Intent, tuple[ItemOutcome, ...]]] = []
    holds: list[Hold] = []
    problems: list[Problem] = []
    with ledger.together():  # after the last writer, which may have lost its lock without noticing
        left = ledger.open_intents()
    accepted = _list_accepted_topups(ledger, past)
    beside = PastTopUps(ledger, (*left, *accepted))
    for intent in left:
        hold = _hold(intent, past)
        if intent.call.kind not in past.kinds:
            holds.append(replace(hold, doubt="its kind is not in this API version"))
            problems += (holds[-1].note(item) for item in intent.call.items)
            continue
        try:
            done = _recover_call(intent, hold, past, ledger, beside)
        except ReadError as unread:
            problems.append(unread.problem)
            holds += [hold] if not intent.call.effect.absolute else []
            continue
        problems += done.problems
        holds += [done.hold] if done.hold is not None else []
        if [each.status for each in done.outcomes] != [each.status for each in list_outcomes(intent)]:
            settled.append((intent, done.outcomes))  # an outcome that is still unknown is not stored again
    found = {intent.number for intent, _ in settled}
    for intent, hold in _lagging(accepted, past, beside, found):
        holds.append(hold)
        if hold.doubt is not None and intent.resolution is None:  # open again, so that the user can resolve it
            settled.append((intent, tuple(_reopen(each) for each in intent.outcomes)))
        problems += (hold.note(item) for item in intent.call.items)
    applied = [intent for intent, ended in settled if all(each.status is ItemStatus.APPLIED for each in ended)]
    late = dict(_just_accepted((*applied, *accepted), past, beside))
    return Recovery(tuple(settled), tuple(holds), tuple(problems), dict(_fresh(ledger, past)), late)


def settle(ledger: Ledger, recovery: Recovery, at: datetime) -> None:
    """Store the outcomes that reads showed."""
    for intent, outcomes in recovery.settled:
        ledger.settle(intent.number, outcomes, at)
    if recovery.settled:
        baseline.doubt_agreement(ledger, at)


def _recover_call(intent: Intent, hold: Hold, past: PastReader, ledger: Ledger, beside: PastTopUps) -> Recovered:
    """Return what reads show of one open call (contract §9 rules 3 and 10)."""
    known = None if intent.look is None else ledger.look(intent.look).ids
    lost = beside.make_unanswered(intent, known)
    outcomes = list_outcomes(intent)
    others = beside.count_equal(intent) if intent.call.effect is WriteEffect.ADD else 0
    findings = recover.find_out(lost, past.reader(intent.call.kind), others)
    held = past.is_held(intent)
    if any(problem.code == UNSEEN for each in outcomes for problem in each.problems):
        findings = tuple(
            replace(each, finding=Finding.DOUBT, because=SILENT) if each.finding is Finding.NOTHING else each
            for each in findings
        )
    if intent.call.effect.absolute and held:
        findings = tuple(each if each.finding is Finding.APPLIED else ItemFinding(Finding.NOTHING) for each in findings)
    return recover.judge_findings(lost, outcomes, findings, hold, held=held)


def _reopen(outcome: ItemOutcome) -> ItemOutcome:
    """Return an accepted outcome as unknown, since no read has confirmed it."""
    item = outcome.item
    problem = error(UNSEEN, f"it was accepted, but {SILENT}", at=item.place, address=item.address)
    return replace(outcome, status=ItemStatus.UNKNOWN, problems=(problem,))


def _hold(intent: Intent, past: PastReader) -> Hold:
    """Return the hold of an open call; ``until`` is None if it has passed, or by another machine's clock."""
    held = intent.with_hold(past.times.settle_after)
    until = held.held_until
    counts = (past.dated and held.server_at is not None) or (past.machine and past.machine == held.machine)
    return Hold(intent.run, intent.call, until if counts else None)


# --- Reads that lag behind what was accepted (contract §9 rule 4) -----------------------------------------------


def _lagging(
    accepted: Sequence[Intent], past: PastReader, beside: PastTopUps, found: set[int]
) -> Iterator[tuple[Intent, Hold]]:
    """Yield accepted calls that reads contradict without an explanation.

    Within ``settleAfter`` such a read lags. After that, the user must decide about a top-up that no read has shown.
    """
    met: set[tuple[str | None, Address]] = set()
    for intent in accepted:
        item = intent.call.items[0]
        key = (item.id, item.address)
        if key in met or intent.call.kind not in past.kinds:
            continue
        met.add(key)
        if intent.number not in found:
            hold = _unshown(intent, past, beside)
            if hold is not None:
                yield intent, hold if intent.resolution is None else replace(hold, doubt=None)


def _fresh(ledger: Ledger, past: PastReader) -> Iterator[tuple[Address, tuple[Hold, str | None]]]:
    """Yield objects created less than ``settleAfter`` ago, with their id if known; the later one per address."""
    for intent in past.list_recent(ledger, WriteEffect.CREATE):
        hold = replace(_hold(intent, past), accepted=True)
        for each in intent.outcomes:
            if each.status is ItemStatus.APPLIED:
                yield each.item.address, (hold, each.id)


def _list_accepted_topups(ledger: Ledger, past: PastReader) -> tuple[Intent, ...]:
    """Return accepted top-ups, newest first: the recent ones, and earlier ones that no read has confirmed.

    The recent ones include what a person resolved as applied: a decision does not make a read fresh.
    """
    recent, awaited = past.list_recent(ledger, WriteEffect.ADD), ledger.list_accepted(effects=(WriteEffect.ADD,))
    found = {each.number: each for each in (*awaited, *recent)}
    return tuple(
        found[number]
        for number in sorted(found, reverse=True)
        if [each.status for each in found[number].outcomes] == [ItemStatus.APPLIED]
    )


def _just_accepted(accepted: Sequence[Intent], past: PastReader, beside: PastTopUps) -> Iterator[tuple[str, Accepted]]:
    """Yield the last top-up of each object that was accepted or found less than ``settleAfter`` ago."""
    met = set[str]()
    for intent in accepted:
        id = intent.call.items[0].id
        ours = intent.call.effect is WriteEffect.ADD and intent.call.kind in past.kinds
        if ours and past.is_held(intent) and id is not None and id not in met:
            met.add(id)
            hold = replace(_hold(intent, past), accepted=True)
            yield id, Accepted(hold, intent.call.items[0].fields[0].after, _explaining(intent, past, beside))


def _explaining(intent: Intent, past: PastReader, beside: PastTopUps) -> Callable[[Value], bool]:
    """Return a function that returns True if the history explains another amount than the top-up's."""

    def explains(amount: Value) -> bool:
        reader, lost = past.reader(intent.call.kind), beside.make_unanswered(intent)
        try:
            return history_evidence.is_explained(
                lost, TopUpEvidence(amount, reader.read_history(intent.call), echoes=reader.echoes)
            )
        except ReadError:
            return False

    return explains


def _unshown(intent: Intent, past: PastReader, beside: PastTopUps) -> Hold | None:
    """Return the hold of an accepted top-up that no read shows, or None."""
    reader, move = past.reader(intent.call.kind), intent.call.items[0].fields[0]
    hold = replace(_hold(intent, past), accepted=True)
    try:
        row = next((row for row in reader.read_rows() if row.id == intent.call.items[0].id), None)
        amount = None if row is None else row.values.get(move.field)
        if row is None or amount == move.after:
            return None
        history = reader.read_history(intent.call)
    except ReadError:
        return replace(hold, doubt="it was accepted, and whether it is in force cannot be read")
    lost = beside.make_unanswered(intent)
    if history_evidence.is_explained(lost, TopUpEvidence(amount, history, echoes=reader.echoes)):
        return None
    if past.is_held(intent):
        return hold
    if amount == move.before:
        return replace(hold, doubt=f"it was accepted, but {SILENT}")
    return None


# --- Sentences ------------------------------------------------------------------------------------------------
