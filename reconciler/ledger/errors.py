"""Why a ledger cannot be used: each error says which ledger, what is wrong, and what to do.

::

    LedgerError        something else is wrong; also the root of all of them
    ├── Locked         another process works on the same scope
    ├── Damaged        it cannot be believed: torn, altered, or no ledger at all
    ├── Newer          a later version of this tool has written it
    ├── Unsafe         somebody else could have put it there, or could alter it
    ├── Foreign        another project's, or of another server
    ├── Unwritable     no room, no permission, no such folder
    ├── Lost           the lock is gone, with the connection or its file: stop before the next write
    ├── Late           the deadline of an intent has passed: it is not sent
    ├── PlanUsed       another run has used the saved plan
    └── Unsettled      a decision names no intent that is open

None of them ever holds a password: a ledger is named by :attr:`LedgerError.where`, without secrets.
"""

from typing import ClassVar

from reconciler.ledger.records import Holder, PlanUse
from reconciler.model import Cause, ItemStatus


class LedgerError(Exception):
    """The ledger cannot be used. ``code`` is stable and is what a report shows."""

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
    """Another process works on the same scope."""

    code = Cause.LOCKED.value
    advice = "wait for it, or give --lock-timeout"

    def __init__(self, where: str, scope: str, holder: Holder) -> None:
        super().__init__(where, f"{scope} is locked by {holder}")
        self.scope, self.holder = scope, holder


class Damaged(LedgerError):
    """It cannot be believed, and is never taken for an empty one."""

    code = "ledger-damaged"
    advice = (
        "restore a copy, or move it away and plan anew: nothing is created twice without it, "
        "but its history, open intents, and the values that the API never shows are forgotten"
    )


class Newer(LedgerError):
    """A later version of this tool has written it."""

    code = "ledger-newer"
    advice = "upgrade criteo-reconciler"


class Unsafe(LedgerError):
    """Somebody else could have put it there, or could alter it."""

    code = "ledger-unsafe"


class Foreign(LedgerError):
    """It is another project's, or of another server: its addresses and ids mean other things."""

    code = "ledger-foreign"
    advice = "give this project a `name` of its own in reconciler.yaml"


class Unwritable(LedgerError):
    """No room, no permission, no such folder."""

    code = "ledger-unwritable"
    advice = "make room or give permission, and run again: nothing that was sent is forgotten"


class LockLost(LedgerError):
    """The lock is gone: its connection is lost, or its file was removed."""

    code = "ledger-lost"
    advice = "run again once the database answers: open intents are then settled first"


class Late(LedgerError):
    """The deadline of an intent has passed before its call was sent."""

    code = "intent-late"
    advice = "it was not sent; apply again"


class PlanUsed(LedgerError):
    """Another run has used the saved plan."""

    code = Cause.PLAN_USED.value
    advice = "plan again: the new plan holds what is left"

    def __init__(self, where: str, use: PlanUse) -> None:
        ended = ", ".join(f"{count} {status.value}" for status, count in sorted(use.counts.items(), key=_by_status))
        super().__init__(where, f"the plan {use.digest} was begun by run {use.run}: {ended or 'its run was pruned'}")
        self.use = use


def _by_status(counted: tuple[ItemStatus, int]) -> int:
    return list(ItemStatus).index(counted[0])


class Unsettled(LedgerError):
    """A decision names no intent that is open."""

    code = "no-such-intent"
    advice = "see `reconciler ledger show RUN`"
