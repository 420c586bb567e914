"""A scope that suddenly looks empty is a lost consent or a lost file, not a wish."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import ON, Proposal, Rule
from reconciler.model import Problem

LEFT = 10
"""Of what is remembered, a file set must still hold at least one in so many."""


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    for kind, (all, live) in proposal.known.items():
        if kind in proposal.live and (all - live) * 2 > all:
            message = f"{all - live:,} of the {all:,} {kind} that the ledger remembers are not live any more"
            hint = "has the account withdrawn its consent? then everything would be created again"
            yield RULE.object(message, hint=hint)
    if proposal.whole:
        yield from _files(proposal)


def looks(proposal: Proposal, setting: Any) -> bool:
    """Whether the ledger remembers anything of what was read, or of all files."""
    return any(proposal.whole or kind in proposal.live for kind, (all, _) in proposal.known.items() if all)


def _files(proposal: Proposal) -> Iterator[Problem]:
    """All files together, whatever the kind: what a merge or a glob has lost."""
    remembered = sum(all for all, _ in proposal.known.values())
    left = sum(address in proposal.remembered for address in proposal.wanted)
    if left * LEFT < remembered:
        message = f"the files hold {left:,} of the {remembered:,} resources that the ledger remembers"
        hint = "are files missing, or does `include` name other ones? `reconciler ledger forget` lets go of an address"
        yield RULE.object(message, hint=hint)


RULE = Rule(
    "emptyScope",
    "Whether a plan is refused when most of what the ledger remembers is not live any more, or hardly any of it is"
    " in the files. On by default.",
    ON,
    judge,
    lambda setting: "what the ledger remembers is still there",
    looks,
    default=True,
)
