"""Rules for batches of seller budgets: stored whole or not at all, with every violation reported (rules 46-54)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ..state import Record
from .rules import (
    AMOUNT,
    BUDGET,
    BUDGET_TYPE,
    BUDGET_TYPES,
    CAMPAIGN,
    CREATE_KEYS,
    DATE,
    END_DATE,
    OVERLAP,
    PROPERTY,
    SELLER,
    TARGET_BUDGET,
    BudgetRules,
    Complaint,
    SellerSide,
    Violation,
    amount_of,
    campaigns_of,
    checked_day,
    decimal_of,
    end_after_start,
)


@dataclass(frozen=True, slots=True)
class SellerBudget:
    """One budget as stored; `end` None is open-ended, `amount` None is uncapped."""

    id: str
    seller_id: str
    campaign_ids: tuple[str, ...]
    budget_type: str
    amount: Decimal | None
    start: date
    end: date | None
    suspended: bool = False
    spend: Decimal | None = Decimal(0)
    last_day_counts: bool = True

    @property
    def is_daily(self) -> bool:
        """True if the budget is a daily limit; the other types are totals (contract §4.4 rule 7)."""
        return self.budget_type == "Daily"

    @property
    def exhausted(self) -> bool:
        """True if the spend has reached the amount."""
        return self.amount is not None and (self.spend or Decimal(0)) >= self.amount

    def status(self, today: date) -> str:
        """Return the status by the dates alone (rule 53)."""
        if self.start > today:
            return "Scheduled"
        if self.end is None:
            return "Current"
        last = self.end if self.last_day_counts else self.end - timedelta(days=1)
        return "Archived" if last < today else "Current"

    def to_record(self) -> Record:
        """Return the budget as a record of the state, without its spend, which no write changes."""
        return {
            "sellerId": self.seller_id,
            "campaignIds": list(self.campaign_ids),
            "budgetType": self.budget_type,
            "amount": self.amount,
            "startDate": self.start.isoformat(),
            "endDate": None if self.end is None else self.end.isoformat(),
            "isSuspended": self.suspended,
        }

    @classmethod
    def of(cls, budget_id: str, record: Record, spend: Decimal | None, last_day_counts: bool = True) -> SellerBudget:
        """Return the budget of a record of the state."""
        return cls(
            id=budget_id,
            seller_id=record["sellerId"],
            campaign_ids=tuple(record["campaignIds"]),
            budget_type=record["budgetType"],
            amount=decimal_of(record.get("amount")),
            start=date.fromisoformat(record["startDate"]),
            end=date.fromisoformat(record["endDate"]) if record.get("endDate") else None,
            suspended=record.get("isSuspended", False),
            spend=spend,
            last_day_counts=last_day_counts,
        )


def created(
    items: Sequence[Any], stored: Iterable[SellerBudget], side: SellerSide, rules: BudgetRules
) -> tuple[list[SellerBudget], list[Violation]]:
    """Return the budgets of a POST, still without ids, and all violations."""
    known, made, violations = _by_seller(stored), [], []
    for index, item in enumerate(items):
        budget, complaints = _create(item, side, rules)
        if budget is not None and not complaints:
            mine = known.setdefault(budget.seller_id, [])
            complaints = _overlap(budget, mine, side, rules)
            mine.append(budget)
            made.append(budget)
        violations += [Violation(index, code, detail) for code, detail in complaints]
    return made, violations


def patched(
    items: Sequence[tuple[str | None, Any]],
    stored: Iterable[SellerBudget],
    side: SellerSide,
    rules: BudgetRules,
) -> tuple[list[SellerBudget], list[Violation]]:
    """Return the budgets after a PATCH, in the order of the request, and all violations.

    Uniqueness is checked on the final state, so that a batch may swap two budgets, and only for a budget whose
    campaigns, dates or suspension changed (rule 52).
    """
    before = {budget.id: budget for budget in stored}
    known, touched, violations = dict(before), [], []
    for index, (budget_id, item) in enumerate(items):
        budget = known.get(budget_id or "")
        if budget is None:
            violations.append(Violation(index, BUDGET, f"no budget {budget_id!r}"))
            continue
        after, complaints = _patch(budget, item, side, rules)
        known[budget.id] = after
        touched.append((index, budget.id, complaints))
    by_seller = _by_seller(known.values())
    for index, budget_id, complaints in touched:
        if not complaints and _place(known[budget_id]) != _place(before[budget_id]):
            complaints = _overlap(known[budget_id], by_seller[known[budget_id].seller_id], side, rules)
        violations += [Violation(index, code, detail) for code, detail in complaints]
    violations.sort(key=lambda violation: violation.index)
    return [known[budget_id] for _, budget_id, _ in touched], violations


def _by_seller(budgets: Iterable[SellerBudget]) -> dict[str, list[SellerBudget]]:
    """Return the budgets by seller, so that a batch of 2,000 is not compared pairwise."""
    groups: dict[str, list[SellerBudget]] = {}
    for budget in budgets:
        groups.setdefault(budget.seller_id, []).append(budget)
    return groups


def _create(item: Any, side: SellerSide, rules: BudgetRules) -> tuple[SellerBudget | None, list[Complaint]]:
    if not isinstance(item, Mapping):
        return None, [(PROPERTY, "an item must be an object")]
    complaints: list[Complaint] = []
    foreign = sorted(set(item) - CREATE_KEYS)
    if foreign and rules.refuse_foreign_keys:
        complaints.append((PROPERTY, f"not known when a budget is created: {', '.join(foreign)}"))
    seller_id = item.get("sellerId")
    if not isinstance(seller_id, str) or seller_id not in side.sellers:
        complaints.append((SELLER, f"no seller {seller_id!r}"))
    kind = item.get("budgetType")
    if kind not in BUDGET_TYPES:
        complaints.append((BUDGET_TYPE, f"budgetType must be one of {', '.join(BUDGET_TYPES)}"))
    campaign_ids = campaigns_of(item.get("campaignIds"), side, rules, complaints)
    amount = amount_of(item.get("amount"), str(kind), complaints)
    start = checked_day(item.get("startDate"), DATE, "startDate", complaints)
    end = checked_day(item["endDate"], END_DATE, "endDate", complaints) if item.get("endDate") else None
    if start is not None:
        if start < side.today or (start == side.today and rules.refuse_today):
            complaints.append((DATE, "startDate must be in the future"))
        complaints += end_after_start(start, end, rules)
    if complaints or start is None:
        return None, complaints
    budget = SellerBudget("", str(seller_id), campaign_ids, str(kind), amount, start, end)
    return budget, _single_seller(budget, side)


def _patch(
    budget: SellerBudget, item: Any, side: SellerSide, rules: BudgetRules
) -> tuple[SellerBudget, list[Complaint]]:
    """Return the patched budget and its complaints; unknown keys are ignored (rule 10), null means not given."""
    if not isinstance(item, Mapping):
        return budget, [(PROPERTY, "an item must be an object")]
    if budget.status(side.today) == "Archived":
        return budget, [(BUDGET, f"budget {budget.id} is archived")]
    given = {key: value for key, value in item.items() if value is not None}
    complaints: list[Complaint] = []
    after = budget
    if "amount" in given:
        amount = amount_of(given["amount"], budget.budget_type, complaints)
        spent = budget.spend or Decimal(0)
        if budget.budget_type == "Capped" and amount is not None and amount < spent and not rules.below_spend:
            complaints.append((AMOUNT, f"amount is below the spend of {spent}"))
        after = replace(after, amount=amount)
    if "campaignIds" in given:
        campaign_ids = campaigns_of(given["campaignIds"], side, rules, complaints)
        if not rules.may_grow and not set(campaign_ids) <= set(budget.campaign_ids):
            complaints.append((CAMPAIGN, "campaigns can be taken from a budget, not added"))
        after = replace(after, campaign_ids=campaign_ids)
    if "isSuspended" in given:
        if not isinstance(given["isSuspended"], bool):
            complaints.append((PROPERTY, "isSuspended must be true or false"))
        after = replace(after, suspended=given["isSuspended"] is True)
    if "startDate" in given or "endDate" in given:
        after = _redated(budget, after, given, side, rules, complaints)
    return after, complaints + (_single_seller(after, side) if not complaints else [])


def _redated(
    budget: SellerBudget,
    after: SellerBudget,
    given: Mapping[str, Any],
    side: SellerSide,
    rules: BudgetRules,
    complaints: list[Complaint],
) -> SellerBudget:
    """Return the budget with new dates, by the rules of the profile (§4.4 rule 4).

    An empty `endDate` removes the end.
    """
    start, end = budget.start, budget.end
    if rules.date_rules == "seed":
        if budget.start <= side.today or (budget.end is not None and budget.end <= side.today):
            complaints.append((DATE, "the dates of a budget that has started are fixed"))
    elif "startDate" in given and budget.start <= side.today:
        complaints.append((DATE, "startDate of a budget that has started is fixed"))
    if "startDate" in given:
        start = checked_day(given["startDate"], DATE, "startDate", complaints) or start
        if start <= side.today:
            complaints.append((DATE, "startDate must be in the future"))
    if "endDate" in given:
        opened = given["endDate"] == ""
        end = None if opened else checked_day(given["endDate"], END_DATE, "endDate", complaints)
        if end is not None and end <= side.today:
            complaints.append((END_DATE, "endDate must be in the future"))
    complaints += end_after_start(start, end, rules)
    return replace(after, start=start, end=end)


def _single_seller(budget: SellerBudget, side: SellerSide) -> list[Complaint]:
    """Return the complaints about a budget in a single-seller campaign with a template (§4.4 rule 14)."""
    floors = [side.single_seller_campaigns[c] for c in budget.campaign_ids if c in side.single_seller_campaigns]
    if not floors:
        return []
    complaints: list[Complaint] = []
    if budget.budget_type != "Capped" or len(budget.campaign_ids) != 1:
        complaints.append((TARGET_BUDGET, "such a campaign takes one Capped budget of its own"))
    if budget.end is None:
        complaints.append((END_DATE, "such a campaign needs an endDate"))
    if budget.amount is not None and budget.amount < max(floors):
        complaints.append((AMOUNT, f"such a campaign needs an amount of at least {max(floors)}"))
    return complaints


def _place(budget: SellerBudget) -> tuple[Any, ...]:
    """Return the attributes that decide about overlaps."""
    return budget.campaign_ids, budget.start, budget.end, budget.suspended


def _overlap(
    budget: SellerBudget, others: Iterable[SellerBudget], side: SellerSide, rules: BudgetRules
) -> list[Complaint]:
    """Return a complaint if another budget of the type overlaps: one total, one daily per seller-campaign (rule 52)."""
    for other in others:
        is_other = other is not budget and other.status(side.today) != "Archived"
        if is_other and _collide(budget, other, rules):
            whose = f"budget {other.id}" if other.id else "another budget of this request"
            return [(OVERLAP, f"{whose} covers the same days")]
    return []


def _collide(one: SellerBudget, other: SellerBudget, rules: BudgetRules) -> bool:
    if one.suspended or other.suspended or one.seller_id != other.seller_id:
        return False
    if one.is_daily != other.is_daily:
        return False
    if rules.unique_per == "seller-campaign" and not set(one.campaign_ids) & set(other.campaign_ids):
        return False
    return (one.end is None or other.start <= one.end) and (other.end is None or one.start <= other.end)
