"""Guardrail ``maxChanges``: maximum number of resources that one apply changes or creates."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import COUNT, Proposal, Rule, any_change, count_noun
from reconciler.model import Action, Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    count = len(proposal.changes)
    if count > setting:
        new = sum(change.action is Action.CREATE for change in proposal.changes)
        message = f"the plan changes {count_noun(count, 'resource')} ({new:,} of them new); {setting:,} are allowed"
        yield RULE.object(message, hint="split it with --target")


RULE = Rule(
    "maxChanges",
    "Most resources that one apply may change, new ones counted.",
    COUNT,
    judge,
    lambda setting: count_noun(setting, "resource"),
    any_change,
)
