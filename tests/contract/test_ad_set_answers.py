"""Every ad-set operation of the sandbox against the OpenAPI document of its version, request and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox import Request, World
from reconciler.sandbox.encoding import decode, encode

from . import openapi

MS = "marketingsolutions"


CREATION = {
    "name": "IT prospecting",
    "campaignId": "358313",
    "datasetId": "6789",
    "objective": "conversions",
    "mediaType": "display",
    "trackingCode": "utm_source=criteo",
    "schedule": {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"},
    "bidding": {"costController": "maxCPC", "bidAmount": 0.9},
    "targeting": {
        "frequencyCapping": {"frequency": "daily", "maximumImpressions": 3},
        "geoLocation": {"countries": {"operand": "in", "values": ["IT"]}},
        "deliveryLimitations": {"devices": ["mobile"], "environments": ["web"], "operatingSystems": []},
    },
    "budget": {
        "budgetStrategy": "capped",
        "budgetRenewal": "weekly",
        "budgetDeliverySmoothing": "standard",
        "budgetDeliveryWeek": "mondayToSunday",
        "budgetAmount": 123.5,
    },
    "attributionConfiguration": {"attributionMethod": "lastClick", "lookbackWindow": "7D"},
}
PATCH = {
    "name": "FR prospecting (Q4)",
    "scheduling": {"startDate": {"value": "2026-09-05T00:00:00Z"}, "endDate": {"value": None}},
    "bidding": {"bidAmount": {"value": 0.95}},
    "targeting": {
        "frequencyCapping": {"value": {"frequency": "hourly", "maximumImpressions": 12}},
        "geoLocation": {"zipCodes": {"value": None}, "countries": {"value": {"operand": "in", "values": ["FR"]}}},
        "deliveryLimitations": {"devices": ["desktop"], "environments": [], "operatingSystems": []},
    },
    "budget": {"budgetAmount": {"value": 200}},
}


def _resource(kind: str, key: str, **attributes: Any) -> dict[str, Any]:
    return {"data": [{"type": kind, "id": key, "attributes": attributes}]}


CALLS: dict[str, tuple[str, str, Any]] = {
    "the portfolio": ("GET", "/advertisers/me", None),
    "the application": ("GET", "/marketing-solutions/me", None),
    "search": ("POST", "/marketing-solutions/ad-sets/search", {"filters": {}}),
    "get": ("GET", "/marketing-solutions/ad-sets/123470", None),
    "get a video": ("GET", "/marketing-solutions/ad-sets/123471", None),
    "get a hidden one": ("GET", "/marketing-solutions/ad-sets/123472", None),
    "create": ("POST", "/marketing-solutions/ad-sets", {"data": {"type": "AdSet", "attributes": CREATION}}),
    "patch": ("PATCH", "/marketing-solutions/ad-sets", _resource("PatchAdSet", "123467", **PATCH)),
    "patch in vain": (
        "PATCH",
        "/marketing-solutions/ad-sets",
        _resource("PatchAdSet", "123467", bidding={"bidAmount": {"value": -2}}),
    ),
    "start": ("POST", "/marketing-solutions/ad-sets/start", {"data": [{"type": "AdSetId", "id": "123468"}]}),
    "start in vain": ("POST", "/marketing-solutions/ad-sets/start", {"data": [{"type": "AdSetId", "id": "123469"}]}),
    "stop": ("POST", "/marketing-solutions/ad-sets/stop", {"data": [{"type": "AdSetId", "id": "123467"}]}),
    "link": (
        "PUT",
        "/marketing-solutions/ad-sets/123473/audience",
        {"data": {"id": "123473", "type": "AdSetAudience", "attributes": {"audienceId": "9876"}}},
    ),
    "category bids": ("GET", "/marketing-solutions/ad-sets/123467/category-bids", None),
    "patch category bids": (
        "PATCH",
        "/marketing-solutions/ad-sets/123467/category-bids",
        _resource("AdSetCategoryBid", "123467|5544|1", bidAmount=1.5),
    ),
    "multipliers": ("GET", "/marketing-solutions/ad-sets/123467/display-multipliers", None),
    "patch multipliers": (
        "PATCH",
        "/marketing-solutions/ad-sets/123467/display-multipliers",
        _resource("AdSetDisplayMultiplier", "123467|5544", displayMultiplier=1.25),
    ),
}


@pytest.fixture
def ask() -> Callable[..., tuple[int, Any]]:
    """Send a call to a fresh demo."""
    world = World.demo(running=False)
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})

    def send(method: str, path: str, body: Any) -> tuple[int, Any]:
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        text = b"" if body is None else encode(body)
        response = world.handle(Request.of(method, path, headers, text))
        return response.status, decode(response.body)

    return send


@pytest.mark.parametrize("version", openapi.VERSIONS)
@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_what_its_document_says(ask, version, name):
    method, path, body = CALLS[name]
    target = f"/{version}{path}"
    assert openapi.request_faults(MS, version, method, target, body) == []
    status, answer = ask(method, target, body)
    assert openapi.faults(MS, version, method, target, status, answer) == []


def test_every_documented_operation_on_ad_sets_is_among_the_calls():
    called = {(method, path.replace("123467", "{ad-set-id}")) for method, path, _ in CALLS.values()}
    called |= {(method, path.replace("123473", "{ad-set-id}")) for method, path in called}
    called |= {(method, path.replace("123470", "{ad-set-id}")) for method, path in called}
    for version in ("2026-01", "2026-07", "preview"):
        known = {(method, path.removeprefix(f"/{version}")) for method, path in openapi.operations(MS, version)}
        assert {one for one in known if "/ad-sets" in one[1]} <= called


def test_scheduled_budgets_are_what_the_preview_document_says(ask):
    creation = {**CREATION["budget"], "startDate": "2026-12-01"}
    body = _resource("PatchAdSet", "123467", scheduledBudget={"scheduledBudgetCreations": [creation]})
    path = "/preview/marketing-solutions/ad-sets"
    assert openapi.request_faults(MS, "preview", "PATCH", path, body) == []
    assert ask("PATCH", path, body)[1]["errors"] == []
    status, answer = ask("GET", path + "/123467", None)
    assert len(answer["data"]["attributes"]["scheduledBudgets"]) == 1
    assert openapi.faults(MS, "preview", "GET", path + "/123467", status, answer) == []
