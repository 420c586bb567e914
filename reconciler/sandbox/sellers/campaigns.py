"""Seller-campaigns: they deliver with a bid, money in a total budget and no reason for suspension (rule 57)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from ..state import Record
from .budgets import SellerBudget
from .rules import TARGET_BUDGET, Violation, decimal_of

SELLER_CAMPAIGN = "WithInvalidSellerCampaignId"
BID_VALUE = "WithInvalidBidValue"


@dataclass(frozen=True, slots=True)
class SellerCampaign:
    """A seller in a campaign; a bid of None was never set, and 0 is stopped (contract §4.3)."""

    seller_id: str
    campaign_id: str
    bid: Decimal | None = None
    suspended_since: str | None = None
    forced_reasons: tuple[str, ...] = ()
    """RemovedFromCatalog, NotYetStarted, Other: reasons that cannot be derived from the state."""

    @property
    def id(self) -> str:
        """The composite id that clients use."""
        return f"{self.seller_id}.{self.campaign_id}"

    def to_record(self) -> Record:
        """Return the seller-campaign as a record of the state."""
        return {
            "sellerId": self.seller_id,
            "campaignId": self.campaign_id,
            "bid": self.bid,
            "suspendedSince": self.suspended_since,
            "forcedReasons": list(self.forced_reasons),
        }

    @classmethod
    def of(cls, record: Record) -> SellerCampaign:
        """Return the seller-campaign of a record of the state."""
        return cls(
            record["sellerId"],
            record["campaignId"],
            decimal_of(record.get("bid")),
            record.get("suspendedSince"),
            tuple(record.get("forcedReasons", ())),
        )


def reasons(pair: SellerCampaign, budgets: Iterable[SellerBudget], today: date) -> tuple[str, ...]:
    """Return the reasons for which the seller-campaign does not deliver; empty if it delivers."""
    running = [
        budget
        for budget in budgets
        if budget.seller_id == pair.seller_id
        and pair.campaign_id in budget.campaign_ids
        and not budget.suspended
        and budget.status(today) == "Current"
    ]
    totals = [budget for budget in running if not budget.is_daily]
    found = list(pair.forced_reasons)
    if pair.bid is None:
        found.append("NoCpcDefined")
    elif pair.bid == 0:
        found.append("ManuallyStopped")
    if not totals:
        found.append("NoBudgetDefined")
    elif all(budget.exhausted for budget in totals):
        found.append("NoMoreBudget")
    if any(budget.is_daily and budget.exhausted for budget in running):
        found.append("NoMoreDailyBudget")
    return tuple(found)


def observed(pair: SellerCampaign, why: tuple[str, ...], now: str) -> SellerCampaign:
    """Return the seller-campaign with `suspendedSince` set if there are reasons, and cleared if not."""
    if not why:
        return replace(pair, suspended_since=None)
    return pair if pair.suspended_since else replace(pair, suspended_since=now)


def bid_of(value: Any) -> Decimal | None:
    """Return the bid if it is a number of at least 0, else None; null cannot be written (contract §4.4 rule 12)."""
    bid = None if isinstance(value, str) else decimal_of(value)
    return bid if bid is not None and bid >= 0 else None


def rebid(
    items: Sequence[Any], stored: Iterable[SellerCampaign], single_seller: Iterable[str]
) -> tuple[list[SellerCampaign], list[Violation]]:
    """Return the seller-campaigns after a batch of bids, in the order of the request, and all violations (rule 58)."""
    known, without_bids = {pair.id: pair for pair in stored}, set(single_seller)
    after: list[SellerCampaign] = []
    violations: list[Violation] = []
    for index, item in enumerate(items):
        given = item if isinstance(item, dict) else {}
        pair, bid = known.get(str(given.get("id"))), bid_of(given.get("bid"))
        if pair is None:
            violations.append(Violation(index, SELLER_CAMPAIGN, f"no seller-campaign {given.get('id')!r}"))
        elif pair.campaign_id in without_bids:
            violations.append(Violation(index, TARGET_BUDGET, "the bids of such a campaign cannot be set"))
        if bid is None:
            violations.append(Violation(index, BID_VALUE, "bid must be a number of at least 0"))
        if pair is not None and bid is not None:
            known[pair.id] = replace(pair, bid=bid)
            after.append(known[pair.id])
    return after, violations
