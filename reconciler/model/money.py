"""The nouns of money: what may be spent at most, moved how far, in which currency; uncapped is never a number.

Amounts are :class:`~decimal.Decimal`. A currency is a code (``EUR``) or, where the API does not tell
it, a phrase that names whose it is (``currency of advertiser 1352``); two are never added together.
"""

from datetime import datetime
from decimal import Decimal
from enum import Enum

from msgspec import Struct

ZERO = Decimal(0)


def format_amount(amount: Decimal) -> str:
    """At least two decimals, and no more than are meant: 0.90, 0.3333, 5000.00."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def group_digits(amount: Decimal, sign: str = "") -> str:
    """The same for a person to read: 0.90, 5,000.00; with the sign ``+`` also +5,000.00."""
    whole, _, decimals = f"{amount:{sign},f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def format_in_sentence(value: object) -> str:
    """A value in a sentence: an amount :func:`group_digits`, anything else as it is."""
    return group_digits(value) if isinstance(value, Decimal) else "nothing" if value is None else str(value)


class Period(Enum):
    """After which time a limit starts anew; the value is how a report says it.

    ``ANY_DAY`` is no period of the API but the most that is asked for over them: daily, weekly and monthly
    limits in full, since nothing keeps a week's or a month's from being spent on one day.
    """

    ANY_DAY = "any one day"
    DAY = "a day"
    WEEK = "a week"
    MONTH = "a month"
    TOTAL = "in all"

    @property
    def label(self) -> str:
        """How reports for people name it; the value is the word of JSON and of saved plans."""
        return LABELS[self]


LABELS = {
    Period.ANY_DAY: "worst single day",
    Period.DAY: "per day",
    Period.WEEK: "per week",
    Period.MONTH: "per month",
    Period.TOTAL: "lifetime",
}


class Limit(Struct, frozen=True):
    """The most that one object may spend in a period. Without an amount it is uncapped.

    An uncapped limit ``TOTAL`` is one whose days are bounded by others; any other bounds nothing.
    """

    period: Period
    amount: Decimal | None


class Exposure(Struct, frozen=True, order=True):
    """The budgets of one day, totals and funds in full; uncapped outweighs any amount."""

    uncapped: int = 0
    amount: Decimal = ZERO

    @classmethod
    def of(cls, limit: Limit | None) -> "Exposure":
        """What one object exposes; None exposes nothing."""
        if limit is None:
            return NOTHING
        return cls(1) if limit.amount is None else cls(0, limit.amount)

    def __add__(self, other: "Exposure") -> "Exposure":
        return Exposure(self.uncapped + other.uncapped, self.amount + other.amount)

    def __sub__(self, other: "Exposure") -> "Exposure":
        return Exposure(self.uncapped - other.uncapped, self.amount - other.amount)


NOTHING = Exposure()


def exposure_change(before: Limit | None, after: Limit | None) -> Exposure:
    """How far a limit moves. From or to uncapped there is no amount to compare, so none is told."""
    was, becomes = Exposure.of(before), Exposure.of(after)
    comparable = was.uncapped == becomes.uncapped
    return Exposure(becomes.uncapped - was.uncapped, becomes.amount - was.amount if comparable else ZERO)


class Commitment(Struct, frozen=True):
    """What all objects of the scope may spend in a period, before and after; uncapped ones are counted apart."""

    currency: str
    period: Period
    before: Decimal = ZERO
    after: Decimal = ZERO
    uncapped_before: int = 0
    uncapped_after: int = 0


class Funds(Struct, frozen=True):
    """One-off money: the deposits of all balances before and after, and what this plan adds and takes back.

    ``added`` holds the first deposits of new balances too; an uncapped balance is counted apart.
    """

    currency: str
    before: Decimal = ZERO
    after: Decimal = ZERO
    added: Decimal = ZERO
    taken: Decimal = ZERO
    uncapped_before: int = 0
    uncapped_after: int = 0


class Ceiling(Struct, frozen=True):
    """What is billed at most in a period, before and after: spend limits of campaigns, and balances.

    The vendor promises it. What has no such maximum is counted in a row without a period, never as an amount.
    """

    currency: str
    period: Period | None
    before: Decimal = ZERO
    after: Decimal = ZERO
    open_before: int = 0
    open_after: int = 0


def before_and_after(row: Commitment | Funds) -> tuple[Exposure, Exposure]:
    """Before and after, what is uncapped counted apart."""
    return Exposure(row.uncapped_before, row.before), Exposure(row.uncapped_after, row.after)


class BidShift(Struct, frozen=True):
    """Bids of one field that move: how many each way, their range, and how far all of them together.

    ``percent`` weighs each bid by its size: the sum after against the sum before. The ranges cover
    the bids that move, and are None where there is none (a first bid, a bid removed).
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


class ExposureAfterCall(Struct, frozen=True):
    """What is exposed once a call is in force; the one before the first call has no name."""

    call: str
    currency: str
    exposure: Exposure


class Increase(Struct, frozen=True):
    """What some time added to the exposure of a currency, net; below zero if it took away."""

    currency: str
    exposure: Exposure
    since: datetime | None = None
