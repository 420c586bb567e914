"""The official SDKs work against the sandbox, unchanged: campaigns of both products, and line items."""

from __future__ import annotations

import pytest

from . import openapi
from .strangers import Visit, visit


@pytest.mark.sdk
def test_the_official_sdk_creates_patches_and_searches_campaigns() -> None:
    seen = visit("campaigns.py")
    assert seen.code == 0, seen.output
    assert calls_of(seen) >= {
        ("POST", "/campaigns"),
        ("PATCH", "/campaigns"),
        ("POST", "/campaigns/search"),
        ("GET", "/campaigns/358313"),
    }
    assert wrong(seen, "marketingsolutions") == []
    limits = {one["name"]: one["spendLimit"] for one in seen.state["campaigns"].values() if "spendLimit" in one}
    lifetime = {"spendLimitType": "capped", "spendLimitRenewal": "lifetime", "spendLimitAmount": 10}
    assert (limits["Summer"], limits["Campaign 358313"]["spendLimitAmount"]) == (lifetime, 20000)


@pytest.mark.sdk
def test_the_official_sdk_manages_campaigns_and_line_items_of_retail_media() -> None:
    seen = visit("line_items.py")
    assert seen.code == 0, seen.output
    templates = {path.split("/", 3)[3] for _, path in openapi.operations("retailmedia", "2027-01")}
    about = {one for one in templates if "balances" not in one and one not in ("accounts", "me")}
    called = {openapi.template("retailmedia", "2027-01", *call).split("/", 3)[3] for call in paths_of(seen)}
    assert called == about
    assert wrong(seen, "retailmedia") == []
    made = next(one for one in seen.state["retailMediaCampaigns"].values() if one["name"] == "Summer 2")
    assert (made["budget"], made["monthlyPacing"], len(made["dailyOverrides"])) == (None, 700, 2)
    item = next(one for one in seen.state["lineItems"].values() if one["name"] == "Tea 2")
    assert (item["targetBid"], item["maxBid"], item["status"]) == (0.75, None, "active")
    assert item["bidMultipliers"] == {"search": 1.5, "home": 0.5}


def paths_of(seen: Visit) -> list[tuple[str, str]]:
    return [(call["method"], call["path"]) for call in seen.calls if call["path"] != "/oauth2/token"]


def calls_of(seen: Visit) -> set[tuple[str, str]]:
    return {(method, path.partition("-solutions")[2]) for method, path in paths_of(seen)}


def wrong(seen: Visit, product: str) -> list[str]:
    """What the SDK sent that the document of the version does not ask for."""
    sent = [call for call in seen.calls if call["path"] != "/oauth2/token"]
    return [
        fault
        for call in sent
        for fault in openapi.request_faults(product, "2027-01", call["method"], call["path"], call["body"])
    ]
