"""One application's calls to a small world: what the tests of the sandbox share."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

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

    def put(self, path: str, body: Any) -> Answer:
        return self.call("PUT", path, body, {})

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


def world(product: str, options: dict[str, Any], now: str = NOW) -> World:
    """A world with that application and nothing else."""
    state = State(Options(**options), Clock(instant(now)))
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


def marketplace(*, now: str = NOW, **options: Any) -> Client:
    """Sellers 1 to 3, each with a bid in campaign 10001 and no budget; seller 9 is somebody else's."""
    one = world("MarketingSolutions", options, now)
    put = one.state.put
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
    return Client(one, "/2026-07" + MPO)


def accounts(*, now: str = NOW, **options: Any) -> Client:
    """One account with three campaigns, no line item and no balance; one retailer; account 5 is somebody else's."""
    one = world("RetailMedia", options, now)
    put = one.state.put
    put("accounts", ACCOUNT, {"name": "Brio", "currency": "EUR", "timeZone": "Europe/Paris", "countries": ["FR"]})
    put("accounts", "5", {"name": "Stranger", "currency": "EUR", "timeZone": "UTC"})
    for key in ("71", "72", "8343086999167541140"):
        put("retailMediaCampaigns", key, {"accountId": ACCOUNT, "name": f"Campaign {key}"})
    put("retailers", "44", {"name": "Bazar", "pageTypes": ["search", "home", "checkout"], "minBid": Decimal("0.3")})
    put("retailMediaCampaigns", "99", {"accountId": "5", "name": "Elsewhere"})
    return Client(one, "/2026-07/retail-media")
