"""Limits by kind: the maximum that an object may spend, from its values. Every total of a plan is based on them.

Limits are upper bounds: an object that may be active counts as active, spend so far is not deducted (it lags), and an
object without a bound is uncapped, never zero. An object that cannot deliver has no limit: None.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from reconciler.kinds.seller_budget_state import BudgetState, is_covered
from reconciler.model import Value, Values
from reconciler.model.money import Exposure, Limit, Period

RENEWALS = {"daily": Period.DAY, "weekly": Period.WEEK, "monthly": Period.MONTH, "lifetime": Period.TOTAL}
SCHEDULED = "scheduledBudgets."


def ad_sets(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each ad set: its own budget if it is active and not ended, else None (contract §3.2)."""
    return [_own(values) if _may_deliver(values, now) else None for values in each]


def scheduled_ad_sets(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each ad set with scheduled budgets: the largest of the budgets that may be active."""
    return [_largest(values) if _may_deliver(values, now) else None for values in each]


def _may_deliver(values: Values, now: datetime) -> bool:
    if values.get("schedule.activationStatus") != "on" or values.get("schedule.deliveryStatus") == "archived":
        return False
    end = values.get("schedule.endDate")
    return not (isinstance(end, datetime) and end <= now)


def _own(values: Values) -> Limit:
    return _budget(
        values.get("budget.budgetStrategy"), values.get("budget.budgetAmount"), values.get("budget.budgetRenewal")
    )


def _largest(values: Values) -> Limit:
    later = [_scheduled_budget(block) for name, block in values.items() if name.startswith(SCHEDULED)]
    return max([_own(values), *(limit for limit in later if limit)], key=Exposure.of)


def _scheduled_budget(block: Value) -> Limit | None:
    if not isinstance(block, Mapping):
        return None
    return _budget(block.get("budgetStrategy"), block.get("budgetAmount"), block.get("budgetRenewal"))


def _budget(strategy: Value, amount: Value, renewal: Value) -> Limit:
    """Return the limit of a budget; uncapped if its amount is unknown (set by a campaign that is not read)."""
    if strategy == "uncapped" or not isinstance(amount, Decimal):
        return Limit(Period.DAY, None)
    return Limit(RENEWALS.get(str(renewal), Period.DAY), amount)


def campaigns(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each campaign: its spend limit; uncapped without one (contract of campaigns, E4.1)."""
    return [_spend_limit(values) for values in each]


def _spend_limit(values: Values) -> Limit:
    amount = values.get("spendLimit.spendLimitAmount")
    if values.get("spendLimit.spendLimitType") != "capped" or not isinstance(amount, Decimal):
        return Limit(Period.DAY, None)
    return Limit(RENEWALS.get(str(values.get("spendLimit.spendLimitRenewal")), Period.TOTAL), amount)


def retail(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each campaign of Retail Media: its budget, else its cap of a month or of a day."""
    return [None if _is_past(values, now) else _find_longest_cap(values) for values in each]


def line_items(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each line item: None unless it is meant to be active."""
    return [
        _find_longest_cap(values) if values.get("status") == "active" and not _is_past(values, now) else None
        for values in each
    ]


def _is_past(values: Values, now: datetime) -> bool:
    end = values.get("endDate")
    return isinstance(end, date) and end < now.date()


def _find_longest_cap(values: Values) -> Limit:
    """Return the longest cap, or the largest of the dated ones that replace it; uncapped without any."""
    for period, name, dated in (
        (Period.TOTAL, "budget", ""),
        (Period.MONTH, "monthlyPacing", "monthlyBudgetOverrides."),
        (Period.DAY, "dailyPacing", "dailyBudgetOverrides."),
    ):
        amount = values.get(name)
        if isinstance(amount, Decimal):
            return Limit(period, max([amount, *_list_dated_caps(values, dated)]))
    return Limit(Period.DAY, None)


def _list_dated_caps(values: Values, prefix: str) -> Iterator[Decimal]:
    """Yield the caps of dated budgets, whenever they are in force."""
    for name, entry in values.items() if prefix else ():
        if name.startswith(prefix) and isinstance(entry, Mapping):
            yield from (amount for amount in entry.values() if isinstance(amount, Decimal))


def seller_budgets(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each seller budget.

    An Uncapped budget with Daily budgets on all of its days is uncapped as a total only.
    """
    today = now.date()
    standing = [BudgetState(values, None) for values in each]
    daily: dict[object, list[BudgetState]] = {}
    for budget in standing:
        if budget.values.get("budgetType") == "Daily" and _delivers(budget, today):
            for slot in budget.slots:
                daily.setdefault(slot[:2], []).append(budget)
    return [_seller_budget(budget, daily, today) if _delivers(budget, today) else None for budget in standing]


def _delivers(budget: BudgetState, today: date) -> bool:
    over = budget.last < today or budget.values.get("status") == "Archived"
    return not budget.suspended and not over


def _seller_budget(budget: BudgetState, daily: Mapping[object, list[BudgetState]], today: date) -> Limit | None:
    amount = budget.values.get("amount")
    match budget.values.get("budgetType"):
        case "Daily":
            return Limit(Period.DAY, amount if isinstance(amount, Decimal) else None)
        case "Capped":
            return Limit(Period.TOTAL, amount if isinstance(amount, Decimal) else None)
        case "Uncapped":
            first, last, slots = max(budget.first, today), budget.last, list(budget.slots)
            bounded = all(is_covered(first, last, daily.get(slot[:2], ())) is True for slot in slots)
            return Limit(Period.TOTAL if bounded and slots else Period.DAY, None)
        case _:
            return None


def balances(each: Sequence[Values], now: datetime) -> list[Limit | None]:
    """Return the limit of each balance: its deposit until it has ended; uncapped without a deposit."""
    return list(_balances(each, now.date()))


def _balances(each: Sequence[Values], today: date) -> Iterator[Limit | None]:
    for values in each:
        end, deposited = values.get("endDate"), values.get("deposited")
        over = isinstance(end, date) and end < today
        yield None if over else Limit(Period.TOTAL, deposited if isinstance(deposited, Decimal) else None)
