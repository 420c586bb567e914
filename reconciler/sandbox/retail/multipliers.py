"""Bid multipliers of a line item by type of page, and what a retailer offers and asks for (E4.3, E4.5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..balances.book import strict, undeclared
from ..balances.writes import review
from ..call import Call
from ..clock import stamp
from ..errors import Refusal, envelope, reply
from ..message import Response
from ..state import Record
from . import lookup
from .bodies import attributes_of

PAGE_TYPES = (
    "search", "home", "category", "categoryMenu", "productDetail", "merchandising", "deals", "favorites", "searchBar",
    "checkout", "confirmation",
)  # fmt: skip
LEAST, MOST, NEUTRAL = Decimal("0.5"), Decimal(6), Decimal(1)


def get(call: Call) -> Response:
    """Return the multipliers of a line item: 1 where none is set, null where the retailer has no such pages."""
    key = call.params["lineItemId"]
    record, _ = lookup.line_item(call, key)
    return envelope(call, _resource(call, key, record), family="E2")


def replace(call: Call) -> Response:
    """Replace the multipliers: a type of page that is not given gets 1."""
    key = call.params["lineItemId"]
    record, _ = lookup.line_item(call, key)
    given, enabled = attributes_of(call), _enabled(call, record)
    wrong = []
    kept: Record = {}
    for name in PAGE_TYPES:
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not LEAST <= value <= MOST:
            wrong.append(review(name, f"it must be a number from {LEAST} to {MOST}"))
        elif name not in enabled:
            wrong.append(review(name, "the retailer has no such pages"))
        else:
            kept[name] = Decimal(value)
    if wrong:
        raise Refusal(400, *wrong)
    after = {**record, "bidMultipliers": kept, "updatedAt": stamp(call.now)}
    call.state.put("lineItems", key, after)
    return envelope(call, _resource(call, key, after), family="E1")


def pages(call: Call) -> Response:
    """Return the types of pages of a retailer, without an envelope."""
    record = lookup.retailer(call, call.params["retailerId"])
    return reply(200, {"pageTypes": list(record.get("pageTypes", PAGE_TYPES))})


def min_bids(call: Call) -> Response:
    """Return the least bids for some products: a read, though it is a POST and needs the right to write."""
    record = lookup.retailer(call, call.params["retailerId"])
    foreign = strict(call.body, {"data": {"type": None, "attributes": {"skuIds": None}}})
    if foreign:
        raise Refusal(call.options.strict_body_status, *undeclared(foreign))
    skus = attributes_of(call).get("skuIds")
    if not isinstance(skus, list) or not all(isinstance(sku, str) for sku in skus):
        raise Refusal(400, review("skuIds", "it must be a list of texts"))
    general, special = record.get("minBid", Decimal(0)), record.get("skuMinBids", {})
    bids = [{"skuId": sku, "minBid": special.get(sku, general)} for sku in skus]
    overall = max((one["minBid"] for one in bids), default=general)
    told = {"type": "CpcMinBidsResponse", "attributes": {"overallMinBid": overall, "skuMinBids": bids}}
    return envelope(call, told, family="E2")


def _enabled(call: Call, record: Record) -> tuple[str, ...]:
    retailer = call.state.get("retailers", record["targetRetailerId"]) or {}
    return tuple(retailer.get("pageTypes", PAGE_TYPES))


def _resource(call: Call, key: str, record: Record) -> dict[str, Any]:
    enabled, stored = _enabled(call, record), record.get("bidMultipliers") or {}
    told = {name: stored.get(name, NEUTRAL) if name in enabled else None for name in PAGE_TYPES}
    return {"type": "LineItemBidMultipliersV2", "attributes": {"id": key, **told}}
