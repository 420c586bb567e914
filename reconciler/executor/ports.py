"""What a sender is handed: where it writes down, how its calls leave, who is told, and what stops it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct, field

from reconciler.executor.held import Hold
from reconciler.model import Address, Answer, Call, ItemOutcome, Problem
from reconciler.provider.reader import ReadError

PIECE = 0.5
"""Seconds that an interrupt may have to wait for a sleep."""


class Noted(Struct, frozen=True):
    """What is written down with an intent: ids that were there before, the mark of a top-up, the natural keys."""

    before: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    token: str | None = None
    look: int | None = None
    naturals: Mapping[Address, str] = field(default_factory=dict)


class Journal(Protocol):
    """Where intents and their ends are written. Each method has written, and synced, when it returns.

    Any of them may raise :class:`JournalError`.
    """

    def hold(self, call: Call) -> Hold:
        """Return until when a call of this run is held, if its end stays unknown."""
        ...

    def note_look(self, kind: str, parents: Sequence[str], ids: Sequence[str]) -> int | None: ...

    def intend(self, call: Call, noted: Noted) -> int: ...

    def may_leave(self, intent: int) -> bool:
        """Return False if the intent's deadline has passed; raise if the lock is held no more."""
        ...

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome]) -> None: ...

    def see(self, outcomes: Sequence[ItemOutcome], facets: Mapping[str, str]) -> None:
        """Write down what a read showed in force; ``facets`` are those of the calls that create or fund."""
        ...


class Channel(Protocol):
    """The way to the API for writes."""

    def ready(self, call: Call) -> None:
        """Wait until the call could leave at once."""
        ...

    def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
        """Send it: once, if a second time would do more than the first. ``allow`` may refuse at the last moment."""
        ...


Watch = Callable[[Call, Sequence[ItemOutcome] | None], None]
"""Is called for each call that is about to be sent, and again with how its items ended."""


def ignore_call(call: Call, ended: Sequence[ItemOutcome] | None) -> None:
    """Do nothing."""


class JournalError(Exception):
    """The journal could not be written; nothing more may be sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class WaitInterrupted(ReadError):
    """A wait between two looks was cut short: what the second would have shown is not known."""


class NullJournal:
    """A journal for worlds whose effects need no memory: tests and trials."""

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
    """Why nothing more is sent, once something says so: an interrupt, or a journal that cannot be written."""

    def __init__(self, reason: Problem | None = None) -> None:
        self.reason = reason
        self._lock: threading.RLock = threading.RLock()

    def because(self, problem: Problem) -> None:
        """Stop for this reason, if nothing stopped it before."""
        with self._lock:
            self.reason = self.reason or problem

    def cutting(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Return a sleep that this ends early, with :class:`WaitInterrupted`."""

        def slept(seconds: float) -> None:
            while seconds > 0:
                if self.reason is not None:
                    raise WaitInterrupted(self.reason)
                sleep(min(seconds, PIECE))
                seconds -= PIECE

        return slept
