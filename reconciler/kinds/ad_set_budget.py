"""Rules of an ad set's budget (contract §3.4, rules 9 to 12 and 15): which budget fields may be combined."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

from reconciler.kinds.field_problems import field_error
from reconciler.model import Desired, Problem, Values

UNCAPPED = "leave it out, or write budgetStrategy: capped and its other parts"
Refuse = Callable[..., Problem]
"""Makes a problem of a budget rule from a field, a code, a sentence and a hint."""
BUDGET = tuple(
    f"budget.{name}"
    for name in (
        "budgetStrategy",
        "budgetAmount",
        "budgetRenewal",
        "budgetDeliverySmoothing",
        "budgetDeliveryWeek",
        "pacingBehavior",
    )
)


def budget_parts_fit(ad_set: Desired, values: Values, *, complete: bool, under: str | None = None) -> Iterator[Problem]:
    """Yield the violations of rules 9 to 12 in ``values``.

    ``complete`` is true if no other values are in force; ``under`` is the field of a scheduled budget.
    """
    strategy, amount, renewal, smoothing, week, pacing = map(values.get, BUDGET)

    def refuse(name: str, code: str, message: str, hint: str | None = None) -> Problem:
        return field_error(ad_set, under or (name if name in ad_set.values else BUDGET[0]), code, message, hint)

    if strategy == "uncapped":
        stated = ((BUDGET[1], amount), (BUDGET[2], renewal), (BUDGET[3], smoothing), (BUDGET[4], week))
        for name, value in (*stated, (BUDGET[5], pacing)):
            if value not in (None, "undefined"):
                part = name.partition(".")[2]
                yield refuse(name, "budget-uncapped", f"{part} does not go with an uncapped budget", UNCAPPED)
        return
    if strategy == "capped":
        yield from _check_capped(refuse, values, complete)
    weekly = renewal == "weekly" and smoothing == "standard"
    if week not in (None, "undefined") and not weekly and _is_known(complete, renewal, smoothing):
        yield refuse(BUDGET[4], "budget-week", "a week goes only with a weekly budget and standard delivery")
    if pacing not in (None, "undefined"):
        if smoothing == "accelerated":
            yield refuse(BUDGET[5], "budget-pacing", "pacingBehavior does not go with accelerated delivery")
        if pacing == "targetAverageDailyBudget" and renewal != "monthly" and _is_known(complete, renewal):
            yield refuse(BUDGET[5], "budget-pacing", "targetAverageDailyBudget needs a monthly budget")


def _check_capped(refuse: Refuse, values: Values, complete: bool) -> Iterator[Problem]:
    amount, renewal, smoothing = map(values.get, BUDGET[1:4])
    stated = BUDGET[1] in values
    if (stated or complete) and not amount:
        yield refuse(BUDGET[1], "budget-amount", "a capped budget needs an amount above 0", "state budgetAmount")
    if renewal == "undefined" or (complete and renewal is None):
        yield refuse(BUDGET[2], "budget-renewal", "a capped budget needs a period", "state budgetRenewal, e.g. daily")
    if complete and smoothing is None:
        yield refuse(
            BUDGET[3], "budget-smoothing", "a capped budget needs budgetDeliverySmoothing", "standard or accelerated"
        )


def _is_known(complete: bool, *values: object) -> bool:
    return complete or all(value is not None for value in values)


def scheduled_budgets_fit(ad_set: Desired) -> Iterator[Problem]:
    """Yield the violations of rule 15: scheduled budgets follow the rules of the budget itself."""
    for name in [name for name in ad_set.values if name.startswith("scheduledBudgets.")]:
        entry, key = ad_set.values[name], name.partition(".")[2]
        try:
            date.fromisoformat(key)
        except ValueError:
            yield field_error(ad_set, name, "bad-date", f"{key!r} is not a day", "write 2026-12-01")
        if isinstance(entry, Mapping):
            parts = {f"budget.{part}": value for part, value in entry.items()}
            yield from budget_parts_fit(ad_set, parts, complete=True, under=name)
