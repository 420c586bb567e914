"""Preview and experimental: 2026-07 with scheduled budgets and without the marketplace (contract §6.2)."""

from collections.abc import Mapping

from reconciler.kinds import ad_set, limits
from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.balance import BALANCE_KIND
from reconciler.kinds.campaign import CAMPAIGN
from reconciler.kinds.kind import Field
from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import ValueType
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.kinds.write_methods import DatedEntries, Stage

BUDGET_PARTS: Mapping[str, ValueType] = {
    "budgetStrategy": ad_set.STRATEGY,
    "budgetAmount": ad_set.AMOUNT,
    "budgetRenewal": ad_set.RENEWAL,
    "budgetDeliverySmoothing": ad_set.SMOOTHING,
    "budgetDeliveryWeek": ad_set.WEEK,
    "pacingBehavior": ad_set.PACING,
}
SCHEDULED_BUDGET = ObjectType(
    BUDGET_PARTS,
    defaults={
        "budgetAmount": None,
        "budgetRenewal": "undefined",
        "budgetDeliverySmoothing": None,
        "budgetDeliveryWeek": "undefined",
        "pacingBehavior": "undefined",
    },
    docs={name: AD_SET.field(f"budget.{name}").doc for name in BUDGET_PARTS},
)

SCHEDULED_BUDGETS = Field(
    "scheduledBudgets.*",
    SCHEDULED_BUDGET,
    facet="scheduledBudgets",
    read="scheduledBudgets",
    create=None,
    nullable=True,
    list_key="startDate",
    doc="Budget that takes over on a day in the future (the key, advertiser's date). Null removes it. Preview only.",
)

AD_SET_PREVIEW = AD_SET.amend(
    {},
    more=(SCHEDULED_BUDGETS,),
    limits=limits.scheduled_ad_sets,
    writes={
        **AD_SET.writes,
        "scheduledBudgets": DatedEntries(
            ad_set.ROOT,
            ad_set.ITEMS,
            Stage.NESTED,
            ad_set.CHUNK,
            block="scheduledBudget",
            created="scheduledBudgetCreations",
            updated="scheduledBudgetUpdates",
            deleted="scheduledBudgetDeletions",
            boxed=("budgetAmount",),
        ),
    },
)

MARKETING_SOLUTIONS = {CAMPAIGN.name: CAMPAIGN, AD_SET.name: AD_SET_PREVIEW}

RETAIL_MEDIA = {
    BALANCE_KIND.name: BALANCE_KIND.amend(
        # These versions have no creation, no funds, and no list of the campaigns attached to a balance.
        {"deposited": {"create": None, "patch": None}, "campaignIds": None},
        create=None,
        writes={"settings": BALANCE_KIND.writes["settings"]},
        attachments=None,
    )
}

DIALECTS = tuple(
    ApiVersion(version, family, f"/{version}", kinds, listed=family != "retailMedia")
    for family, kinds in (("marketingSolutions", MARKETING_SOLUTIONS), ("retailMedia", RETAIL_MEDIA))
    for version in ("preview", "experimental")
)
