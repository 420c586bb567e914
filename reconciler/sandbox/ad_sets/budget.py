"""Budget of an ad set: the active one and the scheduled ones (contract §3.4 rules 9-12, 15, §11 rules 27, 28, 44)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ..state import Record
from .changes import Changes, Violation, budget_values
from .fields import Fields, invalid
from .words import Dialect

UNCAPPED: Mapping[str, Any] = {
    "budgetStrategy": "uncapped",
    "budgetRenewal": "undefined",
    "budgetDeliverySmoothing": None,
    "budgetDeliveryWeek": "undefined",
    "budgetAmount": None,
    "pacingBehavior": "undefined",
}
Budget = dict[str, Any]


def merged(budget: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Budget, list[Violation]]:
    """Return the budget with the given fields laid over it, and the rules that it breaks.

    A delivery week or pacing that is not given and no longer fits is reset, since the documents ask clients to omit
    it.
    """
    new = {**UNCAPPED, **budget, **given}
    if new["budgetStrategy"] == "uncapped":
        foreign = [key for key, empty in UNCAPPED.items() if given.get(key, empty) != empty]
        told = [Violation("budget", f"{key} does not go with an uncapped budget") for key in foreign]
        return dict(UNCAPPED), told
    for key, fits in (("budgetDeliveryWeek", _week_fits), ("pacingBehavior", _pacing_fits)):
        if key not in given and not fits(new):
            new[key] = "undefined"
    return new, _capped_violations(new)


def _week_fits(budget: Mapping[str, Any]) -> bool:
    weekly = budget["budgetRenewal"] == "weekly" and budget["budgetDeliverySmoothing"] == "standard"
    return bool(weekly or budget["budgetDeliveryWeek"] == "undefined")


def _pacing_fits(budget: Mapping[str, Any]) -> bool:
    pacing, smoothing = budget["pacingBehavior"], budget["budgetDeliverySmoothing"]
    if pacing == "targetAverageDailyBudget":
        return bool(smoothing == "standard" and budget["budgetRenewal"] == "monthly")
    return bool(pacing == "undefined" or smoothing == "standard")


def _capped_violations(budget: Mapping[str, Any]) -> list[Violation]:
    amount = budget["budgetAmount"]
    checks = (
        (amount is not None and amount > 0, "a capped budget needs a budgetAmount above zero"),
        (budget["budgetRenewal"] != "undefined", "a capped budget needs a budgetRenewal"),
        (budget["budgetDeliverySmoothing"] is not None, "a capped budget needs a budgetDeliverySmoothing"),
        (_week_fits(budget), "budgetDeliveryWeek is for weekly, standard budgets"),
        (_pacing_fits(budget), f"pacingBehavior {budget['pacingBehavior']} does not go with this budget"),
    )
    return [Violation("budget", text) for holds, text in checks if not holds]


# --- scheduled budgets (preview) ---


def in_force(record: Record, today: date) -> Record:
    """Return the ad set with the latest scheduled budget whose start day is not after `today`."""
    scheduled = record.get("scheduledBudgets")
    if not scheduled:
        return record
    due = sorted((one for one in scheduled if _day(one) <= today), key=_day)
    if not due:
        return record
    active = {key: due[-1][key] for key in UNCAPPED}
    later = [one for one in scheduled if one not in due]
    return {**record, "budget": active, "scheduledBudgets": later}


def in_step(scheduled: list[Budget], week: str) -> list[Budget]:
    """Return the scheduled budgets with their delivery week changed to `week` where their strategy is weekly."""
    return [
        {**one, "budgetDeliveryWeek": week} if _week_fits({**one, "budgetDeliveryWeek": week}) else one
        for one in scheduled
    ]


def rescheduled(
    record: Record, operations: Fields, dialect: Dialect, today: date, new_id: Callable[[], str]
) -> tuple[list[Budget], list[Violation]]:
    """Return the scheduled budgets after all operations of one item, and the rules that they break."""
    changes = Changes()
    kept = {one["id"]: one for one in record.get("scheduledBudgets") or ()}
    for deletion in operations.sections("scheduledBudgetDeletions"):
        if kept.pop(deletion.text("id") or "", None) is None:
            changes.blame("budget", f"no scheduled budget {deletion.text('id')} to delete")
    for update in operations.sections("scheduledBudgetUpdates"):
        key = update.text("id") or ""
        if key not in kept:
            changes.blame("budget", f"no scheduled budget {key} to update")
            continue
        kept[key] = _scheduled(kept[key], update, dialect, changes, today)
    for creation in operations.sections("scheduledBudgetCreations"):
        creation.boxed = False
        if creation.text("startDate") is None:
            raise invalid(creation.place("startDate"), "is required", "required-field")
        key = new_id()
        kept[key] = _scheduled({"id": key, **UNCAPPED}, creation, dialect, changes, today)
    starts = [one["startDate"] for one in kept.values()]
    if len(set(starts)) != len(starts):
        changes.blame("budget", "two scheduled budgets start on the same day")
    return sorted(kept.values(), key=_day), changes.violations


def _scheduled(old: Budget, given: Fields, dialect: Dialect, changes: Changes, today: date) -> Budget:
    values = budget_values(changes, given, dialect, boxed=given.boxed)
    budget, violations = merged({key: old[key] for key in UNCAPPED}, values)
    changes.violations.extend(violations)
    start = given.text("startDate") or old["startDate"]
    try:
        if date.fromisoformat(start[:10]) <= today:
            changes.blame("budget", f"a scheduled budget starts after today, not on {start}")
    except ValueError as error:
        raise invalid(given.place("startDate"), str(error), "invalid-date-format") from error
    return {"id": old["id"], "startDate": start[:10], **budget}


def _day(scheduled: Budget) -> date:
    return date.fromisoformat(scheduled["startDate"])
