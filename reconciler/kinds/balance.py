"""Balances of Retail Media: their funds, their dates, the campaigns that draw on them (contract §5)."""

from reconciler.kinds import balance_rules as rules
from reconciler.kinds import limits
from reconciler.kinds.dates import Day
from reconciler.kinds.kind import ASIDE, Field, Kind
from reconciler.kinds.nested import SetOf
from reconciler.kinds.reads import Attachments, Listing, Paging, Reference
from reconciler.kinds.types import Choice, Id, Money, Text
from reconciler.kinds.writes import Create, Delta, Envelope, Membership, Patch, Stage

ACCOUNT = "{root}/retail-media/accounts/{accountId}"
BALANCE = f"{ACCOUNT}/balances/{{id}}"
CAMPAIGNS = "{root}/retail-media/balances/{id}/campaigns"
SOURCES = "{root}/retail-media/accounts/{scope}/campaigns"
LIST = "{root}/retail-media/accounts/{scope}/balances"
PAGE = 500  # contract §2.10: the most that 2026-07 allows
CHUNK = 50  # contract §7: undocumented

SPEND_TYPE = Choice(
    ("onsite", "offsite", "offsiteAwareness"),
    reads=("lockout", "unknown"),
    spelled={"onsite": "Onsite", "offsite": "Offsite", "offsiteAwareness": "OffsiteAwareness"},
)
WORD = Text(empty=True)

FIELDS = (
    Field("accountId", Id(), create=ASIDE, patch=None, required=True, doc="Account that the balance belongs to."),
    Field("name", Text(maximum=255), required=True, doc="Name, unique in the account."),
    Field("startDate", Day(), required=True, doc="First day, in the account's time zone."),
    Field("endDate", Day(), patch="endDate.value", clears=True, doc="Last day, after the first. Null: no end."),
    Field(
        "deposited",
        Money(by_currency=True),
        facet="funds",
        patch=ASIDE,
        doc="Funds in the account's currency. A change is sent as the difference. Left out at creation: uncapped.",
    ),
    Field("spendType", SPEND_TYPE, patch=None, required=True, doc="What it pays for. Fixed when created."),
    Field(
        "poNumber",
        Text(maximum=32, empty=True),
        read="retailerPoNumber",
        create="retailerPoNumber",
        patch="retailerPoNumber",
        doc="Purchase order number, 32 characters at most.",
    ),
    Field("memo", WORD, doc="Free text. Every top-up may leave its own mark here."),
    Field(
        "campaignIds",
        SetOf(Id()),
        facet="attachments",
        create=None,
        patch=ASIDE,
        doc="Campaigns that draw on the balance. The list is the whole set.",
    ),
    Field("spent", Money(by_currency=True), create=None, patch=None, doc="What was spent. Read only, and late."),
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
    create=Create(f"{ACCOUNT}/balances", Envelope(many=False, type="CreateBalanceV3", id=None), Stage.BALANCES_CREATE),
    writes={
        "settings": Patch(
            BALANCE,
            Envelope(many=False, type="UpdateBalanceModelV1", id=None),
            Stage.BALANCES_SET,
            chunk=1,
            atomic=True,
        ),
        "funds": Delta(
            f"{BALANCE}/add-funds",
            Envelope(many=False, type="AddFundsToBalanceV3", id=None),
            Stage.BALANCES_FUND,
            field="deposited",
            amount="deltaAmount",
            memo="memo",
            history="{root}/retail-media/balances/{id}/history",
            history_page=PAGE,
        ),
        "attachments": Membership(
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
    natural=(("accountId", "name"),),
    closed={"privateMarketBillingType": ("billByCriteo",)},
    born={"campaignIds": ()},
    money=True,
    attachments=Attachments("campaignIds", SOURCES, "drawableBalanceIds"),
    references=(Reference("campaignIds", SOURCES, "campaign", paging=Paging.INDEX),),
    rules=rules.OFFLINE,
    scene_rules=rules.SCENE,
    limits=limits.balances,
    limiting=("deposited", "endDate"),
    normalised=rules.uncapped_has_no_deposit,
    history_words={
        **dict.fromkeys(("balanceadded", "balanceremoved", "balancecapped", "balanceuncapped"), "deposited"),
        **{"startdate": "startDate", "enddate": "endDate", "balancename": "name"},
        **dict.fromkeys(("ponumber", "retailerponumber"), "poNumber"),
    },
    doc="Balances of Retail Media accounts, with their funds and campaigns.",
)
