"""What is billed at most, in words that every format uses: another number than the budgets, and never added to them."""

from collections.abc import Iterator

from reconciler.model import Money
from reconciler.model.money import Exposure
from reconciler.reports.common import ARROW
from reconciler.reports.cost import CostTotal, format_money, format_total_change

TITLE = "Billable at most (spend limits and balances)"
NO_PROMISE = "no promise"
"""The row that counts campaigns and balances without a limit: nothing bounds what they are billed."""


def rows(money: Money | None) -> tuple[CostTotal, ...]:
    """Return the maxima by currency and period, and how many objects have none."""
    return tuple(
        CostTotal(
            each.currency,
            NO_PROMISE if each.period is None else each.period.label,
            NO_PROMISE if each.period is None else each.period.value,
            Exposure(each.open_before, each.before),
            Exposure(each.open_after, each.after),
        )
        for each in (money.ceilings if money else ())
    )


def cells(each: CostTotal) -> tuple[str, str, str]:
    """Return before, after and the change: amounts, or counts of objects without a limit."""
    if each.what == NO_PROMISE:
        change = each.change.uncapped
        return f"{each.before.uncapped:,}", f"{each.after.uncapped:,}", f"{change:+,}" if change else "unchanged"
    return format_money(each.before.amount), format_money(each.after.amount), format_total_change(each)


def lines(money: Money | None) -> Iterator[str]:
    """Yield the block of text, aligned; nothing if no kind of the plan has such a maximum."""
    table = [(f"{each.currency} {each.what}", *cells(each)) for each in rows(money)]
    if not table:
        return
    yield f"{TITLE}:"
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for what, before, after, change in table:
        yield f"  {what:<{widths[0]}}  {before:>{widths[1]}} {ARROW} {after:>{widths[2]}}  {change}"
    yield ""
