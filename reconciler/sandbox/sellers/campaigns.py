"""A seller-campaign delivers when it has a bid, money in a total budget, and no reason to rest (rule 57)."""

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
    """RemovedFromCatalog, NotYetStarted, Other: facts that no rule here can derive."""

    @property
    def id(self) -> str:
        """The composite id, which is how a client names it."""
        return f"{self.seller_id}.{self.campaign_id}"

    def to_record(self) -> Record:
        """The pair as the state keeps it."""
        return {
            "sellerId": self.seller_id,
            "campaignId": self.campaign_id,
            "bid": self.bid,
            "suspendedSince": self.suspended_since,
            "forcedReasons": list(self.forced_reasons),
        }

    @classmethod
    def of(cls, record: Record) -> SellerCampaign:
        """The pair that the state keeps."""
        return cls(
            record["sellerId"],
            record["campaignId"],
            decimal_of(record.get("bid")),
            record.get("suspendedSince"),
            tuple(record.get("forcedReasons", ())),
        )


def reasons(pair: SellerCampaign, budgets: Iterable[SellerBudget], today: date) -> tuple[str, ...]:
    """Why the pair rests; empty when it delivers."""
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
    """The pair with `suspendedSince` as the reasons say: set when the first appears, gone with the last."""
    if not why:
        return replace(pair, suspended_since=None)
    return pair if pair.suspended_since else replace(pair, suspended_since=now)


def bid_of(value: Any) -> Decimal | None:
    """A bid that may be written: a number of at least 0. Null cannot be (contract §4.4 rule 12)."""
    bid = None if isinstance(value, str) else decimal_of(value)
    return bid if bid is not None and bid >= 0 else None


def rebid(
    items: Sequence[Any], stored: Iterable[SellerCampaign], single_seller: Iterable[str]
) -> tuple[list[SellerCampaign], list[Violation]]:
    """The pairs after a batch of bids, in the order asked, and everything wrong with it (rule 58)."""
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
