"""No body makes the sandbox stumble: whatever is sent is answered, and what is refused as a whole changed nothing."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox import Request, World
from reconciler.sandbox.encoding import decode, encode

BASE = "/marketing-solutions/ad-sets"
CREATION = {
    "name": "IT prospecting",
    "campaignId": "358313",
    "datasetId": "6789",
    "objective": "conversions",
    "mediaType": "display",
    "trackingCode": "utm_source=criteo",
    "schedule": {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"},
    "bidding": {"costController": "maxCPC", "bidAmount": 1},
    "targeting": {
        "frequencyCapping": {"frequency": "daily", "maximumImpressions": 3},
        "geoLocation": {"countries": {"operand": "in", "values": ["IT"]}},
        "deliveryLimitations": {"devices": ["mobile"], "environments": [], "operatingSystems": []},
    },
    "budget": {"budgetStrategy": "capped", "budgetRenewal": "daily", "budgetDeliverySmoothing": "standard"},
    "attributionConfiguration": {"attributionMethod": "lastClick", "lookbackWindow": "7D"},
}
SCHEDULED = {"id": "1", "startDate": "2026-12-01", "budgetStrategy": "uncapped", "budgetAmount": {"value": 1}}
PATCH = {
    "name": "x",
    "scheduling": {"startDate": {"value": "2026-12-01T00:00:00Z"}, "endDate": {"value": None}},
    "bidding": {"bidAmount": {"value": 1}},
    "targeting": {
        "frequencyCapping": {"value": {"frequency": "daily", "maximumImpressions": 3}},
        "geoLocation": {"countries": {"value": {"operand": "in", "values": ["IT"]}}},
        "deliveryLimitations": {"devices": ["mobile"]},
    },
    "budget": {"budgetAmount": {"value": 5}, "budgetRenewal": "weekly", "budgetDeliveryWeek": "mondayToSunday"},
    "attributionConfiguration": {"attributionMethod": "lastClick"},
    "scheduledBudget": {
        "scheduledBudgetCreations": [{"startDate": "2026-12-01", "budgetStrategy": "uncapped"}],
        "scheduledBudgetUpdates": [SCHEDULED],
        "scheduledBudgetDeletions": [{"id": "1"}],
    },
}


def _items(key: str, **attributes: Any) -> dict[str, Any]:
    return {"data": [{"type": "x", "id": key, "attributes": attributes}]}


CALLS: list[tuple[str, str, Any]] = [
    ("POST", f"{BASE}/search", {"filters": {"adSetIds": ["123467"]}, "meta": {"fields": ["Name"]}}),
    ("POST", BASE, {"data": {"type": "AdSet", "attributes": CREATION}}),
    ("PATCH", BASE, _items("123467", **PATCH)),
    ("POST", f"{BASE}/start", _items("123468")),
    ("PUT", f"{BASE}/123467/audience", {"data": {"id": "123467", "attributes": {"audienceId": "9876"}}}),
    ("PATCH", f"{BASE}/123467/category-bids", _items("123467|5544|1", bidAmount=1)),
    ("PATCH", f"{BASE}/123467/display-multipliers", _items("123467|5544", displayMultiplier=1)),
]
WORDS = st.sampled_from(
    ["", "x", "2026-12-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "١", "in", "1e5"]
)
NUMBERS = st.sampled_from([0, -1, 10**30, -(10**30), 2**31, 1.5e300])
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["value", "id", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in _places(item, (*path, key)))]


def _with(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    changed = deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


def _world(profile: str) -> World:
    world = World.demo(running=False, profile=profile, rate_limit=10**9)
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})
    return world


@pytest.mark.parametrize(("version", "profile"), [("2026-01", "oas"), ("preview", "oas"), ("preview", "guide")])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1].removeprefix(BASE)}")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(data=st.data())
def test_no_value_in_no_place_makes_it_stumble(version, profile, call, data):
    method, path, body = call
    world = _world(profile)
    sent = _with(body, data.draw(st.sampled_from(_places(body))), data.draw(VALUES))
    before = dict(world.state.all("adSets"))
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    answer = world.handle(Request.of(method, f"/{version}{path}", headers, _text(sent)))
    assert answer.status in {200, 201, 400, 404}
    assert isinstance(decode(answer.body), dict)
    if answer.status >= 400:
        assert dict(world.state.all("adSets")) == before
    read = world.handle(Request.of("POST", f"/{version}{BASE}/search", headers, b"{}"))
    assert read.status == 200
    World.from_json(decode(encode(world.to_json())))


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()
