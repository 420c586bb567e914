"""Campaigns through the official SDK for Marketing Solutions: python campaigns.py URL."""

import json
import sys
from functools import partial

from criteo_api_marketingsolutions_v2027_01 import ApiClientBuilder
from criteo_api_marketingsolutions_v2027_01 import models as m
from criteo_api_marketingsolutions_v2027_01.api.campaign_api import CampaignApi
from criteo_api_marketingsolutions_v2027_01.exceptions import ApiException
from refusals import refused_by

client = ApiClientBuilder.WithClientCredentials("sandbox-ms", "sandbox", host=sys.argv[1])
api = CampaignApi(client)
refused = partial(refused_by, ApiException)


def creation(**changes):
    attributes = {
        "advertiser_id": "1352",
        "name": "Summer",
        "goal": "Acquisition",
        "spend_limit": m.CreateCampaignSpendLimit(
            spend_limit_type="capped", spend_limit_renewal="monthly", spend_limit_amount=1000.5
        ),
        "budget_automation": m.BudgetAutomation(
            enabled=True, budget_configuration=m.BudgetAutomationConfiguration(ad_set_objectives="visits")
        ),
    }
    resource = m.CreateCampaignResource(type="Campaign", attributes=m.CreateCampaign(**attributes | changes))
    return m.CreateCampaignRequest(data=resource)


def limit(key, amount, **more):
    changes = m.PatchCampaignSpendLimit(spend_limit_amount=m.NillableDecimal(value=amount), **more)
    return m.PatchCampaignWriteResource(id=key, type="Campaign", attributes=m.PatchCampaign(spend_limit=changes))


def patched(*resources):
    answer = api.patch_campaigns(m.PatchCampaignListRequest(data=list(resources)))
    return [one.id for one in answer.data], [one.code.rpartition("--")[2] for one in answer.errors]


def shown(key):
    told = api.get_campaign(key).data.attributes.spend_limit
    return str(told.spend_limit_type), str(told.spend_limit_renewal), told.spend_limit_amount.value


# --- searched: all, and by owner and id ---
everything = api.search_campaigns(campaign_search_request_v23_q1=m.CampaignSearchRequestV23Q1()).data
assert shown("358313") == ("capped", "monthly", 20000)
filters = m.CampaignSearchFiltersV23Q1(advertiser_ids=["1352"], campaign_ids=["358313"])
one = api.search_campaigns(campaign_search_request_v23_q1=m.CampaignSearchRequestV23Q1(filters=filters)).data
assert [each.id for each in one] == ["358313"], one

# --- created ---
made = api.create_campaign(creation()).data
assert (str(made.attributes.goal), made.attributes.name) == ("acquisition", "Summer"), made
automation = made.attributes.budget_automation
assert str(automation.automated_budget_configuration.ad_set_optimization_objective) == "visits", automation
assert shown(made.id) == ("capped", "monthly", 1000.5)
error = refused(lambda: api.create_campaign(creation(advertiser_id="1")))
assert (error.status, len(json.loads(error.body)["errors"])) == (400, 1), error.body

# --- patched: a limit raised, one below nothing refused ---
assert patched(limit(made.id, 1500.25), limit("358313", -1.0)) == ([made.id], ["invalid-spend-limit"])
assert (shown(made.id), shown("358313")) == (("capped", "monthly", 1500.25), ("capped", "monthly", 20000))

# --- patched: without a limit, and with one again; the automation off ---
assert patched(limit(made.id, None, spend_limit_type="uncapped", spend_limit_renewal="undefined")) == ([made.id], [])
assert shown(made.id) == ("uncapped", "undefined", None)
assert patched(limit(made.id, 10.0, spend_limit_type="capped", spend_limit_renewal="lifetime")) == ([made.id], [])
off = m.PatchCampaign(budget_automation=m.PatchMarketingCampaignBudgetAutomation(enabled=False))
assert patched(m.PatchCampaignWriteResource(id=made.id, type="Campaign", attributes=off)) == ([made.id], [])
assert api.get_campaign(made.id).data.attributes.budget_automation.enabled is False
after = api.search_campaigns(campaign_search_request_v23_q1=m.CampaignSearchRequestV23Q1()).data
assert {each.id for each in after} == {each.id for each in everything} | {made.id}
