"""Sellers, bids and advertisers of the marketplace: M6 to M9, M11, M12, M14 to M16, M18 to M21 (§4.2)."""

from __future__ import annotations

from typing import Any

from ..access import forbidden
from ..errors import problem, reply
from ..message import Response
from ..state import Record
from .campaigns import BID_VALUE, SELLER_CAMPAIGN, SellerCampaign, bid_of, rebid
from .market import ADVERTISER, Json, Market
from .rules import CAMPAIGN, SELLER, TARGET_BUDGET, decimal_of

_DELIVERY = ("Running", "Archived", "NotRunning")


# --- seller-campaigns ---


def list_pairs(market: Market) -> Response:
    """List seller-campaigns (M6)."""
    pairs = market.pairs()
    advertiser_id, campaign_id = market.call.value("advertiserId"), market.call.value("campaignId")
    seller_id = market.call.value("sellerId")
    if advertiser_id is not None:
        campaigns = market.campaigns(advertiser_id)
        pairs = [pair for pair in pairs if pair.campaign_id in campaigns]
    if campaign_id is not None:
        pairs = [pair for pair in pairs if pair.campaign_id == campaign_id]
    if seller_id is not None:
        pairs = [pair for pair in pairs if pair.seller_id == seller_id]
    return reply(200, market.pairs_json(_by_state(market, pairs)))


def list_of_seller(market: Market) -> Response:
    """List the seller-campaigns of a seller (M14)."""
    seller_id, campaign_id = market.call.params["sellerId"], market.call.value("campaignId")
    market.own("sellers", seller_id, SELLER)
    pairs = [pair for pair in market.pairs() if pair.seller_id == seller_id and campaign_id in (None, pair.campaign_id)]
    return reply(200, market.pairs_json(_by_state(market, pairs)))


def list_of_advertiser(market: Market) -> Response:
    """List the seller-campaigns of an advertiser (M19)."""
    campaigns = market.campaigns(market.advertiser_id())
    return reply(200, market.pairs_json([pair for pair in market.pairs() if pair.campaign_id in campaigns]))


def get_pair(market: Market) -> Response:
    """Return a seller-campaign (M8); before 2026-07-27 an array of one (rule 60)."""
    told = market.pairs_json([_pair(market)])
    return reply(200, told if market.call.options.seller_campaign_read == "array" else told[0])


def patch_pairs(market: Market) -> Response:
    """Patch the bids of seller-campaigns (M7): all or none (rule 58)."""
    items = market.batch()
    named = [str(item.get("id")).partition(".")[0] for item in items if isinstance(item, dict)]
    market.guard_sellers(named)
    after, violations = rebid(items, market.pairs(), market.side.single_seller_campaigns)
    if violations:
        raise market.refuse_batch(violations)
    return reply(200, market.pairs_json(market.keep_pairs(after)))


def patch_pair(market: Market) -> Response:
    """Patch one bid (M9): it is in the query, and there is no body."""
    pair = _pair(market)
    bid = decimal_of(market.call.value("bid"))
    return _rebid_one(market, pair, bid)


def create_pair(market: Market) -> Response:
    """Create a seller-campaign (M15); an existing one gets the bid (rule 59)."""
    seller_id, body = market.call.params["sellerId"], market.call.body
    market.own("sellers", seller_id, SELLER)
    given = body if isinstance(body, dict) else {}
    campaign_id = str(given.get("campaignId"))
    if campaign_id not in market.campaigns():
        raise market.refuse(400, problem(CAMPAIGN, "Bad request", f"no campaign {campaign_id}"))
    pair = SellerCampaign(seller_id, campaign_id, forced_reasons=())
    known = market.call.state.get("sellerCampaigns", pair.id)
    if known is not None and market.call.options.existing_seller_campaign == "refused":
        raise market.refuse(400, problem(SELLER_CAMPAIGN, "Bad request", f"{pair.id} exists"))
    return _rebid_one(market, pair if known is None else SellerCampaign.of(known), bid_of(given.get("bid")))


def _rebid_one(market: Market, pair: SellerCampaign, bid: Any) -> Response:
    if pair.campaign_id in market.side.single_seller_campaigns:
        raise market.refuse(400, problem(TARGET_BUDGET, "Bad request", "such bids cannot be set"))
    after, violations = rebid([{"id": pair.id, "bid": bid}], [pair], ())
    if violations:
        raise market.refuse(400, problem(BID_VALUE, "Bad request", violations[0].detail))
    return reply(200, market.pairs_json(market.keep_pairs(after))[0])


def _pair(market: Market) -> SellerCampaign:
    key = market.call.params["sellerCampaignId"]
    return SellerCampaign.of(market.own("sellerCampaigns", key, SELLER_CAMPAIGN))


def _by_state(market: Market, pairs: list[SellerCampaign]) -> list[SellerCampaign]:
    """Return the seller-campaigns that match the filters for delivery and for budget status."""
    status, budget_status = market.call.value("sellerStatus"), market.call.value("budgetStatus")
    if status is not None:
        told = market.reasons_of(pairs)
        pairs = [pair for pair in pairs if (status == "Active") != bool(told[pair.id])]
    if budget_status is not None:
        paid = _paid_pairs(market, budget_status)
        pairs = [pair for pair in pairs if pair.id in paid]
    return pairs


def _paid_pairs(market: Market, budget_status: str) -> set[str]:
    return {
        f"{budget.seller_id}.{campaign_id}"
        for budget in market.budgets()
        if budget.status(market.today) == budget_status
        for campaign_id in budget.campaign_ids
    }


# --- sellers and advertisers ---


def list_sellers(market: Market) -> Response:
    """List sellers (M11)."""
    call = market.call
    sellers = market.sellers(call.value("advertiserId"))
    name, with_products = call.value("sellerName"), call.value("withProducts")
    if name is not None:
        sellers = {key: row for key, row in sellers.items() if row["name"] == name}
    if with_products is not None:
        wanted = with_products.lower() == "true"
        sellers = {key: row for key, row in sellers.items() if row.get("hasProducts", True) == wanted}
    asked = (call.value("campaignId"), call.value("sellerStatus"), call.value("withBudgetStatus"))
    if any(one is not None for one in asked):
        holders = _sellers_with(market, *asked)
        sellers = {key: row for key, row in sellers.items() if key in holders}
    return reply(200, [_seller(key, row) for key, row in sellers.items()])


def _sellers_with(market: Market, campaign_id: str | None, status: str | None, budget_status: str | None) -> set[str]:
    pairs = [pair for pair in market.pairs() if campaign_id in (None, pair.campaign_id)]
    if status is not None:
        told = market.reasons_of(pairs)
        pairs = [pair for pair in pairs if (status == "Active") != bool(told[pair.id])]
    if budget_status is not None:
        paid = _paid_pairs(market, budget_status)
        pairs = [pair for pair in pairs if pair.id in paid]
    return {pair.seller_id for pair in pairs}


def get_seller(market: Market) -> Response:
    """Return a seller (M12)."""
    key = market.call.params["sellerId"]
    return reply(200, _seller(key, market.own("sellers", key, SELLER)))


def create_sellers(market: Market) -> Response:
    """Refuse the creation of sellers (M21), which is out of scope (rule 59)."""
    status = market.call.options.create_sellers_status
    raise market.refuse(status, problem("not-implemented", "Not implemented", type="unknown"))


def list_advertisers(market: Market) -> Response:
    """List advertisers (M16)."""
    return reply(200, [_advertiser(key, row) for key, row in market.advertisers().items()])


def get_advertiser(market: Market) -> Response:
    """Return one advertiser (M16)."""
    key = market.call.params["advertiserId"]
    record = market.advertisers().get(key)
    if record is None:
        exists = market.call.state.get("advertisers", key) is not None
        told = forbidden("MarketingSolutions") if exists else problem(ADVERTISER, "Not found")
        raise market.refuse(403 if exists else 404, told)
    return reply(200, _advertiser(key, record))


def list_campaigns(market: Market) -> Response:
    """List campaigns (M18)."""
    campaigns = market.campaigns(market.advertiser_id())
    return reply(200, [_campaign(key, row) for key, row in campaigns.items()])


def list_ad_sets(market: Market) -> Response:
    """List the ad sets (M20): those of each marketplace campaign, or one that stands for them."""
    campaigns = market.campaigns(market.advertiser_id())
    known: dict[str, list[Record]] = {key: [] for key in campaigns}
    for key, record in market.call.state.all("adSets").items():
        if record["campaignId"] in known and not record.get("unexposable"):
            known[record["campaignId"]].append({**record, "adSetId": key})
    rows = [(key, {**row, **each}) for key, row in campaigns.items() for each in known[key] or [{}]]
    return reply(200, [_ad_set(key, row) for key, row in rows])


def _seller(key: str, record: Record) -> Json:
    return {"id": key, "sellerName": record["name"]}


def _advertiser(key: str, record: Record) -> Json:
    return {
        "id": int(key),
        "advertiserName": record["name"],
        "currencyName": record.get("currency"),
        "timeZoneId": record.get("timeZone"),
    }


def _campaign(key: str, record: Record) -> Json:
    delivery = record.get("deliveryStatus", "Running")
    return {
        "id": int(key),
        "campaignName": record["name"],
        "adSetDeliveryStatus": delivery,
        "status": _DELIVERY.index(delivery),
    }


def _ad_set(key: str, record: Record) -> Json:
    return {
        "adsetId": int(record.get("adSetId", key)),
        "adsetName": record["name"],
        "advertiserId": int(record["advertiserId"]),
        "isCoa": True,
        "partnerId": int(record.get("partnerId") or record["advertiserId"]),
        "status": record.get("deliveryStatus", "Running"),
    }
