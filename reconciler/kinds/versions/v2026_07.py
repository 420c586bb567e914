"""2026-07 and 2027-01 ("G2"): the kinds exactly as in their tables (contract §6.1)."""

from datetime import date

from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.balance import BALANCE_KIND
from reconciler.kinds.campaign import CAMPAIGN
from reconciler.kinds.line_item import LINE_ITEM
from reconciler.kinds.retail_campaign import RETAIL_CAMPAIGN
from reconciler.kinds.seller_budget import SELLER_BUDGET
from reconciler.kinds.seller_campaign import SELLER_CAMPAIGN
from reconciler.kinds.versions.api_version import ApiVersion

MARKETING_SOLUTIONS = {CAMPAIGN.name: CAMPAIGN, AD_SET.name: AD_SET}
SELLERS = {SELLER_CAMPAIGN.name: SELLER_CAMPAIGN, SELLER_BUDGET.name: SELLER_BUDGET}
RETAIL_MEDIA = {each.name: each for each in (RETAIL_CAMPAIGN, LINE_ITEM, BALANCE_KIND)}
MARKETPLACE = "/marketing-solutions/marketplace-performance-outcomes"

DIALECTS = tuple(
    ApiVersion(version, family, f"/{version}{under}", kinds, ends)
    for family, under, kinds in (
        ("marketingSolutions", "", MARKETING_SOLUTIONS),
        ("sellers", MARKETPLACE, SELLERS),
        ("retailMedia", "", RETAIL_MEDIA),
    )
    for version, ends in (("2026-07", date(2027, 7, 31)), ("2027-01", date(2028, 1, 31)))
)
