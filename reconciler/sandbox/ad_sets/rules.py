"""Rules for the creation and change of ad sets (contract §3.4, §8.2, §8.3, §11 rules 18 to 31)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from ..clock import instant
from ..errors import Problem, problem
from ..options import Options
from ..state import Record
from . import budget, words
from .changes import Changes, Violation
from .fields import Fields

_CREATE = "campaign--ad-set-creation-check--"
_UPDATE = "campaign--ad-set-update-check--"
_CREATE_CODES = {
    "geolocation": "invalid-geolocation",
    "os_env": "invalid-os-env-configuration",
    "start": "start-date-not-valid",
    "end": "end-date-not-valid",
    "bid": "invalid-bid-amount",
    "frequency": "frequency-cappings-not-valid",
    "dataset": "invalid-dataset-id",
    "bidding": "invalid-bidding-configuration",
}
_UPDATE_CODES = {
    "geolocation": "ad-set-invalid-geolocation",
    "os_env": "ad-set-invalid-os-env-configuration",
    "start": "start-date-not-valid",
    "end": "end-date-not-valid",
    "bid": "invalid-bid-amount",
    "frequency": "frequency-cappings-not-valid",
    "name": "name-is-null",
    "start_null": "start-date-is-null",
    "archived": "ad-set-is-archived",
    "activable": "ad-set-not-activable",
}
_REQUIRED = ("name", "campaignId", "datasetId", "objective", "mediaType", "trackingCode")
_REQUIRED_BLOCKS = ("schedule", "bidding", "targeting")
FIXED = frozenset(
    [
        "campaignId",
        "datasetId",
        "objective",
        "mediaType",
        "trackingCode",
        "schedule",
        "advertiserId",
        "destinationEnvironment",
        "videoChannel",
    ]
)
"""Keys that a patch cannot change (rule 31)."""


def creation_problem(violation: Violation, options: Options) -> Problem:
    """Return the error of a creation for a broken rule."""
    if violation.kind == "campaign":
        return problem(options.unknown_campaign_code, detail=violation.detail)
    code = _CREATE_CODES.get(violation.kind, "invalid-data")
    return problem(_CREATE + code, detail=violation.detail)


def update_problem(violation: Violation, index: int, options: Options) -> Problem:
    """Return the error of one item of a patch for a broken rule."""
    published = _UPDATE_CODES.get(violation.kind)
    invented = {"budget": options.budget_error_code, "not_found": options.not_found_code}
    code = invented.get(violation.kind, options.patch_data_error_code)
    code = code if published is None else _UPDATE + published
    return problem(code, detail=violation.detail, instance=f"@data/{index}")


def missing(attributes: Fields, options: Options, *, guide: bool) -> list[Violation]:
    """Return a violation for each required attribute that a creation does not give (§3.2)."""
    # the guide does not count mediaType among the required attributes, and counts budget
    names = [name for name in _REQUIRED if not (guide and name == "mediaType")]
    told = [name for name in names if not (attributes.text(name) or "").strip()]
    blocks = [*_REQUIRED_BLOCKS]
    if guide or options.budget_required_at_create:
        blocks.append("budget")
    told += [name for name in blocks if attributes.section(name) is None]
    schedule, bidding = attributes.section("schedule"), attributes.section("bidding")
    targeting = attributes.section("targeting")
    if schedule is not None and schedule.text("startDate") is None:
        told.append("schedule.startDate")
    if bidding is not None and bidding.text("costController") is None:
        told.append("bidding.costController")
    if targeting is not None and "frequencyCapping" not in targeting and not guide:
        told.append("targeting.frequencyCapping")
    return [Violation("data", f"{name} is required") for name in told]


def fixed_values(attributes: Fields) -> tuple[dict[str, Any], list[Violation]]:
    """Return the values that only a creation can set, and their violations."""
    bidding = attributes.section("bidding")
    tracking = attributes.text("trackingCode") or ""
    given = Changes()
    given.choice("objective", attributes.text("objective"), words.OBJECTIVES)
    given.choice("mediaType", attributes.text("mediaType") or "display", words.MEDIA_TYPES)
    controller = None if bidding is None else bidding.text("costController")
    given.choice("costController", controller, words.COST_CONTROLLERS)
    for name in ("campaignId", "datasetId"):
        value = attributes.text(name)
        given.values[name] = value
        if value and not (value.isascii() and value.isdigit()):
            given.blame("data", f"{name}: {value!r} is not an id")
    given.values["trackingCode"] = tracking
    if tracking.startswith("?"):
        given.blame("data", "trackingCode is a query string without its question mark")
    return given.values, given.violations


def merged(record: Record, changes: Mapping[str, Any]) -> tuple[Record, list[Violation]]:
    """Return a changed copy of the ad set, and the violations of its budget."""
    new = deepcopy(record)
    violations: list[Violation] = []
    for path, value in changes.items():
        if path == "budget":
            new["budget"], violations = budget.merged(record["budget"], value)
            continue
        *parents, last = path.split(".")
        place = new
        for name in parents:
            place = place[name]
        place[last] = value
    return new, violations


def broken(record: Record, changes: Mapping[str, Any]) -> list[Violation]:
    """Return the rules across fields that the changed ad set breaks, limited to those that involve a given field."""
    return [
        *_dates(record, changes),
        *_bid(record, changes),
        *_name(changes),
        *_lookback(record, changes),
    ]


def media(record: Record) -> list[Violation]:
    """Return the violations of rules that only apply to videos (§3.4 rule 7)."""
    if record["mediaType"] == "video":
        return []
    if record["objective"] == "videoViews":
        return [Violation("bidding", "the objective videoViews is for videos")]
    if record["bidding"]["costController"] == "CPV":
        return [Violation("bidding", "the cost controller CPV is for videos")]
    return []


def _dates(record: Record, changes: Mapping[str, Any]) -> list[Violation]:
    start_given, end_given = "schedule.startDate" in changes, "schedule.endDate" in changes
    start, end = record["schedule"]["startDate"], record["schedule"]["endDate"]
    if start_given and start is None:
        return [Violation("start_null", "the start date cannot be cleared")]
    if not (start_given or end_given) or start is None or end is None or instant(start) < instant(end):
        return []
    return [Violation("start" if start_given else "end", f"{start} is not before {end}")]


def _bid(record: Record, changes: Mapping[str, Any]) -> list[Violation]:
    amount: Decimal | None = changes.get("bidding.bidAmount")
    if amount is None:
        return []
    controller = record["bidding"]["costController"]
    if controller in words.ADAPTIVE:
        return [Violation("bid", f"{controller} is adaptive: the bid has to be null")]
    return [] if amount > 0 else [Violation("bid", f"{amount} is not a valid bid")]


def _name(changes: Mapping[str, Any]) -> list[Violation]:
    name = changes.get("name")
    # null means "unchanged" in a patch (rule 30); in a creation it is already reported as missing
    return [Violation("name", "the name is empty")] if name is not None and not name.strip() else []


def _lookback(record: Record, changes: Mapping[str, Any]) -> list[Violation]:
    if not any(path.startswith("attributionConfiguration.") for path in changes):
        return []
    configured = record["attributionConfiguration"]
    suits = configured["attributionMethod"] in {"lastClick", "postClick"}
    if suits or configured["lookbackWindow"] in (None, "unknown"):
        return []
    return [Violation("data", "lookbackWindow is for lastClick and postClick")]
