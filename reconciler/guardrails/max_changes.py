"""One apply may change no more than so many resources, the new ones counted."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import COUNT, Proposal, Rule, any_change, counted
from reconciler.model import Action, Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    count = len(proposal.changes)
    if count > setting:
        new = sum(change.action is Action.CREATE for change in proposal.changes)
        message = f"the plan changes {counted(count, 'resource')} ({new:,} of them new); {setting:,} are allowed"
        yield RULE.object(message, hint="split it with --target")


RULE = Rule(
    "maxChanges",
    "Most resources that one apply may change, new ones counted.",
    COUNT,
    judge,
    lambda setting: counted(setting, "resource"),
    any_change,
)
