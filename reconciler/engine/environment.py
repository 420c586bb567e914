"""Dependencies of a use-case: HTTP, clock, sleep, progress."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct, field

from reconciler.engine.progress import CountSent
from reconciler.executor.evidence import Times
from reconciler.executor.held import Accepted, Hold
from reconciler.executor.ports import Channel, Stop, Watch, ignore_call
from reconciler.model import Address, Answer, Call, Delivery, Values
from reconciler.model.threads import Threads
from reconciler.planning.cost import SupportsAppliedChange
from reconciler.provider.reader import Send


def _quiet(done: int, total: int, calls: int) -> None: ...


def _not_ahead(calls: Sequence[Call]) -> None: ...


class Ahead(Struct, frozen=True):
    """Reads in the background, before ``send`` is called for them; by default there are none."""

    begin: Callable[[Sequence[Call]], None] = _not_ahead
    forget: Callable[[], None] = lambda: None
    """Drops the answers that no call has taken."""
    age: Callable[[], timedelta] = timedelta
    """Returns the time since the first of them was begun."""


class Plain(Struct, frozen=True):
    """A channel over a send function without a rate limit, for tests."""

    function: Send

    def ready(self, call: Call) -> None:
        """Do nothing, since there is no rate limit."""

    def send(self, call: Call, *, allow: Callable[[], str | None]) -> Answer:
        """Send the call if it is allowed."""
        reason = allow()
        return self.function(call) if reason is None else Answer(Delivery.NOT_SENT, reason=reason, permanent=True)


class StateSnapshot(Struct, frozen=True):
    """Snapshot of the ledger: ids and last applied values by address, and changes of the last 24 hours.

    Ids and values may be limited to the selected addresses; then ``counts`` is the total number of ids by kind, and
    ``claimed`` returns the addresses that are linked to some ids.
    """

    ids: Mapping[Address, str] = field(default_factory=dict)
    values: Mapping[Address, Values] = field(default_factory=dict)
    lately: Sequence[SupportsAppliedChange] = ()
    holds: Sequence[Hold] = ()
    """Calls with an unknown outcome, whose effects must not be sent again."""
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    """Top-ups accepted less than ``settleAfter`` ago, by the id of their object."""
    fresh: Mapping[Address, tuple[Hold, str | None]] = field(default_factory=dict)
    """Objects created less than ``settleAfter`` ago, with their id if the response gave it."""
    counts: Mapping[str, int] | None = None
    claimed: Callable[[str, Iterable[str]], Mapping[str, tuple[Address, ...]]] = lambda kind, ids: {}


class Environment(Struct, frozen=True):
    """Dependencies of a use-case: send, clock (for time stamps only), sleep, progress, stop."""

    send: Send
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    in_flight: int = 8
    progress: CountSent = _quiet
    stop: Stop = field(default_factory=Stop)
    bisect: bool = False
    watch: Watch = ignore_call
    channel: Channel | None = None
    """Channel of writes; ``send`` by default."""
    times: Times = field(default_factory=Times)
    threads: Threads = field(default_factory=Threads)
    ahead: Ahead = Ahead()
    wary: bool = False
    """True if the ledger is new: look twice before the first create or top-up."""

    def stamp(self) -> datetime:
        """Return the time at which the reads of a plan began; it is not used for decisions."""
        return self.clock() - self.ahead.age()

    @property
    def writes(self) -> Channel:
        """Channel of writes."""
        return self.channel or Plain(self.send)
