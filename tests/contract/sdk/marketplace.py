"""Seller budgets and bids through the official SDK for Marketing Solutions: python marketplace.py URL."""

import json
import sys
from datetime import UTC, datetime
from functools import partial

from criteo_api_marketingsolutions_v2027_01 import ApiClientBuilder
from criteo_api_marketingsolutions_v2027_01.api.campaign_api import CampaignApi
from criteo_api_marketingsolutions_v2027_01.api.gateway_api import GatewayApi
from criteo_api_marketingsolutions_v2027_01.exceptions import ApiException
from criteo_api_marketingsolutions_v2027_01.models import (
    CreateSellerBudgetMapiMessage,
    CreateSellerCampaignMessageMapi,
    SellerCampaignUpdate,
    UpdateSellerBudgetMessage,
    UpdateSellerBudgetMessageBase,
)
from refusals import refused_by

client = ApiClientBuilder.WithClientCredentials("sandbox-ms", "sandbox", host=sys.argv[1])
api = CampaignApi(client)
refused = partial(refused_by, ApiException)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


WIDE = {"start_before_date": day("2099-12-31"), "end_after_date": day("2000-01-01")}

me = GatewayApi(client).get_current_application().data.attributes
assert me.criteo_service == "MarketingSolutions", me

# --- reading what is there ---
budgets = api.get_marketplace_seller_budgets(**WIDE)
assert {str(one.status) for one in budgets} == {"Archived", "Current", "Scheduled"}, budgets
assert len(api.get_marketplace_seller_budgets()) < len(budgets), "finished budgets are hidden by default"
assert len(api.get_marketplace_budgets_by_advertiser("1352", **WIDE)) == len(budgets)
pairs = api.get_marketplace_seller_campaigns()
assert {one.id: one.bid for one in pairs}["3.10001"] is None
assert len(api.get_marketplace_seller_campaigns_by_advertiser("1352")) == len(pairs)
assert len(api.get_marketplace_sellers(advertiser_id=1352)) == 10
assert api.get_marketplace_seller("1").id == "1"
assert [one.id for one in api.get_marketplace_advertisers()] == [1352]
assert api.get_marketplace_advertiser("1352").currency_name == "EUR"
# the SDK's model of a campaign takes `status` for a text and refuses the documented 0: its answer is read raw
raw = json.loads(api.get_marketplace_campaigns_by_advertiser("1352", _preload_content=False).data)
assert [(one["id"], one["status"]) for one in raw] == [(10001, 0), (10002, 0)], raw
assert len(api.get_marketplace_ad_sets_by_advertiser("1352")) == 2

# --- budgets: created in one call, changed in one call ---
december = {"campaign_ids": [10001], "start_date": day("2026-12-01"), "end_date": "2026-12-31"}
made = api.create_marketplace_seller_budgets(
    [
        CreateSellerBudgetMapiMessage(seller_id="1", budget_type="Capped", amount="30.50", **december),
        CreateSellerBudgetMapiMessage(seller_id="5", budget_type="Uncapped", **december),
        CreateSellerBudgetMapiMessage(seller_id="5", budget_type="Daily", amount="5", **december),
    ]
)
assert [(one.seller_id, one.budget_type, one.amount) for one in made] == [
    ("1", "Capped", 30.5),
    ("5", "Uncapped", None),
    ("5", "Daily", 5),
], made
changed = api.update_marketplace_seller_budgets(
    [
        UpdateSellerBudgetMessage(budget_id=int(made[0].id), amount="20.00"),
        UpdateSellerBudgetMessage(budget_id=int(made[1].id), is_suspended=True),
        UpdateSellerBudgetMessage(budget_id=int(made[2].id), end_date="2026-12-24"),
    ]
)
assert (changed[0].amount, changed[1].is_suspended, changed[2].end_date) == (20, True, "2026-12-24"), changed
one = api.update_marketplace_seller_budget(made[0].id, UpdateSellerBudgetMessageBase(amount="25"))
assert api.get_marketplace_seller_budget(made[0].id).amount == one.amount == 25
assert made[0].id in [one.id for one in api.get_marketplace_budgets_by_seller("1", **WIDE)]
assert made[0].id in [one.id for one in api.get_marketplace_budgets_by_seller_campaign("1.10001", **WIDE)]

# --- a batch with one bad item stores nothing ---
january = december | {"start_date": day("2027-01-01"), "end_date": "2027-01-31"}
before = api.get_marketplace_seller_budgets(**WIDE)
batch = [
    CreateSellerBudgetMapiMessage(seller_id="1", budget_type="Capped", amount="30", **january),
    CreateSellerBudgetMapiMessage(seller_id="777", budget_type="Capped", amount="30", **january),
]
error = refused(lambda: api.create_marketplace_seller_budgets(batch))
assert error.status == 400, error
assert "WithInvalidSellerId" in error.body, error.body
assert len(api.get_marketplace_seller_budgets(**WIDE)) == len(before)

# --- bids ---
bids = [SellerCampaignUpdate(id="1.10001", bid=0.35), SellerCampaignUpdate(id="2.10001", bid=0.0)]
assert [one.bid for one in api.update_marketplace_seller_campaigns(bids)] == [0.35, 0]
assert api.update_marketplace_seller_campaign("3.10001", bid=1.55).bid == 1.55
stopped = api.get_marketplace_seller_campaign("2.10001")
assert (stopped.bid, [str(one) for one in stopped.suspension_reasons]) == (0, ["ManuallyStopped"]), stopped
new = CreateSellerCampaignMessageMapi(campaign_id=10002, bid=0.5)
assert api.create_marketplace_seller_campaigns_by_seller("6", new).id == "6.10002"
assert len(api.get_marketplace_seller_campaigns_by_seller("6")) == 2
