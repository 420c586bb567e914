"""The vendor guide's own older forms, for a server that still speaks them (contract §0, "SEED-P")."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.dialects.dialect import Dialect
from reconciler.kinds import ad_set
from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.types import Choice

CONTROLLER = replace(
    ad_set.CONTROLLER,
    words=tuple(word for word in ad_set.CONTROLLER.words if word != "targetCPM"),
    spelled={"maxCPC": "CPC"},
)
MEDIA = Choice(("display", "video"), spelled={"display": "Display", "video": "Video"})
READ_ONLY: Mapping[str, Any] = {"patch": None}
"""The guide calls the whole budget read-only once the ad set exists (contract §3.2)."""

MARKETING_SOLUTIONS = {
    AD_SET.name: AD_SET.amended(
        {
            "mediaType": {"type": MEDIA},
            "videoChannel": None,
            "bidding.costController": {"type": CONTROLLER},
            "schedule.startDate": {"read": "schedule.startDate"},
            "schedule.endDate": {"read": "schedule.endDate"},
            "targeting.frequencyCapping": {"read": "targeting.frequencyCapping", "patch": "frequencyCapping"},
            **{
                f"targeting.geoLocation.{rule}": {"read": f"targeting.geoLocation.{rule}"}
                for rule in ("countries", "subdivisions", "zipCodes")
            },
            "budget.budgetAmount": {"read": "budget.budgetAmount.value", **READ_ONLY},
            "budget.budgetStrategy": READ_ONLY,
            "budget.budgetRenewal": READ_ONLY,
            "budget.budgetDeliverySmoothing": READ_ONLY,
            "budget.budgetDeliveryWeek": READ_ONLY,
            "budget.pacingBehavior": None,
            "attributionConfiguration.attributionMethod": None,
            "attributionConfiguration.lookbackWindow": None,
        },
    )
}

DIALECTS = (Dialect("guide", "marketingSolutions", "/preview", MARKETING_SOLUTIONS),)
