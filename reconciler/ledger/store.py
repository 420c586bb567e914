"""What a ledger can do, the records that it keeps, and how its tables came to be: the same for every store.

It is a memory, not an authority. Losing it forgets the past and creates nothing twice.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from reconciler.model import Address, Call, Outcome, Status, Value, Values

# --- The records ---------------------------------------------------------------------------------


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


class RunRecord(Struct, frozen=True):
    """What is known of a run when it begins. ``who`` is ``user@host``; ``allowed`` holds why which
    guardrails were overridden, by rule."""

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


class PastRun(Struct, frozen=True):
    """A run in a list. Without ``ended`` it is still going on, or was killed."""

    id: str
    record: RunRecord
    calls: int = 0
    ended: datetime | None = None
    exit_code: int | None = None


class Resolution(Struct, frozen=True):
    """What a person decided of an outcome that no read can settle."""

    applied: bool
    because: str
    by: str
    at: datetime


class Intent(Struct, frozen=True):
    """A call that was about to be sent, and what became of it as far as anybody knows.

    ``before`` holds the ids that existed already, by the text of the address; ``token`` is the mark
    that the call carries. Without ``settled`` nobody saw its end, and ``outcomes`` is empty.
    """

    number: int
    run: str
    at: datetime
    call: Call
    before: Mapping[str, tuple[str, ...]]
    token: str | None = None
    settled: datetime | None = None
    outcomes: tuple[Outcome, ...] = ()
    resolution: Resolution | None = None


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
    status: Status


class AppliedChange(Struct, frozen=True):
    """One value that was moved; ``time`` is when its call was about to be sent."""

    address: Address
    field: str
    facet: str
    before: Value
    after: Value
    time: datetime


class Observation(Struct, frozen=True):
    """What the API showed of a resource when it was last looked at."""

    at: datetime
    values: Values


# --- What it can do ------------------------------------------------------------------------------


class Ledger(Protocol):
    """The memory of the tool. Every method may raise ``LedgerError``; all may be called from any thread.

    A method that writes has written, and synced, when it returns.
    """

    @property
    def where(self) -> str:
        """The ledger as it may be shown: without any secret."""
        ...

    def ids(self) -> Mapping[Address, str]: ...

    def values(self) -> Mapping[Address, Values]:
        """The last applied values, by address and field."""
        ...

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        """Add to what is known, field by field; without an id, the known one stays."""
        ...

    def forget(self, address: Address) -> None:
        """Forget the id and values of an address; the journal stays as it is."""
        ...

    def move(self, old: Address, new: Address) -> None:
        """Let all that is known of an address, and its history, be known of another.

        What the new one knows already wins.
        """
        ...

    def together(self) -> AbstractContextManager[None]:
        """Make all writes inside one transaction: all of them or none. Other threads wait."""
        ...

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        """Hold all the scopes; ``waiting`` is told who holds one of them. Raises ``Locked`` in the end."""
        ...

    def held(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        """Who holds any of the scopes now, as far as can be seen without asking for it."""
        ...

    def begin(self, run: RunRecord) -> str:
        """Open a run and name it: ``20261121T090000Z-7f3a``."""
        ...

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None: ...

    def intend(
        self,
        run_id: str,
        call: Call,
        *,
        at: datetime,
        before: Mapping[str, tuple[str, ...]] = ...,
        token: str | None = None,
    ) -> int:
        """Record a call that is about to be sent. On the disk when it returns.

        Values of it that the API never shows are forgotten until it is settled as applied.
        """
        ...

    def settle(self, intent: int, outcomes: Sequence[Outcome], at: datetime) -> None:
        """Record how a call ended, and remember what it applied: both or neither.

        An intent may be settled again, when a read finds out what an answer did not tell.
        """
        ...

    def resolve(self, run_id: str, call_name: str, *, applied: bool, because: str, by: str, at: datetime) -> None:
        """Record what a person decided of the open intents of this name. Raises ``Unsettled`` if there are none."""
        ...

    def open_intents(self) -> tuple[Intent, ...]:
        """The intents whose end nobody knows: never settled, or settled as unknown. Oldest first."""
        ...

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """The latest runs, newest first."""
        ...

    def run(self, run_id: str) -> RunHistory | None: ...

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        """All that the journal knows of an address, oldest first."""
        ...

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        """Every value that calls intended since then are known to have moved, for a limit to be counted on."""
        ...

    def observe(self, address: Address, values: Values, at: datetime) -> None: ...

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        """The same for many addresses at once."""
        ...

    def observed(self, address: Address) -> Observation | None: ...

    def observations(self) -> Mapping[Address, Observation]:
        """The last look at each address, in one read."""
        ...

    def close(self) -> None: ...


# --- How the tables came to be --------------------------------------------------------------------

TABLES: Mapping[str, tuple[str, ...]] = {
    "resources": ("kind", "key", "id", "vals"),
    "observations": ("kind", "key", "at", "vals"),
    "runs": ("number", "id", "record"),
    "endings": ("run", "ended", "exit_code"),
    "intents": ("number", "run", "name", "at", "call", "details"),
    "items": ("intent", "position", "kind", "key"),
    "settlements": ("number", "intent", "at", "conclusive", "outcomes", "resolution"),
    "servers": ("server",),
}
"""The columns of each table; every row ends with a seal over them."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE format (version INTEGER NOT NULL)",
        "CREATE TABLE resources (kind TEXT NOT NULL, key TEXT NOT NULL, id TEXT, vals TEXT NOT NULL,"
        " seal BIGINT NOT NULL, PRIMARY KEY (kind, key))",
        "CREATE TABLE observations (kind TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, vals TEXT NOT NULL,"
        " seal BIGINT NOT NULL, PRIMARY KEY (kind, key))",
        "CREATE TABLE runs (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL,"
        " seal BIGINT NOT NULL)",
        "CREATE TABLE endings (run TEXT PRIMARY KEY REFERENCES runs (id), ended TEXT NOT NULL,"
        " exit_code INTEGER NOT NULL, seal BIGINT NOT NULL)",
        "CREATE TABLE intents (number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL,"
        " at TEXT NOT NULL, call TEXT NOT NULL, details TEXT NOT NULL, seal BIGINT NOT NULL)",
        "CREATE INDEX intents_run ON intents (run)",
        "CREATE INDEX intents_at ON intents (at)",
        "CREATE TABLE items (intent INTEGER NOT NULL REFERENCES intents (number), position INTEGER NOT NULL,"
        " kind TEXT NOT NULL, key TEXT NOT NULL, seal BIGINT NOT NULL, PRIMARY KEY (intent, position))",
        "CREATE INDEX items_address ON items (kind, key)",
        "CREATE TABLE settlements (number INTEGER PRIMARY KEY, intent INTEGER NOT NULL REFERENCES intents (number),"
        " at TEXT NOT NULL, conclusive INTEGER NOT NULL, outcomes TEXT NOT NULL, resolution TEXT,"
        " seal BIGINT NOT NULL)",
        "CREATE INDEX settlements_intent ON settlements (intent)",
        "CREATE TABLE holders (scope TEXT PRIMARY KEY, holder TEXT NOT NULL)",
    ),
    ("CREATE TABLE servers (server TEXT PRIMARY KEY, seal BIGINT NOT NULL)",),
)
"""Each entry leads from one format to the next, in SQL that every store understands. Add, never edit."""
FORMAT = len(MIGRATIONS)
