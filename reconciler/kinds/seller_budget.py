"""Seller budgets: what a seller may spend in one or more campaigns of the marketplace (contract §4)."""

from reconciler.kinds import limits
from reconciler.kinds import seller_budget_rules as rules
from reconciler.kinds.dates import Day
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.nested import SetOf
from reconciler.kinds.reads import Listing, Reference
from reconciler.kinds.seller_campaign import CAMPAIGN_ID, CAMPAIGNS, SELLERS
from reconciler.kinds.types import Choice, Flag, Id, Money, Text
from reconciler.kinds.writes import Create, Envelope, Patch, Stage

CHUNK = 2000  # contract §7
ALL_DATES = (("startBeforeDate", "2199-12-31"), ("endAfterDate", "2000-01-01"))
"""Without both filters, budgets that are over or have not begun are not shown (contract §4.4 rule 16)."""

FIELDS = (
    Field("sellerId", Id(), patch=None, required=True, doc="Seller, by Criteo's own id. Fixed when created."),
    Field(
        "campaignIds",
        SetOf(CAMPAIGN_ID, filled=True),
        facet="budgets",
        required=True,
        doc="Campaigns that the budget pays for.",
    ),
    Field(
        "budgetType",
        Choice(("Capped", "Uncapped", "Daily")),
        patch=None,
        required=True,
        doc="A total, no limit, or an amount a day (which needs one of the others). Fixed when created.",
    ),
    Field(
        "amount",
        Money(by_currency=True, as_text=True),
        facet="budgets",
        doc="Amount in the campaign's currency and its decimals; for Daily, a day. Not for Uncapped.",
    ),
    Field("startDate", Day(), facet="budgets", required=True, doc="First day, in the future when it is created."),
    Field("endDate", Day(open=""), facet="budgets", clears=True, doc="Last day, after the first. Null: no end."),
    Field(
        "suspended",
        Flag(),
        facet="budgets",
        read="isSuspended",
        create=None,
        patch="isSuspended",
        doc="True stops delivery with this budget; it is the nearest thing to removing it.",
    ),
    Field("spend", Money(by_currency=True), create=None, patch=None, doc="What was spent. Read only, and late."),
    Field("status", Text(empty=True), create=None, patch=None, doc="Scheduled, Current or Archived. Read only."),
)

BATCH = Envelope(data=False, attributes=False, id="budgetId", id_is_number=True)

SELLER_BUDGET = Kind(
    name="sellerBudgets",
    singular="seller budget",
    family="sellers",
    product="marketingSolutions",
    scope="advertiserIds",
    fields=FIELDS,
    read=Listing("{root}/advertisers/{scope}/budgets", query=ALL_DATES, parts=SELLERS),
    create=Create("{root}/budgets", BATCH, Stage.BUDGETS_CREATE, CHUNK),
    writes={
        "budgets": Patch(
            "{root}/budgets",
            BATCH,
            Stage.BUDGETS_USE,
            CHUNK,
            atomic=True,
            frees=rules.frees,
            frees_stage=Stage.BUDGETS_FREE,
        )
    },
    natural=(
        ("sellerId", "campaignIds", "budgetType", "startDate"),
        ("sellerId", "campaignIds", "budgetType", "startDate", "endDate"),
        ("sellerId", "campaignIds", "budgetType", "startDate", "endDate", "amount"),
    ),
    outlived={"status": ("Archived",), "suspended": (True,)},
    closed={"status": ("Archived",)},
    stops={"suspended": True},
    born={"suspended": False},
    leads={"budgetType": rules.TOTALS},
    references=(SELLERS, Reference("campaignIds", CAMPAIGNS, "campaign")),
    rules=rules.OFFLINE,
    limits=limits.seller_budgets,
    limiting=("campaignIds", "budgetType", "amount", "startDate", "endDate", "suspended"),
    scene_rules=(*rules.SCENE, rules.running_end_is_fixed, rules.campaigns_only_shrink),
    doc="Budgets of sellers in the marketplace: totals and daily amounts.",
)
