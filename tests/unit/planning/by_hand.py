"""The totals counted again, the slow way and without the tables: a second opinion of ``reconciler.planning.cost``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = tuple[str, str]
Sums = dict[Row, tuple[Decimal, int]]
Object = tuple[str, str, Mapping[str, Any]]
"""Kind, currency, values."""
HORIZON = 40
"""Days after which nothing in these worlds ends any more."""


def after(kind: str, live: Mapping[str, Any] | None, wanted: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What an object's values are once the files are in force."""
    born = {"adSets": {"schedule.activationStatus": "off"}, "sellerBudgets": {"suspended": False}}.get(kind, {})
    return {**(born if live is None else live), **(wanted or {})}


def totals(objects: Iterable[Object], now: datetime) -> Sums:
    """Every row that a report shows: amount, and how many are uncapped."""
    sums: dict[Row, tuple[Decimal, int]] = defaultdict(lambda: (Decimal(0), 0))
    objects = list(objects)
    for kind, currency, values in objects:
        for row, amount in _rows(kind, currency, values, objects, now):
            was, uncapped = sums[currency, row]
            sums[currency, row] = (was, uncapped + 1) if amount is None else (was + amount, uncapped)
    return dict(sums)


def exposure(objects: Iterable[Object], now: datetime) -> dict[str, tuple[int, Decimal]]:
    """By currency, how many bound nothing, and the sum of what all others may spend: each by itself."""
    sums: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for kind, currency, values in objects:
        for _, amount in _rows(kind, currency, values, (), now)[:1]:
            uncapped, was = sums[currency]
            sums[currency] = (uncapped + 1, was) if amount is None else (uncapped, was + amount)
    return dict(sums)


def _rows(
    kind: str, currency: str, values: Mapping[str, Any], objects: Iterable[Object], now: datetime
) -> list[tuple[str, Decimal | None]]:
    if kind == "adSets":
        return _ad_set(values, now)
    if kind == "sellerBudgets":
        return _seller(currency, values, objects, now.date())
    if kind == "balances" and not (values.get("endDate") and values["endDate"] < now.date()):
        return [("funds", values.get("deposited"))]
    return []


def _ad_set(values: Mapping[str, Any], now: datetime) -> list[tuple[str, Decimal | None]]:
    if values["schedule.activationStatus"] == "off" or values.get("schedule.deliveryStatus") == "archived":
        return []
    if values.get("schedule.endDate") is not None and not now < values["schedule.endDate"]:
        return []
    budgets = [{name: values.get(f"budget.{name}") for name in ("budgetStrategy", "budgetAmount", "budgetRenewal")}]
    budgets += [each for name, each in values.items() if "scheduledBudgets" in name and each is not None]
    if any(each["budgetStrategy"] == "uncapped" or each.get("budgetAmount") is None for each in budgets):
        return [("any one day", None)]
    worst = budgets[0]
    for each in budgets[1:]:
        if each["budgetAmount"] > worst["budgetAmount"]:
            worst = each
    amount = worst["budgetAmount"]
    if worst["budgetRenewal"] == "lifetime":
        return [("in all", amount)]
    return [
        ("any one day", amount),
        ({"daily": "a day", "weekly": "a week", "monthly": "a month"}.get(worst["budgetRenewal"], "a day"), amount),
    ]


def _seller(
    currency: str, values: Mapping[str, Any], objects: Iterable[Object], today: date
) -> list[tuple[str, Decimal | None]]:
    if not _delivers(values, today):
        return []
    if values["budgetType"] == "Capped":
        return [("in all", values["amount"])]
    if values["budgetType"] == "Daily":
        return [("any one day", values["amount"]), ("a day", values["amount"])]
    daily = [other for kind, _, other in objects if kind == "sellerBudgets" and other["budgetType"] == "Daily"
             and other["sellerId"] == values["sellerId"] and _delivers(other, today)]  # fmt: skip
    for campaign in values["campaignIds"]:
        for step in range(HORIZON):
            day = today + timedelta(days=step)
            if _holds(values, day) and not any(campaign in each["campaignIds"] and _holds(each, day) for each in daily):
                return [("any one day", None)]
    return [("in all", None)]


def _delivers(values: Mapping[str, Any], today: date) -> bool:
    over = values.get("endDate") is not None and values["endDate"] < today
    return not (values.get("suspended") or over or values.get("status") == "Archived")


def _holds(values: Mapping[str, Any], day: date) -> bool:
    return values["startDate"] <= day and (values.get("endDate") is None or day <= values["endDate"])
