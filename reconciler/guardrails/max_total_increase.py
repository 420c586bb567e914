"""Guardrail ``maxTotalIncrease``: maximum increase of the account's commitments in one apply, by currency."""

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.guardrails.names import Mistake, Names, currencies
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
from reconciler.model.money import NOTHING, Exposure, Increase

CREATED_OFF = "createdOff"
WHAT = "the plan raises the budgets of one day"


def judge(proposal: Proposal, setting: Any) -> Iterable[Problem]:
    limits = {code: limit for code, limit in setting.items() if code != CREATED_OFF}
    if not setting.get(CREATED_OFF):
        return find_excesses(RULE, proposal.money.increases, limits, WHAT)
    sums = {each.currency: each.exposure for each in proposal.money.increases}
    for off in proposal.created_off:
        sums[off.currency] = sums.get(off.currency, NOTHING) + Exposure.of(off.after)
    increases = [Increase(code, exposure) for code, exposure in sums.items()]
    return find_excesses(RULE, increases, limits, f"{WHAT}, with what is created off,")


def find_excesses(rule: Rule, increases: Iterable[Increase], setting: Any, what: str) -> Iterator[Problem]:
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


def _describe_setting(setting: Any) -> str:
    """Return the limits, and whether what is created off counts."""
    limits = by_currency({code: limit for code, limit in setting.items() if code != CREATED_OFF})
    return f"{limits}, created off counted" if setting.get(CREATED_OFF) else limits


def _applies(proposal: Proposal, setting: Any) -> bool:
    return any_increase(proposal, setting) or bool(setting.get(CREATED_OFF) and proposal.created_off)


def _check(setting: Any, names: Names) -> Iterable[Mistake]:
    return currencies({code: limit for code, limit in setting.items() if code != CREATED_OFF}, names)


RULE = Rule(
    "maxTotalIncrease",
    "Most that one apply may add to the budgets of one day, net, in units of each currency:"
    " daily, weekly, monthly and lifetime budgets, seller totals and funds in full. With createdOff: true, what is"
    " created off counts as if it were on.",
    {**BY_CURRENCY, "properties": {CREATED_OFF: {"type": "boolean", "description": "Count what is created off."}}},
    judge,
    _describe_setting,
    _applies,
    check=_check,
)
