"""Auction line items: lists, single read, creation, replacement (contract of campaigns, E4.3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..balances.book import Book
from ..balances.writes import review
from ..call import Call
from ..clock import stamp
from ..errors import Problem, Refusal, envelope
from ..message import Response
from ..paging import by_index, by_offset, unreadable
from ..state import Record
from . import lookup
from .bodies import Field, attributes_of, closed, whole_object
from .campaigns import BORN, DATES, ordered, paced
from .delivery import Delivery
from .values import amount, choice, flag, flight, identifier, moment, shown, text

LARGEST_PAGE = 500
TYPES = ("unknown", "auction", "preferred")

_BOTH = (
    Field("name", text(2, 255), required=True),
    Field("startDate", moment, required=True),
    Field("endDate", moment),
    Field("budget", amount),
    Field("monthlyPacing", amount),
    Field("dailyPacing", amount),
    Field("bidStrategy", choice("manual", "automated"), nullable=False, default="manual"),
    Field("optimizationStrategy", choice("conversion", "clicks", "revenue"), nullable=False, default="conversion"),
    Field("targetBid", amount),
    Field("maxBid", amount),
    Field("flightSchedule", flight),
)
KEYWORD_STRATEGIES = ("conquesting", "genericAndBranded", "genericBrandedAndConquesting")
CREATION = (
    *_BOTH,
    Field("isAutoDailyPacing", flag, nullable=False, default=False),
    Field("keywordStrategy", choice(*KEYWORD_STRATEGIES)),
    Field("targetRetailerId", identifier, required=True),
)
REPLACEMENT = (
    *_BOTH,
    Field("isAutoDailyPacing", flag, required=True),
    Field("status", choice("active", "paused", "draft"), required=True),
)
_SHOWN = tuple(field.name for field in CREATION)


def list_of_campaign(call: Call) -> Response:
    """List the auction line items of a campaign, by offset."""
    key = call.params["campaignId"]
    campaign, wanted = lookup.campaign(call, key), call.values("limitToIds")
    rows = [row for row in lookup.items_of(call.state, key) if not wanted or row[0] in wanted]
    page, metadata = by_offset(call, rows, LARGEST_PAGE)
    delivery = Delivery(call)
    data = [resource(delivery, item_id, record, campaign) for item_id, record in page]
    return envelope(call, data, metadata=metadata, family="E2")


def list_of_account(call: Call) -> Response:
    """List the fields that line items of every type have, of a whole account, by page index."""
    wanted, parents, kind = call.values("limitToId"), call.values("limitToCampaignId"), call.value("limitToType")
    if kind is not None and kind.lower() not in TYPES:
        raise Refusal(400, unreadable("limitToType", kind))
    campaigns = Book(call).campaigns(call.params["accountId"])
    rows = [
        (key, record)
        for key, record in call.state.all("lineItems").items()
        if record["campaignId"] in campaigns
        and (not wanted or key in wanted)
        and (not parents or record["campaignId"] in parents)
        and (kind is None or kind.lower() == "auction")
    ]
    page, metadata = by_index(call, lookup.by_id(rows))
    delivery = Delivery(call)
    data = [_common(delivery, key, record, campaigns[record["campaignId"]]) for key, record in page]
    return envelope(call, data, metadata=metadata)


def get(call: Call) -> Response:
    """Return one auction line item."""
    key = call.params["lineItemId"]
    record, campaign = lookup.line_item(call, key)
    return envelope(call, resource(Delivery(call), key, record, campaign), family="E2")


def create(call: Call) -> Response:
    """Create a line item as a draft; if any rule is broken, return all reasons and store nothing."""
    campaign_id = call.params["campaignId"]
    campaign = lookup.campaign(call, campaign_id)
    closed(call, CREATION)
    zone = lookup.zone_of(call, campaign["accountId"])
    record, wrong = whole_object(attributes_of(call), CREATION, zone)
    record |= {"campaignId": campaign_id, "status": "draft", "spent": Decimal(0)}
    record |= {"createdAt": stamp(call.now), "updatedAt": stamp(call.now)}
    wrong += _broken(call, record, campaign, None) + _misplaced(call, record, campaign)
    if wrong:
        raise Refusal(400, *wrong)
    key = lookup.new_id(call.state, "lineItems", lookup.FIRST_LINE_ITEM)
    call.state.put("lineItems", key, record)
    return envelope(call, resource(Delivery(call), key, record, campaign), status=201, family="E2")


def replace(call: Call) -> Response:
    """Replace a line item: what is not given becomes null, or the default of the API."""
    key = call.params["lineItemId"]
    old, campaign = lookup.line_item(call, key)
    closed(call, REPLACEMENT)
    given, wrong = whole_object(attributes_of(call), REPLACEMENT, lookup.zone_of(call, campaign["accountId"]))
    record = {**old, **given, "updatedAt": stamp(call.now)}
    if Delivery(call).of_item(old, old["campaignId"], campaign) == "archived":
        wrong.append(review("status", "an archived line item cannot be changed"))
    wrong += _broken(call, record, campaign, key)
    if wrong:
        raise Refusal(400, *wrong)
    call.state.put("lineItems", key, record)
    return envelope(call, resource(Delivery(call), key, record, campaign), family="E2")


def resource(delivery: Delivery, key: str, record: Record, campaign: Record) -> dict[str, Any]:
    """Return a line item in the form of an answer."""
    options, zone = delivery.call.options, lookup.zone_of(delivery.call, campaign["accountId"])
    attributes = {
        **{name: record.get(name) for name in _SHOWN},
        **{name: shown(record.get(name), zone, options.retail_dates) for name in DATES},
        "dailyPacing": paced(record, delivery.today(campaign["accountId"]), zone, options),
        **_computed(delivery, record, campaign),
    }
    return {"type": "SponsoredProductsLineItem", "id": key, "attributes": attributes}


def _common(delivery: Delivery, key: str, record: Record, campaign: Record) -> dict[str, Any]:
    """Return the fields that line items of every type have; their dates are days."""
    zone = lookup.zone_of(delivery.call, campaign["accountId"])
    attributes = {
        "id": key,
        "name": record["name"],
        "type": "auction",
        "targetRetailerId": record["targetRetailerId"],
        "budget": record.get("budget"),
        **{name: shown(record.get(name), zone, "day") for name in DATES},
        **_computed(delivery, record, campaign),
    }
    return {"type": "CommonLineItem", "id": key, "attributes": attributes}


def _computed(delivery: Delivery, record: Record, campaign: Record) -> dict[str, Any]:
    return {
        "campaignId": record["campaignId"],
        "status": delivery.of_item(record, record["campaignId"], campaign),
        "budgetSpent": delivery.spent(record),
        "budgetRemaining": delivery.remaining(record),
        "createdAt": record.get("createdAt", BORN),
        "updatedAt": record.get("updatedAt", BORN),
    }


def _misplaced(call: Call, record: Record, campaign: Record) -> list[Problem]:
    """Return the rules of a new line item in its campaign."""
    wrong = []
    if campaign.get("type", "auction") != "auction":
        wrong.append(review("campaignId", "a preferred campaign has no auction line items"))
    retailer_id = record["targetRetailerId"]
    wrong += lookup.unknown_retailer(call, "targetRetailerId", retailer_id)
    billed = campaign.get("retailerId")
    if billed is not None and retailer_id is not None and str(billed) != retailer_id:
        wrong.append(review("targetRetailerId", f"the campaign is billed by the retailer {billed}"))
    live = [item for _, item in call.state.where("lineItems", campaignId=record["campaignId"])]
    if len(live) >= call.options.line_items_limit:
        delivery = Delivery(call)
        kept = [one for one in live if delivery.of_item(one, record["campaignId"], campaign) != "archived"]
        if len(kept) >= call.options.line_items_limit:
            wrong.append(review("campaignId", f"it has {call.options.line_items_limit} line items already"))
    return wrong


def _broken(call: Call, record: Record, campaign: Record, key: str | None) -> list[Problem]:
    """Return the rules that a whole line item breaks."""
    zone = lookup.zone_of(call, campaign["accountId"])
    wrong = ordered(record, zone)
    least = (call.state.get("retailers", record["targetRetailerId"] or "") or {}).get("minBid")
    bid = record["targetBid"]
    if call.options.low_bids == "refused" and least is not None and bid is not None and bid < least:
        wrong.append(review("targetBid", f"the retailer asks for {least} at least"))
    others = lookup.items_of(call.state, record["campaignId"])
    if call.options.archived_names == "free":
        delivery = Delivery(call)
        others = [one for one in others if delivery.of_item(one[1], record["campaignId"], campaign) != "archived"]
    return wrong + lookup.taken_name(call, record["name"], key, others)
