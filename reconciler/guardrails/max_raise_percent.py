"""Guardrail ``maxRaisePercent``: maximum increase of an existing resource's amount in one apply."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler.guardrails.names import Mistake, Names, amounts
from reconciler.guardrails.rule import PERCENT, AmountChange, Proposal, Rule, amount, number, or_by_name, percent
from reconciler.model import Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    found = [(_growth(step), step) for step in proposal.news]
    beyond = [
        (growth, step, limit)
        for growth, step in found
        if growth is not None and (limit := _limit(setting, step)) is not None and growth > limit
    ]
    for growth, step, limit in sorted(beyond, key=lambda each: -each[0]):
        assert step.before is not None
        assert step.after is not None
        grows = f"grows by {percent(growth)}" if growth.is_finite() else "grows from nothing"
        message = (
            f"{step.move.field} {grows} ({amount(step.before)} → {amount(step.after)}); {percent(limit)} are allowed"
        )
        yield RULE.object(message, step.change, at=step.move.place, hint="raise it in steps")


def applies(proposal: Proposal, setting: Any) -> bool:
    """Return True if an existing amount with a limit changes."""
    return any(
        step.before is not None and step.after is not None and _limit(setting, step) is not None
        for step in proposal.steps
    )


def check(setting: Any, names: Names) -> Iterator[Mistake]:
    yield from amounts(setting, names) if isinstance(setting, dict) else ()


def _growth(step: AmountChange) -> Decimal | None:
    """Return the increase in percent, infinite from zero; None if there is none or no earlier amount."""
    if step.before is None or step.after is None or step.after <= step.before:
        return None
    return (step.after - step.before) / step.before * 100 if step.before else Decimal("Infinity")


def _limit(setting: Any, step: AmountChange) -> Decimal | None:
    """Return the limit of the field, or of its facet, or of all fields."""
    if not isinstance(setting, dict):
        return number(setting)
    found = setting.get(step.move.field, setting.get(step.move.facet))
    return None if found is None else number(found)


def describe_setting(setting: Any) -> str:
    if isinstance(setting, dict):
        return ", ".join(f"{name} {percent(number(limit))}" for name, limit in setting.items())
    return percent(number(setting))


RULE = Rule(
    "maxRaisePercent",
    "Most that one amount may grow in one apply, in percent of what it was: for all, or by facet or field."
    " A return to the value that was last applied is no growth.",
    or_by_name(PERCENT),
    judge,
    describe_setting,
    applies,
    check=check,
    per_resource=True,
)
