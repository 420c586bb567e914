"""Balances of Retail Media: funds, dates, and attached campaigns (contract §5)."""

from reconciler.kinds import balance_rules as rules
from reconciler.kinds import limits
from reconciler.kinds.cells import FacetRole, FileLayout, HistoryFormat, Probe
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.nested_types import SetType
from reconciler.kinds.read_methods import Attachments, Listing, Paging, Reference
from reconciler.kinds.value_types import EnumType, IdType, MoneyType, TextType
from reconciler.kinds.write_methods import AddDifference, Create, Envelope, PatchFields, SetMembership, Stage

ACCOUNT = "{root}/retail-media/accounts/{accountId}"
BALANCE = f"{ACCOUNT}/balances/{{id}}"
CAMPAIGNS = "{root}/retail-media/balances/{id}/campaigns"
SOURCES = "{root}/retail-media/accounts/{scope}/campaigns"
LIST = "{root}/retail-media/accounts/{scope}/balances"
PAGE = 500  # contract §2.10: the maximum of 2026-07
CHUNK = 50  # contract §7: undocumented

SPEND_TYPE = EnumType(
    ("onsite", "offsite", "offsiteAwareness"),
    reads=("lockout", "unknown"),
    spelled={"onsite": "Onsite", "offsite": "Offsite", "offsiteAwareness": "OffsiteAwareness"},
)
WORD = TextType(empty=True)

FIELDS = (
    Field(
        "accountId", IdType(), create=NOT_IN_BODY, patch=None, required=True, doc="Account that the balance belongs to."
    ),
    Field("name", TextType(maximum=255), required=True, doc="Name, unique in the account."),
    Field("startDate", DayType(instants=True), required=True, doc="First day, in the account's time zone."),
    Field(
        "endDate",
        DayType(instants=True),
        patch="endDate.value",
        nullable=True,
        doc="Last day, which is included; after the first. Null: no end.",
    ),
    Field(
        "deposited",
        MoneyType(by_currency=True),
        facet="funds",
        patch=NOT_IN_BODY,
        doc="Funds in the account's currency. A change is sent as the difference. Left out at creation: uncapped.",
    ),
    Field("spendType", SPEND_TYPE, patch=None, required=True, doc="What it pays for. Fixed when created."),
    Field(
        "poNumber",
        TextType(maximum=32, empty=True),
        read="retailerPoNumber",
        create="retailerPoNumber",
        patch="retailerPoNumber",
        doc="Purchase order number, 32 characters at most.",
    ),
    Field("memo", WORD, doc="Free text. Every top-up may leave its own mark here."),
    Field(
        "campaignIds",
        SetType(IdType(of="retailMediaCampaigns")),
        facet="attachments",
        create=None,
        patch=NOT_IN_BODY,
        doc="Campaigns that draw on it, the whole set: ids, or addresses of blocks (retailMediaCampaigns.tea).",
    ),
    Field("spent", MoneyType(by_currency=True), create=None, patch=None, doc="What was spent. Read only, and late."),
    Field("balanceType", WORD, create=None, patch=None, doc="Capped or uncapped. Read only."),
    Field("privateMarketBillingType", WORD, create=None, patch=None, doc="Who bills it. Read only."),
    Field("status", WORD, create=None, patch=None, doc="By its dates. Read only."),
)

BALANCE_KIND = Kind(
    name="balances",
    singular="balance",
    family="retailMedia",
    product="retailMedia",
    scope="retailMediaAccountIds",
    fields=FIELDS,
    read=Listing(LIST, paging=Paging.OFFSET, page=PAGE, inject="accountId"),
    create=Create(
        f"{ACCOUNT}/balances",
        Envelope(many=False, type="CreateBalanceV3", id=None),
        Stage.BALANCES_CREATE,
        taken=("invalid-name", "Invalid name"),
    ),
    writes={
        "settings": PatchFields(
            BALANCE,
            Envelope(many=False, type="UpdateBalanceModelV1", id=None),
            Stage.BALANCES_SET,
            chunk=1,
            atomic=True,
        ),
        "funds": AddDifference(
            f"{BALANCE}/add-funds",
            Envelope(many=False, type="AddFundsToBalanceV3", id=None),
            Stage.BALANCES_FUND,
            field="deposited",
            amount="deltaAmount",
            memo="memo",
            history="{root}/retail-media/balances/{id}/history",
            history_page=PAGE,
        ),
        "attachments": SetMembership(
            append=f"{CAMPAIGNS}/append",
            delete=f"{CAMPAIGNS}/delete",
            field="campaignIds",
            chunk=CHUNK,
            append_stage=Stage.BALANCES_ATTACH,
            delete_stage=Stage.BALANCES_DETACH,
            type="{verb}CampaignsRequestV1",
            listed=False,
        ),
    },
    owners=Listing("{root}/retail-media/accounts", paging=Paging.INDEX),
    natural_keys=(("accountId", "name"),),
    title="name",
    campaign="campaignIds",
    amount_units=("spendType",),
    facet_roles={"funds": FacetRole.FUNDS},
    layout=FileLayout("balances", None, ("name",)),
    probes=(
        Probe(
            "Balance",
            "GET",
            f"{ACCOUNT}/balances",
            "plan, drift and import of balances",
            "apply of balances",
            query=(("offset", "0"), ("limit", "1")),
        ),
        Probe(
            "Campaign",
            "GET",
            f"{ACCOUNT}/campaigns",
            "balances that state campaignIds",
            "apply of their campaignIds",
            query=(("pageIndex", "0"), ("pageSize", "1")),
            attached=True,
        ),
    ),
    read_only_when={"privateMarketBillingType": ("billByCriteo",)},
    create_defaults={"campaignIds": ()},
    money=True,
    attachments=Attachments("campaignIds", SOURCES, "drawableBalanceIds"),
    references=(Reference("campaignIds", SOURCES, "campaign", paging=Paging.INDEX),),
    rules=rules.OFFLINE,
    scene_rules=rules.SCENE,
    limits=limits.balances,
    ceilings=limits.balances,
    cost_fields=("deposited", "endDate"),
    normalize=rules.uncapped_has_no_deposit,
    history=HistoryFormat(
        change="changeType",
        at="dateOfModification",
        details="changeDetails",
        before="previousValue",
        after="currentValue",
        who="modifiedByUser",
        memo="memo",
        amount="changeValue",
        added="balanceadded",
        removed="balanceremoved",
        words={
            **dict.fromkeys(("balanceadded", "balanceremoved", "balancecapped", "balanceuncapped"), "deposited"),
            **{"startdate": "startDate", "enddate": "endDate", "balancename": "name"},
            **dict.fromkeys(("ponumber", "retailerponumber"), "poNumber"),
        },
    ),
    doc="Balances of Retail Media accounts, with their funds and campaigns.",
)
