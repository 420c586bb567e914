"""The small worlds as fixtures, and ways to put things into them as if they had always been there."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from reconciler.sandbox.world import World

from .small_worlds import ACCOUNT, Answer, Client, accounts, marketplace


@pytest.fixture
def make_market() -> Callable[..., Client]:
    """The marketplace with options of the test's own."""
    return marketplace


@pytest.fixture
def market() -> Client:
    """The marketplace, with no budget yet."""
    return marketplace()


@pytest.fixture
def hold() -> Callable[..., str]:
    """Put a budget into a marketplace as if it had always been there: Current, Capped at 100, unless told otherwise."""

    def put(market: Client, budget_id: str, **changes: Any) -> str:
        record = {
            "sellerId": "1",
            "campaignIds": ["10001"],
            "budgetType": "Capped",
            "amount": Decimal(100),
            "startDate": "2026-11-01",
            "endDate": "2026-11-30",
            "isSuspended": False,
            "spent": Decimal(0),
        }
        market.world.state.put("sellerBudgets", budget_id, record | changes)
        return budget_id

    return put


@pytest.fixture
def asked() -> Callable[..., dict[str, Any]]:
    """The body item of a budget that may be created: Capped at 30 for all of December, unless told otherwise."""

    def item(**changes: Any) -> dict[str, Any]:
        budget = {
            "sellerId": "1",
            "campaignIds": [10001],
            "budgetType": "Capped",
            "amount": "30",
            "startDate": "2026-12-01",
            "endDate": "2026-12-31",
        }
        return {key: value for key, value in (budget | changes).items() if value is not ...}

    return item


@pytest.fixture
def make_book() -> Callable[..., Client]:
    """The Retail Media account with options of the test's own."""
    return accounts


@pytest.fixture
def book() -> Client:
    """The Retail Media account, with no balance yet."""
    return accounts()


@pytest.fixture
def deposit() -> Callable[..., str]:
    """Put a balance into an account as if it had always been there: 1000 for the year, unless told otherwise."""

    def put(book: Client, balance_id: str = "697385288434028544", **changes: Any) -> str:
        record = {
            "accountId": ACCOUNT,
            "name": f"Balance {balance_id}",
            "startDate": "2026-01-01",
            "endDate": "2026-12-31",
            "deposited": Decimal(1000),
            "spent": Decimal(0),
            "spendType": "Onsite",
            "poNumber": "PO 1",
            "memo": "first",
            "privateMarketBillingType": "billByRetailer",
            "createdAt": "2026-01-01T08:00:00Z",
            "updatedAt": "2026-01-01T08:00:00Z",
        }
        book.world.state.put("balances", balance_id, record | changes)
        return balance_id

    return put


# --- ad sets: the demo, its clock frozen ---


def _demo(**options: Any) -> Client:
    world = World.demo(running=False, **options)
    for name in ("sandbox-ms", "sandbox-rm"):
        world.state.put("tokens", name, {"clientId": name, "expiresAt": "2999-01-01T00:00:00Z"})
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})
    return Client(world, "/2026-07/marketing-solutions")


@pytest.fixture
def make_demo() -> Callable[..., Client]:
    """The demo with options of the test's own."""
    return _demo


@pytest.fixture
def demo() -> Client:
    """The demo as Marketing Solutions sees it."""
    return _demo()


@pytest.fixture
def drafted() -> Callable[..., dict[str, Any]]:
    """The body of a creation that is accepted, with dotted paths set otherwise; `...` leaves one out."""

    def body(changes: dict[str, Any] | None = None) -> dict[str, Any]:
        attributes: dict[str, Any] = {
            "name": "IT prospecting",
            "campaignId": "358313",
            "datasetId": "6789",
            "objective": "conversions",
            "mediaType": "display",
            "trackingCode": "utm_source=criteo",
            "schedule": {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-31T00:00:00Z"},
            "bidding": {"costController": "maxCPC", "bidAmount": Decimal("0.9")},
            "targeting": {"frequencyCapping": {"frequency": "daily", "maximumImpressions": 3}},
            "budget": {
                "budgetStrategy": "capped",
                "budgetRenewal": "daily",
                "budgetDeliverySmoothing": "standard",
                "budgetAmount": Decimal("123.5"),
            },
        }
        for path, value in (changes or {}).items():
            *parents, last = path.split(".")
            place = attributes
            for name in parents:
                place = place.setdefault(name, {})
            if value is ...:
                del place[last]
            else:
                place[last] = value
        return {"data": {"type": "AdSet", "attributes": attributes}}

    return body


@pytest.fixture
def patched() -> Callable[..., Answer]:
    """Patch one ad set of a demo."""

    def send(demo: Client, key: str, attributes: dict[str, Any]) -> Answer:
        return demo.patch("/ad-sets", {"data": [{"type": "PatchAdSet", "id": key, "attributes": attributes}]})

    return send
