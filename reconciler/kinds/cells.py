"""Further cells of a kind's table: money, history, files, permissions."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct

from reconciler.model import Json


class FacetRole(Enum):
    """Role of a facet that affects money."""

    BID = "bid"
    BUDGET = "budget"
    FUNDS = "funds"


class HistoryFormat(Struct, frozen=True):
    """Form of an object's history: keys of an entry, and the field of each type of change.

    ``words`` are types of change, in lower case; ``before`` and ``after`` are inside ``details``.
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
    """Files and keys of a kind's imported resources.

    ``group`` is the field by which they are divided among files; None means one file per owner.
    """

    folder: str
    group: str | None
    key: tuple[str, ...]


class Probe(Struct, frozen=True):
    """A read that needs a permission at its lower level, and the purpose of both levels (contract §2.3).

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
"""Id that does not exist: a search for it costs one call and returns nothing."""

__all__ = ["NO_ID", "FacetRole", "FileLayout", "HistoryFormat", "Probe"]
