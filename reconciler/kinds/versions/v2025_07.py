"""2025-07, 2025-10 and 2026-01 ("G1"): the cells in which they differ from 2026-07 (contract §6.2)."""

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.balance import BALANCE_KIND, LIST
from reconciler.kinds.campaign import CAMPAIGN
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import Listing, Paging
from reconciler.kinds.value_types import EnumType
from reconciler.kinds.versions import v2026_07
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.kinds.write_methods import AddDifference, Envelope, PatchFields, SetMembership, Write

ATTRIBUTION = EnumType(
    ("criteoAttribution", "lastClick", "postClick", "googleAnalyticsLastClick", "googleAnalyticsDataDriven"),
    reads=("unknown",),
)

MARKETING_SOLUTIONS = {
    AD_SET.name: AD_SET.amended(
        {
            "budget.pacingBehavior": None,
            "attributionConfiguration.attributionMethod": {"type": ATTRIBUTION},
        }
    )
}

PO_NUMBER = {"read": "poNumber", "create": "poNumber", "patch": "poNumber"}
PLAIN = Envelope(many=False, id=None)


def _balance_writes() -> dict[str, Write]:
    writes = BALANCE_KIND.writes
    settings, funds, attachments = (writes[facet] for facet in ("settings", "funds", "attachments"))
    assert isinstance(settings, PatchFields)
    assert isinstance(funds, AddDifference)
    assert isinstance(attachments, SetMembership)
    return {
        "settings": replace(settings, envelope=PLAIN),
        "funds": replace(funds, envelope=PLAIN, history_page=100),
        "attachments": replace(attachments, type="BalanceCampaign202110", listed=True),
    }


RETAIL_MEDIA = {
    BALANCE_KIND.name: BALANCE_KIND.amended(
        {
            "poNumber": PO_NUMBER,
            # Null there means "unchanged" or "cleared"; which one is unverified (contract §5.3).
            "endDate": {"type": DayType(), "patch": "endDate", "nullable": False},
        },
        read=Listing(LIST, paging=Paging.INDEX, page=100, inject="accountId"),
        create=replace(BALANCE_KIND.create, envelope=PLAIN) if BALANCE_KIND.create else None,
        writes=_balance_writes(),
    )
}

LIVES = (
    ("2025-07", date(2026, 7, 28)),
    ("2025-10", date(2026, 10, 27)),
    ("2026-01", date(2027, 1, 27)),
)

SINCE = {CAMPAIGN.name: "2026-01"}
"""First version of kinds that earlier versions do not document."""


def _kinds(version: str, kinds: Mapping[str, Kind]) -> Mapping[str, Kind]:
    return {name: kind for name, kind in kinds.items() if SINCE.get(name, version) <= version}


DIALECTS = tuple(
    ApiVersion(version, family, f"/{version}{under}", _kinds(version, kinds), ends)
    for family, under, kinds in (
        ("marketingSolutions", "", {CAMPAIGN.name: CAMPAIGN, **MARKETING_SOLUTIONS}),
        ("sellers", v2026_07.MARKETPLACE, v2026_07.SELLERS),
        ("retailMedia", "", RETAIL_MEDIA),
    )
    for version, ends in LIVES
)
