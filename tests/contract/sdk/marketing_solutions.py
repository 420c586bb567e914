"""Ad sets through the official SDK for Marketing Solutions: python marketing_solutions.py URL."""

import json
import sys
from datetime import UTC, datetime
from functools import partial

from criteo_api_marketingsolutions_v2027_01 import ApiClientBuilder
from criteo_api_marketingsolutions_v2027_01 import models as m
from criteo_api_marketingsolutions_v2027_01.api.advertiser_api import AdvertiserApi
from criteo_api_marketingsolutions_v2027_01.api.campaign_api import CampaignApi
from criteo_api_marketingsolutions_v2027_01.exceptions import ApiException
from refusals import refused_by

client = ApiClientBuilder.WithClientCredentials("sandbox-ms", "sandbox", host=sys.argv[1])
api = CampaignApi(client)
refused = partial(refused_by, ApiException)


def ids(answer):
    return [one.id for one in answer.data]


def codes(answer):
    return [one.code.rpartition("--")[2] for one in answer.errors]


def switch(call, *keys):
    return call(requests_ad_set_id=m.RequestsAdSetId(data=[m.WriteModelAdSetId(id=k, type="AdSetId") for k in keys]))


def creation(**changes):
    attributes = {
        "name": "Through the SDK",
        "campaign_id": "358313",
        "dataset_id": "6789",
        "objective": "conversions",
        "media_type": "display",
        "tracking_code": "utm_source=criteo",
        "schedule": m.CreateAdSetScheduleV26Q1(start_date=datetime(2026, 12, 1, tzinfo=UTC)),
        "bidding": m.CreateAdSetBiddingV26Q1(cost_controller="maxCPC", bid_amount=0.9),
        "targeting": m.CreateAdSetTargetingV26Q1(
            frequency_capping=m.AdSetFrequencyCappingV26Q1(frequency="daily", maximum_impressions=3),
            geo_location=m.CreateAdSetGeoLocationV26Q1(
                countries=m.AdSetTargetingRuleV26Q1(operand="in", values=["FR"])
            ),
        ),
        "budget": m.CreateAdSetBudgetV26Q1(
            budget_strategy="capped",
            budget_renewal="daily",
            budget_delivery_smoothing="standard",
            budget_amount=123.5,
        ),
    }
    resource = m.CreateAdSetV26Q1Resource(type="AdSet", attributes=m.CreateAdSetV26Q1(**(attributes | changes)))
    return m.CreateAdSetV26Q1Request(data=resource)


assert [one.id for one in AdvertiserApi(client).list_advertisers().data] == ["1352"]

# --- search: everything, and one ---
found = api.search_ad_sets(ad_set_search_request_v26_q1=m.AdSetSearchRequestV26Q1(filters=m.AdSetSearchFilterV26Q1()))
assert len(found.data) == 7, found
assert [one.code for one in found.warnings] == ["cannot-expose-specific-adsets"]
assert api.get_ad_set("123467").data.attributes.bidding.bid_amount == 0.9

# --- create ---
created = api.create_ad_set(creation()).data
assert created.attributes.schedule.activation_status == "off", created
error = refused(lambda: api.create_ad_set(creation(dataset_id="1")))
assert error.status == 400
assert json.loads(error.body)["errors"][0]["code"] == "campaign--ad-set-creation-check--invalid-dataset-id"

# --- patch: one done, one refused ---
patches = [
    m.WriteModelPatchAdSetV26Q1(
        id=key,
        type="PatchAdSetV26Q1",
        attributes=m.PatchAdSetV26Q1(
            name="Renamed",
            bidding=m.PatchAdSetBiddingV26Q1(bid_amount=m.NillableDecimal(value=bid)),
            scheduling=m.PatchAdSetSchedulingV26Q1(
                end_date=m.NillableDateTime(value=datetime(2026, 12, 31, tzinfo=UTC))
            ),
        ),
    )
    for key, bid in ((created.id, 1.25), ("123468", -2.0))
]
answer = api.patch_ad_sets(requests_patch_ad_set_v26_q1=m.RequestsPatchAdSetV26Q1(data=patches))
assert (ids(answer), codes(answer)) == ([created.id], ["invalid-bid-amount"]), answer
read = api.get_ad_set(created.id).data.attributes
assert (read.name, read.bidding.bid_amount, read.schedule.end_date.value.day) == ("Renamed", 1.25, 31), read

# --- audience, start, stop ---
answer = switch(api.start_ad_sets, created.id, "123468")
assert (ids(answer), codes(answer)) == (["123468"], ["ad-set-requiring-an-audience"]), answer
link = m.AdSetAudienceLinkEntityV1Resource(
    id=created.id, type="AdSetAudience", attributes=m.AdSetAudienceLinkEntityV1(audience_id="9876")
)
api.update_ad_set_audience(created.id, ad_set_audience_link_input_entity_v1=m.AdSetAudienceLinkInputEntityV1(data=link))
assert ids(switch(api.start_ad_sets, created.id)) == [created.id]
assert api.get_ad_set(created.id).data.attributes.schedule.activation_status == "on"
assert ids(switch(api.stop_ad_sets, created.id)) == [created.id]

# --- category bids and multipliers ---
bid = m.PatchAdSetCategoryBidResource(
    id="123467|5544|1", type="AdSetCategoryBid", attributes=m.PatchAdSetCategoryBid(bid_amount=1.5)
)
api.patch_ad_set_category_bids(
    "123467", patch_ad_set_category_bid_list_request=m.PatchAdSetCategoryBidListRequest(data=[bid])
)
assert {one.id: one.attributes.bid_amount for one in api.get_ad_set_category_bids("123467").data}[bid.id] == 1.5
factor = m.PatchAdSetDisplayMultiplierResource(
    id="123467|5544", type="AdSetDisplayMultiplier", attributes=m.PatchAdSetDisplayMultiplier(display_multiplier=1.25)
)
api.patch_display_multipliers(
    "123467", patch_ad_set_display_multiplier_list_request=m.PatchAdSetDisplayMultiplierListRequest(data=[factor])
)
shown = {one.id: one.attributes.display_multiplier for one in api.get_display_multipliers("123467").data}
assert shown[factor.id] == 1.25, shown
