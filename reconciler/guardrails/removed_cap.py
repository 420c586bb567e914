"""Guardrail against removed caps: no object may become uncapped or start uncapped."""

from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.rule import ON, Proposal, Rule, amount
from reconciler.kinds.cells import FacetRole
from reconciler.kinds.versions import kind_named, role_of
from reconciler.model import Change, LimitChange, Problem
from reconciler.model.money import Period

LIMITS = (FacetRole.BUDGET, FacetRole.FUNDS)


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    changes = {change.address: change for change in proposal.changes}
    lost = [
        each for each in proposal.money.ceiling_shifts if each.before is not None and each.before.amount is not None
    ]
    seen = set[object]()
    for shift in (*proposal.money.shifts, *lost):
        if shift.after is not None and shift.after.amount is None and not _was_as_open(shift):
            if (who := (shift.kind, shift.id, shift.address)) in seen:
                continue
            seen.add(who)
            change = changes.get(shift.address) if shift.address else None
            if change is not None and all(proposal.is_return(change, move) for move in change.fields):
                continue
            yield RULE.object(_describe_removal(shift), change, at=_place(change), hint="write an amount")


def applies(proposal: Proposal, setting: Any) -> bool:
    return bool(proposal.money.shifts or proposal.money.ceiling_shifts)


def _was_as_open(shift: LimitChange) -> bool:
    """Return True if the object was uncapped before, with its days bounded as they are now."""
    assert shift.after is not None
    bounded_now = shift.after.period is Period.TOTAL
    if shift.before is None:
        kind = kind_named(shift.kind)
        return bounded_now and not (kind and kind.money)
    return shift.before.amount is None and (bounded_now or shift.before.period is not Period.TOTAL)


def _describe_removal(shift: LimitChange) -> str:
    who = str(shift.address) if shift.address else f"{shift.kind} {shift.id} (unmanaged)"
    if shift.before is None:
        return f"{who} would start uncapped"
    if shift.before.amount is None:
        return f"{who} would be uncapped on every day: nothing bounds its days any more"
    return f"{who} would be uncapped; it was {amount(shift.before.amount)} {shift.before.period.label}"


def _place(change: Change | None) -> Any:
    """Return the position of the budget or funds in a change, or of the resource."""
    if change is None:
        return None
    moved = [move.place for move in change.fields if role_of(change.address.kind, move.facet) in LIMITS]
    return moved[0] if moved else change.place


RULE = Rule(
    "removedCap",
    "Whether nothing may lose its cap or start without one. A return to what was last applied is none. On by default.",
    ON,
    judge,
    lambda setting: "nothing becomes uncapped",
    applies,
    default=True,
    per_resource=True,
)
