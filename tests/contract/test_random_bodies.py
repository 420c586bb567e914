"""Any body that a document allows is answered, and every answer, as well as what is read then, is as documented."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.sandbox.encoding import encode
from reconciler.sandbox.retail.seed import line_item
from reconciler.sandbox.world import World

from ..sandbox.small_worlds import ACCOUNT, Client, accounts
from . import openapi
from .random_bodies import body

RETAIL = "/retail-media"
ITEM = f"{RETAIL}/line-items/9"
ITEMS = f"{RETAIL}/campaigns/71/auction-line-items"
ONE = f"{RETAIL}/auction-line-items/9"
DATED = f"{RETAIL}/campaigns/71/campaign-budget-overrides"
LISTED = f"{RETAIL}/accounts/{ACCOUNT}/campaigns"
KNOWN: dict[str, Any] = {
    "targetRetailerId": ["44"],
    "retailerId": [44],
    "drawableBalanceIds": [[]],
    "id": ["71"],
    "duration": ["1D", "3d", "2M", "1m"],
    "startMonth": [None, "2026-12", "2027-01-01T00:00:00Z"],
    "status": ["active", "paused", "draft", None],
    "startTime": ["08:00", "00:00"],
    "endTime": ["20:30", "23:59"],
}
RETAIL_CALLS = {
    "create a campaign": ("POST", LISTED, (LISTED,)),
    "replace a campaign": ("PUT", f"{RETAIL}/campaigns/71", (LISTED, f"{RETAIL}/campaigns/71")),
    "date its budgets": ("PUT", DATED, (DATED,)),
    "create a line item": ("POST", ITEMS, (ITEMS, f"{RETAIL}/accounts/{ACCOUNT}/line-items")),
    "replace a line item": ("PUT", ONE, (ONE, ITEMS)),
    "date the budgets of a line item": (
        "PUT",
        f"{ITEM}/line-item-budget-overrides",
        (f"{ITEM}/line-item-budget-overrides",),
    ),
    "multiply its bids": ("PUT", f"{ITEM}/bid-multipliers", (f"{ITEM}/bid-multipliers",)),
    "ask for the least bids": ("POST", f"{RETAIL}/retailers/44/cpc-min-bids", ()),
}
FEW = settings(max_examples=25, deadline=None)


def judged(client: Client, product: str, method: str, path: str, sent: Any) -> int:
    """Send a body; the status of its answer, which is as documented."""
    answer = client.call(method, path, sent, {})
    if answer.status < 400:
        told = json.loads(encode(answer.body))
        assert openapi.faults(product, "2026-07", method, f"/2026-07{path}", answer.status, told) == []
    return answer.status


@pytest.mark.parametrize(("method", "path", "reads"), RETAIL_CALLS.values(), ids=RETAIL_CALLS)
@FEW
@given(data=st.data())
def test_any_body_of_the_document_is_answered_as_documented(
    method: str, path: str, reads: tuple[str, ...], data: st.DataObject
) -> None:
    client = accounts().at("/2026-07")
    client.world.state.put("lineItems", "9", line_item("71", "Coffee", targetRetailerId="44"))
    sent = data.draw(body("retailmedia", "2026-07", method, f"/2026-07{path}", KNOWN))
    assert judged(client, "retailmedia", method, path, sent) in (200, 201, 400)
    for read in reads:
        assert judged(client, "retailmedia", "GET", read, None) == 200


BASE = "/marketing-solutions/campaigns"
OF_CAMPAIGNS: dict[str, Any] = {
    "id": ["358313", "358314", "1"],
    "advertiserId": ["1352", "2"],
    "campaignIds": [[], ["358313"], ["x"]],
    "advertiserIds": [None, ["1352"]],
}


@pytest.mark.parametrize(("method", "tail"), [("POST", ""), ("PATCH", ""), ("POST", "/search")])
@FEW
@given(data=st.data())
def test_any_body_about_campaigns_is_answered_as_documented(method: str, tail: str, data: st.DataObject) -> None:
    client = Client(demo(), "/2026-07")
    sent = data.draw(body("marketingsolutions", "2026-07", method, f"/2026-07{BASE}{tail}", OF_CAMPAIGNS))
    assert judged(client, "marketingsolutions", method, BASE + tail, sent) in (200, 201, 400)
    assert judged(client, "marketingsolutions", "POST", f"{BASE}/search", {"filters": {}}) == 200


def demo() -> World:
    world = World.demo(running=False)
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})
    return world
