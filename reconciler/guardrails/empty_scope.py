"""A scope that suddenly looks empty is a lost consent or a lost file, not a wish."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import ON, Proposal, Rule
from reconciler.model import Address, Problem

LEFT = 10
"""Of what is remembered, a file set must still hold at least one in so many."""


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    known: dict[str, dict[Address, str]] = defaultdict(dict)
    for address, id in proposal.remembered.items():
        known[address.kind][address] = id
    for kind, each in known.items():
        gone = sum(id not in proposal.live[kind] for id in each.values()) if kind in proposal.live else 0
        if gone * 2 > len(each):
            message = f"{gone:,} of the {len(each):,} {kind} that the ledger remembers are not live any more"
            hint = "has the account withdrawn its consent? then everything would be created again"
            yield RULE.object(message, hint=hint)
    if proposal.whole:
        yield from _files(proposal, known)


def looks(proposal: Proposal, setting: Any) -> bool:
    """Whether the ledger remembers anything of what was read, or of all files."""
    return any(proposal.whole or address.kind in proposal.live for address in proposal.remembered)


def _files(proposal: Proposal, known: dict[str, dict[Address, str]]) -> Iterator[Problem]:
    """All files together, whatever the kind: what a merge or a glob has lost."""
    remembered = [address for each in known.values() for address in each]
    left = sum(address in proposal.wanted for address in remembered)
    if left * LEFT < len(remembered):
        message = f"the files hold {left:,} of the {len(remembered):,} resources that the ledger remembers"
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
