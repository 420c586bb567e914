"""Guardrail against decimal slips: an amount that changes by a factor near 10, 100 or 1000."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler.guardrails.rule import ON, AmountChange, Proposal, Rule, amount
from reconciler.model import Problem

FACTORS = (Decimal(10), Decimal(100), Decimal(1000))
SLIP = 100
"""How many times the largest of its siblings a new amount is a slip: an amount in cents, and more so in micros."""
HINT = "is the decimal point where you meant it?"
NEAR = Decimal("0.1")
"""Relative tolerance of the factor, since a slip often comes with a small intended change."""


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    found = [(factor, up, step) for step in proposal.news for factor, up in _slips(step)]
    for factor, up, step in sorted(found, key=lambda each: (-each[0], not each[1])):
        assert step.before is not None
        assert step.after is not None
        way = f"about {factor} times" if up else f"about 1/{factor} of"
        message = f"{step.move.field} would be {way} what it was ({amount(step.before)} → {amount(step.after)})"
        yield RULE.object(message, step.change, at=step.move.place, hint=HINT)
    yield from _beside_siblings(proposal)
    yield from _beside_standing(proposal)


def _beside_standing(proposal: Proposal) -> Iterator[Problem]:
    """Judge a new dated budget, which has no amount that it moves from, by the standing cap that it replaces."""
    dated = {(each.address, each.field): each for each in proposal.money.dated}
    for change in proposal.changes if dated else ():
        for move in change.fields:
            each = dated.get((change.address, move.field))
            if each is None or move.before is not None or not each.before or not each.after:
                continue
            if each.after >= each.before * SLIP:
                message = f"{move.field} would be {int(each.after / each.before):,} times the cap of other days"
                message = f"{message} ({amount(each.before)} beside {amount(each.after)})"
                yield RULE.object(message, change, at=move.place, hint=HINT)


def _beside_siblings(proposal: Proposal) -> Iterator[Problem]:
    """Judge a new object, which has no amount that it moves from, by what its siblings have."""
    for change in proposal.changes:
        largest = proposal.beside.get(change.address, {})
        for move in change.fields:
            sibling = largest.get(move.field)
            if sibling is None or not isinstance(move.after, Decimal) or move.after < sibling.amount * SLIP:
                continue
            factor = int(move.after / sibling.amount)
            message = f"{move.field} of a new object would be {factor:,} times the largest {sibling.among}"
            message = f"{message} ({amount(sibling.amount)} beside {amount(move.after)})"
            yield RULE.object(message, change, at=move.place, hint=HINT)


def applies(proposal: Proposal, setting: Any) -> bool:
    known = any(step.before and step.after for step in proposal.steps) or any(proposal.beside.values())
    return known or any(each.before and each.after for each in proposal.money.dated)


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
    "Whether an amount may not move by a factor near 10, 100, 1000 or an inverse of these, and a new object may not"
    " have 100 times the largest amount of its siblings, in its campaign or else its advertiser or account, and a"
    " dated budget not 100 times the cap of other days. A return to the value that was last applied"
    " is none. On by default.",
    ON,
    judge,
    lambda setting: "no change of about x10, x100 or x1000",
    applies,
    default=True,
    per_resource=True,
)
