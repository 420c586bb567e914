"""Errors of a ledger: each names the ledger, the problem, and what to do.

::

    LedgerError        any other problem; also the base class of all
    ├── Locked         another process holds the lock of the same scope
    ├── Damaged        torn, altered, or no ledger at all
    ├── Newer          written by a later version of this tool
    ├── Unsafe         unsafe owner or permissions: another user could replace or alter it
    ├── Foreign        of another project, or of another server
    ├── Unwritable     no room, no permission, no such folder
    ├── Unconditional  the object store ignores the conditions of writes
    ├── LockLost       the lock is gone, with the connection or its file: stop before the next write
    ├── Late           the deadline of an intent has passed: it is not sent
    ├── PlanUsed       another run has used the saved plan
    └── Unsettled      a decision refers to no open intent

No message ever holds a password: a ledger is named by :attr:`LedgerError.where`, without secrets.
"""

from typing import ClassVar

from reconciler.ledger.records import Holder, PlanUse
from reconciler.model import Cause, ItemStatus


class LedgerError(Exception):
    """The ledger cannot be used. ``code`` is stable and is shown in reports."""

    code: ClassVar[str] = "ledger"
    advice: ClassVar[str] = "see what it says, and run again"

    def __init__(self, where: str, what: str, hint: str | None = None) -> None:
        super().__init__(where, what, hint)
        self.where, self.what, self.hint = where, what, hint or self.advice

    @property
    def message(self) -> str:
        return f"ledger {self.where}: {self.what}"

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})"


class Locked(LedgerError):
    """Another process holds the lock of the same scope."""

    code = Cause.LOCKED.value
    advice = "wait for it, or give --lock-timeout"

    def __init__(self, where: str, scope: str, holder: Holder) -> None:
        super().__init__(where, f"{scope} is locked by {holder}")
        self.scope, self.holder = scope, holder


class Damaged(LedgerError):
    """The ledger is damaged; it is never treated as empty."""

    code = "ledger-damaged"
    advice = (
        "restore a copy, or move it away and plan again: nothing is created twice without it, "
        "but its history, open intents, and the values that the API never shows are forgotten"
    )


class Newer(LedgerError):
    """The ledger was written by a later version of this tool."""

    code = "ledger-newer"
    advice = "upgrade the reconciler"


class Unsafe(LedgerError):
    """The ledger file has unsafe owner or permissions, so another user could replace or alter it."""

    code = "ledger-unsafe"


class Foreign(LedgerError):
    """The ledger belongs to another project or another server, whose addresses and ids differ."""

    code = "ledger-foreign"
    advice = "give this project a `name` of its own in reconciler.yaml"


class Unwritable(LedgerError):
    """The ledger cannot be written: no room, no permission, no such folder."""

    code = "ledger-unwritable"
    advice = "make room or give permission, and run again: nothing that was sent is forgotten"


class Unconditional(LedgerError):
    """The object store ignores conditions, so that a write could replace another run's."""

    code = "ledger-unconditional"
    advice = "use a store that honours conditional writes"


class LockLost(LedgerError):
    """The lock was lost: its connection is closed, or its file was removed."""

    code = "ledger-lost"
    advice = "run again once the database answers: open intents are then settled first"


class Late(LedgerError):
    """The deadline of an intent has passed before its call was sent."""

    code = "intent-late"
    advice = "it was not sent; apply again"


class PlanUsed(LedgerError):
    """The saved plan was used by another run."""

    code = Cause.PLAN_USED.value
    advice = "plan again: the new plan holds what is left"

    def __init__(self, where: str, use: PlanUse) -> None:
        ended = ", ".join(f"{count} {status.value}" for status, count in sorted(use.counts.items(), key=_by_status))
        super().__init__(where, f"the plan {use.digest} was begun by run {use.run}: {ended or 'its run was pruned'}")
        self.use = use


def _by_status(counted: tuple[ItemStatus, int]) -> int:
    return list(ItemStatus).index(counted[0])


class Unsettled(LedgerError):
    """A decision refers to no open intent."""

    code = "no-such-intent"
    advice = "see `reconciler ledger show RUN`"
