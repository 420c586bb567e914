"""Marketplace of the demo: two campaigns, ten sellers, and a budget in each state (clock: 2026-11-21)."""

from __future__ import annotations

from decimal import Decimal

from ..state import State

ADVERTISER = "1352"
CAMPAIGNS = {"10001": "Marketplace FR", "10002": "Marketplace DE"}
SELLERS = (
    "Acme", "Brio", "Cuisine & Co", "Dune", "Électro Nord", "Fjord", "Gala", "Hibiscus", "Iris", "Jardin",
)  # fmt: skip
BIDS = {"1": Decimal("0.25"), "2": Decimal("0.40"), "3": None, "4": Decimal(0), "5": Decimal("0.3125")}
"""Bids of the first sellers in campaign 10001; the others have none."""

# seller, campaigns, type, amount, start, end, suspended, spent
BUDGETS = (
    ("1", ["10001"], "Capped", Decimal(500), "2026-11-01", "2026-11-30", False, Decimal("123.45")),
    ("2", ["10001"], "Uncapped", None, "2026-10-01", None, False, Decimal("980.10")),
    ("2", ["10001"], "Daily", Decimal(25), "2026-11-01", "2026-12-31", False, Decimal("18.75")),
    ("3", ["10001", "10002"], "Capped", Decimal(300), "2026-12-15", "2027-01-15", False, Decimal(0)),
    ("4", ["10001"], "Capped", Decimal(80), "2026-11-10", "2026-12-10", True, Decimal("12.30")),
    ("1", ["10001"], "Capped", Decimal(250), "2026-09-01", "2026-10-31", False, Decimal("249.99")),
)


def sellers(state: State) -> None:
    """Add the marketplace to a state that has its advertiser."""
    for key, name in CAMPAIGNS.items():
        record = {"advertiserId": ADVERTISER, "name": name, "marketplace": True}
        state.put("campaigns", key, (state.get("campaigns", key) or {}) | record)
    for number, name in enumerate(SELLERS, start=1):
        seller_id = str(number)
        state.put("sellers", seller_id, {"advertiserId": ADVERTISER, "name": name})
        _pair(state, seller_id, "10001", BIDS.get(seller_id))
    _pair(state, "3", "10002", Decimal("0.5"))
    for row in BUDGETS:
        seller_id, campaign_ids, kind, amount, start, end, suspended, spent = row
        record = {
            "sellerId": seller_id,
            "campaignIds": campaign_ids,
            "budgetType": kind,
            "amount": amount,
            "startDate": start,
            "endDate": end,
            "isSuspended": suspended,
            "spent": spent,
        }
        state.put("sellerBudgets", str(state.count("ids.sellerBudgets", 101)), record)


def _pair(state: State, seller_id: str, campaign_id: str, bid: Decimal | None) -> None:
    record = {"sellerId": seller_id, "campaignId": campaign_id, "bid": bid, "suspendedSince": None}
    state.put("sellerCampaigns", f"{seller_id}.{campaign_id}", record)
