"""Guardrail ``maxTotalIncreasePercent``: maximum increase of the account's commitments in percent, by currency."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler.guardrails.max_total_increase import adds
from reconciler.guardrails.rule import PERCENT, Proposal, Rule, amount, any_increase, number, percent, rise
from reconciler.model import Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    limit, before = number(setting), proposal.money.exposures()
    for increase in proposal.money.increases:
        exposure, code = increase.exposure, increase.currency
        if not adds(exposure):
            continue
        base = before[code][0].amount if code in before else Decimal(0)
        growth = exposure.amount / base * 100 if base else Decimal("Infinity")
        if exposure.uncapped > 0 or growth > limit:
            far = f", {percent(growth)} of {amount(base)}" if growth.is_finite() and exposure.uncapped <= 0 else ""
            message = f"the plan raises the budgets of one day {rise(exposure)} in {code}{far}"
            yield RULE.object(f"{message}; {percent(limit)} are allowed", hint="do it in parts")


RULE = Rule(
    "maxTotalIncreasePercent",
    "Most that one apply may add to the budgets of one day, net, in percent of what it was, by currency.",
    PERCENT,
    judge,
    lambda setting: percent(number(setting)),
    any_increase,
    of_scope=True,
)
