"""Guardrail against an empty scope: lost consent or lost files make resources vanish."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import ON, Proposal, Rule
from reconciler.model import Problem

LEFT = 10
"""At least one in this many of the remembered resources must be left in the files."""


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    for kind, (all, live) in proposal.known.items():
        if kind in proposal.live and (all - live) * 2 > all:
            message = f"{all - live:,} of the {all:,} {kind} that the ledger remembers are not live any more"
            hint = "has the account withdrawn its consent? then everything would be created again"
            yield RULE.object(message, hint=hint)
    if proposal.whole:
        yield from _files(proposal)


def applies(proposal: Proposal, setting: Any) -> bool:
    """Return True if the ledger remembers anything of the kinds that were read, or of all files."""
    return any(proposal.whole or kind in proposal.live for kind, (all, _) in proposal.known.items() if all)


def _files(proposal: Proposal) -> Iterator[Problem]:
    """Yield a problem if the files hold too few of the remembered resources, over all kinds."""
    remembered = sum(all for all, _ in proposal.known.values())
    left = sum(address in proposal.remembered for address in proposal.wanted)
    if left * LEFT < remembered:
        message = f"the files hold {left:,} of the {remembered:,} resources that the ledger remembers"
        hint = (
            "are files missing, or does `include` name other ones? `reconciler ledger forget` stops tracking an address"
        )
        yield RULE.object(message, hint=hint)


RULE = Rule(
    "emptyScope",
    "Whether a plan is refused when most of what the ledger remembers is not live any more, or hardly any of it is"
    " in the files. On by default.",
    ON,
    judge,
    lambda setting: "what the ledger remembers is still there",
    applies,
    default=True,
)
