"""What a guardrail is, and all that it may look at: the nouns of a plan, and nothing of how they came to be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from msgspec import Struct, field

from reconciler.guardrails.names import Mistake, Names
from reconciler.model import (
    GUARDRAIL,
    Action,
    Address,
    Change,
    FieldChange,
    Json,
    LimitChange,
    Money,
    Problem,
    Value,
    Values,
    error,
)
from reconciler.model.money import NOTHING, Exposure, group_digits

Schema = dict[str, Any]


class SupportsSibling(Protocol):
    """The largest amount among the siblings of a new object, and among which it was looked for."""

    @property
    def amount(self) -> Decimal: ...

    @property
    def among(self) -> str: ...


class Proposal(Struct, frozen=True, dict=True):
    """A plan that is to be judged: what it changes (what waits for an id too), and what it costs.

    ``live`` holds the ids that the API showed, by kind; ``remembered`` those that the ledger knows, maybe only of
    the addresses at hand: ``known`` tells by kind how many it knows in all, and how many of these are live;
    ``applied`` the values that were last applied, as the ledger knows them; ``wanted`` the addresses of the files.
    ``whole`` is false where only a part of the project was asked for.
    """

    changes: tuple[Change, ...]
    money: Money
    now: datetime
    currencies: Mapping[Address, str] = field(default_factory=dict)
    live: Mapping[str, frozenset[str]] = field(default_factory=dict)
    remembered: Mapping[Address, str] = field(default_factory=dict)
    known: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    applied: Mapping[Address, Values] = field(default_factory=dict)
    wanted: frozenset[Address] = frozenset()
    beside: Mapping[Address, Mapping[str, SupportsSibling]] = field(default_factory=dict)
    """The largest amount beside each new object, by field."""
    created_off: tuple[LimitChange, ...] = ()
    """What the objects that are created off may spend once they are started."""
    whole: bool = True

    def currency(self, change: Change) -> str:
        return self.currencies.get(change.address, "unknown currency")

    @cached_property
    def steps(self) -> "tuple[AmountChange, ...]":
        """Every amount that the plan moves."""
        return tuple(step for change in self.changes for step in amount_changes(change))

    @cached_property
    def news(self) -> "tuple[AmountChange, ...]":
        """Every amount that the plan moves to another value than the one last applied.

        What puts a value back has been judged when it was applied, and its distance from what live was moved to says
        nothing of it.
        """
        return tuple(step for step in self.steps if not self.is_return(step.change, step.move))

    def is_return(self, change: Change, move: FieldChange) -> bool:
        """Whether a move puts back the value that was last applied to the same object."""
        if change.id is None or self.remembered.get(change.address) != change.id:
            return False
        known = self.applied.get(change.address, {})
        return move.field in known and known[move.field] == move.after

    @cached_property
    def shifts(self) -> Mapping[Address, LimitChange]:
        """What becomes of the limit of each changed object, as far as it moves."""
        return {shift.address: shift for shift in self.money.shifts if shift.address is not None}

    def increases(self) -> Iterator[Change]:
        """The changes that may cost more: something new, a limit or any amount that rises."""
        shifts = self.shifts
        for change in self.changes:
            shift = shifts.get(change.address)
            rises = shift is not None and shift.change > NOTHING
            if rises or change.action is Action.CREATE or any(_is_raised(step) for step in amount_changes(change)):
                yield change


class Rule(Struct, frozen=True):
    """One guardrail: its key in ``reconciler.yaml``, what may be written there, and how it judges.

    ``said`` puts the setting in words; ``looks`` is whether the plan holds anything that the rule judges;
    ``check`` finds what its schema cannot. A rule with a ``default`` is on unless the setting is false. Each
    objection of one that is ``per_resource`` is about the resource of its address, and about no other.
    """

    name: str
    doc: str
    schema: Schema
    judge: Callable[[Proposal, Any], Iterable[Problem]]
    said: Callable[[Any], str]
    looks: Callable[[Proposal, Any], bool]
    default: Json = None
    check: Callable[[Any, Names], Iterable[Mistake]] = lambda setting, names: ()
    per_resource: bool = False

    @property
    def code(self) -> str:
        """The stable code of its problems: ``guardrail-max-raise-percent``."""
        return GUARDRAIL + "".join(f"-{each.lower()}" if each.isupper() else each for each in self.name)

    def object(self, message: str, change: Change | None = None, **more: Any) -> Problem:
        """An objection, at the place that the change was written unless another is given."""
        place = more.pop("at", change.place if change else None)
        return error(self.code, message, at=place, address=change.address if change else None, **more)


class AmountChange(Struct, frozen=True):
    """One amount that a change moves; a scheduled budget's stands inside its field."""

    change: Change
    move: FieldChange
    before: Decimal | None
    after: Decimal | None


def amount_changes(change: Change) -> Iterator[AmountChange]:
    """Every amount that a change moves."""
    for move in change.fields:
        for before, after in _amounts(move.before, move.after):
            yield AmountChange(change, move, before, after)


def _amounts(before: Value, after: Value) -> Iterator[tuple[Decimal | None, Decimal | None]]:
    if isinstance(before, Mapping) or isinstance(after, Mapping):
        was = before if isinstance(before, Mapping) else {}
        becomes = after if isinstance(after, Mapping) else {}
        for name in dict.fromkeys([*was, *becomes]):
            yield from _amounts(was.get(name), becomes.get(name))
        return
    old = before if isinstance(before, Decimal) else None
    new = after if isinstance(after, Decimal) else None
    if old != new:
        yield old, new


def _is_raised(step: AmountChange) -> bool:
    if step.after is None or step.before is None:
        return step.before is None
    return step.after > step.before


def any_change(proposal: Proposal, setting: Any) -> bool:
    """Whether anything changes: all that a rule on the number or the moment of changes looks at."""
    return bool(proposal.changes)


def any_increase(proposal: Proposal, setting: Any) -> bool:
    """Whether any limit moves: all that a rule on sums looks at."""
    return bool(proposal.money.increases)


# --- Settings that several rules share ---------------------------------------------------------------------


def or_by_name(schema: Schema) -> Schema:
    """One number for all, or one for each name."""
    return {**schema, "type": ["number", "object"], "minProperties": 1, "additionalProperties": schema}


PERCENT: Schema = {"type": "number", "minimum": 0}
COUNT: Schema = {"type": "integer", "minimum": 0}
BY_CURRENCY: Schema = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": {"type": "number", "minimum": 0},
}
ON: Schema = {"type": "boolean"}


def number(value: Any) -> Decimal:
    """A setting exactly as it is written."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def amount(value: Decimal) -> str:
    """An amount as a person reads it: two decimals at least, no more than are meant, and separators."""
    return group_digits(value)


def count_noun(number: int, noun: str) -> str:
    """``1 resource``, ``2 resources``"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(value: Decimal) -> str:
    """``50 %``, ``12.5 %``"""
    text = f"{value:.1f}"
    return f"{text.removesuffix('.0')} %"


def by_currency(setting: Mapping[str, Any], unit: str = "") -> str:
    """``EUR 5,000.00, USD 100.00``"""
    return ", ".join(
        f"{code} {percent(number(limit)) if unit == '%' else amount(number(limit))}" for code, limit in setting.items()
    )


def rise(exposure: Exposure) -> str:
    """An increase in words."""
    if exposure.uncapped > 0:
        return "without any cap"
    return f"by {amount(exposure.amount)}"


def key_for(currency: str) -> str:
    """What to do about a currency that a rule has no limit for."""
    if currency.isupper():
        return f"add {currency}: AMOUNT to the rule"
    return "tell the currency under `currencies` in reconciler.yaml, by the id of the advertiser or account"
