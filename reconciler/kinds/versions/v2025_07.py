"""2025-07, 2025-10 and 2026-01 ("G1"): the cells in which they differ from 2026-07 (contract §6.2)."""

from collections.abc import Iterator, Mapping
from datetime import date

from msgspec.structs import replace

from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.balance import BALANCE_KIND, LIST
from reconciler.kinds.campaign import CAMPAIGN
from reconciler.kinds.date_types import DayType
from reconciler.kinds.field_problems import field_error
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.kinds.line_item import LINE_ITEM
from reconciler.kinds.read_methods import Listing, Paging
from reconciler.kinds.retail_campaign import RETAIL_CAMPAIGN
from reconciler.kinds.value_types import EnumType
from reconciler.kinds.versions import v2026_07
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.kinds.write_methods import AddDifference, Envelope, PatchFields, SetMembership, Write
from reconciler.model import Problem

ATTRIBUTION = EnumType(
    ("criteoAttribution", "lastClick", "postClick", "googleAnalyticsLastClick", "googleAnalyticsDataDriven"),
    reads=("unknown",),
)

MARKETING_SOLUTIONS = {
    AD_SET.name: AD_SET.amend(
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


def end_is_kept(scene: ValidationContext) -> Iterator[Problem]:
    """Null in a patch means "unchanged" or "cleared" there, which of them is not documented (contract §5.3)."""
    for desired, live in scene.pairs:
        if live is None or not ("endDate" in desired.values and desired.values["endDate"] is None):
            continue
        if live.values.get("endDate") is None:
            continue
        message = f"this API version cannot take away the end of a balance ({live.values['endDate']})"
        hint = "write a day, remove the line, or set api.retailMedia to 2026-07 or later"
        yield field_error(desired, "endDate", "null-not-allowed", message, hint)


RETAIL_MEDIA = {
    RETAIL_CAMPAIGN.name: RETAIL_CAMPAIGN,
    LINE_ITEM.name: LINE_ITEM,
    BALANCE_KIND.name: BALANCE_KIND.amend(
        {
            "poNumber": PO_NUMBER,
            "endDate": {"type": DayType(instants=True), "patch": "endDate"},
        },
        read=Listing(LIST, paging=Paging.INDEX, page=100, inject="accountId"),
        create=replace(BALANCE_KIND.create, envelope=PLAIN) if BALANCE_KIND.create else None,
        writes=_balance_writes(),
        scene_rules=(*BALANCE_KIND.scene_rules, end_is_kept),
    ),
}

LIVES = (
    ("2025-07", date(2026, 7, 28)),
    ("2025-10", date(2026, 10, 27)),
    ("2026-01", date(2027, 1, 27)),
)

SINCE = dict.fromkeys((CAMPAIGN.name, RETAIL_CAMPAIGN.name, LINE_ITEM.name), "2026-01")
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
