"""Definition of a guardrail, and its input: data types of a plan only."""

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
    """A plan to be judged: its changes (including deferred ones) and its cost.

    ``live`` holds the ids that the API returned, by kind; ``remembered`` those in the ledger, maybe only of the
    selected addresses; ``known`` the number in the ledger by kind, and how many of these are live; ``applied`` the last
    applied values; ``wanted`` the addresses of the files. ``whole`` is false if only a part of the project was
    requested.
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
        """Every amount that the plan changes."""
        return tuple(step for change in self.changes for step in amount_changes(change))

    @cached_property
    def news(self) -> "tuple[AmountChange, ...]":
        """Every amount that the plan changes to another value than the last applied one.

        A change back to the applied value was judged when it was applied; its distance from the drifted value proves
        nothing.
        """
        return tuple(step for step in self.steps if not self.is_return(step.change, step.move))

    def is_return(self, change: Change, move: FieldChange) -> bool:
        """Return True if the change restores the last applied value of the same object."""
        if change.id is None or self.remembered.get(change.address) != change.id:
            return False
        known = self.applied.get(change.address, {})
        return move.field in known and known[move.field] == move.after

    @cached_property
    def shifts(self) -> Mapping[Address, LimitChange]:
        """Changes of limits by address."""
        return {shift.address: shift for shift in self.money.shifts if shift.address is not None}

    def increases(self) -> Iterator[Change]:
        """Yield the changes that may cost more: a creation, a higher limit, or a higher amount."""
        shifts = self.shifts
        for change in self.changes:
            shift = shifts.get(change.address)
            rises = shift is not None and shift.change > NOTHING
            if rises or change.action is Action.CREATE or any(_is_raised(step) for step in amount_changes(change)):
                yield change


class Rule(Struct, frozen=True):
    """One guardrail: its key in ``reconciler.yaml``, the schema of its setting, and its judgement.

    ``said`` formats the setting; ``applies`` returns True if the plan holds anything that the rule judges; ``check``
    finds errors beyond the schema. A rule with a ``default`` is on unless the setting is false. Each violation of a
    ``per_resource`` rule is about the resource of its address only. A rule ``of_scope`` judges by all objects of the
    scope, so that these must be read even for a plan of a few.
    """

    name: str
    doc: str
    schema: Schema
    judge: Callable[[Proposal, Any], Iterable[Problem]]
    said: Callable[[Any], str]
    applies: Callable[[Proposal, Any], bool]
    default: Json = None
    check: Callable[[Any, Names], Iterable[Mistake]] = lambda setting, names: ()
    per_resource: bool = False
    of_scope: bool = False

    @property
    def code(self) -> str:
        """Stable code of its problems: ``guardrail-max-raise-percent``."""
        return GUARDRAIL + "".join(f"-{each.lower()}" if each.isupper() else each for each in self.name)

    def object(self, message: str, change: Change | None = None, **more: Any) -> Problem:
        """Return a violation, at the position of the change unless ``at`` is given."""
        place = more.pop("at", change.place if change else None)
        return error(self.code, message, at=place, address=change.address if change else None, **more)


class AmountChange(Struct, frozen=True):
    """One amount in a change; the amount of a scheduled budget is nested in its field."""

    change: Change
    move: FieldChange
    before: Decimal | None
    after: Decimal | None


def amount_changes(change: Change) -> Iterator[AmountChange]:
    """Yield every amount in a change."""
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
    """Return True if there is any change: input of rules on the number or the time of changes."""
    return bool(proposal.changes)


def any_increase(proposal: Proposal, setting: Any) -> bool:
    """Return True if any limit changes: input of rules on sums."""
    return bool(proposal.money.increases)


# --- Shared by the settings of several rules -----------------------------------------------------------------


def or_by_name(schema: Schema) -> Schema:
    """Return a schema of one number for all, or one for each name."""
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
    """Return a number of the settings as an exact decimal."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def amount(value: Decimal) -> str:
    """Return an amount with grouped digits and at least two decimals."""
    return group_digits(value)


def count_noun(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 resource``, ``2 resources``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def percent(value: Decimal) -> str:
    """Return a percentage: ``50 %``, ``12.5 %``."""
    text = f"{value:.1f}"
    return f"{text.removesuffix('.0')} %"


def by_currency(setting: Mapping[str, Any], unit: str = "") -> str:
    """Return limits by currency: ``EUR 5,000.00, USD 100.00``."""
    return ", ".join(
        f"{code} {percent(number(limit)) if unit == '%' else amount(number(limit))}" for code, limit in setting.items()
    )


def rise(exposure: Exposure) -> str:
    """Return an increase in words."""
    if exposure.uncapped > 0:
        return "without any cap"
    return f"by {amount(exposure.amount)}"


def key_for(currency: str) -> str:
    """Return a hint for a currency without a limit."""
    if currency.isupper():
        return f"add {currency}: AMOUNT to the rule"
    return "state the currency under `currencies` in reconciler.yaml, by the id of the advertiser or account"
