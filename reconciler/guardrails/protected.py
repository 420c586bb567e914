"""Guardrail ``protected``: protected resources are not changed, under any address."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from reconciler.guardrails.names import Mistake, Names, addresses, kinds
from reconciler.guardrails.rule import Proposal, Rule, amount_changes
from reconciler.model import Action, Change, Problem
from reconciler.model.money import NOTHING


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    """Yield a problem for each change of a protected resource: by address, by live id, by earlier id of the address."""
    globs, shifts = setting.get("addresses", ()), proposal.shifts
    ids = {(kind, str(id)) for kind, each in setting.get("ids", {}).items() for id in each}
    once = {(address.kind, id): address for address, id in proposal.remembered.items() if _matches(address, globs)}
    for change in proposal.changes:
        key = change.address.kind, change.id or ""
        if _matches(change.address, globs):
            who = "is protected"
        elif key in ids:
            who = f"is protected (id {change.id})"
        elif key in once:
            who = f"is protected (id {change.id}, known as {once[key]})"
        else:
            continue
        shift = shifts.get(change.address)
        if setting.get("from", "changes") == "changes" or _is_less(
            change, shift is not None and shift.change < NOTHING
        ):
            verb = "stop" if change.action is Action.STOP else "change"
            message = f"{change.address} {who}, and the plan would {verb} it"
            yield RULE.object(message, change, hint="leave it as it is")


def applies(proposal: Proposal, setting: Any) -> bool:
    """Return True if a named resource is in the files, in the ledger or live."""
    globs, ids = setting.get("addresses", ()), setting.get("ids", {})
    changed = (change.address for change in proposal.changes)
    known = any(_matches(each, globs) for each in (*proposal.wanted, *proposal.remembered, *changed))
    return known or any(str(id) in proposal.live.get(kind, ()) for kind, each in ids.items() for id in each)


def check(setting: Any, names: Names) -> Iterator[Mistake]:
    for part, mistakes in (
        ("addresses", addresses(setting.get("addresses", ()), names)),
        ("ids", kinds(setting.get("ids", {}), names)),
    ):
        yield from (replace(each, path=(part, *each.path)) for each in mistakes)


def _matches(address: object, globs: Any) -> bool:
    return any(fnmatchcase(str(address), glob) for glob in globs)


def _is_less(change: Change, limited: bool) -> bool:
    """Return True if the change stops the resource or lowers an amount."""
    less = any(
        step.before is not None and step.after is not None and step.after < step.before
        for step in amount_changes(change)
    )
    return limited or less or change.action is Action.STOP


def describe_setting(setting: Any) -> str:
    named = [*setting.get("addresses", ())]
    named += (f"{kind} {id}" for kind, each in setting.get("ids", {}).items() for id in each)
    return ", ".join(named)


RULE = Rule(
    "protected",
    "Resources that stay as they are: by address (globs) and by live id, so that no edit of their block matters.",
    {
        "type": "object",
        "minProperties": 1,
        "properties": {
            "addresses": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Globs, such as adSets.always-*.",
            },
            "ids": {
                "type": "object",
                "description": 'Live ids by kind, such as adSets: ["123"].',
                "additionalProperties": {"type": "array", "items": {"type": ["string", "integer"]}},
            },
            "from": {
                "enum": ["changes", "stops"],
                "description": "changes: nothing of them moves (the default). stops: they are not stopped or lowered.",
            },
        },
        "additionalProperties": False,
    },
    judge,
    describe_setting,
    applies,
    check=check,
    per_resource=True,
    of_scope=True,
)
