"""Maximum billed amounts in the words of every format; they differ from budgets and are never added to them."""

from collections.abc import Iterator

from reconciler.model import Money
from reconciler.model.money import Exposure
from reconciler.reports.common import ARROW
from reconciler.reports.cost import CostTotal, format_money, format_total_change

TITLE = "Billable at most (spend limits and balances)"
NO_PROMISE = "no promise"
"""Row that counts campaigns and balances without a limit, for which no maximum is promised."""


def rows(money: Money | None) -> tuple[CostTotal, ...]:
    """Return the maximum amounts by currency and period, and the number of objects without one."""
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
    """Return before, after and change: amounts, or numbers of objects without a limit."""
    if each.what == NO_PROMISE:
        change = each.change.uncapped
        return f"{each.before.uncapped:,}", f"{each.after.uncapped:,}", f"{change:+,}" if change else "unchanged"
    return format_money(each.before.amount), format_money(each.after.amount), format_total_change(each)


def lines(money: Money | None) -> Iterator[str]:
    """Yield the aligned lines of text; empty if no kind of the plan has such a maximum."""
    table = [(f"{each.currency} {each.what}", *cells(each)) for each in rows(money)]
    if not table:
        return
    yield f"{TITLE}:"
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for what, before, after, change in table:
        yield f"  {what:<{widths[0]}}  {before:>{widths[1]}} {ARROW} {after:>{widths[2]}}  {change}"
    yield ""
