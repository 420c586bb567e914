"""Campaigns of Retail Media: list, single read, creation, replacement (contract of campaigns, E4.2; B12)."""

from __future__ import annotations

import calendar
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ..balances.book import Book
from ..balances.writes import review
from ..call import Call
from ..clock import stamp
from ..errors import Problem, Refusal, envelope
from ..message import Response
from ..options import Options
from ..paging import by_index
from ..state import Record
from . import lookup
from .bodies import Field, attributes_of, data_of, typed, whole_object
from .delivery import Delivery
from .values import amount, choice, day_of, flag, identifiers, moment, shown, text, whole

CLICK_WINDOWS, VIEW_WINDOWS = ("7D", "14D", "30D"), ("none", "1D", "7D", "14D", "30D")
SCOPES = ("sameSku", "sameSkuCategory", "sameSkuCategoryBrand")
DATES = ("startDate", "endDate")
DEFAULTS: Record = {"isAutoDailyPacing": False, "clickAttributionWindow": "30D", "viewAttributionWindow": "none"}
"""Values of a record that does not hold them."""
BORN = "2026-01-05T08:00:00Z"

_BOTH = (
    Field("name", text(1, 255), required=True),
    Field("budget", amount),
    Field("monthlyPacing", amount),
    Field("dailyPacing", amount),
    Field("isAutoDailyPacing", flag, required=True),
    Field("startDate", moment),
    Field("endDate", moment),
    Field("clickAttributionScope", choice(*SCOPES)),
    Field("viewAttributionScope", choice(*SCOPES)),
    Field("companyName", text(0, None)),
    Field("onBehalfCompanyName", text(0, None)),
)
CREATION = (
    *_BOTH,
    Field("type", choice("auction", "preferred"), nullable=False, default="auction"),
    Field("clickAttributionWindow", choice(*CLICK_WINDOWS), nullable=False, default="30D"),
    Field("viewAttributionWindow", choice(*VIEW_WINDOWS), nullable=False, default="none"),
    Field("drawableBalanceIds", identifiers, nullable=False, default=()),
    Field("retailerId", whole, nullable=False),
)
REPLACEMENT = (
    *_BOTH,
    Field("clickAttributionWindow", choice(*CLICK_WINDOWS), required=True),
    Field("viewAttributionWindow", choice(*VIEW_WINDOWS), required=True),
)


def list_of_account(call: Call) -> Response:
    """List the campaigns of an account with their attached balances (B12)."""
    wanted = call.values("limitToId")
    rows = [
        (key, row) for key, row in Book(call).campaigns(call.params["accountId"]).items() if not wanted or key in wanted
    ]
    page, metadata = by_index(call, lookup.by_id(rows))
    delivery = Delivery(call)
    data = [resource(delivery, key, row) for key, row in page]
    return envelope(call, data, metadata=metadata, family="E2")


def get(call: Call) -> Response:
    """Return one campaign."""
    key = call.params["campaignId"]
    return envelope(call, resource(Delivery(call), key, lookup.campaign(call, key)), family="E2")


def create(call: Call) -> Response:
    """Create a campaign; if any rule is broken, return all reasons and store nothing."""
    account_id, book = call.params["accountId"], Book(call)
    book.account(account_id)
    typed(call)
    record, wrong = whole_object(attributes_of(call), CREATION, lookup.zone_of(call, account_id))
    balance_ids = list(record.pop("drawableBalanceIds") or ())
    record |= {"accountId": account_id, "spent": Decimal(0), "createdAt": stamp(call.now), "updatedAt": stamp(call.now)}
    wrong += _broken(call, record, None)
    own = {balance.id for balance in book.balances(account_id)}
    wrong += [review("drawableBalanceIds", f"there is no balance {each}") for each in balance_ids if each not in own]
    if wrong:
        raise Refusal(400, *wrong)
    key = lookup.new_id(call.state, "retailMediaCampaigns", lookup.FIRST_CAMPAIGN)
    call.state.put("retailMediaCampaigns", key, record)
    for balance_id in balance_ids:
        book.attach(balance_id, [key])
    return envelope(call, resource(Delivery(call), key, record), status=201, family="E2")


def replace(call: Call) -> Response:
    """Replace a campaign: every writable field that is not given becomes null."""
    key = call.params["campaignId"]
    old = lookup.campaign(call, key)
    typed(call, "id")
    if data_of(call)["id"] != key:
        raise Refusal(400, review("id", f"it must be that of the path, {key}"))
    given, wrong = whole_object(attributes_of(call), REPLACEMENT, lookup.zone_of(call, old["accountId"]))
    record = {**old, **given, "updatedAt": stamp(call.now)}
    wrong += _broken(call, record, key)
    if wrong:
        raise Refusal(400, *wrong)
    call.state.put("retailMediaCampaigns", key, record)
    return envelope(call, resource(Delivery(call), key, record), family="E2")


def resource(delivery: Delivery, key: str, record: Record) -> dict[str, Any]:
    """Return a campaign in the form of an answer."""
    options, zone = delivery.call.options, lookup.zone_of(delivery.call, record["accountId"])
    attributes = {
        **{name: record.get(name, DEFAULTS.get(name)) for name in (field.name for field in REPLACEMENT)},
        **{name: shown(record.get(name), zone, options.retail_dates) for name in DATES},
        "dailyPacing": paced(record, delivery.today(record["accountId"]), zone, options),
        "accountId": record["accountId"],
        "type": record.get("type", "auction"),
        "retailerId": record.get("retailerId"),
        "status": delivery.of_campaign(key, record),
        "budgetSpent": delivery.spent(record),
        "budgetRemaining": delivery.remaining(record),
        "drawableBalanceIds": delivery.drawable.get(key, []),
        "promotedBrandIds": list(record.get("promotedBrandIds", ())),
        "createdAt": record.get("createdAt", BORN),
        "updatedAt": record.get("updatedAt", BORN),
    }
    return {"type": "CampaignV202301", "id": key, "attributes": attributes}


def paced(record: Record, today: date, zone: ZoneInfo, options: Options) -> Decimal | None:
    """Return the daily cap: the stored one, or that of the server if it computes it (`isAutoDailyPacing`)."""
    stored: Decimal | None = record.get("dailyPacing")
    if not record.get("isAutoDailyPacing") or options.auto_daily_pacing == "stored":
        return stored
    total, days = record.get("monthlyPacing"), calendar.monthrange(today.year, today.month)[1]
    start, end = (day_of(record.get(name), zone) for name in DATES)
    if total is None and start is not None and end is not None:
        total, days = record.get("budget"), (end - start).days + 1
    return None if total is None else (Decimal(total) / days).quantize(Decimal("0.01"))


def ordered(record: Record, zone: ZoneInfo) -> list[Problem]:
    """Return the problem of an end before its start; both may be the same day."""
    start, end = (day_of(record.get(name), zone) for name in DATES)
    is_wrong = start is not None and end is not None and end < start
    return [review("endDate", "it must not be before startDate")] if is_wrong else []


def _broken(call: Call, record: Record, key: str | None) -> list[Problem]:
    """Return the rules that a whole campaign breaks."""
    account_id = record["accountId"]
    wrong = ordered(record, lookup.zone_of(call, account_id))
    if record.get("type") == "preferred" and record.get("budget") is not None:
        wrong.append(review("budget", "a preferred campaign must be uncapped"))
    wrong += lookup.unknown_retailer(call, "retailerId", record.get("retailerId"))
    rows = call.state.where("retailMediaCampaigns", accountId=account_id)
    return wrong + lookup.taken_name(call, record["name"], key, rows)
