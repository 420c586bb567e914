"""JSON form of an ad set in a response, for each generation of the API (contract §3.2, §3.5)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..state import Record, State
from . import budget, delivery
from .words import Dialect

PROJECTED = {
    "Name": "name",
    "AdvertiserId": "advertiserId",
    "DatasetId": "datasetId",
    "CampaignId": "campaignId",
    "DestinationEnvironment": "destinationEnvironment",
    "Objective": "objective",
    "Schedule": "schedule",
    "Bidding": "bidding",
    "Targeting": "targeting",
    "Budget": "budget",
    "MediaType": "mediaType",
    "VideoChannel": "videoChannel",
    "AttributionConfiguration": "attributionConfiguration",
}
"""`meta.fields` of a search -> attribute."""

_RENAMED = {"googleAnalyticsLastClick": "googleAnalytics", "googleAnalyticsDataDriven": "googleAnalytics"}
_OLD_BUDGET = tuple(key for key in budget.UNCAPPED if key != "pacingBehavior")


def resource(record: Record, dialect: Dialect, state: State, now: datetime) -> dict[str, Any]:
    """Return the resource of one ad set for a read or a creation."""
    return {
        "type": f"ReadAdSet{dialect.suffix}",
        "id": record["id"],
        "attributes": attributes(record, dialect, state, now),
    }


def attributes(record: Record, dialect: Dialect, state: State, now: datetime) -> dict[str, Any]:
    """Return the attributes in the form of the OpenAPI documents."""
    schedule, targeting, geo = record["schedule"], record["targeting"], record["targeting"]["geoLocation"]
    told = {
        "name": record["name"],
        "advertiserId": record["advertiserId"],
        "datasetId": record["datasetId"],
        "campaignId": record["campaignId"],
        "objective": record["objective"],
        "destinationEnvironment": record["destinationEnvironment"],
        "mediaType": record["mediaType"],
        "videoChannel": record["videoChannel"],
        "schedule": {
            "startDate": {"value": schedule["startDate"]},
            "endDate": {"value": schedule["endDate"]},
            "activationStatus": schedule["activationStatus"],
            "deliveryStatus": delivery.status(record, state, now),
        },
        "bidding": record["bidding"],
        "targeting": {
            "deliveryLimitations": targeting["deliveryLimitations"],
            "frequencyCapping": {"value": targeting["frequencyCapping"]},
            "geoLocation": {
                "countries": {"value": geo["countries"]},
                "subdivisions": {"value": geo["subdivisions"]},
                "zipCodes": {"value": geo["zipCodes"]},
            },
        },
        "budget": _budget(record["budget"], dialect),
        "attributionConfiguration": _attribution(record["attributionConfiguration"], dialect),
    }
    if dialect.scheduled:
        told["scheduledBudgets"] = record.get("scheduledBudgets") or []
    return told


def projected(told: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return the resource with every attribute that was not requested set to null (rule 16)."""
    wanted = {PROJECTED[name] for name in names}
    kept = {key: value if key in wanted else None for key, value in told["attributes"].items()}
    return {**told, "attributes": kept}


def _budget(stored: dict[str, Any], dialect: Dialect) -> dict[str, Any]:
    return stored if dialect.pacing else {key: stored[key] for key in _OLD_BUDGET}


def _attribution(stored: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
    """Return the attribution with this generation's name of the method; `unknown` if it has none (§6.2)."""
    if stored is None or stored["attributionMethod"] in dialect.methods:
        return stored
    renamed = _RENAMED.get(stored["attributionMethod"] or "", "unknown")
    method = renamed if renamed in dialect.methods else "unknown"
    return {**stored, "attributionMethod": method if stored["attributionMethod"] else None}
