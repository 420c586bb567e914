"""Question of an apply before it sends anything: number of changes, resources, and changes of budgets and bids."""

from collections import Counter
from collections.abc import Iterator

from reconciler.kinds.versions import kind_named
from reconciler.model import Action, Change, Money, Run
from reconciler.model.money import NOTHING, Period
from reconciler.model.text import count_noun, sanitize
from reconciler.reports import cost

BUDGETS = {
    Period.DAY.label: "daily budgets",
    Period.WEEK.label: "weekly budgets",
    Period.MONTH.label: "monthly budgets",
    Period.TOTAL.label: "lifetime budgets",
    cost.ONE_OFF: "balance deposits",
}

UNCAPPED = (Period.ANY_DAY.label, Period.TOTAL.label, cost.ONE_OFF)
"""Labels of the totals in which each uncapped limit is counted once."""


def question(run: Run) -> str:
    """Return ``Apply 24 changes to 24 ad sets: daily budgets +101.55 EUR?``."""
    changes = count_noun(sum(map(_changes, run.changes)), "change")
    kinds = Counter(change.address.kind for change in run.changes)
    whom = " and ".join(count_noun(count, _singular(kind)) for kind, count in kinds.items())
    moved = ", ".join(_describe_moved(run.money)) if run.money else ""
    return f"Apply {changes} to {whom}: {moved or 'no budget and no bid moves'}?"


def _changes(change: Change) -> int:
    """Return the number of changes: one for a creation or a stop, one per field for an update."""
    return len(change.fields) if change.action is Action.UPDATE else 1


def _singular(kind: str) -> str:
    """Return ``ad set`` for ``adSets``."""
    found = kind_named(kind)
    return found.singular if found else kind


def _limits(money: Money) -> Iterator[str]:
    """Yield the changes of spend limits of kinds that have no budgets."""
    asked = {each.kind for each in money.shifts}
    own = [each for each in money.ceiling_shifts if each.kind not in asked]
    for currency in sorted({each.currency for each in own}):
        step = sum((each.change for each in own if each.currency == currency), NOTHING)
        if step.amount:
            yield f"spend limits {cost.format_money(step.amount, '+')} {sanitize(currency)}"
        if step.uncapped:
            yield f"without a spend limit {step.uncapped:+,}"


def _describe_moved(money: Money) -> Iterator[str]:
    totals = cost.totals(money)
    for total in totals:
        if total.what in BUDGETS and total.change.amount:
            yield f"{BUDGETS[total.what]} {cost.format_money(total.change.amount, '+')} {sanitize(total.currency)}"
    uncapped = sum(total.change.uncapped for total in totals if total.what in UNCAPPED)
    if uncapped:
        yield f"uncapped budgets {uncapped:+,}"
    yield from _limits(money)
    raised, lowered = sum(each.raised for each in money.bids), sum(each.lowered for each in money.bids)
    yield from (
        f"{count_noun(count, 'bid')} {word}" for count, word in ((raised, "raised"), (lowered, "lowered")) if count
    )
