"""Data types for money: limits, exposure, and their changes by currency; uncapped is never a number.

Amounts are :class:`~decimal.Decimal`. A currency is a code (``EUR``) or, if the API does not return it, a phrase that
names the owner (``currency of advertiser 1352``); different currencies are never added.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

from reconciler.model.addresses import Address

ZERO = Decimal(0)


def format_amount(amount: Decimal) -> str:
    """Return an amount with at least two decimals and no trailing zeros after them: 0.90, 0.3333, 5000.00."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def group_digits(amount: Decimal, sign: str = "") -> str:
    """Return an amount with grouped digits: 0.90, 5,000.00; with the sign ``+`` also +5,000.00."""
    whole, _, decimals = f"{amount:{sign},f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def format_in_sentence(value: object) -> str:
    """Return a value for use in a sentence: amounts by :func:`group_digits`, None as "nothing", others as text."""
    return group_digits(value) if isinstance(value, Decimal) else "nothing" if value is None else str(value)


class Period(Enum):
    """Budget renewal period; the value is the word of JSON and of saved plans.

    ``ANY_DAY`` is no period of the API. It is the sum of daily, weekly and monthly limits in full, since a week's or
    month's limit may be spent on one day.
    """

    ANY_DAY = "any one day"
    DAY = "a day"
    WEEK = "a week"
    MONTH = "a month"
    TOTAL = "in all"

    @property
    def label(self) -> str:
        """Name of the period in reports for people; the value is the word of JSON and of saved plans."""
        return LABELS[self]


LABELS = {
    Period.ANY_DAY: "worst single day",
    Period.DAY: "per day",
    Period.WEEK: "per week",
    Period.MONTH: "per month",
    Period.TOTAL: "lifetime",
}


class Limit(Struct, frozen=True):
    """Maximum that one object may spend in a period. Without an amount it is uncapped.

    An uncapped limit ``TOTAL`` has days that are bounded by other limits; any other uncapped limit bounds nothing.
    """

    period: Period
    amount: Decimal | None


class Exposure(Struct, frozen=True, order=True):
    """Possible spend of a day: number of uncapped budgets, then the sum of the others; totals and funds count whole."""

    uncapped: int = 0
    amount: Decimal = ZERO

    @classmethod
    def of(cls, limit: Limit | None) -> "Exposure":
        """Return the exposure of one object with this limit; zero for None."""
        if limit is None:
            return NOTHING
        return cls(1) if limit.amount is None else cls(0, limit.amount)

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(self.uncapped + other.uncapped, self.amount + other.amount)

    def __sub__(self, other: "Exposure") -> "Exposure":
        return Exposure(self.uncapped - other.uncapped, self.amount - other.amount)


NOTHING = Exposure()


def exposure_change(before: Limit | None, after: Limit | None) -> Exposure:
    """Return the change of a limit; the amount is zero if it changes from or to uncapped."""
    was, becomes = Exposure.of(before), Exposure.of(after)
    comparable = was.uncapped == becomes.uncapped
    return Exposure(becomes.uncapped - was.uncapped, becomes.amount - was.amount if comparable else ZERO)


class Commitment(Struct, frozen=True):
    """Sum of the limits of a period over the scope, before and after; uncapped objects are counted separately."""

    currency: str
    period: Period
    before: Decimal = ZERO
    after: Decimal = ZERO
    uncapped_before: int = 0
    uncapped_after: int = 0


class Funds(Struct, frozen=True):
    """One-off money: deposits of all balances before and after, and the amounts that this plan adds and takes back.

    ``added`` includes the first deposits of new balances; uncapped balances are counted separately.
    """

    currency: str
    before: Decimal = ZERO
    after: Decimal = ZERO
    added: Decimal = ZERO
    taken: Decimal = ZERO
    uncapped_before: int = 0
    uncapped_after: int = 0


class Ceiling(Struct, frozen=True):
    """Maximum billed amount in a period, before and after: spend limits of campaigns, and balances.

    It is promised by the vendor. Objects without such a maximum are counted in a row without a period.
    """

    currency: str
    period: Period | None
    before: Decimal = ZERO
    after: Decimal = ZERO
    open_before: int = 0
    open_after: int = 0


def before_and_after(row: Commitment | Funds) -> tuple[Exposure, Exposure]:
    """Return (before, after) as exposures, with uncapped objects counted separately."""
    return Exposure(row.uncapped_before, row.before), Exposure(row.uncapped_after, row.after)


class BidShift(Struct, frozen=True):
    """Change of all bids of one field: number raised and lowered, ranges, and overall percentage.

    ``percent`` is the sum after against the sum before. The ranges cover the bids that change, and are None if there is
    none (a first bid, a bid removed).
    """

    currency: str
    kind: str
    field: str
    raised: int = 0
    lowered: int = 0
    lowest_before: Decimal | None = None
    highest_before: Decimal | None = None
    lowest_after: Decimal | None = None
    highest_after: Decimal | None = None
    percent: Decimal | None = None

    @property
    def count(self) -> int:
        return self.raised + self.lowered


class DatedBudget(Struct, frozen=True):
    """A dated budget that the plan sets, changes or removes: the cap of a day (or month) in its time, before and after.

    ``before`` and ``after`` are the standing caps where there is no dated one; None is no cap. ``adds`` is what more
    may be spent in all of its ``count`` days; None if that is not known.
    """

    currency: str
    address: Address
    field: str
    first: str
    last: str
    count: int
    before: Decimal | None
    after: Decimal | None
    adds: Decimal | None


class ExposureAfterCall(Struct, frozen=True):
    """Exposure after a call is applied; the entry before the first call has no name."""

    call: str
    currency: str
    exposure: Exposure


class Increase(Struct, frozen=True):
    """Net increase of a currency's exposure in some time; negative if it decreased."""

    currency: str
    exposure: Exposure
    since: datetime | None = None


class LimitChange(Struct, frozen=True):
    """Change of one object's limit; without an address the object is not declared (another change moves its limit)."""

    kind: str
    id: str | None
    address: Address | None
    currency: str
    before: Limit | None
    after: Limit | None

    @property
    def change(self) -> Exposure:
        return exposure_change(self.before, self.after)


class Money(Struct, frozen=True):
    """Money that the account commits before and after the plan, over everything live in the scope.

    ``shifts`` begin with the largest increase. ``increases`` are net, by currency; ``rolling`` holds those of the last
    24 hours and this plan together. ``running`` is set for the exposure-safe order only. ``ceilings`` are maximum
    billed amounts, which differ from the amounts asked for; ``ceiling_shifts`` are the objects whose own ceiling
    changes. ``dated`` are the dated budgets that change; in the totals, a dated cap counts where it is the limit.
    """

    commitments: tuple[Commitment, ...] = ()
    funds: tuple[Funds, ...] = ()
    bids: tuple[BidShift, ...] = ()
    shifts: tuple[LimitChange, ...] = ()
    increases: tuple[Increase, ...] = ()
    rolling: tuple[Increase, ...] = ()
    running: tuple[ExposureAfterCall, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    ceiling_shifts: tuple[LimitChange, ...] = ()
    dated: tuple[DatedBudget, ...] = ()

    def exposures(self) -> Mapping[str, tuple[Exposure, Exposure]]:
        """Return (before, after) by currency: the budgets of one day, and totals and funds in full."""
        sums: dict[str, tuple[Exposure, Exposure]] = {}
        whole = [row for row in self.commitments if row.period in (Period.ANY_DAY, Period.TOTAL)]
        rows: list[Commitment | Funds] = [*whole, *self.funds]
        for row in rows:
            before, after = sums.get(row.currency, (Exposure(), Exposure()))
            was, becomes = before_and_after(row)
            sums[row.currency] = (before + was, after + becomes)
        return sums

    def peak(self, currency: str) -> Exposure:
        """Return the highest exposure at any moment of the plan."""
        return max((each.exposure for each in self.running if each.currency == currency), default=Exposure())
