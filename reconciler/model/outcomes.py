"""Answers of the API, and the outcome of each item of a call."""

from enum import Enum

from msgspec import Struct

from reconciler.model.calls import Item
from reconciler.model.problems import Problem
from reconciler.model.values import Json


class Delivery(Enum):
    """Delivery of a request, as far as known."""

    ANSWERED = "answered"
    NOT_SENT = "not sent"
    LOST = "lost"


class Answer(Struct, frozen=True):
    """Status and decoded body of a response, or the reason for its absence.

    The status of a call that was not sent is that of the response which turned away its sending before (401, 429), or
    zero. ``permanent``: sending again cannot help.
    """

    fate: Delivery
    status: int = 0
    body: Json = None
    reason: str = ""
    permanent: bool = False


class ItemStatus(Enum):
    """Final status of one item of a call."""

    APPLIED = "applied"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not sent"


class ReadBack(Enum):
    """Result of the read after an apply for an item that the API accepted."""

    IN_FORCE = "in force"
    NOT_IN_FORCE = "not in force"
    NOT_READ = "not read back"


class ItemOutcome(Struct, frozen=True):
    """Outcome of one item of one call, with the API's message if rejected.

    ``seen`` is the read-back of an applied item.
    """

    call: str
    item: Item
    status: ItemStatus
    id: str | None = None
    problems: tuple[Problem, ...] = ()
    seen: ReadBack = ReadBack.IN_FORCE

    @property
    def ending(self) -> str:
        """Outcome in words; an accepted item that is not confirmed by a read is not called applied."""
        confirmed = self.status is not ItemStatus.APPLIED or self.seen is ReadBack.IN_FORCE
        return self.status.value if confirmed else self.seen.value
