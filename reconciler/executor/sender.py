"""Send one call so that nothing is created or funded twice: contract §9 rule 8, in its order, as one loop.

Take the rate slot, look if it creates or funds and the last look is older than a minute, write the intent, check lock
and deadline, send, interpret the response, look for presence if there is none, and record the outcome.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.executor import evidence, recovery, replacing
from reconciler.executor.attempts import PATIENCE, Attempts, Leave, Result
from reconciler.executor.call_items import mark_unsent, report_appeared, select_items, with_mark
from reconciler.executor.evidence import Finding, ItemFinding, Times, UnansweredCall
from reconciler.executor.looks import KindReader, Look, Looks
from reconciler.executor.outcomes import interpret_answer
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
from reconciler.executor.refused_batch import is_to_split, list_parts
from reconciler.model import Address, Answer, Call, Delivery, ItemOutcome, ItemStatus, Problem, WriteEffect
from reconciler.planning import likeness
from reconciler.planning.call_parts import BoundType
from reconciler.provider.reader import ReadError


class Sender(Struct, frozen=True):
    """Sends the calls of one run. ``token`` returns the mark of a top-up, or None.

    ``bisect``: of a refused batch, the items not at fault are sent again. ``wary``: see :meth:`_look_twice`.
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
        return self._send_replacement(call) if call.effect is WriteEffect.REPLACE else self._send(call)

    def _send(self, call: Call) -> Result:
        attempts = Attempts()
        while True:
            if self.stop.reason is not None:
                return self._stop_sending(call, attempts, self.stop.reason), ()
            self.channel.ready(call)
            try:
                look, refused = self._look(call, attempts)
            except ReadError as unread:
                return mark_unsent(call, unread.problem), ()
            except JournalError as unwritten:
                self.stop.request(unwritten.problem)
                return mark_unsent(call, unwritten.problem), ()
            if refused and (found := self._find_effect(call, attempts)):
                return found, ()
            if refused:
                return self._send_without(call, refused)
            ended, said, pause, answer = self._send_once(call, look, attempts)
            if pause is None and answer.fate is Delivery.ANSWERED and answer.status in PATIENCE:
                return self._find_effect(call, attempts) or ended, said
            if pause is None:
                return self._split(call, ended, said) if is_to_split(call, answer, self.bisect) else (ended, said)
            try:
                self._sleep(call, pause)
            except ReadError as unread:
                return self._stop_sending(call, attempts, unread.problem), said

    def _stop_sending(self, call: Call, attempts: Attempts, reason: Problem) -> tuple[ItemOutcome, ...]:
        """Return the outcomes of a call that is not sent again: a look may show that a refused sending took effect."""
        return self._find_effect(call, attempts) or mark_unsent(call, reason)

    def _find_effect(self, call: Call, attempts: Attempts) -> tuple[ItemOutcome, ...]:
        """Return and record the outcomes of a call that was turned away and took effect anyway; empty if it did not."""
        if attempts.sent is None or not attempts.answers:
            return ()
        found = recovery.find_effect(call, attempts.sent[0], self.reader(call.kind))
        if found:
            self._settle(attempts.sent[1], found)
        return found

    def _send_replacement(self, call: Call) -> Result:
        """Send a whole object, each time by a new read that shows it as it was planned."""
        attempts = Attempts()
        while True:
            if self.stop.reason is not None:
                return attempts.lost or (self._stop_sending(call, attempts, self.stop.reason), ())
            self.channel.ready(call)
            try:
                fresh = replacing.freshen(call, self.reader(call.kind), again=attempts.sent is not None)
            except ReadError as unread:
                return attempts.lost or (mark_unsent(call, unread.problem), ())
            if not isinstance(fresh, Call):
                return self._settle_by_read(call, fresh, attempts), ()
            ended, said, pause, _ = self._send_once(fresh, None, attempts)
            if pause is None and ended[0].status is ItemStatus.UNKNOWN:
                pause = attempts.pause_after_silence((ended, said))
            if pause is None:
                return self._keep_doubt(ended, attempts), said
            try:
                self._sleep(call, pause)
            except ReadError as unread:
                return attempts.lost or (self._stop_sending(call, attempts, unread.problem), said)

    def _settle_by_read(self, call: Call, refused: Problem | None, attempts: Attempts) -> tuple[ItemOutcome, ...]:
        """Return the outcome of a replacement that is not sent (again), by the read before it."""
        if refused is not None:
            return replacing.mark_refused(call, refused, lost=attempts.lost is not None)
        ended = replacing.mark_in_force(call)
        if attempts.sent is not None:
            self._settle(attempts.sent[1], ended)
        return self._keep_doubt(ended, attempts)

    def _keep_doubt(self, ended: tuple[ItemOutcome, ...], attempts: Attempts) -> tuple[ItemOutcome, ...]:
        """Return the last outcome; a refusal says nothing about an earlier sending whose answer was lost."""
        if attempts.lost is not None and ended[0].status is not ItemStatus.APPLIED:
            return attempts.lost[0]
        for intent in attempts.open:
            self._settle(intent, ended)
        return ended

    def _send_once(
        self, call: Call, look: Look | None, attempts: Attempts
    ) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...], float | None, Answer]:
        """Send the call under one intent; also return the pause before a restart, or None, and the answer."""
        token = self.token(call) if call.effect is WriteEffect.ADD else None
        marked = with_mark(call, self.targets[call.kind].kind.writes.get(call.facet), token)
        try:
            intent = self.journal.intend(marked, self._make_note(marked, look, token))
        except JournalError as unwritten:
            self.stop.request(unwritten.problem)
            return mark_unsent(call, unwritten.problem), (), None, Answer(Delivery.NOT_SENT)
        self.intents[call.name] = intent
        if not call.effect.absolute:
            self.facets[call.name] = call.facet
        known = None if look is None else look.ids
        lost = UnansweredCall(marked, self.now(), known=known, token=token, earlier=attempts.list_earlier())
        attempts.sent, attempts.first = (lost, intent), attempts.first or lost
        shown = self.looks.list_shown(call.kind) if call.effect is WriteEffect.CREATE else ()

        leave = Leave(self.journal, self.stop, intent)
        self.watch(marked, None)
        answer = self.channel.send(marked, allow=leave.refusal)
        ended, said = interpret_answer(marked, answer, self.targets[call.kind].kind, shown)
        if call.effect is WriteEffect.CREATE and attempts.answers and answer.fate is Delivery.ANSWERED:
            ended, lost = recovery.doubt_taken(self.targets[call.kind].kind, ended), attempts.first
        if not call.effect.absolute and any(each.status is ItemStatus.UNKNOWN for each in ended):
            ended = self._look_for(lost, ended)
        if call.effect is WriteEffect.CREATE:
            self.looks.note_created(call.kind, [each.id for each in ended if each.id is not None])
        self._settle(intent, ended)
        self.watch(marked, ended)
        attempts.mark = self.looks.mark()
        again = None if call.effect.repeatable else attempts.pause_before_restart(answer, late=leave.late)
        if answer.fate is Delivery.NOT_SENT and self.stop.reason is not None:
            attempts.note_turned_away(answer)
            ended = self._stop_sending(call, attempts, self.stop.reason)
        return ended, said, again, answer

    # --- Before the sending ----------------------------------------------------------------------------------

    def _look(self, call: Call, attempts: Attempts) -> tuple[Look | None, dict[int, Problem]]:
        """Look before a create or a delta (rule 7); also return the problems that forbid items, by index."""
        if call.effect not in (WriteEffect.CREATE, WriteEffect.ADD):
            return None, {}
        since = max(attempts.mark, self._look_twice(call)) if self.wary else attempts.mark
        if call.effect is WriteEffect.ADD:
            problem = self.looks.look_before_funds(call, since)
            return None, {} if problem is None else {0: problem}
        look = self.looks.look_before_create(call, since)
        return look, {
            index: report_appeared(call, index, row.id) for index, row in self.looks.find_appeared(call, look).items()
        }

    def _look_twice(self, call: Call) -> int:
        """Return a mark after a wait of ``lookFor``, since an unknown earlier run may have calls in flight.

        With a new ledger, the first create or delta needs a look before the wait (the plan's) and one after the mark.
        """
        with self.waiting:
            if not self.waited:
                self._sleep(call, self.times.look_for.total_seconds())
                self.waited.append(self.looks.mark())
            return self.waited[0]

    def _make_note(self, call: Call, look: Look | None, token: str | None) -> Noted:
        if call.effect is not WriteEffect.CREATE or look is None:
            return Noted(token=token)
        kind = self.targets[call.kind].kind
        name = likeness.parent_of(kind)
        by_parent: dict[object, list[str]] = {}
        for row in look.rows if look.number is None else ():
            by_parent.setdefault(row.values.get(name), []).append(row.id)
        before: dict[str, tuple[str, ...]] = {}
        naturals: dict[Address, str] = {}
        for item in call.items:
            wanted = {move.field: move.after for move in item.fields}
            naturals[item.address] = likeness.join_key(kind, wanted)
            if look.number is None:  # without a recorded look, the ids are stored with each intent
                before[str(item.address)] = tuple(by_parent.get(wanted.get(name), ()))
        return Noted(before, token, look.number, naturals)

    def _send_without(self, call: Call, refused: Mapping[int, Problem]) -> Result:
        """Send a batch without the items that must not be sent."""
        kept = [index for index in range(len(call.items)) if index not in refused]
        ended = {
            index: ItemOutcome(call.name, call.items[index], ItemStatus.NOT_SENT, call.items[index].id, (problem,))
            for index, problem in refused.items()
        }
        said: tuple[Problem, ...] = ()
        if kept:
            rest, said = self.send(select_items(call, kept))
            ended |= zip(kept, rest, strict=True)
        return tuple(ended[index] for index in range(len(call.items))), said

    # --- After the sending -----------------------------------------------------------------------------------

    def _look_for(self, lost: UnansweredCall, ended: tuple[ItemOutcome, ...]) -> tuple[ItemOutcome, ...]:
        """Look for the presence of a lost call's effects up to ``lookFor`` (rule 9), never for absence (rule 2)."""
        reader = self.reader(lost.call.kind)
        findings: tuple[ItemFinding, ...] = ()
        try:
            for pause in evidence.list_pauses(self.times.look_for):
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

    def settle_again(self, ended: Sequence[ItemOutcome]) -> None:
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
            self.stop.request(unwritten.problem)

    def _settle(self, intent: int, ended: Sequence[ItemOutcome]) -> None:
        """Record the outcomes; if that fails, nothing more is sent, and the next run reads them back."""
        try:
            self.journal.settle(intent, ended)
        except JournalError as unwritten:
            self.stop.request(unwritten.problem)

    def _split(self, call: Call, ended: tuple[ItemOutcome, ...], said: tuple[Problem, ...]) -> Result:
        """Send the parts of a refused batch, each with its own intent."""
        latest = dict(enumerate(ended))
        for number, part in enumerate(list_parts(call, ended), 1):
            again, more = self.send(replace(select_items(call, part), name=f"{call.name}.{number}"))
            latest |= zip(part, again, strict=True)
            said = (*said, *more)
        return tuple(latest.values()), said
