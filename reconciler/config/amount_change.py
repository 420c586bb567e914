"""Relative changes of amounts: by percent, by an amount, by a factor, in exact decimals."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow
from enum import Enum

from msgspec import Struct

from reconciler.kinds.value_types import InvalidValue

EXACT = Context(prec=60, traps=[Inexact, InvalidOperation, Overflow])
"""Decimal context that refuses inexact results."""
STEP = re.compile(r"(?P<sign>[+\-*]) ?(?P<digits>[0-9]{1,12}(?:\.[0-9]{1,8})?)(?P<percent> ?%)?")


class Way(Enum):
    """Operation of a step on an amount."""

    PERCENT = "percent"
    ADD = "add"
    TIMES = "times"


class AmountStep(Struct, frozen=True):
    """A relative change: ``+10%``, ``-0.05``, ``*1.1``; ``text`` is its written form."""

    way: Way
    operand: Decimal
    text: str

    def of(self, base: Decimal) -> Decimal:
        """Return the exact amount that the step leads to. Raises :class:`InvalidValue` if it has too many digits."""
        try:
            match self.way:
                case Way.PERCENT:
                    return EXACT.add(base, EXACT.multiply(base, self.operand.scaleb(-2)))
                case Way.ADD:
                    return EXACT.add(base, self.operand)
                case Way.TIMES:
                    return EXACT.multiply(base, self.operand)
        except DecimalException:
            raise InvalidValue("out-of-range", f"{base:f} {self.text} has more digits than any amount") from None


class Bounds(Struct, frozen=True):
    """Rounding multiple, and bounds of a computed amount."""

    round_to: Decimal | None = None
    least: Decimal | None = None
    most: Decimal | None = None

    def of(self, before: Decimal, amount: Decimal) -> Decimal:
        """Return the amount, rounded half up and kept within the bounds.

        A bound never reverses a change: an amount already beyond it stays where it is.
        """
        if self.round_to is not None:
            amount = (amount / self.round_to).to_integral_value(ROUND_HALF_UP) * self.round_to
        if self.most is not None and amount > before:
            amount = min(amount, max(self.most, before))
        if self.least is not None and amount < before:
            amount = max(amount, min(self.least, before))
        return amount


def parse_step(text: str) -> AmountStep | None:
    """Return the relative change of a text, or None if it is an absolute value."""
    found = STEP.fullmatch(text.strip())
    if found is None or (found["percent"] and found["sign"] == "*"):
        return None
    digits = Decimal(found["digits"])
    if found["sign"] == "*":
        return AmountStep(Way.TIMES, digits, text.strip())
    way = Way.PERCENT if found["percent"] else Way.ADD
    return AmountStep(way, -digits if found["sign"] == "-" else digits, text.strip())
