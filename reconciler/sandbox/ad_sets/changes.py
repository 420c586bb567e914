"""Read the attributes of a creation or a patch into one flat mapping: canonical path -> value, given fields only.

The two requests name and box the same fields differently (contract §3.5); all other modules see one form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

from ..options import Options
from . import words
from .fields import ABSENT, Fields, moment, number, whole
from .words import Dialect

_FOUR_DIGITS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule; `kind` selects the error code of a creation or of an update."""

    kind: str
    detail: str


@dataclass(slots=True)
class Changes:
    """Values that a request gives, and the violations that can be found without the ad set."""

    values: dict[str, Any] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    def give(self, path: str, value: Any) -> None:
        if value is not ABSENT:
            self.values[path] = value

    def blame(self, kind: str, detail: str) -> None:
        self.violations.append(Violation(kind, detail))

    def choice(self, path: str, value: str | None, allowed: frozenset[str], kind: str = "data") -> None:
        """Record an enum value; null means "not given" (§2.5), since no enum contains it."""
        if value is None:
            return
        self.values[path] = value
        if value not in allowed:
            self.blame(kind, f"{path}: {value!r} is none of {', '.join(sorted(allowed))}")


def asked(attributes: Fields, dialect: Dialect, options: Options) -> Changes:
    """Return the changes in the attributes of a creation (plain values) or of a patch (boxed values)."""
    changes = Changes()
    name = attributes.text("name")
    if name is not None:
        changes.give("name", name)
    schedule = attributes.section("scheduling" if attributes.boxed else "schedule")
    if schedule is not None:
        changes.give("schedule.startDate", schedule.nillable("startDate", moment))
        changes.give("schedule.endDate", schedule.nillable("endDate", moment))
    bidding = attributes.section("bidding")
    if bidding is not None:
        _bidding(changes, bidding, options)
    targeting = attributes.section("targeting")
    if targeting is not None:
        _targeting(changes, targeting, options)
    budget = attributes.section("budget")
    if budget is not None:
        changes.values["budget"] = budget_values(changes, budget, dialect, boxed=attributes.boxed)
    attribution = attributes.section("attributionConfiguration")
    if attribution is not None:
        place = "attributionConfiguration"
        changes.choice(f"{place}.attributionMethod", attribution.text("attributionMethod"), dialect.methods)
        changes.choice(f"{place}.lookbackWindow", attribution.text("lookbackWindow"), words.LOOKBACKS)
    return changes


def budget_values(changes: Changes, budget: Fields, dialect: Dialect, *, boxed: bool) -> dict[str, Any]:
    """Return the budget fields that are given, and add violations to `changes`."""
    own = Changes()
    for key, allowed in words.BUDGET.items():
        if key == "pacingBehavior" and not dialect.pacing:
            # rule 43 refuses it here; any other unknown key is ignored
            if budget.text(key) is not None and not dialect.guide:
                own.blame("data", "this version does not know pacingBehavior")
            continue
        own.choice(key, budget.text(key), allowed, "budget")
    budget.boxed = boxed
    own.give("budgetAmount", budget.nillable("budgetAmount", number))
    changes.violations.extend(own.violations)
    return own.values


def rounded(amount: Decimal, options: Options) -> Decimal:
    """Return the amount rounded to four decimals (rule 22)."""
    mode = ROUND_HALF_EVEN if options.rounding == "half_even" else ROUND_HALF_UP
    return amount if amount.adjusted() > 15 else amount.quantize(_FOUR_DIGITS, rounding=mode)


def _bidding(changes: Changes, bidding: Fields, options: Options) -> None:
    amount = bidding.nillable("bidAmount", number)
    if isinstance(amount, Decimal):
        amount = rounded(amount, options)
    changes.give("bidding.bidAmount", amount)


def _targeting(changes: Changes, targeting: Fields, options: Options) -> None:
    capping = targeting.nillable("frequencyCapping", _capping)
    changes.give("targeting.frequencyCapping", capping)
    if isinstance(capping, dict):
        _check_capping(changes, capping)
    geo = targeting.section("geoLocation")
    for name in words.GEO if geo is not None else ():
        assert geo is not None
        rule = geo.nillable(name, _rule)
        changes.give(f"targeting.geoLocation.{name}", rule)
        if isinstance(rule, dict):
            _check_rule(changes, name, rule)
    limits = targeting.section("deliveryLimitations")
    for name, allowed in words.LIMITATIONS.items() if limits is not None else ():
        assert limits is not None
        _limitation(changes, limits, name, allowed, options)


def _limitation(changes: Changes, limits: Fields, name: str, allowed: frozenset[str], options: Options) -> None:
    given = limits.texts(name)
    if given is None and options.device_list_semantics == "block":
        given = []
    if given is None:
        return
    changes.give(f"targeting.deliveryLimitations.{name}", list(dict.fromkeys(given)))
    strangers = [one for one in given if one not in allowed]
    if strangers:
        changes.blame("os_env", f"{name}: {', '.join(strangers)} cannot be targeted")


def _capping(value: Any, path: str) -> dict[str, Any]:
    given = Fields(value, path)
    return {
        "frequency": given.text("frequency"),
        "maximumImpressions": _known(given.nillable("maximumImpressions", whole)),
    }


def _check_capping(changes: Changes, capping: dict[str, Any]) -> None:
    frequency, count = capping["frequency"], capping["maximumImpressions"]
    if frequency not in words.FREQUENCIES - {"advanced"}:
        changes.blame("frequency", f"frequency {frequency!r} cannot be set")
    elif count is None or not 0 < count < 2**31:
        changes.blame("frequency", f"maximumImpressions {count!r} is not a positive count")


def _rule(value: Any, path: str) -> dict[str, Any]:
    given = Fields(value, path)
    return {"operand": given.text("operand"), "values": given.texts("values")}


_CODES = {
    "countries": re.compile(r"[A-Za-z]{2}"),
    "subdivisions": re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]{1,3}"),
    "zipCodes": re.compile(r".*\S.*", re.DOTALL),
}


def _check_rule(changes: Changes, name: str, rule: dict[str, Any]) -> None:
    if rule["operand"] not in {"in", "notIn"}:
        changes.blame("geolocation", f"{name}: operand {rule['operand']!r} is neither in nor notIn")
    if not rule["values"]:
        changes.blame("geolocation", f"{name}: an active filter needs values")
        return
    wrong = [value for value in rule["values"] if not _CODES[name].fullmatch(value)]
    if wrong:
        changes.blame("geolocation", f"{name}: {', '.join(wrong)} is not a code of this kind")


def _known(value: Any) -> Any:
    return None if value is ABSENT else value
