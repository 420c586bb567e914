"""Further cells of a kind's table: money, history, files, permissions."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

from msgspec import Struct

from reconciler.model import Json


class FacetRole(Enum):
    """Role of a facet that affects money."""

    BID = "bid"
    BUDGET = "budget"
    FUNDS = "funds"


class HistoryLine(Struct, frozen=True):
    """One entry of a history. ``amount`` is the change of funds, negative if taken; None for other changes."""

    change: str
    at: datetime | None
    before: Json
    after: Json
    amount: Decimal | None
    who: str | None
    memo: str | None


class HistoryFormat(Struct, frozen=True):
    """Form of an object's history: keys of an entry, and the field of each type of change.

    ``words`` are types of change, in lower case; ``before``, ``after`` and ``amount`` are inside ``details``. ``added``
    and ``removed`` are the types of change of funds; their sign is undocumented (contract §14, 27).
    """

    words: Mapping[str, str]
    change: str
    at: str
    details: str
    before: str
    after: str
    who: str
    memo: str
    amount: str
    added: str
    removed: str

    def read(self, row: Mapping[str, Any]) -> HistoryLine:
        """Return an entry of the API; parts that cannot be read are None."""
        change, held = str(row.get(self.change) or "").casefold(), row.get(self.details)
        details = held if isinstance(held, dict) else {}
        who, memo = row.get(self.who), row.get(self.memo)
        return HistoryLine(
            change,
            _instant(row.get(self.at)),
            details.get(self.before),
            details.get(self.after),
            self._sign_amount(change, details.get(self.amount)),
            None if who is None else str(who),
            None if memo is None else str(memo),
        )

    def _sign_amount(self, change: str, said: object) -> Decimal | None:
        if change not in (self.added, self.removed):
            return None
        try:
            amount = abs(Decimal(str(said)))
        except InvalidOperation:
            return None
        return -amount if change == self.removed else amount


def _instant(said: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


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


class MinimumBid(Struct, frozen=True):
    """A read of the least bid that an object's ``by`` (a retailer) accepts; ``fields`` are the bids to compare."""

    path: str
    by: str
    fields: tuple[str, ...]
    attribute: str
    body: Json


class DatedCap(Struct, frozen=True):
    """A cap that replaces the ``standing`` one from its first to its last day (or month), ``count`` of them."""

    standing: str
    amount: Decimal | None
    first: str
    last: str
    count: int


NO_ID = "0"
"""Id that does not exist: a search for it costs one call and returns nothing."""

__all__ = ["NO_ID", "DatedCap", "FacetRole", "FileLayout", "HistoryFormat", "HistoryLine", "MinimumBid", "Probe"]
