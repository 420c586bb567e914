"""Guardrail ``maxTotalIncrease``: maximum increase of the account's commitments in one apply, by currency."""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.guardrails.names import currencies
from reconciler.guardrails.rule import (
    BY_CURRENCY,
    Proposal,
    Rule,
    amount,
    any_increase,
    by_currency,
    key_for,
    number,
    rise,
)
from reconciler.model import Problem
from reconciler.model.money import Exposure, Increase


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    return beyond(RULE, proposal.money.increases, setting, "the plan raises the budgets of one day")


def beyond(rule: Rule, increases: Iterable[Increase], setting: Any, what: str) -> Iterator[Problem]:
    """Yield a problem for each increase over its limit. A currency without a limit may not increase at all."""
    for increase in increases:
        exposure, code = increase.exposure, increase.currency
        if not adds(exposure):
            continue
        limit = setting.get(code)
        if limit is None:
            message = f"{what} {rise(exposure)} in {code}, for which no limit is set"
            yield rule.object(message, hint=key_for(code))
        elif exposure.uncapped > 0 or exposure.amount > number(limit):
            message = f"{what} {rise(exposure)} in {code}; {amount(number(limit))} are allowed"
            yield rule.object(message, hint="do it in parts")


def adds(exposure: Exposure) -> bool:
    """Return True if the exposure increases; an added cap does not offset an increased amount."""
    return exposure.uncapped > 0 or exposure.amount > 0


RULE = Rule(
    "maxTotalIncrease",
    "Most that one apply may add to the budgets of one day, net, in units of each currency:"
    " daily, weekly, monthly and lifetime budgets, seller totals and funds in full.",
    BY_CURRENCY,
    judge,
    by_currency,
    any_increase,
    check=currencies,
)
