"""What a ledger can do: the same for every store. Its records are in :mod:`reconciler.ledger.records`.

It is a memory, not an authority. Losing it forgets the past and creates nothing twice.
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
    """The memory of the tool. Every method may raise ``LedgerError``; all may be called from any thread.

    A method that writes has written, and synced, when it returns.
    """

    @property
    def where(self) -> str:
        """The ledger as it may be shown: without any secret."""
        ...

    @property
    def is_new(self) -> bool:
        """Whether it held nothing when it was opened: no run, and no id."""
        ...

    # --- By address -------------------------------------------------------------------------------------

    def known(self, addresses: Iterable[Address]) -> Mapping[Address, Known]:
        """Return what is known of these addresses; one without anything is left out."""
        ...

    def claimed(self, kind: str, ids: Iterable[str]) -> Mapping[str, tuple[Address, ...]]:
        """Return which addresses are linked to these ids."""
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
        """Return how many addresses have an id, by kind."""
        ...

    def remember(self, address: Address, id: str | None, values: Values) -> None:
        """Add to what is known, field by field; without an id, the known one stays."""
        ...

    def forget(self, address: Address) -> None:
        """Forget all that is known of an address; the journal stays as it is."""
        ...

    def move(self, old: Address, new: Address) -> None:
        """Let all that is known of an address, and its history, be known of another.

        What the new one knows already wins.
        """
        ...

    def see(
        self, news: Mapping[tuple[Address, str], Values], at: datetime, *, server_at: datetime | None = None
    ) -> None:
        """Record values that a read showed in force, by address and facet.

        Accepted creates and top-ups of these that were intended before the read are confirmed by it.
        """
        ...

    def observe(self, address: Address, values: Values, at: datetime) -> None: ...

    def observe_all(self, news: Mapping[Address, Values], at: datetime) -> None:
        """The same for many addresses at once."""
        ...

    def observed(self, address: Address) -> Observation | None: ...

    def observations(self, of: Iterable[Address] | None = None) -> Mapping[Address, Observation]:
        """Return the last look at each of some addresses, or at all of them."""
        ...

    def notes(self, names: Iterable[str]) -> Mapping[str, Observation]:
        """Return what was noted of the project under these names."""
        ...

    def note(self, news: Mapping[str, Values], at: datetime) -> None:
        """Note something of the project, each under its name, in place of what was noted there."""
        ...

    # --- Who may write ----------------------------------------------------------------------------------

    def together(self) -> AbstractContextManager[None]:
        """Make all writes inside one transaction: all of them or none. Other threads wait."""
        ...

    def lock(
        self, scopes: Sequence[str], holder: Holder, *, timeout: float, waiting: Callable[[Holder], None]
    ) -> AbstractContextManager[None]:
        """Hold all the scopes; ``waiting`` gets who holds one of them. Raises ``Locked`` in the end."""
        ...

    def held(self, scopes: Sequence[str]) -> tuple[Holder, ...]:
        """Return who holds any of the scopes now, as far as can be seen without asking for it."""
        ...

    def assure(self, intent: int, now: datetime) -> None:
        """Raise ``Lost`` if the lock is held no more, ``Late`` if the deadline of this session's intent has passed.

        To be called last of all before the bytes leave.
        """
        ...

    # --- The journal, written ---------------------------------------------------------------------------

    def begin(self, run: RunRecord) -> str:
        """Open a run and name it: ``20261121T090000Z-7f3a``."""
        ...

    def finish(self, run_id: str, ended: datetime, exit_code: int) -> None: ...

    def note_look(self, run_id: str, kind: str, parents: Sequence[str], ids: Iterable[str], at: datetime) -> int:
        """Record every id that was shown in the parents, for the creates that refer to it; return its number."""
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
        """Record a call that is about to be sent. On the disk when it returns.

        In the same transaction: the lock is still this session's (else ``Lost``), and the saved plan of the run is
        used by no other run (else ``PlanUsed``). ``naturals`` are the natural keys of what it creates, as one text
        each. Values of it that the API never shows are forgotten until it is settled as applied.
        """
        ...

    def settle(self, intent: int, outcomes: Sequence[ItemOutcome], at: datetime) -> None:
        """Record how a call ended, and remember what it applied: both or neither.

        An intent may be settled again, when a read finds out what an answer did not tell.
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
        """Record what a person decided of the open intents of this name. Raises ``Unsettled`` if there are none.

        ``ids`` of what was created, by the text of the address, are remembered.
        """
        ...

    def prune(self, before: datetime) -> Pruned:
        """Remove runs, calls and looks older than that; never what is open, accepted or held, and never the last
        call of each facet of an address."""
        ...

    def compact(self) -> None:
        """Give back the room that was freed, where the store does not do so by itself."""
        ...

    def check(self) -> Checkup:
        """Look at every row."""
        ...

    # --- The journal, read ------------------------------------------------------------------------------

    def open_intents(self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()) -> tuple[Intent, ...]:
        """Return the intents without a known end: never settled, or settled as unknown. Oldest first.

        With ``effects`` or ``kinds``, only those of them.
        """
        ...

    def open_creates(
        self, kind: str, *, naturals: Collection[str] = (), addresses: Collection[Address] = ()
    ) -> tuple[Intent, ...]:
        """Return the open creates of any of the natural keys, or of any of the addresses. Oldest first."""
        ...

    def accepted(self, *, effects: Collection[WriteEffect] = (), kinds: Collection[str] = ()) -> tuple[Intent, ...]:
        """Return the creates and top-ups that were accepted, and that no read has shown in force. Oldest first."""
        ...

    def look(self, number: int) -> LookRecord: ...

    def plan_used(self, digest: str) -> PlanUse | None:
        """Return which run used a saved plan, if any did."""
        ...

    def runs(self, limit: int) -> tuple[PastRun, ...]:
        """Return the latest runs, newest first."""
        ...

    def run(self, run_id: str) -> RunHistory | None: ...

    def history(self, address: Address) -> tuple[HistoryEntry, ...]:
        """Return all that the journal knows of an address, oldest first."""
        ...

    def increases_since(self, when: datetime) -> tuple[AppliedChange, ...]:
        """Return every value that calls intended since then are known to have moved, for a limit to be counted on."""
        ...

    def close(self) -> None: ...
