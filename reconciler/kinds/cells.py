"""What else the table of a kind says about it: money, history, files, permissions."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from reconciler.model import Json


class FacetRole(Enum):
    """What a facet moves, if it moves money."""

    BID = "bid"
    BUDGET = "budget"
    FUNDS = "funds"


class HistoryFormat(Struct, frozen=True):
    """How the history of an object is written: the keys of an entry, and which field each type of change means.

    ``words`` are types of change, in lower case; ``before`` and ``after`` stand inside ``details``.
    """

    words: Mapping[str, str]
    change: str
    at: str
    details: str
    before: str
    after: str
    who: str
    memo: str


class FileLayout(Struct, frozen=True):
    """Where the resources of a kind are written by an import, and by which fields they are called.

    ``group`` is the field by which they are shared out among files; None: one file for each owner.
    """

    folder: str
    group: str | None
    key: tuple[str, ...]


class Probe(Struct, frozen=True):
    """A read that needs a permission at its lower level, and what both levels are for (contract §2.3).

    ``attached`` probes a set that is read from the other side, which not every version has.
    """

    domain: str
    method: str
    path: str
    reads: str
    manages: str
    body: Json = None
    query: tuple[tuple[str, str], ...] = ()
    attached: bool = False


NO_ID = "0"
"""An id that nothing has: a search for it costs one call and has no answer to speak of."""

__all__ = ["NO_ID", "FacetRole", "FileLayout", "HistoryFormat", "Probe"]
