"""Decisions of reviewed files: violations of a guardrail that are allowed, for which resources, and until when."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

from reconciler.guardrails.rule import Proposal, Rule
from reconciler.model import Address, Excuse, Place, Problem, Severity

NEAR_TWIN = "nearTwin"
"""Rule name of decisions about creations that resemble a live object."""


class Decision(Struct, frozen=True):
    """One entry of ``allow``; its end is exclusive."""

    rule: str
    addresses: tuple[str, ...]
    ends: datetime
    because: str
    place: Place

    def holds(self, now: datetime) -> bool:
        """Return whether the decision is in force."""
        return now < self.ends

    def covers(self, address: Address | None) -> bool:
        """Return whether the decision is about a resource."""
        return address is not None and any(fnmatchcase(str(address), each) for each in self.addresses)

    @property
    def end(self) -> str:
        """Return the end in words."""
        return f"{self.ends.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def excuse(self, problems: Sequence[Problem], most: int) -> Excuse:
        """Return the problems that the decision allows: the first ones as notes, and the total number."""
        hint = f"allowed until {self.end}: {self.because} ({self.place.span})"
        notes = (
            replace(each, severity=Severity.NOTE, hint=hint, span=each.span or self.place.span)
            for each in problems[:most]
        )
        return Excuse(self.place.span, self.ends, self.because, len(problems), tuple(notes))


def settle(
    rule: Rule, problems: Sequence[Problem], proposal: Proposal, decisions: Iterable[Decision], most: int
) -> tuple[tuple[Problem, ...], tuple[Excuse, ...]]:
    """Return the violations of a rule that remain, and those that valid decisions allow.

    A violation by the plan as a whole is allowed only if one decision covers every changed resource.
    """
    left, excuses = tuple(problems), list[Excuse]()
    for each in (each for each in decisions if each.rule == rule.name):
        meant = [problem for problem in left if _is_covered(rule, problem, proposal, each)]
        if meant and each.holds(proposal.now):
            excuses.append(each.excuse(meant, most))
            left = tuple(problem for problem in left if problem not in meant)
        elif meant:
            left = tuple(_late(problem, each) if problem in meant else problem for problem in left)
    return left, tuple(excuses)


def _is_covered(rule: Rule, problem: Problem, proposal: Proposal, decision: Decision) -> bool:
    if rule.per_resource:
        return decision.covers(problem.address)
    return bool(proposal.changes) and all(decision.covers(change.address) for change in proposal.changes)


def _late(problem: Problem, decision: Decision) -> Problem:
    note = f"the decision at {decision.place.span} to allow it ended at {decision.end}"
    return replace(problem, hint=f"{problem.hint}; {note}" if problem.hint else note)
