"""Every answer about Retail Media campaigns and line items is what the document of its version promises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ..sandbox.small_worlds import ACCOUNT, accounts
from . import openapi
from .judge import Judge

VERSIONS = ("2026-01", "2026-07", "2027-01", "preview")
BASE = "/retail-media"
CAMPAIGN = {
    "name": "Summer",
    "type": "auction",
    "budget": Decimal("1500.5"),
    "monthlyPacing": 500,
    "dailyPacing": 50,
    "isAutoDailyPacing": False,
    "startDate": "2026-12-01T00:00:00+01:00",
    "endDate": "2026-12-31T00:00:00+01:00",
    "clickAttributionWindow": "14D",
    "viewAttributionWindow": "1D",
    "clickAttributionScope": "sameSku",
    "viewAttributionScope": "sameSkuCategoryBrand",
    "companyName": "Brio",
    "onBehalfCompanyName": "Agency",
}
FIXED = ("type", "drawableBalanceIds", "retailerId")
LINE_ITEM = {
    "name": "Tea",
    "targetRetailerId": "44",
    "startDate": "2026-11-01T00:00:00+01:00",
    "endDate": "2027-01-31T00:00:00Z",
    "budget": Decimal("100.25"),
    "monthlyPacing": 50,
    "dailyPacing": 5,
    "isAutoDailyPacing": False,
    "bidStrategy": "manual",
    "optimizationStrategy": "clicks",
    "targetBid": Decimal("0.75"),
    "maxBid": 2,
    "keywordStrategy": "conquesting",
    "flightSchedule": {"legs": [{"dayOfWeek": "weekends", "startTime": "08:00", "endTime": "20:30"}]},
}
PRODUCT = {"name": "Tea 2", "startDate": "2026-11-01T00:00:00Z", "status": "active", "isAutoDailyPacing": True}


def resource(kind: str, attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": attributes, **more}}


@pytest.mark.parametrize("version", VERSIONS)
def test_campaigns_and_line_items_answer_what_their_document_promises(version: str) -> None:
    judge = Judge(accounts(), "retailmedia", version)
    if version != "preview":
        campaigns(judge)
    items = f"{BASE}/campaigns/71/auction-line-items"
    made = judge("POST", items, resource("CreateRequest", LINE_ITEM)).body["data"]["id"]
    least = {key: LINE_ITEM[key] for key in ("startDate", "targetRetailerId")}
    judge("POST", items, resource("CreateRequest", least | {"name": "Bare"}))
    judge("PUT", f"{BASE}/auction-line-items/{made}", resource("UpdateRequest", PRODUCT))
    judge("PUT", f"{BASE}/auction-line-items/{made}", resource("UpdateRequest", {**PRODUCT, "endDate": None}))
    judge("GET", f"{BASE}/auction-line-items/{made}")
    assert judge("GET", items, limit=1).body["data"] != []
    if version != "preview":
        of_line_item(judge, made)
    judge.assert_complete(r"line-items|/campaigns/\{|/retailers/|/accounts/\{accountId\}/campaigns")


def campaigns(judge: Judge) -> None:
    listed = f"{BASE}/accounts/{ACCOUNT}/campaigns"
    made = judge("POST", listed, resource("Campaign", CAMPAIGN)).body["data"]
    judge("POST", listed, resource("Campaign", {"name": "Bare", "isAutoDailyPacing": True}))
    changed = {key: value for key, value in CAMPAIGN.items() if key not in FIXED} | {"budget": None}
    one = f"{BASE}/campaigns/{made['id']}"
    judge("PUT", one, resource("Campaign", changed, id=made["id"]))
    assert judge("GET", one).body["data"]["attributes"]["budgetRemaining"] is None
    assert len(judge("GET", listed, pageSize=4).body["data"]) == 4
    dated = {
        "dailyBudgetOverrides": [{"startDate": "2026-11-27T00:00:00Z", "duration": "4D", "maxDailySpend": 500}],
        "monthlyBudgetOverrides": [{"startMonth": None, "duration": "1M", "maxMonthlySpend": Decimal("900.5")}],
    }
    judge("PUT", f"{one}/campaign-budget-overrides", resource("CampaignBudgetOverrides", dated))
    judge("GET", f"{one}/campaign-budget-overrides")


def of_line_item(judge: Judge, made: str) -> None:
    assert judge("GET", f"{BASE}/accounts/{ACCOUNT}/line-items", limitToType="Auction").body["data"] != []
    one = f"{BASE}/line-items/{made}"
    dated = {
        "dailyLineItemBudgetOverrides": [{"duration": "2D"}, {"duration": "1D", "maxDailySpend": 5}],
        "monthlyLineItemBudgetOverrides": [],
    }
    judge("PUT", f"{one}/line-item-budget-overrides", resource("LineItemBudgetOverrides", dated))
    judge("GET", f"{one}/line-item-budget-overrides")
    judge("PUT", f"{one}/bid-multipliers", resource("LineItemBidMultipliersV2", {"search": Decimal("1.5")}))
    judge("GET", f"{one}/bid-multipliers")
    judge("POST", f"{BASE}/retailers/44/cpc-min-bids", resource("CpcMinBidsRequest", {"skuIds": ["a", "b"]}))
    judge("GET", f"{BASE}/retailers/44/pages")


REFUSED = {
    "a name that is taken": {"name": "Campaign 71"},
    "no pacing": {"isAutoDailyPacing": None},
    "a negative budget": {"budget": -1},
    "a word of no enum": {"clickAttributionScope": "unknown"},
    "an end before the start": {"endDate": "2026-11-30T00:00:00Z"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
def test_a_refusal_has_the_problems_of_the_document(changes: dict[str, Any]) -> None:
    answer = accounts().post(f"/accounts/{ACCOUNT}/campaigns", resource("Campaign", CAMPAIGN | changes))
    assert answer.status == 400
    known = openapi.document("retailmedia", "2026-07")["components"]["schemas"]["CommonError"]["properties"]
    assert all(set(one) <= set(known) for one in answer.body["errors"])
    assert all(one["title"] and one["detail"] for one in answer.body["errors"])
