"""One run's dealings with the ledger: its journal, what it remembers, and what an earlier run left open."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from reconciler.drift import baseline
from reconciler.kinds.kind import Kind
from reconciler.kinds.writes import Delta
from reconciler.ledger.errors import LedgerError
from reconciler.ledger.lock import is_dead
from reconciler.ledger.store import Holder, Intent, Ledger
from reconciler.live import Unread
from reconciler.model import Address, Call, Effect, Outcome, Pair, Problem, Severity, Status, error
from reconciler.outside import Memory
from reconciler.sending import recover
from reconciler.sending.courier import Unwritten
from reconciler.sending.recover import Found, Lost, Reader, Verdict
from reconciler.telling import Tell, waiting

ON_ITS_WAY = timedelta(seconds=185)
"""As long as a call may take from its intent to its last byte: a window of the rate limit, and one sending."""


class Journal:
    """The journal of one run. Its trouble is told as a problem: nothing is sent after it."""

    def __init__(self, ledger: Ledger, run: str, now: Callable[[], datetime]) -> None:
        self._ledger, self.run, self._now = ledger, run, now
        self._count = 0

    def intend(self, call: Call, before: Mapping[str, tuple[str, ...]], token: str | None) -> int:
        try:
            return self._ledger.intend(self.run, call, at=self._now(), before=before, token=token)
        except LedgerError as trouble:
            raise Unwritten(told(trouble)) from trouble

    def settle(self, intent: int, outcomes: Sequence[Outcome]) -> None:
        try:
            self._ledger.settle(intent, outcomes, self._now())
        except LedgerError as trouble:
            raise Unwritten(told(trouble)) from trouble

    def token(self, kinds: Mapping[str, Kind], pairs: Mapping[str, Sequence[Pair]]) -> Callable[[Call], str | None]:
        """The mark of a top-up, unless the files manage the memo that would carry it."""
        managed = {desired.address for each in pairs.values() for desired, _ in each if "memo" in desired.values}

        def mark(call: Call) -> str | None:
            if not isinstance(kinds[call.kind].writes.get(call.facet), Delta) or call.items[0].address in managed:
                return None
            self._count += 1
            return f"reconciler {self.run} {self._count}"

        return mark


def told(trouble: LedgerError) -> Problem:
    """The ledger's trouble as a problem."""
    return error(trouble.code, trouble.message, hint=trouble.hint)


def memory(ledger: Ledger, of: Collection[Address] | None = None, since: datetime | None = None) -> Memory:
    """Return what the ledger remembers of some addresses, or of all, and what moved since then.

    What is open or moved lately is remembered as well, whether or not its address is among them.
    """
    lately = ledger.increases_since(since) if since else ()
    if of is None:
        return Memory(ledger.ids(), ledger.values(), lately)
    open = (item.address for intent in ledger.open_intents() for item in intent.call.items)
    ids, values = ledger.recall({*of, *open, *(each.address for each in lately)})
    return Memory(ids, values, lately, ledger.counts(), ledger.claimed)


def adopt(
    ledger: Ledger, pairs: Mapping[str, Sequence[Pair]], files: str, at: datetime, *, complete: bool = False
) -> None:
    """Remember which live object each block means, so that a renamed one is still found, and what is in force.

    ``complete`` says that all of the project is in force now: whatever moves later moved after this.
    """
    baseline.adopt(ledger, pairs, files, at)
    if complete:
        baseline.looked(ledger, at)


def settle_open(
    ledger: Ledger,
    kinds: Mapping[str, Kind],
    reader: Callable[[str], Reader],
    now: Callable[[], datetime],
    tell: Tell,
) -> tuple[Problem, ...]:
    """Settle by reading what an earlier run left open; what reading cannot tell stays, as an error."""
    problems: list[Problem] = []
    with ledger.together():  # after whoever wrote last: one that lost its lock, and has not noticed yet
        left = ledger.open_intents()
    for intent in left:
        if intent.call.kind not in kinds:
            problems.append(_undecided(intent, intent.call.items[0].address, "its kind is not in this API version"))
            continue
        try:
            found = _looked(ledger, intent, reader(intent.call.kind), now, tell)
        except Unread as unread:
            problems.append(unread.problem)
            continue
        ended = recover.decided(_unknown(intent), found)
        _settle_if_new(ledger, intent, ended, now())
        for outcome, verdict in zip(ended, found, strict=True):
            if verdict.found is Found.UNDECIDED:
                problems.append(_undecided(intent, outcome.item.address, verdict.because))
            else:
                problems.append(_settled(intent, outcome))
    return (*problems, *_not_yet_shown(ledger, kinds, reader, now))


def _looked(
    ledger: Ledger, intent: Intent, reader: Reader, now: Callable[[], datetime], tell: Tell
) -> tuple[Verdict, ...]:
    """What reading makes of it. What may still be on its way is not believed to be absent before it has ended."""
    lost = Lost(intent.call, intent.at, intent.before, intent.token)
    found = recover.verdicts(lost, reader)
    left = min(ON_ITS_WAY - (now() - intent.at), ON_ITS_WAY).total_seconds()
    absent = any(each.found is Found.ABSENT for each in found) and not intent.call.effect.repeatable
    if intent.settled is None and absent and left > 0 and not _is_dead(ledger, intent.run):
        tell(waiting(left, now(), f"{intent.call.name} of run {intent.run} may still be on its way"))
        reader.sleep(left)
        found = recover.verdicts(lost, reader)
    return found


def _is_dead(ledger: Ledger, run: str) -> bool:
    """Whether the process of a run was of this machine, and is no more."""
    past = ledger.run(run)
    if past is None:
        return False
    who, _, host = past.run.record.who.rpartition("@")
    return is_dead(Holder(who, host, past.run.record.pid))


def _settle_if_new(ledger: Ledger, intent: Intent, ended: tuple[Outcome, ...], now: datetime) -> None:
    """What is as unknown as before is not written down again each time that somebody looks."""
    before = [each.status for each in intent.outcomes]
    if before != [each.status for each in ended]:
        ledger.settle(intent.number, ended, now)


def _not_yet_shown(
    ledger: Ledger, kinds: Mapping[str, Kind], reader: Callable[[str], Reader], now: Callable[[], datetime]
) -> Iterator[Problem]:
    """Top-ups that were accepted, but are not in force although they were given time.

    Runs that ended well have read theirs back; after a kill, or a read that was late, nobody has. To
    plan from the amount before them would send them a second time.
    """
    for intent in _latest_topups(ledger):
        outcome = intent.outcomes[0]
        try:
            shown = intent.call.kind not in kinds or recover.is_shown(intent.call, reader(intent.call.kind))
        except Unread as unread:
            yield unread.problem
            continue
        if shown:
            _see(ledger, [intent], now())
        else:
            ledger.settle(intent.number, (replace(outcome, status=Status.UNKNOWN),), now())
            because = "it was accepted, but the amount is what it was before; it may be late, or was taken back"
            yield _undecided(intent, outcome.item.address, because)


def _latest_topups(ledger: Ledger) -> Iterator[Intent]:
    """The last accepted top-up of each object that no read has shown in force."""
    latest = {intent.call.items[0].id: intent for intent in ledger.accepted(effects=(Effect.ADD,))}
    yield from latest.values()


def saw(ledger: Ledger, at: datetime) -> None:
    """Record that all that was accepted is in force: a run that ended well has read it back."""
    _see(ledger, ledger.accepted(), at)


def _see(ledger: Ledger, intents: Sequence[Intent], at: datetime) -> None:
    news = {
        (outcome.item.address, intent.call.facet): {move.field: move.after for move in outcome.item.fields}
        for intent in intents
        for outcome in intent.outcomes
        if outcome.status is Status.APPLIED
    }
    if news:
        ledger.see(news, at)


def open_since(ledger: Ledger) -> Iterator[Problem]:
    """A note for each call whose end nobody knows: a plan does not settle, it only says so."""
    for intent in ledger.open_intents():
        message = f"{intent.call.name} of run {intent.run} has no known end; the next apply looks for it first"
        yield Problem(Severity.WARNING, "open-intent", message, address=intent.call.items[0].address)


def _unknown(intent: Intent) -> tuple[Outcome, ...]:
    """The outcomes as far as they are known; without any, all items are unknown."""
    if intent.outcomes:
        return intent.outcomes
    return tuple(Outcome(intent.call.name, item, Status.UNKNOWN, item.id) for item in intent.call.items)


def _settled(intent: Intent, outcome: Outcome) -> Problem:
    message = f"{intent.call.name} of run {intent.run}, which had no known end: {outcome.status.value}"
    return Problem(Severity.NOTE, "settled-intent", message, address=outcome.item.address)


def _undecided(intent: Intent, address: Address, because: str) -> Problem:
    message = f"nobody can tell whether {intent.call.name} of run {intent.run} took effect for {address}: {because}"
    hint = (
        f"look at the account, then: reconciler resolve {intent.run} {intent.call.name}"
        " --applied|--not-applied --because TEXT"
    )
    return error("undecided", message, address=address, hint=hint)
