"""Maximum billed amounts in the words of every format; they differ from budgets and are never added to them."""

from collections.abc import Iterator

from reconciler.model import Money
from reconciler.model.money import Exposure
from reconciler.model.text import count_noun
from reconciler.reports.cost import CostTotal, align_rows, format_money, format_total_change, join_by_currency

TITLE = "Billable at most (spend limits and balances)"
WITHOUT, WITHOUT_WORD = "without a maximum", "no promise"
"""Name for people, and in JSON, of the number of campaigns and balances without a limit."""


def rows(money: Money | None) -> tuple[CostTotal, ...]:
    """Return the maximum amounts by currency and period, and the number of objects without one."""
    return tuple(
        CostTotal(
            each.currency,
            WITHOUT if each.period is None else each.period.label,
            WITHOUT_WORD if each.period is None else each.period.value,
            Exposure(each.open_before, each.before),
            Exposure(each.open_after, each.after),
        )
        for each in (money.ceilings if money else ())
    )


def cells(each: CostTotal) -> tuple[str, str, str]:
    """Return before, after and change: amounts, or numbers of objects without a limit."""
    if each.what == WITHOUT:
        change = each.change.uncapped
        return f"{each.before.uncapped:,}", f"{each.after.uncapped:,}", f"{change:+,}" if change else "unchanged"
    return format_money(each.before.amount), format_money(each.after.amount), format_total_change(each)


def lines(money: Money | None) -> Iterator[str]:
    """Yield the aligned lines of the maximum amounts that change; empty if there are none."""
    table = [(f"{each.currency} {each.what}", *cells(each)) for each in rows(money) if each.is_changed]
    if table:
        yield f"{TITLE}:"
        yield from align_rows(table)
        yield ""


def unchanged_lines(money: Money | None) -> Iterator[str]:
    """Yield the maximum amounts that the plan does not change, in one line, which stands below the changes."""
    same = [
        (each.currency, f"{each.what} {count_noun(each.after.uncapped, 'object')}")
        if each.what == WITHOUT
        else (each.currency, f"{each.what} {format_money(each.after.amount)}")
        for each in rows(money)
        if not each.is_changed
    ]
    if same:
        yield f"Billable at most, unchanged: {join_by_currency(same)}"
