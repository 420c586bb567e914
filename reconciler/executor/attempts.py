"""Starts of one call: how often and after which pauses it is sent again, and the last check before each sending."""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.executor.evidence import UnansweredCall
from reconciler.executor.ports import Journal, JournalError, Stop
from reconciler.model import Answer, Delivery, ItemOutcome, Problem

Result = tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]
UNAUTHORIZED, TOO_MANY = 401, 429
PATIENCE: Mapping[int, int] = {UNAUTHORIZED: 1, TOO_MANY: 20}
"""Maximum number of restarts of a create, top-up or replacement after each of these statuses."""
UNREACHED, LATE = (2.0, 6.0, 18.0, 40.0), 3
"""Seconds before each restart of a call that could not be sent; maximum restarts of one that waited too long."""
SILENCES = (2.0, 6.0, 18.0, 40.0)
"""Seconds before a replacement whose answer was lost is read again, and sent again if it is still as planned."""


class Attempts(Struct):
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
    lost: Result | None = None
    """Outcome of the last replacement whose answer was lost: it is sent again only after a new read."""
    open: list[int] = field(default_factory=list)
    """Intents of the replacements whose answers were lost."""

    def list_earlier(self) -> tuple[UnansweredCall, ...]:
        """Return the sendings so far, the first one first."""
        return () if self.sent is None else (*self.sent[0].earlier, self.sent[0])

    def note_turned_away(self, answer: Answer) -> int:
        """Count the call as turned away if the status says so (401, 429); return how often it was with this status."""
        times = self.answers.get(answer.status, 0) + (answer.status in PATIENCE)
        if times:
            self.answers[answer.status] = times
        return times

    def pause_after_silence(self, ended: Result) -> float | None:
        """Return the seconds before a replacement with a lost answer is read, and sent, again; None if it is enough."""
        assert self.sent is not None
        self.lost = ended
        self.open.append(self.sent[1])
        return SILENCES[len(self.open) - 1] if len(self.open) <= len(SILENCES) else None

    def pause_before_restart(self, answer: Answer, *, late: bool) -> float | None:
        """Return the seconds before a restart, or None: its response must prove that it had no effect."""
        if late:
            self.late += 1
            return 0.0 if self.late <= LATE else None
        if answer.fate is Delivery.NOT_SENT and not answer.permanent and self.unreached < len(UNREACHED):
            self.unreached += 1
            return UNREACHED[self.unreached - 1]
        if answer.fate is Delivery.ANSWERED and answer.status in PATIENCE and not answer.permanent:
            return 0.0 if self.note_turned_away(answer) <= PATIENCE[answer.status] else None
        return None


class Leave:
    """Last check before a call is sent: lock and deadline of its intent, after every wait (rules 8 and 5)."""

    def __init__(self, journal: Journal, stop: Stop, intent: int) -> None:
        self._journal, self._stop, self._intent = journal, stop, intent
        self.late = False

    def refusal(self) -> str | None:
        """Return the reason not to send the call, or None."""
        try:
            self.late = not self._journal.may_leave(self._intent)
        except JournalError as unwritten:
            self._stop.request(unwritten.problem)
        if self._stop.reason is not None:
            return self._stop.reason.message
        return "it waited too long for its turn" if self.late else None
