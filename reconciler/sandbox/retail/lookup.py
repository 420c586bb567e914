"""Campaigns, line items and retailers of Retail Media that one call may access."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from ..balances.book import Book
from ..balances.writes import review
from ..call import Call
from ..errors import Problem, Refusal, problem
from ..state import Record, State

FIRST_CAMPAIGN = 543210987654321001
FIRST_LINE_ITEM = 654321098765432001
"""First ids: beyond 2^53, so that a client which reads them as floats names other objects."""


def zone_of(call: Call, account_id: str) -> ZoneInfo:
    """Return the time zone of an account."""
    record = call.state.get("accounts", account_id) or {}
    return ZoneInfo(record.get("timeZone", "UTC"))


def campaign(call: Call, campaign_id: str) -> Record:
    """Return a campaign. Raise `Refusal`: 404 if there is none, 403 if its account is outside the portfolio."""
    record = call.state.get("retailMediaCampaigns", campaign_id)
    if record is None:
        raise Refusal(404, problem("not-found", "Not found", f"no campaign {campaign_id}"))
    Book(call).account(record["accountId"])
    return record


def line_item(call: Call, line_item_id: str) -> tuple[Record, Record]:
    """Return a line item and its campaign. Raise `Refusal` with 404 or 403."""
    record = call.state.get("lineItems", line_item_id)
    if record is None:
        raise Refusal(404, problem("not-found", "Not found", f"no line item {line_item_id}"))
    return record, campaign(call, record["campaignId"])


def retailer(call: Call, retailer_id: str) -> Record:
    """Return a retailer; every account can read it. Raise `Refusal` with 404."""
    record = call.state.get("retailers", retailer_id)
    if record is None:
        raise Refusal(404, problem("not-found", "Not found", f"no retailer {retailer_id}"))
    return record


def items_of(state: State, campaign_id: str) -> list[tuple[str, Record]]:
    """Return the line items of a campaign by ascending id."""
    return by_id(state.where("lineItems", campaignId=campaign_id))


def by_id(rows: Iterable[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """Return rows by ascending id."""
    return sorted(rows, key=lambda row: int(row[0]))


def new_id(state: State, collection: str, first: int) -> str:
    """Return an id that no record of the collection has."""
    while True:
        key = str(state.count(f"ids.{collection}", first))
        if state.get(collection, key) is None:
            return key


def taken_name(call: Call, name: str, own_id: str | None, others: Iterable[tuple[str, Record]]) -> list[Problem]:
    """Return the problem of a name that one of the others has, compared by the rule of the options."""
    exact = call.options.retail_names == "exact"
    for key, record in others:
        same = record["name"] == name if exact else record["name"].casefold() == name.casefold()
        if same and key != own_id:
            detail = f"The name should be unique. There exists {key} with the specified name."
            return [problem("invalid-name", "Invalid name", detail, source={"name": "data/attributes/name"})]
    return []


def unknown_retailer(call: Call, field: str, retailer_id: object) -> list[Problem]:
    """Return the problem of a retailer that does not exist."""
    known = retailer_id is None or call.state.get("retailers", str(retailer_id)) is not None
    return [] if known else [review(field, f"there is no retailer {retailer_id}")]
