"""Irreversible effects of a plan in a few words; empty if there are none."""

from collections.abc import Iterator, Sequence

from reconciler.model import Irreversible, IrreversibleReason, Run
from reconciler.model.money import Period
from reconciler.model.text import sanitize
from reconciler.reports import cost
from reconciler.reports.common import has_plan

TITLE = "Irreversible"
NAMED = 3
SAID = {
    IrreversibleReason.CREATED: "created objects, which can be stopped and not deleted",
    IrreversibleReason.UNSEEN: "values that the API never shows, so their old value is not known",
    IrreversibleReason.UNSPEAKABLE: "values that the API cannot set back",
}


def rows(run: Run) -> Iterator[tuple[str, str]]:
    """Yield (what, which) of each irreversible effect, to be shown with a plan."""
    if not has_plan(run):
        return
    for why, words in SAID.items():
        if some := [each for each in run.lasting if each.why is why]:
            yield words, _names(some)
    if added := [*_describe_added(run)]:
        yield "deposits added to balances, as far as they are spent", ", ".join(added)
    if spent := [*_describe_spent(run)]:
        yield "money spent before you roll back", ", ".join(spent)


def _names(some: Sequence[Irreversible]) -> str:
    names = [sanitize(f"{each.address} {each.field}".strip()) for each in some]
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _describe_added(run: Run) -> Iterator[str]:
    """Yield the added funds by currency, including first deposits of new balances."""
    for each in run.money.funds if run.money else ():
        if each.added:
            yield f"{sanitize(each.currency)} {cost.format_money(each.added)}"


def _describe_spent(run: Run) -> Iterator[str]:
    """Yield the additional budget by currency: on any one day, and in total."""
    for each in cost.totals(run.money):
        if each.what not in (Period.ANY_DAY.label, Period.TOTAL.label):
            continue
        change, currency = each.change, sanitize(each.currency)
        if change.amount > 0:
            yield f"{currency} {cost.format_money(change.amount)} more is asked for {_describe_when(each.what)}"
        if change.uncapped > 0:
            yield f"without limit in {currency} ({change.uncapped:,} more uncapped)"


def _describe_when(what: str) -> str:
    return "on the worst single day" if what == Period.ANY_DAY.label else "over their lifetime"


def lines(run: Run) -> Iterator[str]:
    """Render as text lines; empty if there are none."""
    if listed := [*rows(run)]:
        yield f"{TITLE}:"
        yield from (f"  {what}: {which}" for what, which in listed)
