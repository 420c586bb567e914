"""Carries one call: written down, sent, and what came back written down; never twice by accident.

*Intend* is on the disk before the bytes leave, so whatever dies in between, the next run knows what
may have happened and looks before it acts.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.writes import Delta
from reconciler.live import Send, Unread
from reconciler.model import Answer, Call, Effect, Fate, Outcome, Pair, Problem, Status, error
from reconciler.planning.parts import Target
from reconciler.sending import recover
from reconciler.sending.outcome import REFUSED, outcomes
from reconciler.sending.recover import Found, Lost, Reader

Result = tuple[tuple[Outcome, ...], tuple[Problem, ...]]
NEVER_SPLIT = (401, 403, 429)
"""Refusals of the caller, not of what is in the call: its halves would be refused as well."""


PIECE = 0.5
"""Seconds that an interrupt may have to wait for who sleeps."""


class Journal(Protocol):
    """Where intents and their ends are written. Each method has written, and synced, when it returns."""

    def intend(self, call: Call, before: Mapping[str, tuple[str, ...]], token: str | None) -> int: ...

    def settle(self, intent: int, outcomes: Sequence[Outcome]) -> None: ...


Watch = Callable[[Call, Sequence[Outcome] | None], None]
"""Told of each call that is about to be sent, and again of how its items ended."""


def unwatched(call: Call, ended: Sequence[Outcome] | None) -> None:
    """Nobody follows the run."""


class Unwritten(Exception):
    """The journal could not be written; nothing more may be sent."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Cut(Unread):
    """A wait between two looks was cut short: nobody knows what the second would have shown."""


class Forgetful:
    """A journal for worlds whose effects need no memory: tests and trials."""

    def intend(self, call: Call, before: Mapping[str, tuple[str, ...]], token: str | None) -> int:
        return 0

    def settle(self, intent: int, outcomes: Sequence[Outcome]) -> None: ...


class Stop:
    """Why nothing more is sent, once something says so: an interrupt, or a journal that cannot be written."""

    def __init__(self, reason: Problem | None = None) -> None:
        self.reason = reason
        self._lock: threading.RLock = threading.RLock()

    def because(self, problem: Problem) -> None:
        with self._lock:
            self.reason = self.reason or problem

    def cutting(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """A sleep that this ends early, with :class:`Cut`: who looks too early must not believe in an absence."""

        def slept(seconds: float) -> None:
            while seconds > 0:
                if self.reason is not None:
                    raise Cut(self.reason)
                sleep(min(seconds, PIECE))
                seconds -= PIECE

        return slept


class Courier(Struct, frozen=True):
    """One apply's way of carrying calls. ``token`` makes the mark of a top-up; None sends none.

    ``bisect``: of a batch that is refused as a whole, what is not to blame is sent again without the rest.
    """

    targets: Mapping[str, Target]
    pairs: Mapping[str, Sequence[Pair]]
    namesakes: Callable[[Call], Mapping[str, tuple[str, ...]]]
    send: Send
    reader: Callable[[str], Reader]
    now: Callable[[], datetime]
    journal: Journal = field(default_factory=Forgetful)
    token: Callable[[Call], str | None] = lambda call: None
    stop: Stop = field(default_factory=Stop)
    bisect: bool = False
    watch: Watch = unwatched
    intents: dict[str, int] = field(default_factory=dict)

    def carry(self, call: Call, *, again: bool = True) -> Result:
        """Send a call and say how its items ended; never raises for what the world does.

        ``again``: a create or a top-up that was proved absent is sent once more, and no oftener (contract §9).
        """
        if self.stop.reason is not None:
            return _unsent(call, self.stop.reason), ()
        token = self.token(call) if call.effect is Effect.ADD else None
        marked = self._marked(call, token)
        before = self.namesakes(call) if call.effect is Effect.CREATE else {}
        try:
            intent = self.journal.intend(marked, before, token)
        except Unwritten as unwritten:
            self.stop.because(unwritten.problem)
            return _unsent(call, unwritten.problem), ()
        self.intents[call.name] = intent
        lost = Lost(marked, self.now(), before, token)
        self.watch(marked, None)
        answer = self.send(marked)
        ended, said = outcomes(marked, answer, self.targets[call.kind].kind)
        if not call.effect.repeatable and any(each.status is Status.UNKNOWN for each in ended):
            ended, absent = self._looked(lost, ended)
            self._settle(intent, ended)
            self.watch(marked, ended)
            if absent and again:
                return self.carry(call, again=False)
            return ended, said
        self._settle(intent, ended)
        self.watch(marked, ended)
        if self.bisect and call.atomic and len(call.items) > 1 and _is_refused(answer):
            return self._split(call, ended, said)
        return ended, said

    def _split(self, call: Call, ended: tuple[Outcome, ...], said: tuple[Problem, ...]) -> Result:
        """The parts of a refused batch: all but the items that the API blames, or else its two halves."""
        indices = range(len(call.items))
        spared = [index for index in indices if [problem.code for problem in ended[index].problems] == [REFUSED]]
        half = len(call.items) // 2
        parts = [spared] if 0 < len(spared) < len(call.items) else [[*indices[:half]], [*indices[half:]]]
        latest = dict(enumerate(ended))
        for number, part in enumerate(parts, 1):
            again, more = self.carry(replace(only(call, part), name=f"{call.name}.{number}"))
            latest |= zip(part, again, strict=True)
            said = (*said, *more)
        return tuple(latest[index] for index in indices), said

    def settle_anew(self, ended: Sequence[Outcome]) -> None:
        """Write down what a later read found out of outcomes that were unknown."""
        by_call: dict[str, list[Outcome]] = {}
        for each in ended:
            by_call.setdefault(each.call, []).append(each)
        for name, group in by_call.items():
            if name in self.intents:
                self._settle(self.intents[name], group)

    def _looked(self, lost: Lost, ended: tuple[Outcome, ...]) -> tuple[tuple[Outcome, ...], bool]:
        """What reading makes of a lost call, and whether all of it is proved absent."""
        try:
            found = recover.verdicts(lost, self.reader(lost.call.kind))
        except Unread:
            return ended, False
        return recover.decided(ended, found), all(verdict.found is Found.ABSENT for verdict in found)

    def _settle(self, intent: int, ended: Sequence[Outcome]) -> None:
        """What ended stays ended even if it cannot be written: the next run reads it back."""
        try:
            self.journal.settle(intent, ended)
        except Unwritten as unwritten:
            self.stop.because(unwritten.problem)

    def _marked(self, call: Call, token: str | None) -> Call:
        """The call with the mark by which the history tells it from any other."""
        write = self.targets[call.kind].kind.writes.get(call.facet)
        if token is None or not isinstance(write, Delta) or not isinstance(call.body, dict):
            return call
        data = call.body["data"]
        assert isinstance(data, dict)
        attributes = data["attributes"]
        assert isinstance(attributes, dict)
        return replace(call, body={"data": {**data, "attributes": {**attributes, write.memo: token}}})


def only(call: Call, kept: Sequence[int]) -> Call:
    """The call with these of its items."""
    if len(kept) == len(call.items):
        return call
    data = call.body["data"] if isinstance(call.body, dict) else call.body
    assert isinstance(data, list)
    rows = [data[index] for index in kept]
    items = tuple(call.items[index] for index in kept)
    return replace(call, items=items, body={"data": rows} if isinstance(call.body, dict) else rows)


def _is_refused(answer: Answer) -> bool:
    return answer.fate is Fate.ANSWERED and 400 <= answer.status < 500 and answer.status not in NEVER_SPLIT


def _unsent(call: Call, reason: Problem) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(
            call.name,
            item,
            Status.NOT_SENT,
            item.id,
            (error(reason.code, reason.message, at=item.place, address=item.address, hint=reason.hint),),
        )
        for item in call.items
    )
