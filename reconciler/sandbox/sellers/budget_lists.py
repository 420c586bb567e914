"""Filters of budget lists, and their defaults (contract §4.4 rule 16, rule 55)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .budgets import SellerBudget


@dataclass(frozen=True, slots=True)
class BudgetQuery:
    """Filters of a list; None does not filter."""

    status: str | None = None
    type: str | None = None
    seller_id: str | None = None
    campaign_ids: frozenset[str] | None = None
    budget_id: str | None = None
    with_balance: bool | None = None
    with_spend: bool | None = None
    end_after: date | None = None
    start_before: date | None = None

    def dated(self, today: date, hides_scheduled: bool) -> BudgetQuery:
        """Return the query with the default dates of its profile.

        Both profiles hide finished budgets; the legacy one also hides those that have not started. A client must set
        both dates to see all budgets.
        """
        if hides_scheduled:
            start_before = self.start_before or today
            return replace(self, end_after=self.end_after or start_before, start_before=start_before)
        return replace(self, end_after=self.end_after or today - timedelta(days=1))


def listed(budgets: Iterable[SellerBudget], query: BudgetQuery, today: date) -> list[SellerBudget]:
    """Return the budgets that match every filter, by ascending id."""
    passing = [budget for budget in budgets if all(test(budget) for test in _tests(query, today))]
    return sorted(passing, key=lambda budget: int(budget.id))


def _tests(query: BudgetQuery, today: date) -> list[Callable[[SellerBudget], bool]]:
    tests: list[Callable[[SellerBudget], bool]] = []
    if query.status is not None:
        tests.append(lambda budget: budget.status(today) == query.status)
    if query.type is not None:
        tests.append(lambda budget: budget.budget_type == query.type)
    if query.seller_id is not None:
        tests.append(lambda budget: budget.seller_id == query.seller_id)
    if query.budget_id is not None:
        tests.append(lambda budget: budget.id == query.budget_id)
    campaigns = query.campaign_ids
    if campaigns is not None:
        tests.append(lambda budget: not campaigns.isdisjoint(budget.campaign_ids))
    if query.with_balance is not None:
        tests.append(lambda budget: budget.exhausted != query.with_balance)
    if query.with_spend is not None:
        tests.append(lambda budget: bool(budget.spend) == query.with_spend)
    return tests + _date_tests(query)


def _date_tests(query: BudgetQuery) -> list[Callable[[SellerBudget], bool]]:
    """Return the tests of the dates: `endAfterDate` is exclusive, `startBeforeDate` inclusive.

    An open end is later than any date.
    """
    tests: list[Callable[[SellerBudget], bool]] = []
    after, before = query.end_after, query.start_before
    if after is not None:
        tests.append(lambda budget: budget.end is None or budget.end > after)
    if before is not None:
        tests.append(lambda budget: budget.start <= before)
    return tests
