"""Campaigns and line items of the demo's Retail Media account (clock: 2026-11-21).

Campaign `73` draws from a capped balance, `74` from an uncapped one; the others have no funds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..balances.seed import ACCOUNT, CAMPAIGNS
from ..state import Record, State
from .campaigns import BORN, DEFAULTS

RETAILERS: dict[str, Record] = {
    "1106": {
        "name": "Grand Bazar",
        "pageTypes": ["search", "home", "category", "productDetail", "checkout"],
        "minBid": Decimal("0.3"),
        "skuMinBids": {"sku-7": Decimal("0.45")},
    },
    "1298": {"name": "Marché Vert", "pageTypes": ["search", "category", "deals"], "minBid": Decimal("0.2")},
}
_BUDGETS: dict[str, Record] = {
    "71": {"budget": Decimal(3000), "monthlyPacing": Decimal(1000)},
    "73": {"budget": Decimal(5000), "dailyPacing": Decimal(80), "spent": Decimal("1204.56")},
    "74": {"monthlyPacing": Decimal(900), "isAutoDailyPacing": True, "spent": Decimal("310.2")},
    "8343086999167541140": {"startDate": "2027-02-01T00:00:00Z", "endDate": "2027-02-28T23:00:00Z"},
}


def retail(state: State) -> None:
    """Complete the campaigns of the account and add retailers and line items."""
    for key, record in RETAILERS.items():
        state.put("retailers", key, record)
    for key, name in CAMPAIGNS.items():
        state.put("retailMediaCampaigns", key, campaign(ACCOUNT, name, **_BUDGETS.get(key, {})))
    for key, item in _line_items().items():
        state.put("lineItems", key, item)


def campaign(account_id: str, name: str, **more: Any) -> Record:
    """Return the record of an uncapped auction campaign."""
    spent = {"spent": Decimal(0), "createdAt": BORN, "updatedAt": BORN}
    return {"accountId": account_id, "name": name, "type": "auction", **DEFAULTS, **spent, **more}


def line_item(campaign_id: str, name: str, **more: Any) -> Record:
    """Return the record of an active line item with a manual bid."""
    fixed = {"campaignId": campaign_id, "name": name, "targetRetailerId": "1106", "keywordStrategy": None}
    bids = {"bidStrategy": "manual", "optimizationStrategy": "conversion", "targetBid": Decimal("0.6"), "maxBid": None}
    dates = {"startDate": "2026-09-30T22:00:00Z", "endDate": None, "createdAt": BORN, "updatedAt": BORN}
    caps = {"budget": None, "monthlyPacing": None, "dailyPacing": None, "isAutoDailyPacing": False}
    state = {"status": "active", "spent": Decimal(0), "flightSchedule": None}
    return {**fixed, **bids, **dates, **caps, **state, **more}


def _line_items() -> dict[str, Record]:
    leg = {"dayOfWeek": "weekdays", "startTime": "08:00", "endTime": "20:00"}
    return {
        "9001": line_item("73", "Tea, search", budget=Decimal(2500), dailyPacing=Decimal(40), spent=Decimal("904.56")),
        "9002": line_item(
            "73",
            "Tea, category",
            targetBid=Decimal("0.45"),
            spent=Decimal(300),
            flightSchedule={"legs": [leg]},
            bidMultipliers={"search": Decimal("1.5"), "category": Decimal("0.8")},
        ),
        "9003": line_item("73", "Tea, spring", status="draft", startDate="2027-02-28T23:00:00Z", targetBid=None),
        "9004": line_item(
            "74",
            "Mugs",
            targetRetailerId="1298",
            bidStrategy="automated",
            optimizationStrategy="revenue",
            targetBid=None,
            maxBid=Decimal("1.2"),
            spent=Decimal("310.2"),
            monthlyPacing=Decimal(600),
        ),
        "9005": line_item(
            "74", "Mugs, Christmas", status="paused", endDate="2026-12-24T22:59:00Z", budget=Decimal(400)
        ),
        "9006": line_item("74", "Back to school", endDate="2026-09-30T21:59:00Z", startDate="2026-08-14T22:00:00Z"),
        "9007": line_item("71", "Biscuits", budget=Decimal(500)),
    }
