"""Field rules of seller budgets, and their error codes (contract §4.4, §8.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

BUDGET_TYPES = ("Uncapped", "Capped", "Daily")
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
CREATE_KEYS = frozenset({"sellerId", "campaignIds", "budgetType", "amount", "startDate", "endDate"})

# Codes that the vendor lists (contract §8.6) …
SELLER = "WithInvalidSellerId"
BUDGET = "WithInvalidBudgetId"
CAMPAIGN = "WithInvalidCampaignId"
TYPE_FOR_AMOUNT = "WithInvalidTypeForAmount"
DATE = "WithInvalidDate"
END_DATE = "WithInvalidEndDate"
TARGET_BUDGET = "WithInvalidOperationForTargetBudgetCampaign"
# … and names invented here for conditions whose code is not published. A client must not rely on them.
NO_CAMPAIGN = "WithNoCampaign"
BUDGET_TYPE = "WithInvalidBudgetType"
AMOUNT = "WithInvalidAmount"
OVERLAP = "WithOverlappingBudget"
PROPERTY = "WithInvalidProperty"


@dataclass(frozen=True, slots=True)
class SellerSide:
    """Facts outside the budgets that the rules use: sellers, campaigns and the day."""

    today: date
    sellers: frozenset[str]
    campaigns: frozenset[str]
    single_seller_campaigns: Mapping[str, Decimal]
    """Campaigns in single-seller mode, with the minimum amount of their template (§4.4 rule 14)."""


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """Rules that differ between the two profiles or could not be verified."""

    date_rules: str = "oas"
    """`oas`: the end of a running budget may move; `seed`: only that of a budget that has not started (rule 51)."""
    may_grow: bool = False
    """True if a patch may add campaigns (legacy); otherwise it may only remove some (§4.4 rule 5)."""
    below_spend: bool = False
    """True if a Capped amount may be set below its spend (§4.4 rule 6)."""
    end_may_equal_start: bool = False
    """True if `endDate` may equal `startDate` (guide); the specification requires a later day: conflict 23."""
    text_ids: bool = False
    """True if campaign ids may be texts (guide) besides integers (specification): conflict 20."""
    refuse_today: bool = True
    refuse_foreign_keys: bool = True
    unique_per: str = "seller-campaign"
    """Scope of uniqueness: `seller-campaign`, or `seller` as v1 says (§14 no. 18)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken by one item of a batch."""

    index: int
    code: str
    detail: str


Complaint = tuple[str, str]
"""Code and message of a violation whose item index is not yet known."""


def campaigns_of(value: Any, side: SellerSide, rules: BudgetRules, complaints: list[Complaint]) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        complaints.append((NO_CAMPAIGN, "a budget must pay for at least one campaign"))
        return ()
    ids = []
    for campaign in value:
        is_number = isinstance(campaign, int) and not isinstance(campaign, bool)
        readable = is_number or (rules.text_ids and isinstance(campaign, str))
        if not readable or str(campaign) not in side.campaigns:
            complaints.append((CAMPAIGN, f"no campaign {campaign!r}"))
        ids.append(str(campaign))
    return tuple(dict.fromkeys(ids))


def amount_of(value: Any, budget_type: str, complaints: list[Complaint]) -> Decimal | None:
    """Return the amount, from a text or a number (rule 48).

    Uncapped has no amount, the other types require one (§4.4 rule 2).
    """
    if budget_type == "Uncapped":
        if value is not None:
            complaints.append((TYPE_FOR_AMOUNT, "an Uncapped budget has no amount"))
        return None
    amount = decimal_of(value)
    if amount is None or amount < 0:
        complaints.append((AMOUNT, "amount must be a number of at least 0"))
        return None
    return amount


def decimal_of(value: Any) -> Decimal | None:
    """Return a JSON number or a text of plain digits as a `Decimal`, or None."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    return Decimal(value)


def checked_day(value: Any, code: str, name: str, complaints: list[Complaint]) -> date | None:
    """Return the day of a date or a date-time, without its time (rule 48), or None with a complaint added."""
    day = day_of(value)
    if day is None:
        complaints.append((code, f"{name} is not a date: {value!r}"))
    return day


def day_of(value: Any) -> date | None:
    """Return the day of `YYYY-MM-DD`, alone or before a time, or None."""
    if not isinstance(value, str) or (len(value) > 10 and value[10] not in "T "):
        return None
    try:
        return date.fromisoformat(value[:10]) if len(value) >= 10 else None
    except ValueError:
        return None


def end_after_start(start: date, end: date | None, rules: BudgetRules) -> list[Complaint]:
    if end is None or end > start or (end == start and rules.end_may_equal_start):
        return []
    return [(END_DATE, "endDate must be after startDate")]
