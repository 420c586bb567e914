"""Guardrail ``maxStops``: maximum number of resources that one apply stops."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import COUNT, Proposal, Rule, any_change, count_noun
from reconciler.model import Action, Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    stops = [change for change in proposal.changes if change.action is Action.STOP]
    if len(stops) > setting:
        message = f"the plan stops {count_noun(len(stops), 'resource')}; {setting:,} are allowed"
        named = ", ".join(str(change.address) for change in stops[:3]) + (", …" if len(stops) > 3 else "")
        yield RULE.object(f"{message}: {named}", stops[0], hint="split it with --target")


RULE = Rule(
    "maxStops",
    "Most resources that one apply may stop (ad sets off, seller budgets suspended, seller bids 0).",
    COUNT,
    judge,
    lambda setting: count_noun(setting, "stop"),
    any_change,
)
