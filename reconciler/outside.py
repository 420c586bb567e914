"""The outside, as far as a use-case may touch it: everything is handed in, so a test can hand in its own."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from reconciler.live import Send
from reconciler.model import Address, Values
from reconciler.planning.money import Moved
from reconciler.sending.courier import Stop, Watch, unwatched
from reconciler.sending.execute import Progress


def _quiet(done: int, total: int) -> None: ...


class Memory(Struct, frozen=True):
    """What the ledger remembers: ids and last applied values, by address; what runs moved in the last 24 hours.

    Ids and values may be those of the addresses at hand only; then ``counts`` is how many have an id in all, by kind,
    and ``claimed`` tells which addresses are linked to some ids.
    """

    ids: Mapping[Address, str] = field(default_factory=dict)
    values: Mapping[Address, Values] = field(default_factory=dict)
    lately: Sequence[Moved] = ()
    counts: Mapping[str, int] | None = None
    claimed: Callable[[str, Iterable[str]], Mapping[str, tuple[Address, ...]]] = lambda kind, ids: {}


class Outside(Struct, frozen=True):
    """How to send, the clock that stamps what happens (it judges nothing), how to wait, whom to tell, when to stop."""

    send: Send
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    in_flight: int = 8
    progress: Progress = _quiet
    stop: Stop = field(default_factory=Stop)
    bisect: bool = False
    watch: Watch = unwatched
