"""The outside, as far as a use-case may touch it: everything is handed in, so a test can hand in its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from reconciler.executor.evidence import Times
from reconciler.executor.held import Accepted, Hold
from reconciler.executor.ports import Channel, Stop, Watch, ignore_call
from reconciler.executor.scheduler import Progress
from reconciler.model import Address, Answer, Call, Delivery, Values
from reconciler.model.threads import Threads
from reconciler.planning.cost import SupportsAppliedChange
from reconciler.provider.reader import Send


def _quiet(done: int, total: int) -> None: ...


class Plain(Struct, frozen=True):
    """A channel over a function that sends: for tests and trials, where no call waits for its turn."""

    function: Send

    def ready(self, call: Call) -> None:
        """Do nothing: there is no rate limit to wait for."""

    def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
        """Send the call, if it is allowed."""
        reason = allow()
        return self.function(call) if reason is None else Answer(Delivery.NOT_SENT, reason=reason, permanent=True)


class StateSnapshot(Struct, frozen=True):
    """What the ledger remembers: ids and last applied values, by address; what runs moved in the last 24 hours.

    Ids and values may be those of the addresses at hand only; then ``counts`` is how many have an id in all, by kind,
    and ``claimed`` tells which addresses are linked to some ids.
    """

    ids: Mapping[Address, str] = field(default_factory=dict)
    values: Mapping[Address, Values] = field(default_factory=dict)
    lately: Sequence[SupportsAppliedChange] = ()
    holds: Sequence[Hold] = ()
    """Calls whose end is not known: what they may have done is not sent again."""
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    """Top-ups that were accepted less than ``settleAfter`` ago, by the id of their object."""
    fresh: Mapping[Address, tuple[Hold, str | None]] = field(default_factory=dict)
    """What was created less than ``settleAfter`` ago, with its id if the answer told it."""
    counts: Mapping[str, int] | None = None
    claimed: Callable[[str, Iterable[str]], Mapping[str, tuple[Address, ...]]] = lambda kind, ids: {}


class Environment(Struct, frozen=True):
    """How to send, the clock that stamps what happens (it judges nothing), how to wait, whom to tell, when to stop."""

    send: Send
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    in_flight: int = 8
    progress: Progress = _quiet
    stop: Stop = field(default_factory=Stop)
    bisect: bool = False
    watch: Watch = ignore_call
    channel: Channel | None = None
    """The way of writes; without one they go through ``send``."""
    times: Times = field(default_factory=Times)
    threads: Threads = field(default_factory=Threads)
    wary: bool = False
    """The ledger is new: look twice before the first create or top-up."""

    def stamp(self) -> datetime:
        """Return when something happens, to be written down; nothing is judged by it."""
        return self.clock()

    @property
    def writes(self) -> Channel:
        """The way of writes."""
        return self.channel or Plain(self.send)
