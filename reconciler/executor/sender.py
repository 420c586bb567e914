"""Send one call so that nothing is created or funded twice: contract §9 rule 8, in its order, as one loop.

Take the rate slot, look if it creates or funds and the last look is older than a minute, write the intent, check lock
and deadline, send, interpret the response, look for presence if there is none, and record the outcome.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.executor import evidence, recovery
from reconciler.executor.call_items import appeared, subset, unsent, with_mark
from reconciler.executor.evidence import Finding, ItemFinding, Times, UnansweredCall
from reconciler.executor.looks import KindReader, Look, Looks
from reconciler.executor.outcomes import REFUSED, interpret_answer
from reconciler.executor.ports import (
    Channel,
    Journal,
    JournalError,
    Noted,
    NullJournal,
    Stop,
    WaitInterrupted,
    Watch,
    ignore_call,
)
from reconciler.model import Address, Answer, Call, Delivery, ItemOutcome, ItemStatus, Problem, WriteEffect
from reconciler.planning import likeness
from reconciler.planning.call_parts import BoundType
from reconciler.provider.reader import ReadError

Result = tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]
UNAUTHORIZED, TOO_LARGE, TOO_MANY = 401, 413, 429
NEVER_SPLIT = (401, 403, 429)  # refusals of the caller: the parts would be refused as well
PATIENCE: Mapping[int, int] = {UNAUTHORIZED: 1, TOO_MANY: 20}
"""Maximum number of restarts of a create or top-up after each of these statuses."""
UNREACHED, LATE = (2.0, 6.0, 18.0, 40.0), 3
"""Seconds before each restart of a call that could not be sent; maximum restarts of one that waited too long."""


class _Attempts(Struct):
    """Number of starts of one call, by reason."""

    mark: int = 0
    """Mark after which the look must have been begun."""
    late: int = 0
    unreached: int = 0
    answers: dict[int, int] = field(default_factory=dict)
    sent: tuple[UnansweredCall, int] | None = None
    """The last sending and its intent: that a 429 or a 401 had no effect is an assumption."""
    first: UnansweredCall | None = None
    """The first sending."""

    def again(self, answer: Answer, *, late: bool) -> float | None:
        """Return the seconds before a restart, or None: its response must prove that it had no effect."""
        if late:
            self.late += 1
            return 0.0 if self.late <= LATE else None
        if answer.fate is Delivery.NOT_SENT and not answer.permanent and self.unreached < len(UNREACHED):
            self.unreached += 1
            return UNREACHED[self.unreached - 1]
        if answer.fate is Delivery.ANSWERED and answer.status in PATIENCE and not answer.permanent:
            times = self.answers[answer.status] = self.answers.get(answer.status, 0) + 1
            return 0.0 if times <= PATIENCE[answer.status] else None
        return None


class _Leave:
    """Last check before a call is sent: lock and deadline of its intent, after every wait (rules 8 and 5)."""

    def __init__(self, journal: Journal, stop: Stop, intent: int) -> None:
        self._journal, self._stop, self._intent = journal, stop, intent
        self.late = False

    def refusal(self) -> str | None:
        """Return the reason not to send the call, or None."""
        try:
            self.late = not self._journal.may_leave(self._intent)
        except JournalError as unwritten:
            self._stop.because(unwritten.problem)
        if self._stop.reason is not None:
            return self._stop.reason.message
        return "it waited too long for its turn" if self.late else None


class Sender(Struct, frozen=True):
    """Sends the calls of one run. ``token`` returns the mark of a top-up, or None.

    ``bisect``: of a refused batch, the items not at fault are sent again. ``wary``: see :meth:`_doubly_looked`.
    """

    targets: Mapping[str, BoundType]
    looks: Looks
    channel: Channel
    reader: Callable[[str], KindReader]
    now: Callable[[], datetime]
    journal: Journal = field(default_factory=NullJournal)
    token: Callable[[Call], str | None] = lambda call: None
    stop: Stop = field(default_factory=Stop)
    times: Times = field(default_factory=Times)
    bisect: bool = False
    wary: bool = False
    watch: Watch = ignore_call
    intents: dict[str, int] = field(default_factory=dict)
    facets: dict[str, str] = field(default_factory=dict)
    """Facets of the calls that created or funded something, by call name."""
    waited: list[int] = field(default_factory=list)
    """Mark set after the wait before the first create or top-up of a run with a new ledger."""
    waiting: threading.RLock = field(default_factory=threading.RLock)

    def send(self, call: Call) -> Result:
        """Send a call and return the outcomes of its items; failures of the API or the network never raise."""
        attempts = _Attempts()
        while True:
            if self.stop.reason is not None:
                return unsent(call, self.stop.reason), ()
            self.channel.ready(call)
            try:
                look, refused = self._looked(call, attempts)
            except ReadError as unread:
                return unsent(call, unread.problem), ()
            except JournalError as unwritten:
                self.stop.because(unwritten.problem)
                return unsent(call, unwritten.problem), ()
            if refused and attempts.sent is not None:
                found = recovery.took_effect(call, attempts.sent[0], self.reader(call.kind))
                if found:
                    self._settle(attempts.sent[1], found)
                    return found, ()
            if refused:
                return self._without(call, refused)
            ended, said, pause, answer = self._once(call, look, attempts)
            if pause is None:
                return self._split(call, ended, said) if self._is_to_split(call, answer) else (ended, said)
            try:
                self._sleep(call, pause)
            except ReadError as unread:
                return unsent(call, unread.problem), said

    def _once(
        self, call: Call, look: Look | None, attempts: _Attempts
    ) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...], float | None, Answer]:
        """Send the call under one intent; also return the pause before a restart, or None, and the answer."""
        token = self.token(call) if call.effect is WriteEffect.ADD else None
        marked = with_mark(call, self.targets[call.kind].kind.writes.get(call.facet), token)
        try:
            intent = self.journal.intend(marked, self._noted(marked, look, token))
        except JournalError as unwritten:
            self.stop.because(unwritten.problem)
            return unsent(call, unwritten.problem), (), None, Answer(Delivery.NOT_SENT)
        self.intents[call.name] = intent
        if not call.effect.repeatable:
            self.facets[call.name] = call.facet
        lost = UnansweredCall(marked, self.now(), known=None if look is None else look.ids, token=token)
        attempts.sent, attempts.first = (lost, intent), attempts.first or lost
        shown = self.looks.shown(call.kind) if call.effect is WriteEffect.CREATE else ()

        leave = _Leave(self.journal, self.stop, intent)
        self.watch(marked, None)
        answer = self.channel.send(marked, allow=leave.refusal)
        ended, said = interpret_answer(marked, answer, self.targets[call.kind].kind, shown)
        if call.effect is WriteEffect.CREATE and attempts.answers and answer.fate is Delivery.ANSWERED:
            ended, lost = recovery.doubt_taken(self.targets[call.kind].kind, ended), attempts.first
        if call.effect.repeatable is False and any(each.status is ItemStatus.UNKNOWN for each in ended):
            ended = self._looked_for(lost, ended)
        if call.effect is WriteEffect.CREATE:
            self.looks.answered(call.kind, [each.id for each in ended if each.id is not None])
        self._settle(intent, ended)
        self.watch(marked, ended)
        attempts.mark = self.looks.mark()
        again = None if call.effect.repeatable or self.stop.reason else attempts.again(answer, late=leave.late)
        if answer.fate is Delivery.NOT_SENT and self.stop.reason is not None:
            ended = unsent(call, self.stop.reason)
        return ended, said, again, answer

    # --- Before the sending ----------------------------------------------------------------------------------

    def _looked(self, call: Call, attempts: _Attempts) -> tuple[Look | None, dict[int, Problem]]:
        """Look before a create or a delta (rule 7); also return the problems that forbid items, by index."""
        if call.effect not in (WriteEffect.CREATE, WriteEffect.ADD):
            return None, {}
        since = max(attempts.mark, self._doubly_looked(call)) if self.wary else attempts.mark
        if call.effect is WriteEffect.ADD:
            problem = self.looks.before_funds(call, since)
            return None, {} if problem is None else {0: problem}
        look = self.looks.before_create(call, since)
        return look, {index: appeared(call, index, row.id) for index, row in self.looks.appeared(call, look).items()}

    def _doubly_looked(self, call: Call) -> int:
        """Return a mark after a wait of ``lookFor``, since an unknown earlier run may have calls in flight.

        With a new ledger, the first create or delta needs a look before the wait (the plan's) and one after the mark.
        """
        with self.waiting:
            if not self.waited:
                self._sleep(call, self.times.look_for.total_seconds())
                self.waited.append(self.looks.mark())
            return self.waited[0]

    def _noted(self, call: Call, look: Look | None, token: str | None) -> Noted:
        if call.effect is not WriteEffect.CREATE or look is None:
            return Noted(token=token)
        kind = self.targets[call.kind].kind
        name = likeness.parent(kind)
        by_parent: dict[object, list[str]] = {}
        for row in look.rows if look.number is None else ():
            by_parent.setdefault(row.values.get(name), []).append(row.id)
        before: dict[str, tuple[str, ...]] = {}
        naturals: dict[Address, str] = {}
        for item in call.items:
            wanted = {move.field: move.after for move in item.fields}
            naturals[item.address] = likeness.key_text(kind, wanted)
            if look.number is None:  # without a recorded look, the ids are stored with each intent
                before[str(item.address)] = tuple(by_parent.get(wanted.get(name), ()))
        return Noted(before, token, look.number, naturals)

    def _without(self, call: Call, refused: Mapping[int, Problem]) -> Result:
        """Send a batch without the items that must not be sent."""
        kept = [index for index in range(len(call.items)) if index not in refused]
        ended = {
            index: ItemOutcome(call.name, call.items[index], ItemStatus.NOT_SENT, call.items[index].id, (problem,))
            for index, problem in refused.items()
        }
        said: tuple[Problem, ...] = ()
        if kept:
            rest, said = self.send(subset(call, kept))
            ended |= zip(kept, rest, strict=True)
        return tuple(ended[index] for index in range(len(call.items))), said

    # --- After the sending -----------------------------------------------------------------------------------

    def _looked_for(self, lost: UnansweredCall, ended: tuple[ItemOutcome, ...]) -> tuple[ItemOutcome, ...]:
        """Look for the presence of a lost call's effects up to ``lookFor`` (rule 9), never for absence (rule 2)."""
        reader = self.reader(lost.call.kind)
        findings: tuple[ItemFinding, ...] = ()
        try:
            for pause in evidence.pauses(self.times.look_for):
                self._sleep(lost.call, pause)
                try:
                    findings = recovery.find_out(lost, reader)
                except WaitInterrupted:
                    raise
                except ReadError:
                    continue
                if all(each.finding is Finding.APPLIED and each.id for each in findings):
                    break
        except WaitInterrupted:
            pass
        return recovery.settle_by_looks(ended, findings, self.journal.hold(lost.call))

    def _sleep(self, call: Call, seconds: float) -> None:
        """Sleep. Raise :class:`WaitInterrupted` on an interrupt."""
        self.reader(call.kind).sleep(seconds)

    def settle_anew(self, ended: Sequence[ItemOutcome]) -> None:
        """Record outcomes that were unknown and that a later read settled."""
        by_call: dict[str, list[ItemOutcome]] = {}
        for each in ended:
            by_call.setdefault(each.call, []).append(each)
        for name, group in by_call.items():
            if name in self.intents:
                self._settle(self.intents[name], group)

    def see(self, ended: Sequence[ItemOutcome]) -> None:
        """Record what a read showed in force of created or funded objects."""
        try:
            self.journal.see(ended, self.facets)
        except JournalError as unwritten:
            self.stop.because(unwritten.problem)

    def _settle(self, intent: int, ended: Sequence[ItemOutcome]) -> None:
        """Record the outcomes; if that fails, nothing more is sent, and the next run reads them back."""
        try:
            self.journal.settle(intent, ended)
        except JournalError as unwritten:
            self.stop.because(unwritten.problem)

    def _is_to_split(self, call: Call, answer: Answer) -> bool:
        """Return True if parts of a batch may be sent: it is too large, or a refusal is proven by rule 5."""
        if not call.atomic or len(call.items) < 2 or answer.fate is not Delivery.ANSWERED:
            return False
        refused = 400 <= answer.status < 500 and answer.status not in NEVER_SPLIT
        return answer.status == TOO_LARGE or (self.bisect and refused)

    def _split(self, call: Call, ended: tuple[ItemOutcome, ...], said: tuple[Problem, ...]) -> Result:
        """Send the parts of a refused batch, each with its own intent: the items not at fault, or else two halves."""
        indices = range(len(call.items))
        spared = [index for index in indices if [problem.code for problem in ended[index].problems] == [REFUSED]]
        half = len(call.items) // 2
        parts = [spared] if 0 < len(spared) < len(call.items) else [[*indices[:half]], [*indices[half:]]]
        latest = dict(enumerate(ended))
        for number, part in enumerate(parts, 1):
            again, more = self.send(replace(subset(call, part), name=f"{call.name}.{number}"))
            latest |= zip(part, again, strict=True)
            said = (*said, *more)
        return tuple(latest[index] for index in indices), said
