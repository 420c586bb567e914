"""Audience link, category bids and display multipliers of an ad set (contract §3.3.6 to §3.3.9)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..call import Call
from ..errors import Problem, Refusal, envelope, problem
from ..message import Response
from ..state import Record
from .changes import rounded
from .common import done, each, envelope_data, items, single
from .fields import Fields, invalid, number

_MULTIPLIER = "campaign--display-multiplier-update-check--"
_WITH_CATEGORY_BIDS = frozenset({"maxCPC", "CPM"})


def link_audience(call: Call) -> Response:
    """Link an audience to the ad set, in place of the one that it has (rule 40)."""
    record = single(call)
    resource = Fields(envelope_data(call), "data")
    if resource.text("id") not in (None, record["id"]):
        raise invalid("data/id", "it is not the ad set of the path")
    attributes = resource.section("attributes")
    if attributes is None or "audienceId" not in attributes:
        raise invalid("data/attributes/audienceId", "is required", "required-field")
    audience_id = attributes.text("audienceId")
    audience = None if audience_id is None else call.state.get("audiences", audience_id)
    unlinking = audience_id is None and call.options.audience_null == "unlinks"
    if not unlinking and not _fits(audience, record):
        path = f"/ad-sets/{record['id']}/audience"
        told = problem("audience-not-found", "Audience not found", instance=path)
        raise Refusal(call.options.audience_failure_status, told)
    call.state.put("adSets", record["id"], {**record, "audienceId": audience_id})
    link = {"id": record["id"], "type": "AdSetAudience", "attributes": {"audienceId": audience_id}}
    return envelope(call, link)


def _fits(audience: Record | None, record: Record) -> bool:
    """Return True if the audience belongs to the ad set's advertiser and is not a segment."""
    return (
        audience is not None
        and audience["advertiserId"] == record["advertiserId"]
        and audience.get("kind", "audience") == "audience"
    )


# --- category bids ---


def category_bids(call: Call) -> Response:
    """Return every enabled category with its own bid, or the ad set's bid if it has none (rule 41)."""
    record = single(call)
    own = record.get("categoryBids") or {}
    data = [
        {
            "type": "AdSetCategoryBid",
            "id": f"{record['id']}|{key}",
            "attributes": {
                "categoryName": category["name"],
                "bidAmount": own.get(key, record["bidding"]["bidAmount"]),
            },
        }
        for key, category in _categories(call, record).items()
    ]
    biddable = record["bidding"]["costController"] in _WITH_CATEGORY_BIDS
    return envelope(call, data if biddable else [])


def patch_category_bids(call: Call) -> Response:
    """Set category bids; a bid equal to the ad set's is removed, so that the category follows the ad set (rule 41)."""
    return _patched(call, "AdSetCategoryBid", "bidAmount", _set_category_bid)


def _set_category_bid(call: Call, record: Record, key: str, amount: Decimal | None) -> str | Record:
    prefix = call.options.category_bid_code
    if key not in _categories(call, record):
        return prefix + "category-not-enabled"
    if record["bidding"]["costController"] not in _WITH_CATEGORY_BIDS:
        return prefix + "invalid-cost-controller"
    if amount is None or amount < 0:
        return prefix + "invalid-bid-amount"
    bids = {**(record.get("categoryBids") or {}), key: amount}
    if amount == record["bidding"]["bidAmount"]:
        del bids[key]
    return {**record, "categoryBids": bids}


# --- display multipliers ---


def display_multipliers(call: Call) -> Response:
    """Return every enabled category with its multiplier; the default is 1 (rule 42)."""
    record = single(call)
    own = record.get("displayMultipliers") or {}
    data = [
        {
            "type": "AdSetDisplayMultiplier",
            "id": f"{record['id']}|{key}",
            "attributes": {"categoryName": name, "displayMultiplier": own.get(key, 1)},
        }
        for key, name in _names(call, record).items()
    ]
    return envelope(call, data)


def patch_display_multipliers(call: Call) -> Response:
    """Set display multipliers between 0.5 and 2.0 (rule 42)."""
    return _patched(call, "AdSetDisplayMultiplier", "displayMultiplier", _set_multiplier)


def _set_multiplier(call: Call, record: Record, key: str, factor: Decimal | None) -> str | Record:
    if key not in _names(call, record):
        return _MULTIPLIER + "category-not-enabled"
    narrow = call.options.display_multipliers == "half_to_double"
    if factor is None or factor <= 0 or (narrow and not Decimal("0.5") <= factor <= 2):
        return _MULTIPLIER + "invalid-display-multiplier"
    own = {**(record.get("displayMultipliers") or {}), key: factor}
    return {**record, "displayMultipliers": own}


# --- both ---


def _patched(call: Call, kind: str, attribute: str, change: Any) -> Response:
    """Apply a bulk write; `change` returns the new ad set, or an error code."""
    ad_set_id = single(call)["id"]
    told = items(call)
    amounts = [_amount(call, item, attribute) for item in told]
    ids: list[str] = []
    errors: list[Problem] = []
    for index, _, key, repeated in each(call, told):
        owner, _, category = key.partition("|")
        place = category if owner == ad_set_id else ""
        result = "invalid" if repeated else change(call, single(call), place, amounts[index])
        if isinstance(result, str):
            errors.append(problem(result, instance=f"@data/{index}"))
        else:
            call.state.put("adSets", ad_set_id, result)
            ids.append(key)
    return done(call, kind, ids, errors)


def _amount(call: Call, item: Fields, attribute: str) -> Decimal | None:
    attributes = item.section("attributes")
    value = None if attributes is None else attributes.raw.get(attribute)
    if value is None:
        return None
    return rounded(number(value, item.place(attribute)), call.options)


def _categories(call: Call, record: Record) -> dict[str, Record]:
    """Return the enabled categories of the ad set's dataset, by `{categoryId}|{level}`."""
    dataset = record["datasetId"] + "|"
    return {
        key.removeprefix(dataset): category
        for key, category in call.state.all("categories").items()
        if key.startswith(dataset) and category.get("enabled", True)
    }


def _names(call: Call, record: Record) -> dict[str, str]:
    """Return the names of the enabled categories by category id, since multipliers have no level (§3.3.9)."""
    return {key.partition("|")[0]: category["name"] for key, category in _categories(call, record).items()}
