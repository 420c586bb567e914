"""JSON codec of the money and the guardrail judgements in a saved plan."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from msgspec.structs import fields

from reconciler.model import Excuse, Judgement, Money, Problem, RuleLevel
from reconciler.model.json_values import problem, read_problem, read_span, to_json
from reconciler.model.money import BidShift, Ceiling, Commitment, Funds, Period

Shape = dict[str, Any]
Flat = TypeVar("Flat", Commitment, Funds, BidShift, Ceiling)
WORDS = ("currency", "kind", "field")


def encode_money(money: Money | None) -> Shape | None:
    """Return commitments, funds and bids as JSON; everything else is recomputed when the plan is applied."""
    if money is None:
        return None
    return {
        "commitments": [_flat(each) for each in money.commitments],
        "funds": [_flat(each) for each in money.funds],
        "bids": [_flat(each) for each in money.bids],
        "ceilings": [_flat(each) for each in money.ceilings],
    }


def decode_money(shape: Mapping[str, Any] | None) -> Money | None:
    """Return the money of a JSON object. Raise ValueError, KeyError or TypeError if a part is missing or wrong."""
    if shape is None:
        return None
    return Money(
        commitments=tuple(_whole(Commitment, each) for each in shape["commitments"]),
        funds=tuple(_whole(Funds, each) for each in shape["funds"]),
        bids=tuple(_whole(BidShift, each) for each in shape["bids"]),
        ceilings=tuple(_whole(Ceiling, each) for each in shape.get("ceilings", ())),
    )


# --- Judgements -----------------------------------------------------------------------------------------------


def encode_judgement(each: Judgement) -> Shape:
    """Return the judgement of a guardrail as JSON; an apply judges again."""
    shape = {
        "rule": each.rule,
        "level": each.level.value,
        "limit": each.limit,
        "because": each.because,
        "looked": each.looked,
        "problems": [_problem(said) for said in each.problems],
    }
    return shape | ({"excuses": [_excuse(excuse) for excuse in each.excuses]} if each.excuses else {})


def decode_judgement(shape: Shape) -> Judgement:
    """Return the judgement of a JSON object. Raise ValueError, KeyError or TypeError if a part is missing or wrong."""
    problems = tuple(_problem_of(each) for each in shape["problems"])
    excuses = tuple(_excuse_of(each) for each in shape.get("excuses", ()))
    level, looked = RuleLevel(shape["level"]), shape.get("looked", True) is True
    return Judgement(shape["rule"], level, shape["limit"], problems, shape["because"], looked, excuses)


def _excuse(each: Excuse) -> Shape:
    return {
        "at": str(each.at),
        "until": to_json(each.until),
        "because": each.because,
        "count": each.count,
        "problems": [_problem(said) for said in each.problems],
    }


def _excuse_of(shape: Shape) -> Excuse:
    problems = tuple(_problem_of(each) for each in shape["problems"])
    until = datetime.fromisoformat(shape["until"])
    return Excuse(read_span(shape["at"]), until, shape["because"], shape["count"], problems)


def _problem(each: Problem) -> Shape:
    return problem(each) | {"at": str(each.span) if each.span else None}


def _problem_of(shape: Shape) -> Problem:
    return read_problem(shape, None if shape["at"] is None else read_span(shape["at"]))


# --- Rows of amounts ----------------------------------------------------------------------------------------


def _flat(each: Commitment | Funds | BidShift | Ceiling) -> Shape:
    parts = {part.name: getattr(each, part.name) for part in fields(each)}
    return {name: part.name if isinstance(part, Period) else to_json(part) for name, part in parts.items()}


def _whole(of: type[Flat], shape: Mapping[str, Any]) -> Flat:
    return of(**{name: _value(name, value) for name, value in shape.items()})


def _value(name: str, value: Any) -> Any:
    """Return the value of a row: a Decimal for text, except for names; numbers are counts."""
    if name == "period":
        return Period[value] if value is not None else None
    return Decimal(value) if isinstance(value, str) and name not in WORDS else value
