"""Guardrail ``maxSharePercent``: maximum share of the portfolio that one apply touches."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from reconciler.guardrails.rule import PERCENT, Proposal, Rule, any_change, number, percent
from reconciler.model import Action, Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    """Yield a problem per kind over the limit, so that a large kind does not hide a small one; new resources count."""
    touched = Counter(change.address.kind for change in proposal.changes)
    new = Counter(change.address.kind for change in proposal.changes if change.action is Action.CREATE)
    for kind, count in touched.items():
        all_of_them = len(proposal.live.get(kind, ())) + new[kind]
        share = Decimal(count) / all_of_them * 100 if all_of_them else Decimal(100)
        if share > number(setting):
            message = f"the plan touches {percent(share)} of the {kind} ({count:,} of {all_of_them:,})"
            hint = "split it with --target"
            yield RULE.object(f"{message}; {percent(number(setting))} are allowed", hint=hint)


RULE = Rule(
    "maxSharePercent",
    "Largest share of the resources of a kind that one apply may touch, in percent of the live and the new ones.",
    PERCENT,
    judge,
    lambda setting: percent(number(setting)),
    any_change,
    of_scope=True,
)
