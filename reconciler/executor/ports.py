"""Interfaces of the sender: journal, channel, watch, and stop."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from reconciler.executor.held import Hold
from reconciler.model import Address, Answer, Call, ItemOutcome, Problem
from reconciler.provider.reader import ReadError

PIECE = 0.5
"""Seconds between two checks for an interrupt during a sleep."""


class Noted(Struct, frozen=True):
    """Data recorded with an intent: ids that existed before, the mark of a top-up, the natural keys."""

    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    token: str | None = None
    look: int | None = None
    naturals: Mapping[Address, str] = field(default_factory=dict)


class Journal(Protocol):
    """Journal of intents and outcomes. Each method has written and synced when it returns.

    Any of them may raise :class:`JournalError`.
    """

    def hold(self, call: Call) -> Hold:
        """Return the hold of a call of this run, in case its outcome stays unknown."""
        ...

    def note_look(self, kind: str, parents: Sequence[str], ids: Sequence[str]) -> int | None: ...

    def intend(self, call: Call, noted: Noted) -> int: ...

    def may_leave(self, intent: int) -> bool:
        """Return False if the intent's deadline has passed; raise if the lock is no longer held."""
        ...

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None: ...

    def see(self, outcomes: Sequence[ItemOutcome], facets: Mapping[str, str]) -> None:
        """Record what a read showed in force; ``facets`` are those of the calls that create or fund."""
        ...


class Channel(Protocol):
    """Channel of writes to the API."""

    def ready(self, call: Call) -> None:
        """Wait until the call could be sent at once."""
        ...

    def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
        """Send the call; only once if it is not repeatable. ``allow`` may refuse at the last moment."""
        ...


Watch = Callable[[Call, Sequence[ItemOutcome] | None], None]
"""Called for each call that is about to be sent, and again with the outcomes of its items."""


def ignore_call(call: Call, ended: Sequence[ItemOutcome] | None) -> None:
    """Do nothing."""


class JournalError(Exception):
    """Raised if the journal cannot be written; nothing more may be sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class WaitInterrupted(ReadError):
    """Raised when an interrupt ends a wait between two recovery reads."""


class NullJournal:
    """No-op journal for tests."""

    def hold(self, call: Call) -> Hold:
        return Hold("-", call, None)

    def note_look(self, kind: str, parents: Sequence[str], ids: Sequence[str]) -> int | None:
        return None

    def intend(self, call: Call, noted: Noted) -> int:
        return 0

    def may_leave(self, intent: int) -> bool:
        return True

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None: ...

    def see(self, outcomes: Sequence[ItemOutcome], facets: Mapping[str, str]) -> None: ...


class Stop:
    """Stop flag with the reason why nothing more is sent: an interrupt, or a journal that cannot be written."""

    def __init__(self, reason: Problem | None = None) -> None:
        self.reason = reason
        self._lock: threading.RLock = threading.RLock()

    def request(self, problem: Problem) -> None:
        """Stop for this reason, unless stopped already."""
        with self._lock:
            self.reason = self.reason or problem

    def wrap_sleep(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Wrap `sleep` so that a stop raises :class:`WaitInterrupted`."""

        def sleep_in_pieces(seconds: float) -> None:
            while seconds > 0:
                if self.reason is not None:
                    raise WaitInterrupted(self.reason)
                sleep(min(seconds, PIECE))
                seconds -= PIECE

        return sleep_in_pieces
