"""Guardrail ``maxBillableIncrease``: maximum increase of billing caps in one apply (spend limits, balances)."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.max_total_increase import find_excesses
from reconciler.guardrails.names import currencies
from reconciler.guardrails.rule import BY_CURRENCY, Proposal, Rule, by_currency
from reconciler.model import Problem
from reconciler.model.money import NOTHING, Exposure, Increase


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    sums: dict[str, Exposure] = {}
    for shift in proposal.money.ceiling_shifts:
        sums[shift.currency] = sums.get(shift.currency, NOTHING) + shift.change
    increases = [Increase(currency, sums[currency]) for currency in sorted(sums)]
    return find_excesses(RULE, increases, setting, "the plan raises what is billed at most")


def applies(proposal: Proposal, setting: Any) -> bool:
    return bool(proposal.money.ceiling_shifts)


RULE = Rule(
    "maxBillableIncrease",
    "Most that one apply may add to what is billed at most, net, in units of each currency: spend limits of campaigns"
    " in any period, and deposits of balances.",
    BY_CURRENCY,
    judge,
    by_currency,
    applies,
    check=currencies,
)
