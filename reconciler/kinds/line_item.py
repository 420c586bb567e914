"""Auction line items of Retail Media: bids, budgets, flights, multipliers (contract of campaigns, E4.3)."""

from msgspec.structs import replace

from reconciler.kinds import limits
from reconciler.kinds import line_item_rules as rules
from reconciler.kinds.cells import FacetRole, FileLayout, MinimumBid
from reconciler.kinds.entry_maps import EntryMap
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.nested_types import ObjectType, SetType
from reconciler.kinds.read_methods import Listing, Paging, Subobject
from reconciler.kinds.retail_rules import refuse_unkept, without_computed_pace
from reconciler.kinds.retail_values import (
    ACCOUNT,
    ASSUMED,
    CAMPAIGNS,
    CLOCK,
    DAY,
    DAY_OF_WEEK,
    MONEY,
    NAME_TAKEN,
    PACES,
    RETAIL,
    SPENDING,
    IntentType,
    TernaryType,
    dated_cap,
    dated_fields,
    dated_maps,
    is_ended,
)
from reconciler.kinds.value_types import EnumType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import Create, Envelope, Replace, Stage

ONE = f"{RETAIL}/auction-line-items/{{id}}"
DATED = f"{RETAIL}/line-items/{{id}}/line-item-budget-overrides"
FACTORS = f"{RETAIL}/line-items/{{id}}/bid-multipliers"
PAGE = 500
STATUS = IntentType(
    ("active", "paused", "draft"),
    reads=("ended", "archived", "unknown"),
    shown_as=tuple((state, "active") for state in ("scheduled", "budgetHit", "noFunds")),
)
LEG = ObjectType(
    {"dayOfWeek": DAY_OF_WEEK, "startTime": CLOCK, "endTime": CLOCK},
    docs={
        "dayOfWeek": "A day, or everyday, weekdays, weekends.",
        "startTime": "By the clock on the wall, such as 08:00.",
        "endTime": "By the clock on the wall, such as 20:00.",
    },
)
MULTIPLIERS = "bidMultipliers.*"

FIELDS = (
    Field(
        "campaignId",
        IdType(of="retailMediaCampaigns"),
        create=NOT_IN_BODY,
        patch=None,
        required=True,
        doc="Campaign: its id, or the address of a block (retailMediaCampaigns.tea). Fixed when created.",
    ),
    Field("name", TextType(maximum=255), required=True, doc="Name, 2 to 255 characters, unique in the campaign."),
    Field("targetRetailerId", IdType(), patch=None, required=True, doc="Retailer. Fixed when created."),
    Field("startDate", DAY, required=True, doc="First day, in the account's time zone."),
    Field("endDate", DAY, nullable=True, doc="Last day, which is included. Null: no end."),
    Field(
        "status",
        STATUS,
        facet="activation",
        create=None,
        doc="Intent: active, paused or draft. A new one is a draft; what is scheduled or out of funds is active.",
    ),
    Field(
        "budget",
        MONEY,
        facet="budgets",
        nullable=True,
        doc="Most that it spends in its lifetime, in the account's currency. Null: uncapped.",
    ),
    *PACES,
    Field(
        "isAutoDailyPacing",
        TernaryType(),
        facet="budgets",
        doc="Whether the API computes the daily cap from the monthly one, or from the budget and the dates.",
    ),
    Field(
        "bidStrategy",
        EnumType(("manual", "automated"), reads=("unknown",)),
        facet="bidding",
        doc="Manual bids (targetBid), or automated ones up to maxBid.",
    ),
    Field(
        "optimizationStrategy",
        EnumType(("conversion", "clicks", "revenue"), reads=("unknown",)),
        facet="bidding",
        doc="What automated bids optimise.",
    ),
    Field("targetBid", MONEY, facet="bids", nullable=True, doc="Bid for a click, in the account's currency."),
    Field("maxBid", MONEY, facet="bids", nullable=True, doc="Ceiling of automated bids, in the account's currency."),
    Field(
        "keywordStrategy",
        EnumType(("conquesting", "genericAndBranded", "genericBrandedAndConquesting"), reads=("unknown",)),
        patch=None,
        doc="Searches in which it takes part. Fixed when created.",
    ),
    Field(
        "flightSchedule.legs",
        SetType(LEG),
        doc="Times of the week in which it runs; [] means always.",
    ),
    *dated_fields(capless=True),
    Field(
        MULTIPLIERS,
        MoneyType(),
        facet="bidMultipliers",
        read="bidMultipliers",
        create=None,
        patch="bidMultipliers",
        doc="Factor of the bid on a type of page (search, home, category, …), 0.5 to 6. One that is not set is 1.",
    ),
    Field("budgetSpent", MONEY, create=None, patch=None, doc="What was spent. Read only, and late."),
)

WHOLE = Replace(
    ONE,
    Envelope(many=False, type="SponsoredProductsLineItem", id=None),
    Stage.RETAIL_SET,
    "whole",
    "the whole line item",
    first=Stage.RETAIL_LESS,
    computed=("budgetRemaining", "createdAt", "updatedAt"),
)
OVERRIDES = dated_maps("dailyLineItemBudgetOverrides", "monthlyLineItemBudgetOverrides", dated_fields(capless=True))
PAGES = (EntryMap(MULTIPLIERS, MoneyType(), words=rules.PAGES, default=MoneyType().read(1)),)


def with_finer_bids(kind: Kind) -> Kind:
    """Return the kind with bids of up to four decimals in every currency."""
    return kind.amend({name: {"type": MoneyType()} for name in (rules.TARGET, rules.CEILING)})


LINE_ITEM = Kind(
    name="lineItems",
    singular="line item",
    family="retailMedia",
    product="retailMedia",
    scope="retailMediaAccountIds",
    fields=FIELDS,
    read=Listing(
        f"{RETAIL}/campaigns/{{parent}}/auction-line-items",
        paging=Paging.OFFSET,
        page=PAGE,
        under=Listing(CAMPAIGNS, paging=Paging.INDEX),
        barren={"type": ("preferred",)},
    ),
    create=Create(
        f"{RETAIL}/campaigns/{{campaignId}}/auction-line-items",
        replace(WHOLE.envelope, id=None),
        Stage.RETAIL_CREATE,
        taken=NAME_TAKEN,
    ),
    writes={
        **dict.fromkeys(("settings", "activation", "budgets", "bidding", "bids", WHOLE.facet), WHOLE),
        "datedBudgets": Replace(
            DATED,
            Envelope(many=False, type="LineItemBudgetOverrides", id=None),
            Stage.RETAIL_DATED,
            "datedBudgets",
            "all dated budgets of the line item",
            maps=OVERRIDES,
        ),
        "bidMultipliers": Replace(
            FACTORS,
            Envelope(many=False, type="LineItemBidMultipliersV2", id=None),
            Stage.RETAIL_BIDS,
            "bidMultipliers",
            "all bid multipliers of the line item",
            computed=("id",),
            maps=PAGES,
        ),
    },
    owners=Listing(ACCOUNT, paging=Paging.INDEX),
    natural_keys=(("campaignId", "name"),),
    title="name",
    campaign="campaignId",
    facet_roles={
        "budgets": FacetRole.BUDGET,
        "datedBudgets": FacetRole.BUDGET,
        "bids": FacetRole.BID,
        "bidMultipliers": FacetRole.BID,
    },
    layout=FileLayout("lineItems", None, ("name",)),
    excluded_when={"status": ("archived",)},
    read_only_when={"status": ("archived", "ended")},
    stop_values={"status": "paused"},
    start_values={"status": "active"},
    create_defaults={
        "status": "draft",
        "isAutoDailyPacing": False,
        "bidStrategy": "manual",
        "optimizationStrategy": "conversion",
    },
    details=(Subobject(DATED, OVERRIDES), Subobject(FACTORS, PAGES)),
    idle_when_equal={MULTIPLIERS: 1},
    rules=rules.OFFLINE,
    scene_rules=(*rules.LIVE, refuse_unkept(FIELDS)),
    normalize=without_computed_pace,
    limits=limits.line_items,
    cost_fields=("status", *SPENDING),
    is_ended=is_ended,
    dated_cap=dated_cap,
    assumed={**ASSUMED, "retailBidDigits": with_finer_bids},
    minimum_bid=MinimumBid(
        f"{RETAIL}/retailers/{{place}}/cpc-min-bids",
        by="targetRetailerId",
        fields=("targetBid", "maxBid"),
        attribute="overallMinBid",
        body={"data": {"type": "CpcMinBidsRequest", "attributes": {"skuIds": []}}},
    ),
    blocks={"flightSchedule": "When it runs in a week."},
    doc="Auction line items (Sponsored Products) of Retail Media campaigns.",
)
