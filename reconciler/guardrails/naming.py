"""Guardrail ``naming``: created and renamed resources have names of the agreed form."""

import re
from collections.abc import Iterator
from typing import Any

from reconciler.guardrails.names import Mistake, Names, kinds
from reconciler.guardrails.rule import Proposal, Rule
from reconciler.model import FieldChange, Problem

NAME = "name"


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    for change in proposal.changes:
        move = _name(change.fields)
        if move is None or change.address.kind not in setting:
            continue
        form = setting[change.address.kind]
        if not re.search(form, str(move.after)):
            message = f"the name {str(move.after)!r} does not have the form {form}"
            yield RULE.object(message, change, at=move.place, hint="write a name of that form")


def applies(proposal: Proposal, setting: Any) -> bool:
    """Return True if the plan names a resource of a kind for whose names a form is set."""
    return any(change.address.kind in setting and _name(change.fields) for change in proposal.changes)


def check(setting: Any, names: Names) -> Iterator[Mistake]:
    yield from kinds(setting, names)
    for kind, form in setting.items():
        try:
            re.compile(form)
        except re.error as why:
            yield Mistake((kind,), f"{form!r} is no regular expression: {why}")


def _name(moves: tuple[FieldChange, ...]) -> FieldChange | None:
    return next((each for each in moves if each.field == NAME), None)


RULE = Rule(
    "names",
    "Form of the names that a plan gives, by kind, as a regular expression: of what is created, and of what is renamed."
    " Names that stay are not judged.",
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "string", "minLength": 1},
    },
    judge,
    lambda setting: ", ".join(f"{kind} {form}" for kind, form in setting.items()),
    applies,
    check=check,
    per_resource=True,
)
