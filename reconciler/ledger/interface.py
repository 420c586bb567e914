"""Interface of a ledger, the same for every store. Its records are in :mod:`reconciler.ledger.records`.

It does not decide what is live. Losing it loses history and creates nothing twice.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from reconciler.ledger.records import (
    AppliedChange,
    Checkup,
    HistoryEntry,
    Holder,
    Intent,
    Known,
    LookRecord,
    Observation,
    PastRun,
    PlanUse,
    Pruned,
    Resolution,
    RunHistory,
    RunRecord,
    SeenValues,
)
from reconciler.model import Address, Call, ItemOutcome, Values, WriteEffect

__all__ = [
    "AppliedChange",
    "Checkup",
    "HistoryEntry",
    "Holder",
    "Intent",
    "Known",
    "Ledger",
    "LookRecord",
    "Observation",
    "PastRun",
    "PlanUse",
    "Pruned",
    "Resolution",
    "RunHistory",
    "RunRecord",
    "SeenValues",
]


class Ledger(Protocol):
    """Persistent memory of the tool. Every method may raise ``LedgerError``; all are thread-safe.

    A method that writes has written and synced when it returns.
    """

    @property
    def where(self) -> str:
        """Location of the ledger for messages, without any secret."""
        ...

    @property
    def is_new(self) -> bool:
        """True if the ledger held no run and no id when it was opened."""
        ...

    # --- By address -------------------------------------------------------------------------------------

    def look_up(self, addresses: Iterable[Address]) -> Mapping[Address, Known]:
        """Return everything known about these addresses; unknown addresses are left out."""
        ...

    def find_linked(self, kind: str, ids: Iterable[str]) -> Mapping[str, tuple[Address, ...]]:
        """Return the addresses that are linked to these ids."""
        ...

    def ids(self, of: Iterable[Address] | None = None) -> Mapping[Address, str]:
        """Return the ids of some addresses, or of all of them."""
        ...

    def values(self, of: Iterable[Address] | None = None) -> Mapping[Address, Values]:
        """Return the last applied values by field, of some addresses or of all of them."""
        ...

    def recall(self, of: Iterable[Address]) -> tuple[Mapping[Address, str], Mapping[Address, Values]]:
        """Return the ids and the last applied values of some addresses, in one read of them."""
        ...

    def counts(self) -> Mapping[str, int]:
        """Return the number of addresses with an id, by kind."""
        ...

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        """Merge new values into what is known, by field; with ``id`` None, the known one stays."""
        ...

    def forget(self, address: Address) -> None:
        """Remove everything known about an address; the journal is unchanged."""
        ...

    def move(self, old: Address, new: Address) -> None:
        """Move everything known about an address, with its history, to another address.

        Values that the new address already has take precedence.
        """
        ...

    def see(
        self, news: Mapping[tuple[Address, str], Values], at: datetime, *, server_at: datetime | None = None
    ) -> None:
        """Record values that a read showed in force, by address and facet.

        Accepted creates and top-ups of these, intended before the read, are confirmed by it.
        """
        ...

    def observe(self, address: Address, values: Values, at: datetime) -> None: ...

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        """Record the last read of many addresses."""
        ...

    def read_observation(self, address: Address) -> Observation | None: ...

    def observations(self, of: Iterable[Address] | None = None) -> Mapping[Address, Observation]:
        """Return the last observation of some addresses, or of all of them."""
        ...

    def notes(self, names: Iterable[str]) -> Mapping[str, Observation]:
        """Return the project's notes under these names."""
        ...

    def note(self, news: Mapping[str, Values], at: datetime) -> None:
        """Store notes of the project by name, replacing earlier ones."""
        ...

    # --- Locks -----------------------------------------------------------------------------------------

    def together(self) -> AbstractContextManager[None]:
        """Run all writes inside in one transaction: all of them or none. Other threads wait."""
        ...

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        """Hold all scopes. Call ``waiting`` with each holder that is waited for. Raise ``Locked`` after the timeout."""
        ...

    def find_holders(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        """Return the holders of any of the scopes, as far as visible without locking."""
        ...

    def assure(self, intent: int, now: datetime) -> None:
        """Raise ``LockLost`` if the lock is no longer held, ``Late`` if the deadline of the intent has passed.

        Call it last, directly before the request is sent.
        """
        ...

    # --- Writing the journal ----------------------------------------------------------------------------

    def begin(self, run: RunRecord) -> str:
        """Start a run and return its id: ``20261121T090000Z-7f3a``."""
        ...

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None: ...

    def note_look(self, run_id: str, kind: str, parents: Sequence[str], ids: Iterable[str], at: datetime) -> int:
        """Record every id that a read showed in the parents, for the creates that refer to it; return its number."""
        ...

    def intend(
        self,
        run_id: str,
        call: Call,
        *,
        at: datetime,
        before: Mapping[str, tuple[str, ...]] = ...,
        token: str | None = None,
        server_at: datetime | None = None,
        deadline: datetime | None = None,
        held_until: datetime | None = None,
        look: int | None = None,
        naturals: Mapping[Address, str] = ...,
    ) -> int:
        """Record a call that is about to be sent; it is on disk when this returns.

        In the same transaction: the lock is still held by this session (else ``LockLost``), and no other run has used
        the run's saved plan (else ``PlanUsed``). ``naturals`` are the natural keys of what the call creates, each as
        one text. Its values that the API never returns are removed until it is settled as applied.
        """
        ...

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome], at: datetime) -> None:
        """Record the outcome of a call, and the values that it applied, in one transaction.

        An intent may be settled again, when a read shows what the response did not.
        """
        ...

    def resolve(
        self,
        run_id: str,
        call_name: str,
        *,
        applied: bool,
        because: str,
        by: str,
        at: datetime,
        ids: Mapping[str, str] = ...,
        certain: bool = False,
    ) -> None:
        """Record a user's decision on the open intents of this name. Raise ``Unsettled`` if there are none.

        ``ids`` of created objects, by the text of the address, are stored.
        """
        ...

    def prune(self, before: datetime) -> Pruned:
        """Remove runs, calls and looks before a date.

        Calls that are open, accepted or held stay, and the last call of each facet of an address.
        """
        ...

    def compact(self) -> None:
        """Release freed space, if the store does not do so by itself."""
        ...

    def check(self) -> Checkup:
        """Check every row."""
        ...

    # --- Reading the journal ----------------------------------------------------------------------------

    def open_intents(self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()) -> tuple[Intent, ...]:
        """Return the intents without a known outcome: never settled, or settled as unknown. Oldest first.

        ``effects`` and ``kinds`` restrict the result if given.
        """
        ...

    def open_creates(
        self, kind: str, *, naturals: Collection[str] = (), addresses: Collection[Address] = ()
    ) -> tuple[Intent, ...]:
        """Return the open creates with any of these natural keys or addresses. Oldest first."""
        ...

    def list_accepted(
        self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()
    ) -> tuple[Intent, ...]:
        """Return the accepted creates and top-ups that no read has confirmed. Oldest first."""
        ...

    def intents_since(self, when: datetime, effect: WriteEffect) -> tuple[Intent, ...]:
        """Return every intent with this effect since then, of any outcome and any run. Oldest first."""
        ...

    def look(self, number: int) -> LookRecord: ...

    def plan_used(self, digest: str) -> PlanUse | None:
        """Return the run that used a saved plan, or None."""
        ...

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """Return the latest runs, newest first."""
        ...

    def run(self, run_id: str) -> RunHistory | None: ...

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        """Return the journal's entries of an address, oldest first."""
        ...

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        """Return every value that calls intended since then have changed, as input of limits over time."""
        ...

    def close(self) -> None: ...
