"""The records that a ledger keeps, the same for every store.

An instant is told by the clock of the machine that wrote it; ``server_at`` is the same instant by the API's clock,
None where no answer told a date.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.model import Address, Call, ItemOutcome, ItemStatus, Value, Values


class Holder(Struct, frozen=True):
    """Who holds a lock, as far as they said so."""

    who: str = "another process"
    host: str = ""
    pid: int = 0
    since: datetime | None = None
    ci_name: str | None = None
    ci_url: str | None = None

    def __str__(self) -> str:
        """``ann@build-7 (pid 41) since 2026-11-21 09:00:00 UTC, in nightly https://ci.example/7``"""
        place = f"@{self.host}" if self.host else ""
        pid = f" (pid {self.pid})" if self.pid else ""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        ci = " ".join(part for part in (self.ci_name, self.ci_url) if part)
        return f"{self.who}{place}{pid}{since}{', in ' if ci else ''}{ci}"


# --- Runs -------------------------------------------------------------------------------------------


class RunRecord(Struct, frozen=True):
    """What is known of a run when it begins. ``who`` is ``user@host``; ``allowed`` holds why which
    guardrails were overridden, by rule; ``planned`` is how many items the run is to send; ``machine``
    names the clock that its intents are written by."""

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
    """A run in a list. Without ``ended`` it is still going on, or was killed."""

    id: str
    record: RunRecord
    calls: int = 0
    ended: datetime | None = None
    exit_code: int | None = None


class PlanUse(Struct, frozen=True):
    """Which run used a saved plan, and how the items of the plan ended, as far as is known.

    Without ``past``, the run was pruned. An item that the run planned and never intended counts as not sent.
    """

    digest: str
    run: str
    at: datetime
    past: PastRun | None = None
    counts: Mapping[ItemStatus, int] = field(default_factory=dict)


# --- Calls ------------------------------------------------------------------------------------------


class Resolution(Struct, frozen=True):
    """What a person decided of an outcome that no read can settle; ``ids`` of what was created, by the text
    of the address."""

    applied: bool
    because: str
    by: str
    at: datetime
    ids: Mapping[str, str] = field(default_factory=dict)
    certain: bool = False


class LookRecord(Struct, frozen=True):
    """Every id that was shown in some parents before something was created there."""

    number: int
    run: str
    at: datetime
    kind: str
    parents: tuple[str, ...]
    ids: frozenset[str]


class Intent(Struct, frozen=True):
    """A call that was about to be sent, and what became of it as far as is known.

    ``before`` holds the ids that had the natural key already, by the text of the address; ``look`` is the number
    of the look that noted all ids of the parent; ``token`` is the mark that the call carries. It is not sent after
    ``deadline``, and what it creates or adds is not taken for absent before ``held_until``. Without ``settled``
    its end was never written, and ``outcomes`` is empty.
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
        """Return an instant of the writer's clock by the API's clock, if an answer told its date."""
        return None if self.server_at is None else self.server_at + (instant - self.at)

    def holding(self, settle_after: timedelta) -> "Intent":
        """Return the intent held for at least this long, also if an earlier format did not tell how long."""
        until = self.at + settle_after
        return replace(self, held_until=until if self.held_until is None else max(self.held_until, until))

    def is_held(self, now: datetime, server_now: datetime | None, machine: str) -> bool:
        """Return whether absence proves nothing yet: by the API's clock, else by the writer's own on its machine.

        Without either, it stays held (contract §9, 16).
        """
        if self.held_until is None:
            return False
        until = self.on_server(self.held_until)
        if until is not None and server_now is not None:
            return server_now < until
        return machine != self.machine or not machine or now < self.held_until


class RunHistory(Struct, frozen=True):
    """A run and all calls that it intended, in that order."""

    run: PastRun
    calls: tuple[Intent, ...]


class HistoryEntry(Struct, frozen=True):
    """One value that a call moved, or tried to. What was never settled counts as unknown."""

    run: str
    time: datetime
    call: str
    field: str
    before: Value
    after: Value
    status: ItemStatus


class AppliedChange(Struct, frozen=True):
    """One value that was moved; ``time`` is when its call was about to be sent."""

    address: Address
    field: str
    facet: str
    before: Value
    after: Value
    time: datetime


# --- What is known by address -----------------------------------------------------------------------


class Observation(Struct, frozen=True):
    """What the API showed of a resource when it was last looked at."""

    at: datetime
    values: Values


class SeenValues(Struct, frozen=True):
    """The values of a facet that were last seen in force after a call had moved them."""

    at: datetime
    values: Values
    server_at: datetime | None = None


class Known(Struct, frozen=True):
    """All that is known of an address: id, last applied values, what was seen in force by facet, the last look."""

    id: str | None = None
    values: Values = field(default_factory=dict)
    seen: Mapping[str, SeenValues] = field(default_factory=dict)
    observation: Observation | None = None


class Pruned(Struct, frozen=True):
    """How much of the journal was removed."""

    runs: int = 0
    calls: int = 0
    looks: int = 0


class Checkup(Struct, frozen=True):
    """How many rows a ledger has, and what is wrong with them."""

    rows: int
    damage: tuple[str, ...] = ()
