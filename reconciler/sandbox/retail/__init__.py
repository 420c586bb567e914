"""Routes of the campaigns and line items of Retail Media, and of what belongs to them (E0, E2.2)."""

from __future__ import annotations

from ..call import G2, PREVIEW, STABLE, Handler
from ..routing import Route
from . import campaigns, line_items, multipliers, overrides

SINCE = G2 | {"2026-01"}
"""The versions of these operations; only the line items are in preview as well."""
_READ, _MANAGE = "RetailMedia_Campaign_Read", "RetailMedia_Campaign_Manage"


def _route(
    method: str, path: str, handler: Handler, *, scope: str = "", versions: frozenset[str] = SINCE, family: str = "E2"
) -> Route:
    right = scope or (_READ if method == "GET" else _MANAGE)
    return Route(method, f"/retail-media{path}", versions, right, handler, "RetailMedia", family=family)


_CAMPAIGNS, _CAMPAIGN = "/accounts/{accountId}/campaigns", "/campaigns/{campaignId}"
_LINE_ITEMS, _LINE_ITEM = _CAMPAIGN + "/auction-line-items", "/auction-line-items/{lineItemId}"
_OF_ITEM, _RETAILER = "/line-items/{lineItemId}", "/retailers/{retailerId}"
_ALSO_PREVIEW = SINCE | PREVIEW

routes = (
    _route("GET", _CAMPAIGNS, campaigns.list_of_account, versions=STABLE),
    _route("POST", _CAMPAIGNS, campaigns.create),
    _route("GET", _CAMPAIGN, campaigns.get),
    _route("PUT", _CAMPAIGN, campaigns.replace),
    _route("GET", _CAMPAIGN + "/campaign-budget-overrides", overrides.get_of_campaign),
    _route("PUT", _CAMPAIGN + "/campaign-budget-overrides", overrides.replace_of_campaign),
    _route("GET", "/accounts/{accountId}/line-items", line_items.list_of_account, family="E1"),
    _route("GET", _LINE_ITEMS, line_items.list_of_campaign, versions=_ALSO_PREVIEW),
    _route("POST", _LINE_ITEMS, line_items.create, versions=_ALSO_PREVIEW),
    _route("GET", _LINE_ITEM, line_items.get, versions=_ALSO_PREVIEW),
    _route("PUT", _LINE_ITEM, line_items.replace, versions=_ALSO_PREVIEW),
    _route("GET", _OF_ITEM + "/line-item-budget-overrides", overrides.get_of_line_item),
    _route("PUT", _OF_ITEM + "/line-item-budget-overrides", overrides.replace_of_line_item),
    _route("GET", _OF_ITEM + "/bid-multipliers", multipliers.get),
    _route("PUT", _OF_ITEM + "/bid-multipliers", multipliers.replace, family="E1"),
    _route("GET", _RETAILER + "/pages", multipliers.pages),
    _route("POST", _RETAILER + "/cpc-min-bids", multipliers.min_bids),
)
