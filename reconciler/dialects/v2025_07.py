"""2025-07, 2025-10 and 2026-01 ("G1"): the cells in which they differ from 2026-07 (contract §6.2)."""

from datetime import date

from reconciler.dialects import v2026_07
from reconciler.dialects.dialect import Dialect
from reconciler.kinds.ad_set import AD_SET
from reconciler.kinds.types import Choice

ATTRIBUTION = Choice(
    ("criteoAttribution", "lastClick", "postClick", "googleAnalyticsLastClick", "googleAnalyticsDataDriven"),
    reads=("unknown",),
)

MARKETING_SOLUTIONS = v2026_07.MARKETING_SOLUTIONS | {
    AD_SET.name: AD_SET.amended(
        {
            "budget.pacingBehavior": None,
            "attributionConfiguration.attributionMethod": {"type": ATTRIBUTION},
        }
    )
}

LIVES = (
    ("2025-07", date(2026, 7, 28)),
    ("2025-10", date(2026, 10, 27)),
    ("2026-01", date(2027, 1, 27)),
)

DIALECTS = tuple(
    Dialect(version, "marketingSolutions", f"/{version}", MARKETING_SOLUTIONS, ends) for version, ends in LIVES
)
