"""Changes of a transaction on their way into the log of a ledger in a bucket."""

from reconciler.ledger.errors import LedgerError
from reconciler.ledger.objects.head import Change


class Conflict(LedgerError):
    """Another writer committed first, and the transaction was undone."""

    advice = "run again: nothing of it was written"


class Ticket:
    """Changes of one transaction on their way into the log."""

    def __init__(self, changes: list[Change]) -> None:
        self.changes = changes
        self.done = False
        self.error: LedgerError | None = None
