"""Records of a ledger, the same for every store.

An instant is by the clock of the machine that wrote it; ``server_at`` is the same instant by the API's clock, None if
no response had a date.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model import Address, Call, ItemOutcome, ItemStatus, Value, Values


class Holder(Struct, frozen=True):
    """Holder of a lock, as far as its note says."""

    who: str = "another process"
    host: str = ""
    pid: int = 0
    since: datetime | None = None
    ci_name: str | None = None
    ci_url: str | None = None

    def __str__(self) -> str:
        """Return ``ann@build-7 (pid 41) since 2026-11-21 09:00:00 UTC, in nightly https://ci.example/7``."""
        place = f"@{self.host}" if self.host else ""
        pid = f" (pid {self.pid})" if self.pid else ""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        ci = " ".join(part for part in (self.ci_name, self.ci_url) if part)
        return f"{self.who}{place}{pid}{since}{', in ' if ci else ''}{ci}"


# --- Runs -------------------------------------------------------------------------------------------


class RunRecord(Struct, frozen=True):
    """A run at its start.

    ``who`` is ``user@host``; ``allowed`` holds the reasons of overridden guardrails, by rule; ``planned`` is the number
    of items to send; ``machine`` names the clock of its intents.
    """

    command: str
    project: str
    started: datetime
    version: str
    who: str = ""
    pid: int = 0
    commit: str | None = None
    ci_name: str | None = None
    ci_url: str | None = None
    plan_digest: str | None = None
    allowed: Mapping[str, str] = field(default_factory=dict)
    planned: int = 0
    machine: str = ""


class PastRun(Struct, frozen=True):
    """A run in a list. Without ``ended`` it is running, or was killed."""

    id: str
    record: RunRecord
    calls: int = 0
    ended: datetime | None = None
    exit_code: int | None = None


class PlanUse(Struct, frozen=True):
    """Use of a saved plan by a run, with the outcomes of its items as far as known.

    Without ``past``, the run was pruned. A planned item without an intent counts as not sent.
    """

    digest: str
    run: str
    at: datetime
    past: PastRun | None = None
    counts: Mapping[ItemStatus, int] = field(default_factory=dict)


# --- Calls ------------------------------------------------------------------------------------------


class Resolution(Struct, frozen=True):
    """A user's decision on an outcome that no read can settle.

    ``ids`` holds those of created objects, by the text of the address.
    """

    applied: bool
    because: str
    by: str
    at: datetime
    ids: Mapping[str, str] = field(default_factory=dict)
    certain: bool = False


class LookRecord(Struct, frozen=True):
    """Every id that a read showed in some parents before something was created there."""

    number: int
    run: str
    at: datetime
    kind: str
    parents: tuple[str, ...]
    ids: frozenset[str]


class Intent(Struct, frozen=True):
    """Journaled call with its latest known outcome.

    ``before`` holds the ids that already had the natural key, by the text of the address; ``look`` is the number of the
    look that recorded all ids of the parent; ``token`` is the mark that the call carries. It is not sent after
    ``deadline``, and what it creates or adds is not reported absent before ``held_until``. Without ``settled`` its
    outcome was never written, and ``outcomes`` is empty.
    """

    number: int
    run: str
    at: datetime
    call: Call
    before: Mapping[str, tuple[str, ...]]
    token: str | None = None
    settled: datetime | None = None
    outcomes: tuple[ItemOutcome, ...] = ()
    resolution: Resolution | None = None
    server_at: datetime | None = None
    deadline: datetime | None = None
    held_until: datetime | None = None
    look: int | None = None
    machine: str = ""

    def on_server(self, instant: datetime) -> datetime | None:
        """Return an instant of the writer's clock by the API's clock, or None if no response had a date."""
        return None if self.server_at is None else self.server_at + (instant - self.at)

    def with_hold(self, settle_after: timedelta) -> "Intent":
        """Return the intent with a hold of at least this long, also if an earlier format recorded none."""
        until = self.at + settle_after
        return replace(self, held_until=until if self.held_until is None else max(self.held_until, until))

    def is_held(self, now: datetime, server_now: datetime | None, machine: str) -> bool:
        """Return True if absence proves nothing yet, by the API's clock or else the writer's clock on its own machine.

        Without either, it stays held (contract §9, 16).
        """
        if self.held_until is None:
            return False
        until = self.on_server(self.held_until)
        if until is not None and server_now is not None:
            return server_now < until
        return machine != self.machine or not machine or now < self.held_until


class RunHistory(Struct, frozen=True):
    """A run and all calls that it intended, in order."""

    run: PastRun
    calls: tuple[Intent, ...]


class HistoryEntry(Struct, frozen=True):
    """One value that a call changed or tried to change; unknown if it was never settled."""

    run: str
    time: datetime
    call: str
    field: str
    before: Value
    after: Value
    status: ItemStatus


class AppliedChange(Struct, frozen=True):
    """One value that was changed; ``time`` is that of the intent."""

    address: Address
    field: str
    facet: str
    before: Value
    after: Value
    time: datetime


# --- Known by address --------------------------------------------------------------------------------


class Observation(Struct, frozen=True):
    """Values of a resource at its last read."""

    at: datetime
    values: Values


class SeenValues(Struct, frozen=True):
    """Values of a facet that a read showed in force after a call had changed them."""

    at: datetime
    values: Values
    server_at: datetime | None = None


class Known(Struct, frozen=True):
    """Everything known about an address: id, applied values, confirmed values by facet, last observation."""

    id: str | None = None
    values: Values = field(default_factory=dict)
    seen: Mapping[str, SeenValues] = field(default_factory=dict)
    observation: Observation | None = None


class Pruned(Struct, frozen=True):
    """Counts of removed journal rows."""

    runs: int = 0
    calls: int = 0
    looks: int = 0


class Checkup(Struct, frozen=True):
    """Number of rows of a ledger, and the problems found in them."""

    rows: int
    damage: tuple[str, ...] = ()
