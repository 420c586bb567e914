"""Initial worlds for tests, tutorials and demos, built from the records of a saved state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .balances.seed import balances
from .clock import DEMO_START, Clock, instant
from .options import Options
from .retail.seed import retail
from .sellers.seed import sellers
from .state import Record, State

GUIDE_START = "2018-07-10T09:00:00Z"
"""Start of the guide's world: its ad set is live then."""

_UNCAPPED: Record = {
    "budgetStrategy": "uncapped",
    "budgetRenewal": "undefined",
    "budgetDeliverySmoothing": None,
    "budgetDeliveryWeek": "undefined",
    "budgetAmount": None,
    "pacingBehavior": "undefined",
}


def applications(state: State) -> None:
    """Add one application per product, since an application has only one (§2.2)."""
    state.put("applications", "sandbox-ms", _application(4021, "MarketingSolutions", "Campaign", "Audience"))
    rights = ("Balance", "Campaign", "Accounts")
    state.put("applications", "sandbox-rm", _application(4022, "RetailMedia", *rights))


def _application(number: int, product: str, *domains: str) -> Record:
    return {
        "clientSecret": "sandbox",
        "applicationId": number,
        "organizationId": 77,
        "name": "cfg-as-code",
        "description": None,
        "product": product,
        "permissions": dict.fromkeys(domains, "manage"),
        "advertiserIds": [],
        "accountIds": [],
    }


def consent(state: State, client_id: str, **ids: list[str]) -> None:
    """Add advertisers (`advertiserIds`) or accounts (`accountIds`) to an application's portfolio."""
    application = state.collections["applications"][client_id]
    state.put("applications", client_id, {**application, **ids})


def demo(options: Options, *, running: bool = True) -> State:
    """Return the demo: one advertiser with ad sets and sellers, one Retail Media account; 2026-11-21, 09:00 UTC."""
    state = State(options, Clock(instant(DEMO_START), running=running))
    applications(state)
    _advertiser(state, "1352", "Shop A")
    _family(state, "1352", campaign="358313", dataset="6789", audience="9876")
    limit = {"spendLimitType": "capped", "spendLimitRenewal": "monthly", "spendLimitAmount": Decimal(20000)}
    campaign = {"advertiserId": "1352", "name": "Campaign 358313", "goal": "acquisition", "spendLimit": limit}
    state.put("campaigns", "358313", campaign)
    _family(state, "1352", campaign="358314", dataset="6790", audience="9877")
    state.put("audiences", "5001", {"advertiserId": "1352", "kind": "segment", "name": "Visitors, 30 days"})
    for key, name in {"5544|1": "Shoes", "5545|2": "Sneakers", "5546|2": "Boots"}.items():
        state.put("categories", f"6789|{key}", {"name": name, "enabled": True})
    state.put("categories", "6789|5547|3", {"name": "Laces", "enabled": False})
    for record in _demo_ad_sets():
        state.put("adSets", record["id"], record)
    state.put("counters", "ids.adSets", {"value": 987633})
    sellers(state)
    balances(state)
    retail(state)
    consent(state, "sandbox-ms", advertiserIds=list(state.all("advertisers")))
    consent(state, "sandbox-rm", accountIds=list(state.all("accounts")))
    return state


def _demo_ad_sets() -> list[Record]:
    live = ad_set("123467", "FR prospecting", bid="0.9", amount="123.45", countries=["FR"])
    paused = ad_set("123468", "FR retargeting", bid="1.25", amount="80", status="off")
    archived = ad_set("123469", "Summer 2025", bid="0.5", amount="50", status="off", archived=True)
    uncapped = ad_set("123470", "DE always on", controller="dailyBudget", countries=["DE"])
    video = ad_set("123471", "Brand film", campaign="358314", dataset="6790", bid="0.04", amount="2000")
    video |= {"mediaType": "video", "videoChannel": "olv", "objective": "videoViews", "audienceId": "9877"}
    video["bidding"]["costController"] = "CPV"
    video["budget"] |= {"budgetRenewal": "monthly", "pacingBehavior": "targetAverageDailyBudget"}
    hidden = ad_set("123472", "Managed by Criteo", bid="2", amount="10", unexposable=True)
    draft = ad_set("123473", "ES test", bid="0.7", amount="25", status="off", started=False, audienceId=None)
    later = ad_set("123474", "Winter sale", bid="1.1", amount="700", campaign="358314", dataset="6790")
    later["audienceId"] = "9877"
    later["schedule"] |= {"startDate": "2026-12-01T00:00:00Z", "endDate": "2027-01-15T00:00:00Z"}
    later["budget"] |= {"budgetRenewal": "weekly", "budgetDeliveryWeek": "mondayToSunday"}
    live["categoryBids"] = {"5545|2": Decimal("1.2345")}
    return [live, paused, archived, uncapped, video, hidden, draft, later]


def guide(options: Options) -> State:
    """Return the world that the requests in the vendor's ad-set guide refer to."""
    state = State(options, Clock(instant(GUIDE_START)))
    applications(state)
    _advertiser(state, "12345", "Advertiser of the guide")
    _advertiser(state, "456", "Advertiser of the guide's creation")
    _family(state, "12345", campaign="1485", dataset="6789", audience="9876")
    _family(state, "456", campaign="12789", dataset="56789", audience="9878")
    shown = _guide_ad_set("123467", "Campaign A")
    shown["destinationEnvironment"] = "app"
    off = {"schedule": {**shown["schedule"], "activationStatus": "off"}}
    for record in (
        shown,
        _guide_ad_set("12345", "Ad set 12345") | off,
        _guide_ad_set("67890", "Ad set 67890") | off,
        _guide_ad_set("1001", "Ad set 1001") | off | {"audienceId": None},
    ):
        state.put("adSets", record["id"], record)
    state.put("counters", "ids.adSets", {"value": 987633})
    consent(state, "sandbox-ms", advertiserIds=list(state.all("advertisers")))
    return state


def _guide_ad_set(key: str, name: str) -> Record:
    record = ad_set(key, name, campaign="1485", advertiser="12345", bid="0.9", amount="123.45")
    record["schedule"] |= {"startDate": "2018-07-04T00:00:00Z", "endDate": "2018-07-26T00:00:00Z"}
    record["targeting"] = {
        "frequencyCapping": {"frequency": "hourly", "maximumImpressions": 3},
        "geoLocation": {
            "countries": {"operand": "in", "values": ["FR"]},
            "subdivisions": {"operand": "notIn", "values": ["FR-01", "FR-38"]},
            "zipCodes": None,
        },
        "deliveryLimitations": {
            "devices": ["mobile", "tablet"],
            "environments": [],
            "operatingSystems": ["ios"],
        },
    }
    # the guide shows a delivery week on a daily budget, which the documents forbid in writes (§3.4 rule 10)
    record["budget"] |= {"budgetDeliverySmoothing": "accelerated", "budgetDeliveryWeek": "mondayToSunday"}
    return record


def ad_set(
    key: str,
    name: str,
    *,
    advertiser: str = "1352",
    campaign: str = "358313",
    dataset: str = "6789",
    controller: str = "maxCPC",
    bid: str | None = None,
    amount: str | None = None,
    countries: list[str] | None = None,
    status: str = "on",
    **more: Any,
) -> Record:
    """Return the record of an ad set with a daily standard budget of that amount, or none, and an audience."""
    return {
        "id": key,
        "name": name,
        "advertiserId": advertiser,
        "campaignId": campaign,
        "datasetId": dataset,
        "objective": "conversions",
        "mediaType": "display",
        "destinationEnvironment": "web",
        "videoChannel": None,
        "trackingCode": "utm_source=criteo",
        "schedule": {"startDate": "2026-09-01T00:00:00Z", "endDate": None, "activationStatus": status},
        "bidding": {"bidAmount": None if bid is None else Decimal(bid), "costController": controller},
        "targeting": _targeting(countries),
        "budget": _daily(amount),
        "attributionConfiguration": {"attributionMethod": "criteoAttribution", "lookbackWindow": None},
        "scheduledBudgets": [],
        "audienceId": "9876",
        "started": True,
        **more,
    }


def _targeting(countries: list[str] | None) -> Record:
    return {
        "deliveryLimitations": {"devices": [], "environments": [], "operatingSystems": []},
        "frequencyCapping": {"frequency": "daily", "maximumImpressions": 3},
        "geoLocation": {
            "countries": None if countries is None else {"operand": "in", "values": countries},
            "subdivisions": None,
            "zipCodes": None,
        },
    }


def _daily(amount: str | None) -> Record:
    if amount is None:
        return dict(_UNCAPPED)
    daily = {"budgetStrategy": "capped", "budgetRenewal": "daily", "budgetDeliverySmoothing": "standard"}
    return {**_UNCAPPED, **daily, "budgetAmount": Decimal(amount)}


def _advertiser(state: State, key: str, name: str) -> None:
    state.put("advertisers", key, {"name": name, "currency": "EUR", "timeZone": "Europe/Paris"})


def _family(state: State, advertiser: str, *, campaign: str, dataset: str, audience: str) -> None:
    """Add a campaign, a dataset and an audience of one advertiser."""
    state.put("campaigns", campaign, {"advertiserId": advertiser, "name": f"Campaign {campaign}"})
    state.put("datasets", dataset, {"advertiserId": advertiser, "name": f"Dataset {dataset}"})
    state.put("audiences", audience, {"advertiserId": advertiser, "kind": "audience", "name": "Buyers"})
