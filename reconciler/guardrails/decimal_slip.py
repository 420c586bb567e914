"""Guardrail against decimal slips: an amount that changes by a factor near 10, 100 or 1000."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler.guardrails.rule import ON, AmountChange, Proposal, Rule, amount
from reconciler.model import Problem

FACTORS = (Decimal(10), Decimal(100), Decimal(1000))
NEAR = Decimal("0.1")
"""Relative tolerance of the factor, since a slip often comes with a small intended change."""


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    found = [(factor, up, step) for step in proposal.news for factor, up in _slips(step)]
    for factor, up, step in sorted(found, key=lambda each: (-each[0], not each[1])):
        assert step.before is not None
        assert step.after is not None
        way = f"about {factor} times" if up else f"about 1/{factor} of"
        message = f"{step.move.field} would be {way} what it was ({amount(step.before)} → {amount(step.after)})"
        yield RULE.object(message, step.change, at=step.move.place, hint="is the decimal point where you meant it?")


def looks(proposal: Proposal, setting: Any) -> bool:
    return any(step.before and step.after for step in proposal.steps)


def _slips(step: AmountChange) -> Iterator[tuple[Decimal, bool]]:
    """Yield the factor near the change, and True if it is an increase."""
    if not step.before or not step.after:
        return
    up = step.after > step.before
    ratio = step.after / step.before if up else step.before / step.after
    for factor in FACTORS:
        if abs(ratio - factor) <= factor * NEAR:
            yield factor, up


RULE = Rule(
    "decimalSlip",
    "Whether an amount may not move by a factor near 10, 100, 1000 or an inverse of these. A return to the value that"
    " was last applied is none. On by default.",
    ON,
    judge,
    lambda setting: "no change of about x10, x100 or x1000",
    looks,
    default=True,
    per_resource=True,
)
