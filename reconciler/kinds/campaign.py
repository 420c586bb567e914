"""Campaigns of Marketing Solutions: spend limit and budget automation (contract of campaigns, E4.1)."""

from reconciler.kinds import campaign_rules as rules
from reconciler.kinds import limits
from reconciler.kinds.cells import NO_ID, FacetRole, FileLayout, Probe
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.read_methods import Search
from reconciler.kinds.value_types import BoolType, EnumType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import Block, Create, Envelope, PatchFields, Stage

ROOT = "{root}/marketing-solutions/campaigns"
CHUNK = 50  # not documented: the value of ad sets, whose responses have the same form

GOAL = EnumType(
    ("acquisition", "retention"),
    reads=("unspecified",),
    spelled={"acquisition": "Acquisition", "retention": "Retention"},
)
SPEND_LIMIT = ("spendLimit.spendLimitType", "spendLimit.spendLimitRenewal", "spendLimit.spendLimitAmount")
AUTOMATION = ("budgetAutomation.enabled", "budgetAutomation.budgetConfiguration.adSetObjectives")

FIELDS = (
    Field("advertiserId", IdType(), patch=None, required=True, doc="Advertiser it belongs to. Fixed when created."),
    Field(
        "name",
        TextType(maximum=255),
        patch=None,
        required=True,
        doc="Name of the campaign. Fixed when created; the API may let two have the same.",
    ),
    Field(
        "goal",
        GOAL,
        patch=None,
        required=True,
        doc="New customers (acquisition) or those that there are (retention). Fixed when created.",
    ),
    Field(
        SPEND_LIMIT[0],
        EnumType(("capped", "uncapped")),
        facet="spendLimit",
        required=True,
        doc="Capped by an amount, or uncapped: then nothing bounds what is billed.",
    ),
    Field(
        SPEND_LIMIT[1],
        EnumType(("daily", "monthly", "lifetime", "undefined")),
        facet="spendLimit",
        doc="Period after which the limit restarts; lifetime: never. Undefined if and only if it is uncapped.",
    ),
    Field(
        SPEND_LIMIT[2],
        MoneyType(by_currency=True),
        facet="spendLimit",
        patch=f"{SPEND_LIMIT[2]}.value",
        nullable=True,
        doc="Most that is billed in each period, in the advertiser's currency, for all ad sets of the campaign.",
    ),
    Field(
        AUTOMATION[0],
        BoolType(),
        facet="automation",
        doc="Whether the campaign shares out its budget among its ad sets. While it does, they have no budgets.",
    ),
    Field(
        AUTOMATION[1],
        EnumType(("conversions", "revenue", "visits", "videoViews")),
        facet="automation",
        read="budgetAutomation.automatedBudgetConfiguration.adSetOptimizationObjective",
        doc="What the automation optimises. Needed while it is enabled, and not kept without it.",
    ),
)

PATCH = PatchFields(
    ROOT,
    Envelope(type="Campaign"),
    Stage.SET,
    CHUNK,
    # A missing `enabled` beside a configuration switches the automation off (E4.1).
    whole=(Block(SPEND_LIMIT, alone=(SPEND_LIMIT[2],)), Block(AUTOMATION, alone=(AUTOMATION[0],))),
)

CAMPAIGN = Kind(
    name="campaigns",
    singular="campaign",
    family="marketingSolutions",
    product="marketingSolutions",
    scope="advertiserIds",
    fields=FIELDS,
    read=Search(f"{ROOT}/search", parents="advertiserIds", ids="campaignIds"),
    create=Create(ROOT, Envelope(many=False, type="Campaign", id=None), Stage.CREATE),
    writes={"spendLimit": PATCH, "automation": PATCH},
    natural_keys=(("advertiserId", "name"),),
    title="name",
    facet_roles={"spendLimit": FacetRole.BUDGET},
    layout=FileLayout("campaigns", None, ("name",)),
    probes=(
        Probe(
            "Campaign",
            "POST",
            f"{ROOT}/search",
            "plan, drift and import of campaigns",
            "apply of campaigns",
            body={"filters": {"campaignIds": [NO_ID]}},
        ),
    ),
    create_defaults={AUTOMATION[0]: False},
    merged=("spendLimit", "automation"),
    rules=rules.OFFLINE,
    scene_rules=rules.LIVE,
    server_side_effects=rules.server_side_effects,
    ceilings=limits.campaigns,
    caps_campaigns=True,
    blocks={
        "spendLimit": "Most that its ad sets may be billed together: the API promises no other maximum.",
        "budgetAutomation": "Whether the campaign sets the budgets of its ad sets by itself.",
        "budgetAutomation.budgetConfiguration": "How it does so.",
    },
    doc="Campaigns of Marketing Solutions, with their spend limit and budget automation.",
)
