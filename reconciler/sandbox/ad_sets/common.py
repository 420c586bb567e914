"""Finding the ad sets that a call may see, and walking through the items of a bulk write."""

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
    """Today where the advertiser is (§2.11)."""
    advertiser = call.state.get("advertisers", advertiser_id) or {}
    return call.now.astimezone(ZoneInfo(advertiser.get("timeZone") or "UTC")).date()


def current(call: Call, record: Record) -> Record:
    """The ad set as it is today (rule 44)."""
    if not record.get("scheduledBudgets"):
        return record
    return budget.in_force(record, local_day(call, record["advertiserId"]))


def visible(call: Call, ad_set_id: str) -> Record | None:
    """An ad set of the portfolio, or None."""
    record = call.state.get("adSets", ad_set_id)
    if record is None or not call.advertises_for(record["advertiserId"]):
        return None
    return current(call, record)


def single(call: Call) -> Record:
    """The ad set of the path. Raises `Refusal`: unknown ids and missing consent differ here (rule 6)."""
    record = call.state.get("adSets", call.params["ad-set-id"])
    if record is None:
        raise Refusal(call.options.unknown_ad_set_status, problem("ad-set-not-found", "Ad set not found"))
    if not call.advertises_for(record["advertiserId"]):
        raise Refusal(403, forbidden("MarketingSolutions"))
    return current(call, record)


def envelope_data(call: Call) -> Any:
    """`data` of the body. Raises `Refusal` if the body is no object."""
    return Fields(call.body, "body").raw.get("data")


def items(call: Call) -> list[Fields]:
    """The resources of a bulk write, each with a text `id`. A body that is no such list is refused as a whole."""
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
    """Index, item and id; the last is whether the options refuse it as a repetition (rule 33)."""
    seen: set[str] = set()
    for index, item in enumerate(told):
        key = item.text("id") or ""
        yield index, item, key, key in seen and call.options.repeated_id == "error"
        seen.add(key)


def done(call: Call, kind: str, ids: list[str], errors: list[Problem]) -> Response:
    """The answer of a bulk write: always 200, ids of what succeeded, errors for the rest (§2.8)."""
    return envelope(call, [{"type": kind, "id": key} for key in ids], errors=errors)
