"""The outside, as far as a use-case may touch it: everything is handed in, so a test can hand in its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from reconciler.lazily import dataclass
from reconciler.live import Send
from reconciler.model import Address, Values
from reconciler.planning.money import Moved
from reconciler.sending.courier import Stop, Watch, unwatched
from reconciler.sending.execute import Progress


def _quiet(done: int, total: int) -> None: ...


@dataclass(frozen=True)
class Memory:
    """What the ledger remembers: ids and last applied values, by address; what runs moved in the last 24 hours."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    values: Mapping[Address, Values] = field(default_factory=dict)
    lately: Sequence[Moved] = ()


@dataclass(frozen=True)
class Outside:
    """How to send, the clock that stamps what happens (it judges nothing), how to wait, whom to tell, when to stop."""

    send: Send
    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    in_flight: int = 8
    progress: Progress = _quiet
    stop: Stop = field(default_factory=Stop)
    bisect: bool = False
    watch: Watch = unwatched
