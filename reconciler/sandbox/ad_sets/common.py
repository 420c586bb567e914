"""Shared by the operations on ad sets: find the ad sets that a call may see, and iterate over a bulk write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from ..access import forbidden
from ..call import Call
from ..errors import Problem, Refusal, envelope, problem
from ..message import Response
from ..state import Record
from . import budget
from .fields import Fields, invalid


def local_day(call: Call, advertiser_id: str) -> date:
    """Return today's date in the advertiser's time zone (§2.11)."""
    advertiser = call.state.get("advertisers", advertiser_id) or {}
    return call.now.astimezone(ZoneInfo(advertiser.get("timeZone") or "UTC")).date()


def current(call: Call, record: Record) -> Record:
    """Return the ad set with the budget that is active today (rule 44)."""
    if not record.get("scheduledBudgets"):
        return record
    return budget.in_force(record, local_day(call, record["advertiserId"]))


def visible(call: Call, ad_set_id: str) -> Record | None:
    """Return an ad set of the application's portfolio, or None."""
    record = call.state.get("adSets", ad_set_id)
    if record is None or not call.advertises_for(record["advertiserId"]):
        return None
    return current(call, record)


def single(call: Call) -> Record:
    """Return the ad set named in the path.

    Raise `Refusal`: 404 by default for an unknown id, 403 if the application has no consent for the advertiser (rule
    6).
    """
    record = call.state.get("adSets", call.params["ad-set-id"])
    if record is None:
        raise Refusal(call.options.unknown_ad_set_status, problem("ad-set-not-found", "Ad set not found"))
    if not call.advertises_for(record["advertiserId"]):
        raise Refusal(403, forbidden("MarketingSolutions"))
    return current(call, record)


def envelope_data(call: Call) -> Any:
    """Return `data` of the body. Raise `Refusal` if the body is not an object."""
    return Fields(call.body, "body").raw.get("data")


def items(call: Call) -> list[Fields]:
    """Return the resources of a bulk write, each with a text `id`. Raise `Refusal` if the body is not such a list."""
    data = envelope_data(call)
    if not isinstance(data, list):
        raise invalid("data", "a list is expected")
    told = [Fields(one, f"data/{i}", boxed=True) for i, one in enumerate(data)]
    for one in told:
        one.text("type")
        if one.text("id") is None:
            raise invalid(one.place("id"), "is required", "required-field")
    return told


def each(call: Call, told: list[Fields]) -> Iterator[tuple[int, Fields, str, bool]]:
    """Yield (index, item, id, True if the options refuse it as a repeated id) for each item (rule 33)."""
    seen: set[str] = set()
    for index, item in enumerate(told):
        key = item.text("id") or ""
        yield index, item, key, key in seen and call.options.repeated_id == "error"
        seen.add(key)


def done(call: Call, kind: str, ids: list[str], errors: list[Problem]) -> Response:
    """Return the response of a bulk write: status 200, ids of the items that succeeded, errors of the others (§2.8)."""
    return envelope(call, [{"type": kind, "id": key} for key in ids], errors=errors)
