"""Guardrail ``bounds``: no amount below its floor or above its ceiling."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from reconciler.guardrails.names import Mistake, Names, amounts, currencies
from reconciler.guardrails.rule import AmountChange, Proposal, Rule, amount, key_for, number, or_by_name
from reconciler.model import Problem

EDGE = or_by_name({"type": "number", "minimum": 0})


def judge(proposal: Proposal, setting: Any) -> Iterator[Problem]:
    for step in proposal.news:
        edges = _edges(setting, step)
        if edges is None or step.after is None:
            continue
        for name, is_past, word in (("min", step.after.__lt__, "below"), ("max", step.after.__gt__, "above")):
            currency = proposal.currency(step.change)
            edge = _edge(edges.get(name), currency)
            if isinstance(edge, str):
                yield RULE.object(f"{step.move.field}: {edge}", step.change, hint=key_for(currency))
            elif edge is not None and is_past(edge):
                message = f"{step.move.field} would be {amount(step.after)}, {word} {amount(edge)}"
                yield RULE.object(message, step.change, at=step.move.place)


def applies(proposal: Proposal, setting: Any) -> bool:
    return any(step.after is not None and _edges(setting, step) is not None for step in proposal.steps)


def check(setting: Any, names: Names) -> Iterator[Mistake]:
    yield from amounts(setting, names)
    for name, edges in setting.items():
        for side, edge in edges.items():
            codes = currencies(edge, names) if isinstance(edge, dict) else ()
            yield from (replace(each, path=(name, side, *each.path)) for each in codes)


def _edges(setting: Any, step: AmountChange) -> Any:
    """Return the bounds of the field, or of its facet."""
    return setting.get(step.move.field, setting.get(step.move.facet))


def _edge(edge: Any, currency: str) -> Decimal | str | None:
    """Return the bound in this currency, None if there is none, or a message if the currency is missing."""
    if not isinstance(edge, dict):
        return None if edge is None else number(edge)
    return number(edge[currency]) if currency in edge else f"no limit is set for {currency}"


def describe_setting(setting: Any) -> str:
    return ", ".join(f"{name} {_range(edges)}" for name, edges in setting.items())


def _range(edges: Any) -> str:
    return " ".join(f"{name} {_edge_said(edges[name])}" for name in ("min", "max") if name in edges)


def _edge_said(edge: Any) -> str:
    if isinstance(edge, dict):
        return "/".join(f"{code} {amount(number(limit))}" for code, limit in edge.items())
    return amount(number(edge))


RULE = Rule(
    "bounds",
    "Floor and ceiling (min, max) of the amounts of a facet (bids, budgets, funds, …) or of one field,"
    " in units of the currency: one number, or one for each currency. A return to the value that was last"
    " applied is not judged.",
    {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "minProperties": 1,
            "properties": {
                "min": EDGE | {"description": "Floor, in the currency of the account; or one for each currency."},
                "max": EDGE | {"description": "Ceiling, in the currency of the account; or one for each currency."},
            },
            "additionalProperties": False,
        },
    },
    judge,
    describe_setting,
    applies,
    check=check,
    per_resource=True,
)
