"""Campaigns and line items through the official SDK for Retail Media: python line_items.py URL."""

import json
import sys
from datetime import UTC, datetime
from functools import partial

from criteo_api_retailmedia_v2027_01 import ApiClientBuilder
from criteo_api_retailmedia_v2027_01 import models as m
from criteo_api_retailmedia_v2027_01.api.campaign_api import CampaignApi
from criteo_api_retailmedia_v2027_01.exceptions import ApiException
from refusals import refused_by

ACCOUNT = "18446744073709551616"
client = ApiClientBuilder.WithClientCredentials("sandbox-rm", "sandbox", host=sys.argv[1])
api = CampaignApi(client)
refused = partial(refused_by, ApiException)


def titles(error):
    return error.status, [one["title"] for one in json.loads(error.body)["errors"]]


# --- campaigns: listed, created, read ---
listed = api.get_campaigns_by_account_id(ACCOUNT, page_index=0, page_size=3)
assert (len(listed.data), listed.metadata.total_items_across_all_pages) == (3, 5), listed
assert [one.id for one in api.get_campaigns_by_account_id(ACCOUNT, limit_to_id=["73"]).data] == ["73"]


def campaign(name="Summer"):
    attributes = m.CampaignAttributesV202301(
        name=name,
        type="auction",
        budget=1500.5,
        daily_pacing=50.25,
        is_auto_daily_pacing=False,
        start_date=datetime(2026, 11, 1, tzinfo=UTC),
        end_date=datetime(2026, 12, 31, tzinfo=UTC),
        click_attribution_window="14D",
        view_attribution_window="1D",
        click_attribution_scope="sameSku",
        company_name="Brio",
        drawable_balance_ids=[api.get_campaign_by_campaign_id("74").data.attributes.drawable_balance_ids[0]],
    )
    data = m.JsonApiBodyWithoutIdOfCampaignAttributesV202301AndCampaignV202301(type="Campaign", attributes=attributes)
    return m.PostCampaignV202301(data=data)


made = api.create_campaigns_by_account_id(ACCOUNT, campaign()).data
told = made.attributes
assert (told.budget, told.budget_remaining, str(told.click_attribution_window)) == (1500.5, 1500.5, "14D"), told
assert len(told.drawable_balance_ids) == 1, told
assert titles(refused(lambda: api.create_campaigns_by_account_id(ACCOUNT, campaign()))) == (400, ["Invalid name"])


# --- a campaign is replaced: what is not named is null ---
def replaced(**changes):
    attributes = m.EditableCampaignAttributesV202301(
        name="Summer 2",
        is_auto_daily_pacing=False,
        click_attribution_window="7D",
        view_attribution_window="none",
        **changes,
    )
    data = m.JsonApiBodyWithExternalIdOfEditableCampaignAttributesV202301AndCampaignV202301(
        id=made.id, type="Campaign", attributes=attributes
    )
    return api.update_campaign_by_campaign_id(made.id, m.PutCampaignV202301(data=data)).data.attributes


after = replaced(monthly_pacing=700.0)
assert (after.name, after.budget, after.daily_pacing, after.monthly_pacing) == ("Summer 2", None, None, 700), after
assert (after.end_date, after.company_name, str(after.type)) == (None, None, "auction"), after
assert api.get_campaign_by_campaign_id(made.id).data.attributes.budget is None

# --- dated budgets of a campaign ---
days = [
    m.CampaignDailyBudgetOverride(start_date=datetime(2026, 11, 27, tzinfo=UTC), duration="1D", max_daily_spend=900.5),
    m.CampaignDailyBudgetOverride(duration="3D", max_daily_spend=500.0),
]
months = [
    m.CampaignMonthlyBudgetOverride(start_month=datetime(2026, 11, 1, tzinfo=UTC), duration="2M", max_monthly_spend=9.0)
]
dated = m.CampaignBudgetOverrides(daily_budget_overrides=days, monthly_budget_overrides=months)
data = m.ValueResourceOfCampaignBudgetOverrides(type="CampaignBudgetOverrides", attributes=dated)
api.update_campaign_budget_overrides(made.id, m.ValueResourceInputOfCampaignBudgetOverrides(data=data))
lists = api.get_campaign_budget_overrides(made.id).data.attributes
seen = [(one.start_date.date().isoformat(), one.duration, str(one.status)) for one in lists.daily_budget_overrides]
assert seen == [("2026-11-27", "1D", "Upcoming"), ("2026-11-28", "3D", "Upcoming")], lists
assert [(one.max_monthly_spend, str(one.status)) for one in lists.monthly_budget_overrides] == [(9, "Active")], lists


# --- line items: created as a draft, listed, read ---
def item(name="Tea", **changes):
    attributes = {
        "name": name,
        "target_retailer_id": "1106",
        "start_date": datetime(2026, 11, 1, tzinfo=UTC),
        "budget": 200.5,
        "bid_strategy": "automated",
        "optimization_strategy": "revenue",
        "max_bid": 1.25,
        "keyword_strategy": "conquesting",
        "flight_schedule": m.FlightSchedule(
            legs=[m.FlightLeg(day_of_week="weekdays", start_time="08:00", end_time="20:00")]
        ),
    }
    data = m.ValueResourceOfSponsoredProductsLineItemCreateRequestModel(
        type="LineItem", attributes=m.SponsoredProductsLineItemCreateRequestModel(**attributes | changes)
    )
    return m.ValueResourceInputOfSponsoredProductsLineItemCreateRequestModel(data=data)


new = api.create_auction_line_item(made.id, item()).data
told = new.attributes
assert (str(told.status), str(told.bid_strategy), told.max_bid) == ("draft", "automated", 1.25), told
assert told.flight_schedule.legs[0].end_time == "20:00", told
assert titles(refused(lambda: api.create_auction_line_item(made.id, item()))) == (400, ["Invalid name"])
assert titles(refused(lambda: api.create_auction_line_item(made.id, item("Mugs", target_retailer_id="1")))) == (
    400,
    ["Invalid field"],
)
page = api.get_auction_line_items_by_campaign(made.id, offset=0, limit=500)
assert ([one.id for one in page.data], page.metadata.count) == ([new.id], 1), page


# --- a line item is replaced: its intent, and defaults for what is not named ---
def put(status, **changes):
    attributes = m.SponsoredProductsLineItemUpdateRequestModel(
        name="Tea 2", start_date=datetime(2026, 11, 1, tzinfo=UTC), status=status, is_auto_daily_pacing=False, **changes
    )
    data = m.ValueResourceOfSponsoredProductsLineItemUpdateRequestModel(type="LineItem", attributes=attributes)
    body = m.ValueResourceInputOfSponsoredProductsLineItemUpdateRequestModel(data=data)
    return api.update_auction_line_item(new.id, body).data.attributes


after = put("active", target_bid=0.75)
assert (str(after.status), after.target_bid, after.budget) == ("active", 0.75, None), after
assert api.get_auction_line_item(new.id).data.attributes.name == "Tea 2"
assert str(api.get_campaign_by_campaign_id(made.id).data.attributes.status) == "active"
common = api.get_line_items_by_account_id(ACCOUNT, limit_to_campaign_id=[made.id], limit_to_type="Auction")
assert [(one.id, str(one.attributes.status)) for one in common.data] == [(new.id, "active")], common

# --- dated budgets of a line item, multipliers of its bids ---
daily = [
    m.DailyLineItemBudgetOverride(duration="2D", max_daily_spend=5.5),
    m.DailyLineItemBudgetOverride(duration="1D"),
]
dated = m.LineItemBudgetOverrides(daily_line_item_budget_overrides=daily, monthly_line_item_budget_overrides=[])
data = m.ValueResourceOfLineItemBudgetOverrides(type="LineItemBudgetOverrides", attributes=dated)
api.update_line_item_budget_overrides(new.id, m.ValueResourceInputOfLineItemBudgetOverrides(data=data))
lists = api.get_line_item_budget_overrides(new.id).data.attributes.daily_line_item_budget_overrides
assert [(one.max_daily_spend, str(one.status)) for one in lists] == [(5.5, "Active"), (None, "Upcoming")], lists
factors = m.ResourceOfLineItemBidMultipliersV2(type="x", attributes=m.LineItemBidMultipliersV2(search=1.5, home=0.5))
api.update_bid_multipliers_by_line_item_id(new.id, m.LineItemBidMultipliersV2Request(data=factors))
told = api.get_bid_multipliers_by_line_item_id(new.id).data.attributes
assert (told.search, told.home, told.category, told.deals) == (1.5, 0.5, 1, None), told

# --- what the retailer offers and asks for ---
assert "search" in api.get_api202110_external_retailer_pages_by_retailer_id("1106").page_types
skus = m.ValueResourceCpcMinBidsRequest(type="x", attributes=m.CpcMinBidsRequest(sku_ids=["sku-7", "other"]))
bids = api.get_cpc_min_bids_by_sku_ids_v1("1106", m.ValueResourceInputCpcMinBidsRequest(data=skus)).data.attributes
assert (bids.overall_min_bid, [one.min_bid for one in bids.sku_min_bids]) == (0.45, [0.45, 0.3]), bids
