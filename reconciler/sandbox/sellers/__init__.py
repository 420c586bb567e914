"""Routes of the marketplace: every operation under its versioned and its legacy path (contract §4)."""

from __future__ import annotations

from collections.abc import Callable

from ..call import STABLE, UNVERSIONED, Call, Handler
from ..message import Response
from ..routing import Route
from . import budget_calls as budgets
from . import calls as sellers
from .market import Market

Operation = Callable[[Market], Response]

MPO = "/marketing-solutions/marketplace-performance-outcomes"
LEGACY = "/legacy/offsite-ads"

# The legacy path is documented for budgets and seller-campaigns only; the rest is inferred (contract §4.1).
_OPERATIONS: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "/budgets", budgets.list_budgets),
    ("POST", "/budgets", budgets.create_budgets),
    ("PATCH", "/budgets", budgets.patch_budgets),
    ("GET", "/budgets/{budgetId}", budgets.get_budget),
    ("PATCH", "/budgets/{budgetId}", budgets.patch_budget),
    ("GET", "/seller-campaigns", sellers.list_pairs),
    ("PATCH", "/seller-campaigns", sellers.patch_pairs),
    ("GET", "/seller-campaigns/{sellerCampaignId}", sellers.get_pair),
    ("PATCH", "/seller-campaigns/{sellerCampaignId}", sellers.patch_pair),
    ("GET", "/seller-campaigns/{sellerCampaignId}/budgets", budgets.list_of_pair),
    ("GET", "/sellers", sellers.list_sellers),
    ("GET", "/sellers/{sellerId}", sellers.get_seller),
    ("GET", "/sellers/{sellerId}/budgets", budgets.list_of_seller),
    ("GET", "/sellers/{sellerId}/seller-campaigns", sellers.list_of_seller),
    ("POST", "/sellers/{sellerId}/seller-campaigns", sellers.create_pair),
    ("GET", "/advertisers", sellers.list_advertisers),
    ("GET", "/advertisers/{advertiserId}", sellers.get_advertiser),
    ("GET", "/advertisers/{advertiserId}/budgets", budgets.list_of_advertiser),
    ("GET", "/advertisers/{advertiserId}/campaigns", sellers.list_campaigns),
    ("GET", "/advertisers/{advertiserId}/seller-campaigns", sellers.list_of_advertiser),
    ("GET", "/advertisers/{advertiserId}/adsets", sellers.list_ad_sets),
    ("POST", "/advertisers/{advertiserId}/sellers", sellers.create_sellers),
)


def _handler(operation: Operation, legacy: bool) -> Handler:
    def handle(call: Call) -> Response:
        return operation(Market(call, legacy))

    return handle


def _routes(base: str, versions: frozenset[str], legacy: bool) -> tuple[Route, ...]:
    return tuple(
        Route(
            method,
            base + path,
            versions,
            "MarketingSolutions_Campaign_" + ("Read" if method == "GET" else "Manage"),
            _handler(operation, legacy),
            "MarketingSolutions",
            family="E5",
            takes_body=operation is not sellers.patch_pair,
        )
        for method, path, operation in _OPERATIONS
    )


routes = _routes(MPO, STABLE, legacy=False) + _routes(LEGACY, UNVERSIONED, legacy=True)
