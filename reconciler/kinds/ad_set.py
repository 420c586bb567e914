"""Ad sets: every field of the Marketing Solutions ad set in 2026-07 (contract §3).

One table, so it is as long as the API's own.
"""

from reconciler.kinds import ad_set_rules as rules
from reconciler.kinds import ad_set_start_rules as start_rules
from reconciler.kinds import limits
from reconciler.kinds.ad_set_budget import BUDGET
from reconciler.kinds.campaign_rules import ad_set_budgets
from reconciler.kinds.cells import NO_ID, FacetRole, FileLayout, Probe
from reconciler.kinds.date_types import InstantType
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.nested_types import ObjectType, SetType
from reconciler.kinds.read_methods import Details, Search
from reconciler.kinds.value_types import CountType, EnumType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import ActionByValue, Block, Create, Envelope, PatchFields, Stage, SubresourcePatch

ROOT = "{root}/marketing-solutions/ad-sets"
CHUNK = 50  # contract §7: documented for PATCH, assumed for start, stop and the sub-resources

BID = MoneyType(positive=True)
AMOUNT = MoneyType(by_currency=True)
STATUS = EnumType(("on", "off"))
COUNTRY = TextType(pattern=r"[A-Za-z]{2}", shape="a two-letter country code, such as FR", upper=True)
SUBDIVISION = TextType(pattern=r"[A-Za-z]{2}-[A-Za-z0-9]{1,3}", shape="a subdivision, such as FR-38", upper=True)
ZIP_CODE = TextType(maximum=20)
OPERAND = EnumType(("in", "notIn"), reads=("undefined",))
CAPPING = ObjectType(
    {"frequency": EnumType(("hourly", "daily", "lifetime"), reads=("advanced",)), "maximumImpressions": CountType()},
    docs={
        "frequency": "Period after which the count of impressions restarts: an hour, a day, or never.",
        "maximumImpressions": "Most impressions for one person in that period; a whole number above 0.",
    },
)
STRATEGY = EnumType(("capped", "uncapped"))
RENEWAL = EnumType(("daily", "weekly", "monthly", "lifetime", "undefined"))
SMOOTHING = EnumType(("accelerated", "standard"))
WEEK = EnumType(
    (
        "mondayToSunday",
        "tuesdayToMonday",
        "wednesdayToTuesday",
        "thursdayToWednesday",
        "fridayToThursday",
        "saturdayToFriday",
        "sundayToSaturday",
        "undefined",
    )
)
PACING = EnumType(("undefined", "targetFullBudget", "targetAverageDailyBudget"))
OBJECTIVE = EnumType(
    (
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
    )
)
MEDIA = EnumType(("display", "video"))
CONTROLLER = EnumType(
    ("COS", "maxCPC", "CPI", "CPM", "CPO", "CPSV", "CPV", "dailyBudget", "targetCPM"), aliases={"cpc": "maxCPC"}
)
SYSTEM = EnumType(("android", "ios"), reads=("unknown",), aliases={"other": "unknown"})
ATTRIBUTION = EnumType(("criteoAttribution", "lastClick", "postClick", "sftp", "googleAnalytics"), reads=("unknown",))
LOOKBACK = EnumType(("30M", "24H", "7D", "30D"), reads=("unknown",))


RULE_DOCS = {
    "operand": "in: deliver there only. notIn: deliver everywhere else.",
    "values": "Places that the rule is about, at least one; their order does not matter.",
}


def _rule(values: TextType) -> ObjectType:
    return ObjectType({"operand": OPERAND, "values": SetType(values, filled=True)}, docs=RULE_DOCS)


LIMITS = "targeting.deliveryLimitations"
GEO = "targeting.geoLocation"

FIELDS = (
    Field("name", TextType(maximum=255), required=True, doc="Name of the ad set. The API lets two have the same."),
    Field(
        "campaignId",
        IdType(of="campaigns"),
        patch=None,
        required=True,
        doc="Campaign it belongs to: its id, or the address of a block (campaigns.summer-fr). Fixed when created.",
    ),
    Field("datasetId", IdType(), patch=None, required=True, doc="Dataset (catalogue and tags). Fixed when created."),
    Field("advertiserId", IdType(), create=None, patch=None, doc="Advertiser, by the campaign. Read only."),
    Field("objective", OBJECTIVE, patch=None, required=True, doc="What is optimised. Fixed when created."),
    Field("mediaType", MEDIA, patch=None, required=True, doc="Display or video. Fixed when created."),
    Field(
        "trackingCode",
        TextType(pattern=r"[^?](?s:.*)", shape="a query string without its leading '?'"),
        read=None,
        patch=None,
        required=True,
        doc="Query string added to click URLs, without the leading '?'. Sent once, never shown by the API.",
    ),
    Field("destinationEnvironment", TextType(empty=True), create=None, patch=None, doc="Web or app. Read only."),
    Field("videoChannel", TextType(empty=True), create=None, patch=None, doc="Kind of video inventory. Read only."),
    Field(
        "schedule.startDate",
        InstantType(),
        read="schedule.startDate.value",
        patch="scheduling.startDate.value",
        required=True,
        doc="First moment of delivery: a day (its start in UTC) or a date and time with its offset.",
    ),
    Field(
        "schedule.endDate",
        InstantType(),
        read="schedule.endDate.value",
        patch="scheduling.endDate.value",
        nullable=True,
        doc="Last moment of delivery, after the start. Null: no end.",
    ),
    Field(
        "schedule.activationStatus",
        STATUS,
        facet="activation",
        create=None,
        patch=NOT_IN_BODY,
        doc="Whether the ad set is meant to deliver: on or off. Sent as a start or a stop.",
    ),
    Field("schedule.deliveryStatus", TextType(empty=True), create=None, patch=None, doc="Computed. Read only."),
    Field(
        "bidding.costController",
        CONTROLLER,
        patch=None,
        required=True,
        doc="How spend is controlled. Fixed when created.",
    ),
    Field(
        "bidding.bidAmount",
        BID,
        facet="bids",
        patch="bidding.bidAmount.value",
        nullable=True,
        doc="Bid or target in the advertiser's currency, 4 decimals at most. Null for dailyBudget.",
    ),
    Field(
        f"{LIMITS}.devices",
        SetType(EnumType(("desktop", "mobile", "tablet", "other"))),
        doc="Devices to deliver on. An empty list means all of them.",
    ),
    Field(
        f"{LIMITS}.environments",
        SetType(EnumType(("web", "inApp"))),
        doc="Environments to deliver in. An empty list means all of them.",
    ),
    Field(
        f"{LIMITS}.operatingSystems",
        SetType(SYSTEM),
        doc="Operating systems to deliver on. An empty list means all of them.",
    ),
    Field(
        "targeting.frequencyCapping",
        CAPPING,
        read="targeting.frequencyCapping.value",
        patch="targeting.frequencyCapping.value",
        nullable=True,
        always_in_create=True,
        doc="How many impressions a person may see in an hour, a day or a lifetime. Null: no cap.",
    ),
    *(
        Field(
            f"{GEO}.{name}",
            _rule(values),
            read=f"{GEO}.{name}.value",
            patch=f"{GEO}.{name}.value",
            nullable=True,
            doc=f"{title} to deliver in (operand in) or to leave out (notIn). Null: no such filter.",
        )
        for name, values, title in (
            ("countries", COUNTRY, "Countries, ISO 3166-1,"),
            ("subdivisions", SUBDIVISION, "Subdivisions, ISO 3166-2,"),
            ("zipCodes", ZIP_CODE, "Postal codes"),
        )
    ),
    Field(
        "budget.budgetStrategy",
        STRATEGY,
        facet="budgets",
        required=True,
        doc="Capped by an amount, or uncapped.",
    ),
    Field(
        "budget.budgetAmount",
        AMOUNT,
        facet="budgets",
        patch="budget.budgetAmount.value",
        nullable=True,
        doc="Most to spend in each period, in the advertiser's currency, with the decimals of that currency at most.",
    ),
    Field("budget.budgetRenewal", RENEWAL, facet="budgets", doc="Period after which the budget restarts."),
    Field("budget.budgetDeliverySmoothing", SMOOTHING, facet="budgets", doc="Even or fast spending in a period."),
    Field("budget.budgetDeliveryWeek", WEEK, facet="budgets", doc="Week of a weekly budget with standard delivery."),
    Field("budget.pacingBehavior", PACING, facet="budgets", doc="How the spend is paced. From 2026-07."),
    Field(
        "attributionConfiguration.attributionMethod",
        ATTRIBUTION,
        doc="How sales are attributed. The words differ between API versions.",
    ),
    Field(
        "attributionConfiguration.lookbackWindow",
        LOOKBACK,
        doc="How far back a click counts. Only with lastClick and postClick.",
    ),
    Field(
        "audienceId",
        IdType(),
        facet="audience",
        read=None,
        create=None,
        patch="audienceId",
        doc="Audience linked to the ad set: one. The API never shows the link.",
    ),
    Field(
        "categoryBids.*",
        BID,
        facet="categoryBids",
        create=None,
        doc="Bid of one category, by its 'categoryId|level'. Equal to the ad set's bid: inherited.",
    ),
    Field(
        "displayMultipliers.*",
        BID,
        facet="displayMultipliers",
        create=None,
        doc="Factor of one category, by its id: 1 is neutral, usually 0.5 to 2.",
    ),
)

ITEMS = Envelope(type="PatchAdSet")
IDS = Envelope(type="AdSetId")
PATCH = PatchFields(
    ROOT,
    ITEMS,
    Stage.SET,
    CHUNK,
    whole=(
        Block((f"{LIMITS}.devices", f"{LIMITS}.environments", f"{LIMITS}.operatingSystems")),
        Block(BUDGET, alone=("budget.budgetAmount",)),
    ),
)

AD_SET = Kind(
    name="adSets",
    singular="ad set",
    family="marketingSolutions",
    product="marketingSolutions",
    scope="advertiserIds",
    fields=FIELDS,
    read=Search(f"{ROOT}/search"),
    create=Create(ROOT, Envelope(many=False, type="AdSet", id=None), Stage.CREATE),
    writes={
        "settings": PATCH,
        "bids": PATCH,
        "budgets": PATCH,
        "activation": ActionByValue(
            "schedule.activationStatus",
            paths={"on": f"{ROOT}/start", "off": f"{ROOT}/stop"},
            stages={"on": Stage.START, "off": Stage.STOP},
            envelope=IDS,
            chunk=CHUNK,
        ),
        "audience": PatchFields(
            f"{ROOT}/{{id}}/audience",
            Envelope(many=False, type="AdSetAudience"),
            Stage.LINK,
            chunk=1,
            method="PUT",
            atomic=True,
        ),
        "categoryBids": SubresourcePatch(
            f"{ROOT}/{{id}}/category-bids",
            Envelope(type="AdSetCategoryBid"),
            Stage.NESTED,
            CHUNK,
            entry="{id}|{key}",
            attribute="bidAmount",
        ),
        "displayMultipliers": SubresourcePatch(
            f"{ROOT}/{{id}}/display-multipliers",
            Envelope(type="AdSetDisplayMultiplier"),
            Stage.NESTED,
            CHUNK,
            entry="{id}|{key}",
            attribute="displayMultiplier",
        ),
    },
    natural_keys=(("campaignId", "name"),),
    title="name",
    campaign="campaignId",
    amount_units=("budget.budgetRenewal", "bidding.costController"),
    facet_roles={"bids": FacetRole.BID, "categoryBids": FacetRole.BID, "budgets": FacetRole.BUDGET},
    layout=FileLayout("ad-sets", "campaignId", ("name",)),
    probes=(
        Probe(
            "Campaign",
            "POST",
            f"{ROOT}/search",
            "plan, drift and import of adSets",
            "apply of adSets",
            body={"filters": {"adSetIds": [NO_ID]}},
        ),
    ),
    assumed_patches={"budgetPatch": "budgets"},
    hidden_code="cannot-expose-specific-adsets",
    idle_when_equal={"categoryBids.*": "bidding.bidAmount", "displayMultipliers.*": 1},
    excluded_when={"schedule.deliveryStatus": ("archived",)},
    read_only_when={"schedule.deliveryStatus": ("archived",)},
    stop_values={"schedule.activationStatus": "off"},
    start_values={"schedule.activationStatus": "on"},
    create_defaults={"schedule.activationStatus": "off"},
    merged=("settings", "bids", "budgets"),
    optional_null_blocks=("budget",),
    details=(
        Details("categoryBids.*", f"{ROOT}/{{id}}/category-bids", "bidAmount"),
        Details("displayMultipliers.*", f"{ROOT}/{{id}}/display-multipliers", "displayMultiplier"),
    ),
    rules=rules.OFFLINE,
    markings=(start_rules.RESELLERS,),
    scene_rules=(*rules.LIVE, *start_rules.LIVE, ad_set_budgets),
    server_side_effects=rules.server_side_effects,
    limits=limits.ad_sets,
    cost_fields=(
        "schedule.activationStatus",
        "schedule.endDate",
        "budget.budgetStrategy",
        "budget.budgetAmount",
        "budget.budgetRenewal",
        "scheduledBudgets.*",
    ),
    blocks={
        "schedule": "When it delivers, and whether it is meant to.",
        "bidding": "What is paid for, and how much.",
        "targeting": "Whom it reaches: how often, where, on what.",
        LIMITS: "Devices, environments and operating systems; an empty list limits nothing.",
        GEO: "Places to deliver in, or to leave out.",
        "budget": "How much it may spend, and how fast. Null where dated budgets set it (preview).",
        "attributionConfiguration": "Which sales count as made by it.",
    },
    doc="Ad sets of Marketing Solutions, with their schedule, targeting, bid, budget and audience.",
)
