"""Seller budgets: the spend limit of a seller in marketplace campaigns (contract §4)."""

from reconciler.kinds import limits, seller_budget_state
from reconciler.kinds import seller_budget_rules as rules
from reconciler.kinds.cells import FacetRole, FileLayout
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.read_methods import Listing, Reference
from reconciler.kinds.seller_campaign import CAMPAIGN_ID, CAMPAIGNS, SELLERS
from reconciler.kinds.value_types import BoolType, EnumType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import Create, Envelope, PatchFields, Stage

CHUNK = 2000  # contract §7
ALL_DATES = (("startBeforeDate", "2199-12-31"), ("endAfterDate", "2000-01-01"))
"""Filters of the list; without both, ended and future budgets are left out (contract §4.4 rule 16)."""

FIELDS = (
    Field("sellerId", IdType(), patch=None, required=True, doc="Seller, by Criteo's own id. Fixed when created."),
    Field(
        "campaignIds",
        SetType(CAMPAIGN_ID, filled=True),
        facet="budgets",
        required=True,
        doc="Campaigns that the budget pays for.",
    ),
    Field(
        "budgetType",
        EnumType(("Capped", "Uncapped", "Daily")),
        patch=None,
        required=True,
        doc="A total, no limit, or an amount a day (which needs one of the others). Fixed when created.",
    ),
    Field(
        "amount",
        MoneyType(by_currency=True, as_text=True),
        facet="budgets",
        doc="Amount in the campaign's currency and its decimals; for Daily, a day. Not for Uncapped.",
    ),
    Field("startDate", DayType(), facet="budgets", required=True, doc="First day, in the future when it is created."),
    Field("endDate", DayType(open=""), facet="budgets", nullable=True, doc="Last day, after the first. Null: no end."),
    Field(
        "suspended",
        BoolType(),
        facet="budgets",
        read="isSuspended",
        create=None,
        patch="isSuspended",
        doc="True stops delivery with this budget; it is the nearest thing to removing it.",
    ),
    Field("spend", MoneyType(by_currency=True), create=None, patch=None, doc="What was spent. Read only, and late."),
    Field("status", TextType(empty=True), create=None, patch=None, doc="Scheduled, Current or Archived. Read only."),
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
    create=Create("{root}/budgets", BATCH, Stage.BUDGETS_CREATE, CHUNK, taken=("WithOverlappingBudget",)),
    writes={
        "budgets": PatchFields(
            "{root}/budgets",
            BATCH,
            Stage.BUDGETS_USE,
            CHUNK,
            atomic=True,
            frees=rules.is_freeing,
            frees_stage=Stage.BUDGETS_FREE,
        )
    },
    natural_keys=(
        ("sellerId", "campaignIds", "budgetType", "startDate"),
        ("sellerId", "campaignIds", "budgetType", "startDate", "endDate"),
        ("sellerId", "campaignIds", "budgetType", "startDate", "endDate", "amount"),
    ),
    campaign="campaignIds",
    amount_units=("budgetType",),
    facet_roles={"budgets": FacetRole.BUDGET},
    layout=FileLayout("sellers", "sellerId", ("sellerId", "budgetType", "startDate")),
    days_by_owner=True,
    superseded_when={"status": ("Archived",), "suspended": (True,)},
    read_only_when={"status": ("Archived",)},
    stop_values={"suspended": True},
    start_values={"suspended": False},
    create_defaults={"suspended": False},
    create_first={"budgetType": seller_budget_state.TOTALS},
    references=(SELLERS, Reference("campaignIds", CAMPAIGNS, "campaign")),
    rules=rules.OFFLINE,
    limits=limits.seller_budgets,
    cost_fields=("campaignIds", "budgetType", "amount", "startDate", "endDate", "suspended"),
    scene_rules=(*rules.SCENE, rules.running_end_is_fixed, rules.campaigns_only_shrink),
    doc="Budgets of sellers in the marketplace: totals and daily amounts.",
)
