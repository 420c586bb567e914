"""Enum values of the ad-set operations, and how they differ between generations (contract §3.2, §6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..call import Call

OBJECTIVES = frozenset(
    [
        "customAction",
        "clicks",
        "conversions",
        "displays",
        "appPromotion",
        "revenue",
        "storeConversions",
        "value",
        "reach",
        "visits",
        "videoViews",
    ]
)
MEDIA_TYPES = frozenset({"display", "video"})
COST_CONTROLLERS = frozenset({"COS", "maxCPC", "CPI", "CPM", "CPO", "CPSV", "CPV", "dailyBudget", "targetCPM"})
ADAPTIVE = frozenset({"dailyBudget"})
"""Cost controllers without a target: their bid is null (§3.3.7; the full list is not published)."""
FREQUENCIES = frozenset({"hourly", "daily", "lifetime", "advanced"})
OPERANDS = frozenset({"undefined", "in", "notIn"})
LIMITATIONS: Mapping[str, frozenset[str]] = {
    "devices": frozenset({"other", "desktop", "mobile", "tablet"}),
    "environments": frozenset({"web", "inApp"}),
    "operatingSystems": frozenset({"android", "ios", "unknown"}),
}
WEEKS = frozenset(
    [
        "undefined",
        "mondayToSunday",
        "tuesdayToMonday",
        "wednesdayToTuesday",
        "thursdayToWednesday",
        "fridayToThursday",
        "saturdayToFriday",
        "sundayToSaturday",
    ]
)
BUDGET: Mapping[str, frozenset[str]] = {
    "budgetStrategy": frozenset({"capped", "uncapped"}),
    "budgetRenewal": frozenset({"undefined", "daily", "monthly", "lifetime", "weekly"}),
    "budgetDeliverySmoothing": frozenset({"accelerated", "standard"}),
    "budgetDeliveryWeek": WEEKS,
    "pacingBehavior": frozenset({"undefined", "targetFullBudget", "targetAverageDailyBudget"}),
}
LOOKBACKS = frozenset({"unknown", "30M", "24H", "7D", "30D"})
GEO = ("countries", "subdivisions", "zipCodes")

_METHODS = frozenset({"unknown", "criteoAttribution", "lastClick", "postClick"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """Differences of one generation of the API."""

    suffix: str
    methods: frozenset[str]
    pacing: bool = True
    scheduled: bool = False
    projection: bool = True
    guide: bool = False


_G1 = Dialect(
    "V24Q3",
    _METHODS | {"googleAnalyticsLastClick", "googleAnalyticsDataDriven"},
    pacing=False,
    projection=False,
)
_G2 = Dialect("V26Q1", _METHODS | {"sftp", "googleAnalytics"})
_P = Dialect("V26Q1", _G2.methods, scheduled=True)
_GUIDE = Dialect("", _G2.methods, pacing=False, projection=False, guide=True)


def dialect_of(call: Call) -> Dialect:
    """Return the dialect of the call's API version."""
    if call.guide:
        return _GUIDE
    return {"G1": _G1, "G2": _G2, "P": _P}[call.generation]
