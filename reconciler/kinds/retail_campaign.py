"""Campaigns of Retail Media: budget, pacing, dated budgets, attribution (contract of campaigns, E4.2 and E4.4)."""

from reconciler.kinds import limits
from reconciler.kinds import retail_campaign_rules as rules
from reconciler.kinds.cells import FacetRole, FileLayout, Probe
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.read_methods import Listing, Paging, Subobject
from reconciler.kinds.retail_rules import refuse_unkept, without_computed_pace
from reconciler.kinds.retail_values import (
    ACCOUNT,
    ASSUMED,
    CAMPAIGNS,
    DAY,
    MONEY,
    NAME_TAKEN,
    PACES,
    RETAIL,
    SPENDING,
    WORD,
    dated_cap,
    dated_fields,
    dated_maps,
    is_ended,
)
from reconciler.kinds.value_types import BoolType, EnumType, IdType, TextType
from reconciler.kinds.write_methods import Create, Envelope, Replace, Stage

ONE = f"{RETAIL}/campaigns/{{id}}"
DATED = f"{ONE}/campaign-budget-overrides"
TYPE = "CampaignV202301"
LARGEST_RETAILER = 2**31 - 1
SCOPE = EnumType(("sameSku", "sameSkuCategory", "sameSkuCategoryBrand"), reads=("unknown",))

FIELDS = (
    Field("accountId", IdType(), create=NOT_IN_BODY, patch=None, required=True, doc="Account. Fixed when created."),
    Field("name", TextType(maximum=255), required=True, doc="Name, unique in the account."),
    Field(
        "type",
        EnumType(("auction", "preferred"), reads=("unknown",)),
        patch=None,
        doc="Auction, or preferred deals, which have no budget. Fixed when created.",
    ),
    Field(
        "budget",
        MONEY,
        facet="budgets",
        nullable=True,
        doc="Most that the campaign spends in its lifetime, in the account's currency. Null: uncapped.",
    ),
    *PACES,
    Field(
        "isAutoDailyPacing",
        BoolType(),
        facet="budgets",
        required=True,
        doc="Whether the API computes the daily cap from the monthly one, or from the budget and the dates.",
    ),
    Field("startDate", DAY, nullable=True, doc="First day, in the account's time zone. Null: at once."),
    Field("endDate", DAY, nullable=True, doc="Last day, which is included. Null: no end."),
    Field(
        "clickAttributionWindow",
        EnumType(("7D", "14D", "30D"), reads=("unknown",)),
        doc="Time after a click in which a sale counts.",
    ),
    Field(
        "viewAttributionWindow",
        EnumType(("none", "1D", "7D", "14D", "30D"), reads=("unknown",)),
        doc="Time after a view in which a sale counts.",
    ),
    Field("clickAttributionScope", SCOPE, nullable=True, doc="Products whose sale counts after a click."),
    Field("viewAttributionScope", SCOPE, nullable=True, doc="Products whose sale counts after a view."),
    Field("companyName", WORD, nullable=True, doc="Company that advertises."),
    Field("onBehalfCompanyName", WORD, nullable=True, doc="Company on whose behalf it does."),
    Field(
        "retailerId",
        IdType(as_number=True, maximum=LARGEST_RETAILER),
        patch=None,
        doc="Retailer that bills the campaign, as it bills its balances. Fixed when created.",
    ),
    *dated_fields(),
    Field(
        "drawableBalanceIds",
        SetType(IdType()),
        create=None,
        patch=None,
        doc="Balances that it draws on. Read only: a balance names its campaigns in campaignIds.",
    ),
    Field("budgetSpent", MONEY, create=None, patch=None, doc="What was spent. Read only, and late."),
    Field("status", WORD, create=None, patch=None, doc="By its dates and line items. Read only."),
)

WHOLE = Replace(
    ONE,
    Envelope(many=False, type=TYPE),
    Stage.RETAIL_SET,
    "whole",
    "the whole campaign",
    first=Stage.RETAIL_LESS,
    computed=("budgetRemaining", "promotedBrandIds", "createdAt", "updatedAt"),
    echoed=("unknown",),
)
OVERRIDES = dated_maps("dailyBudgetOverrides", "monthlyBudgetOverrides", dated_fields())

RETAIL_CAMPAIGN = Kind(
    name="retailMediaCampaigns",
    singular="campaign",
    family="retailMedia",
    product="retailMedia",
    scope="retailMediaAccountIds",
    fields=FIELDS,
    read=Listing(CAMPAIGNS, paging=Paging.INDEX, inject="accountId"),
    create=Create(
        f"{ACCOUNT}/{{accountId}}/campaigns",
        Envelope(many=False, type=TYPE, id=None),
        Stage.RETAIL_CREATE,
        taken=NAME_TAKEN,
    ),
    writes={
        "settings": WHOLE,
        "budgets": WHOLE,
        "whole": WHOLE,
        "datedBudgets": Replace(
            DATED,
            Envelope(many=False, type="CampaignBudgetOverrides", id=None),
            Stage.RETAIL_DATED,
            "datedBudgets",
            "all dated budgets of the campaign",
            maps=OVERRIDES,
        ),
    },
    owners=Listing(ACCOUNT, paging=Paging.INDEX),
    natural_keys=(("accountId", "name"),),
    title="name",
    facet_roles={"budgets": FacetRole.BUDGET, "datedBudgets": FacetRole.BUDGET},
    layout=FileLayout("retailMediaCampaigns", None, ("name",)),
    probes=(
        Probe(
            "Campaign",
            "GET",
            f"{ACCOUNT}/{{accountId}}/campaigns",
            "plan, drift and import of Retail Media campaigns and line items",
            "apply of them",
            query=(("pageIndex", "0"), ("pageSize", "1")),
        ),
    ),
    create_defaults={"type": "auction", "clickAttributionWindow": "30D", "viewAttributionWindow": "none"},
    details=(Subobject(DATED, OVERRIDES),),
    rules=rules.OFFLINE,
    scene_rules=(*rules.LIVE, refuse_unkept(FIELDS, WHOLE.echoed)),
    normalize=without_computed_pace,
    limits=limits.retail,
    cost_fields=SPENDING,
    caps_campaigns=True,
    is_ended=is_ended,
    dated_cap=dated_cap,
    assumed=ASSUMED,
    doc="Campaigns of Retail Media accounts, with their budgets, pacing and dated budgets.",
)
