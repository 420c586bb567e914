"""Guardrail ``maxIncrease24Hours``: maximum increase over all applies of the last 24 hours."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.max_total_increase import adds, find_excesses
from reconciler.guardrails.names import currencies
from reconciler.guardrails.rule import BY_CURRENCY, Proposal, Rule, any_increase, by_currency
from reconciler.model import Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    """Yield a problem for each currency over its limit, if this plan itself adds to it."""
    adding = {each.currency for each in proposal.money.increases if adds(each.exposure)}
    rolling = [each for each in proposal.money.rolling if each.currency in adding]
    what = "with the runs of the last 24 hours, the plan raises the budgets of one day"
    return find_excesses(RULE, rolling, setting, what)


RULE = Rule(
    "maxIncrease24Hours",
    "Most that all applies of 24 hours together may add to the budgets of one day, net, in units of each"
    " currency. Needs the ledger, which remembers them.",
    BY_CURRENCY,
    judge,
    by_currency,
    any_increase,
    check=currencies,
    of_scope=True,
)
