"""Adapter for the older form of ad sets in the vendor's guide, under `/preview` (contract §3.3, §3.5, §6.2 last row).

Requests are converted to the form of the OpenAPI documents and responses back. The guide has no rules for the delivery
week and pacing and no budget writes after creation, so none are enforced and none are accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import words
from .fields import Fields

_ENUMS = (
    words.OBJECTIVES
    | words.MEDIA_TYPES
    | words.COST_CONTROLLERS
    | words.FREQUENCIES
    | words.OPERANDS
    | frozenset().union(*words.LIMITATIONS.values())
    | frozenset().union(*words.BUDGET.values())
)
_WORDS = {word.lower(): word for word in _ENUMS} | {"cpc": "maxCPC"}
_ENUM_KEYS = frozenset(
    ["objective", "mediaType", "costController", "frequency", "operand", "devices", "environments", "operatingSystems"]
) | frozenset(words.BUDGET)
_KEYS = {
    key.lower(): key
    for key in (
        *_ENUM_KEYS,
        *[
            "name",
            "campaignId",
            "datasetId",
            "trackingCode",
            "schedule",
            "scheduling",
            "startDate",
            "endDate",
            "bidding",
            "bidAmount",
            "targeting",
            "frequencyCapping",
            "maximumImpressions",
            "geoLocation",
            "countries",
            "subdivisions",
            "zipCodes",
            "values",
            "deliveryLimitations",
            "budget",
            "budgetAmount",
            "value",
            "attributionConfiguration",
            "attributionMethod",
            "lookbackWindow",
        ],
    )
}
_SHOWN_BUDGET = ("budgetStrategy", "budgetRenewal", "budgetDeliverySmoothing", "budgetDeliveryWeek")


def heard(value: Any, key: Any = "") -> Any:
    """Return the value with keys and enum values spelled as in the OpenAPI documents."""
    if isinstance(value, Mapping):
        named = ((_KEYS.get(name.lower(), name), item) for name, item in value.items())
        return {name: heard(item, name) for name, item in named}
    if isinstance(value, list):
        return [heard(item, key) for item in value]
    if isinstance(value, str) and key in _ENUM_KEYS:
        if key == "operatingSystems" and value.lower() == "other":
            return "unknown"
        return _WORDS.get(value.lower(), value)
    return value


def heard_creation(attributes: Fields) -> Fields:
    """Return the attributes of a creation in the OpenAPI form."""
    return Fields(heard(attributes.raw), attributes.path)


def heard_patch(attributes: Fields) -> Fields:
    """Return the attributes of a patch in the OpenAPI form: capping moved and boxed, the read-only budget dropped."""
    told = {key: value for key, value in heard(attributes.raw).items() if key != "budget"}
    if "frequencyCapping" in told:
        capping = told.pop("frequencyCapping")
        boxed = capping if isinstance(capping, dict) and "value" in capping else {"value": capping}
        told["targeting"] = {**(told.get("targeting") or {}), "frequencyCapping": boxed}
    return Fields(told, attributes.path, boxed=True)


def resource(told: dict[str, Any], spent: Decimal) -> dict[str, Any]:
    """Return the guide's form of a resource that is given in the OpenAPI form."""
    attributes = told["attributes"]
    schedule, targeting, bidding = attributes["schedule"], attributes["targeting"], attributes["bidding"]
    shown = {name: attributes[name] for name in ("name", "advertiserId", "objective", "destinationEnvironment")}
    shown["mediaType"] = attributes["mediaType"].capitalize()
    shown |= {name: attributes[name] for name in ("datasetId", "campaignId")}
    shown["schedule"] = {name: _bare(value) for name, value in schedule.items()}
    shown["bidding"] = {
        "bidAmount": bidding["bidAmount"],
        "costController": _controller(bidding["costController"]),
    }
    shown["targeting"] = {
        "frequencyCapping": _bare(targeting["frequencyCapping"]),
        "geoLocation": {name: _bare(rule) for name, rule in targeting["geoLocation"].items()},
        "deliveryLimitations": {
            name: ["other" if name == "operatingSystems" and one == "unknown" else one for one in limits]
            for name, limits in targeting["deliveryLimitations"].items()
        },
    }
    shown["budget"] = _budget(attributes["budget"], spent)
    return {"type": "ReadAdSet", "id": told["id"], "attributes": shown}


def created(told: dict[str, Any]) -> dict[str, Any]:
    """Return the short response of a creation."""
    attributes = told["attributes"]
    names = ("name", "objective", "datasetId", "campaignId", "advertiserId", "destinationEnvironment")
    shown = {name: attributes[name] for name in names}
    shown["schedule"] = {name: attributes["schedule"][name] for name in ("activationStatus", "deliveryStatus")}
    shown["bidding"] = {"costController": _controller(attributes["bidding"]["costController"])}
    return {"type": "AdSet", "id": told["id"], "attributes": shown}


def _budget(budget: dict[str, Any], spent: Decimal) -> dict[str, Any]:
    """Return the budget; the guide's `budgetAmount` is the amount that remains (§3.2)."""
    amount = budget["budgetAmount"]
    left = None if amount is None else max(Decimal(0), Decimal(amount) - spent)
    return {**{name: budget[name] for name in _SHOWN_BUDGET}, "budgetAmount": {"value": left}}


def _controller(name: str) -> str:
    return "CPC" if name == "maxCPC" else name


def _bare(value: Any) -> Any:
    return value["value"] if isinstance(value, dict) and set(value) == {"value"} else value
