"""Older forms of the vendor's guide, for a server that still accepts them (contract §0, "SEED-P")."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from reconciler.kinds import ad_set
from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.kind import Kind
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.read_methods import Listing
from reconciler.kinds.seller_budget import ALL_DATES, SELLER_BUDGET
from reconciler.kinds.seller_budget_rules import SCENE, running_end_is_fixed
from reconciler.kinds.seller_campaign import SELLER_CAMPAIGN
from reconciler.kinds.value_types import EnumType, IdType, MoneyType
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.kinds.write_methods import Create, Envelope, PatchFields

CONTROLLER = replace(
    ad_set.CONTROLLER,
    words=tuple(word for word in ad_set.CONTROLLER.words if word != "targetCPM"),
    spelled={"maxCPC": "CPC"},
)
MEDIA = EnumType(("display", "video"), spelled={"display": "Display", "video": "Video"})
READ_ONLY: Mapping[str, Any] = {"patch": None}
"""Cells of the budget fields: the guide makes the budget read-only once the ad set exists (contract §3.2)."""

MARKETING_SOLUTIONS = {
    AD_SET.name: AD_SET.amend(
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

UNLISTED = ()
"""No references: it is unverified that the old paths list sellers and campaigns (contract §4.1), so none are read."""
CAMPAIGN_ID = IdType(maximum=2**31 - 1)
FLAT = Envelope(data=False, attributes=False)


def _seller_budget() -> Kind:
    create, patch = SELLER_BUDGET.create, SELLER_BUDGET.writes["budgets"]
    assert isinstance(create, Create)
    assert isinstance(patch, PatchFields)
    return SELLER_BUDGET.amend(
        {
            "campaignIds": {"type": SetType(CAMPAIGN_ID, filled=True)},
            "amount": {"type": MoneyType(by_currency=True)},
            "suspended": {"read": "suspended", "patch": "suspended"},
        },
        read=Listing("{root}/budgets", query=(("advertiserId", "{scope}"), *ALL_DATES)),
        create=replace(create, envelope=FLAT),
        writes={"budgets": replace(patch, envelope=FLAT)},
        references=UNLISTED,
        scene_rules=(*SCENE, partial(running_end_is_fixed, strict=True)),
    )


SELLERS = {
    SELLER_CAMPAIGN.name: SELLER_CAMPAIGN.amend(
        {"campaignId": {"type": CAMPAIGN_ID}},
        read=Listing("{root}/seller-campaigns", query=(("advertiserId", "{scope}"),)),
        references=UNLISTED,
    ),
    SELLER_BUDGET.name: _seller_budget(),
}

DIALECTS = (
    ApiVersion("guide", "marketingSolutions", "/preview", MARKETING_SOLUTIONS),
    ApiVersion("legacy", "sellers", "/legacy/offsite-ads", SELLERS),
)
