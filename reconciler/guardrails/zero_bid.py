"""Guardrail against zero bids: a bid of zero silently stops delivery."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import ON, AmountChange, Proposal, Rule, amount
from reconciler.kinds.cells import FacetRole
from reconciler.kinds.versions import role_of
from reconciler.model import Problem


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    hint = "a seller is stopped by it, an ad set by activationStatus: off"
    for step in proposal.news:
        if _is_bid(step) and step.after is not None and not step.after:
            was = f"; it was {amount(step.before)}" if step.before is not None else ""
            message = f"{step.move.field} would be 0, which stops delivery{was}"
            yield RULE.object(message, step.change, at=step.move.place, hint=hint)


def applies(proposal: Proposal, setting: Any) -> bool:
    return any(_is_bid(step) and step.after is not None for step in proposal.steps)


def _is_bid(step: AmountChange) -> bool:
    return role_of(step.change.address.kind, step.move.facet) is FacetRole.BID


RULE = Rule(
    "zeroBid",
    "Whether no bid may become 0, which stops delivery (a seller in a campaign). A return to a 0 that was last"
    " applied is none.",
    ON,
    judge,
    lambda setting: "no bid becomes 0",
    applies,
    per_resource=True,
)
