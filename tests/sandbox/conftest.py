"""One application's calls to a small world: what the tests of the sandbox share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from reconciler.sandbox.clock import Clock, instant
from reconciler.sandbox.encoding import decode, encode
from reconciler.sandbox.message import Request
from reconciler.sandbox.options import Options
from reconciler.sandbox.state import State
from reconciler.sandbox.world import World

NOW = "2026-11-21T09:00:00Z"
MPO = "/marketing-solutions/marketplace-performance-outcomes"
LEGACY = "/legacy/offsite-ads"
ACCOUNT = "18446744073709551616"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any

    @property
    def codes(self) -> list[str]:
        """The codes of its problems, in order."""
        return [problem["code"] for problem in self.body["errors"]]

    @property
    def titles(self) -> list[str]:
        """The titles of its problems, in order."""
        return [problem["title"] for problem in self.body["errors"]]

    @property
    def instances(self) -> list[str]:
        """Where its problems are, in order."""
        return [problem["instance"] for problem in self.body["errors"]]


@dataclass(frozen=True)
class Client:
    """An application that may do everything in its portfolio, under one base path."""

    world: World
    base: str

    def get(self, path: str, **query: Any) -> Answer:
        return self.call("GET", path, None, query)

    def post(self, path: str, body: Any, **query: Any) -> Answer:
        return self.call("POST", path, body, query)

    def patch(self, path: str, body: Any = None, **query: Any) -> Answer:
        return self.call("PATCH", path, body, query)

    def call(self, method: str, path: str, body: Any, query: dict[str, Any]) -> Answer:
        pairs = tuple(
            (name, one if isinstance(one, str) else json.dumps(one))
            for name, value in query.items()
            for one in (value if isinstance(value, list) else [value])
        )
        headers = {"authorization": "Bearer token", "content-type": "application/json"}
        text = b"" if body is None else encode(body)
        response = self.world.handle(Request(method, self.base + path, pairs, headers, text))
        return Answer(response.status, decode(response.body))

    def at(self, base: str) -> Client:
        """The same application under another base path."""
        return replace(self, base=base)


def _world(product: str, options: dict[str, Any]) -> World:
    state = State(Options(**options), Clock(instant(NOW)))
    application = {
        "name": "cfg-as-code",
        "product": product,
        "clientSecret": "s",
        "permissions": {"Campaign": "manage", "Balance": "manage", "Accounts": "read"},
        "advertiserIds": ["1352"],
        "accountIds": [ACCOUNT],
    }
    state.put("applications", "app", application)
    state.put("tokens", "token", {"clientId": "app", "expiresAt": "2999-01-01T00:00:00Z"})
    return World(state)


# --- the marketplace: sellers 1 to 3 of advertiser 1352, and one of somebody else ---


def _market(**options: Any) -> Client:
    world = _world("MarketingSolutions", options)
    put = world.state.put
    put("advertisers", "1352", {"name": "Shop A", "currency": "EUR", "timeZone": "Europe/Paris"})
    put("advertisers", "2000", {"name": "Stranger", "currency": "EUR", "timeZone": "UTC"})
    for key in ("10001", "10002"):
        put("campaigns", key, {"advertiserId": "1352", "name": f"Campaign {key}", "marketplace": True})
    target = {"advertiserId": "1352", "name": "One seller", "marketplace": True, "targetBudgetMinimum": Decimal(50)}
    put("campaigns", "10003", target)
    put("campaigns", "20001", {"advertiserId": "2000", "name": "Elsewhere", "marketplace": True})
    for key in ("1", "2", "3"):
        put("sellers", key, {"advertiserId": "1352", "name": f"Seller {key}"})
        put("sellerCampaigns", f"{key}.10001", {"sellerId": key, "campaignId": "10001", "bid": Decimal("0.25")})
    put("sellers", "9", {"advertiserId": "2000", "name": "Elsewhere"})
    put("sellerCampaigns", "9.20001", {"sellerId": "9", "campaignId": "20001", "bid": Decimal(1)})
    return Client(world, "/2026-07" + MPO)


@pytest.fixture
def make_market() -> Callable[..., Client]:
    """The marketplace with options of the test's own."""
    return _market


@pytest.fixture
def market() -> Client:
    """The marketplace, with no budget yet."""
    return _market()


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


# --- Retail Media: one account with three campaigns, and one of somebody else ---


def _book(**options: Any) -> Client:
    world = _world("RetailMedia", options)
    put = world.state.put
    put("accounts", ACCOUNT, {"name": "Brio", "currency": "EUR", "timeZone": "Europe/Paris", "countries": ["FR"]})
    put("accounts", "5", {"name": "Stranger", "currency": "EUR", "timeZone": "UTC"})
    for key in ("71", "72", "8343086999167541140"):
        put("retailCampaigns", key, {"accountId": ACCOUNT, "name": f"Campaign {key}"})
    put("retailCampaigns", "99", {"accountId": "5", "name": "Elsewhere"})
    return Client(world, "/2026-07/retail-media")


@pytest.fixture
def make_book() -> Callable[..., Client]:
    """The Retail Media account with options of the test's own."""
    return _book


@pytest.fixture
def book() -> Client:
    """The Retail Media account, with no balance yet."""
    return _book()


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
