"""Conditions that select resources by stated values: ``campaignId=358313``, ``name~=FR*``.

A resource that does not state a field matches no condition on it.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase

from msgspec import Struct

from reconciler.config import yaml_document
from reconciler.config.schema_errors import closest_word
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import InvalidValue
from reconciler.model import Desired, Json, Value

CONDITION = re.compile(r"(?P<field>[^=!<>~\s]+)\s*(?P<test>~=|!=|<=|>=|=|<|>)\s*(?P<value>.*)", re.DOTALL)
ORDERS = ("<", "<=", ">", ">=")


class Condition(Struct, frozen=True):
    """A field, a comparison, and its operand; ``raw`` is the operand as YAML reads it."""

    field: str
    test: str
    text: str
    raw: Json

    def __str__(self) -> str:
        return f"{self.field}{self.test}{self.text}"

    def holds(self, kind: Kind, desired: Desired) -> bool:
        """Return whether the resource states such a value. Raises :class:`InvalidValue` if they cannot be compared."""
        if self.field == "id":
            return desired.id is not None and self._compares(desired.id, self.text)
        if self.field not in desired.values:
            return False
        value = desired.values[self.field]
        if self.test == "~=":
            return fnmatchcase(str(value), self.text)
        goal = None if self.raw is None else kind.field(self.field).type.parse(self.raw)
        return self._compares(value, goal)

    def _compares(self, value: Value, goal: Value) -> bool:
        if self.test in ORDERS:
            return self._compare_order(value, goal)
        if self.test == "~=":
            return fnmatchcase(str(value), str(goal))
        return (value == goal) is (self.test == "=")

    def _compare_order(self, value: Value, goal: Value) -> bool:
        match value, goal:
            case (Decimal() | int(), Decimal() | int()):
                pass
            case (datetime(), datetime()):
                pass
            case (date(), date()):
                pass
            case _:
                if value is None:
                    return False
                raise InvalidValue("bad-condition", f"{self}: {self.field} has no order", "compare it with = or ~=")
        less, same = value < goal, value == goal  # type: ignore[operator]
        return {"<": less, "<=": less or same, ">": not less and not same, ">=": not less}[self.test]


def parse_condition(text: str) -> Condition:
    """Return what a condition says. Raises :class:`InvalidValue`."""
    found = CONDITION.fullmatch(text.strip())
    if found is None:
        hint = "write it as campaignId=358313, 'name~=FR*' or 'bidding.bidAmount<1'"
        raise InvalidValue("bad-condition", f"{text!r} is no condition", hint)
    value = found["value"].strip()
    return Condition(found["field"], found["test"], value, parse_scalar(value))


def parse_scalar(text: str) -> Json:
    """Return what a text on the command line would mean in a YAML file. Raises :class:`InvalidValue`."""
    parsed, problems = yaml_document.parse(f"v: {text}\n".encode(), "")
    if parsed is None or not isinstance(parsed.value, dict) or list(parsed.value) != ["v"]:
        why = problems[0].message if problems else "it is more than one value"
        raise InvalidValue("bad-value", f"{text!r} cannot be read: {why}", "put quotes around text")
    return parsed.value["v"]


def check_field(name: str, kinds: Iterable[Kind]) -> None:
    """Raise :class:`InvalidValue` if none of the kinds has such a field in its files."""
    known = tuple(kinds)
    if name == "id" or any(has_field(kind, name) for kind in known):
        return
    names = [row.name for kind in known for row in kind.fields if row.writable]
    kinds_named = ", ".join(kind.name for kind in known)
    hint = closest_word(name, names) or "fields are named in full, such as bidding.bidAmount"
    raise InvalidValue("unknown-field", f"{kinds_named or 'the files'} have no field {name!r}", hint)


def has_field(kind: Kind, name: str) -> bool:
    """Return whether the files may state such a field for a kind."""
    return kind.has(name) and not name.endswith(".*") and kind.field(name).writable


def matches(conditions: Sequence[Condition], kind: Kind, desired: Desired) -> bool:
    """Return whether a resource meets all of the conditions. Raises :class:`InvalidValue`."""
    return all((each.field == "id" or has_field(kind, each.field)) and each.holds(kind, desired) for each in conditions)
