"""2026-07 and 2027-01 ("G2"): the kinds as their tables say them (contract §6.1)."""

from datetime import date

from reconciler.dialects.dialect import Dialect
from reconciler.kinds.ad_set import AD_SET

MARKETING_SOLUTIONS = {AD_SET.name: AD_SET}

DIALECTS = tuple(
    Dialect(version, "marketingSolutions", f"/{version}", MARKETING_SOLUTIONS, ends)
    for version, ends in (("2026-07", date(2027, 7, 31)), ("2027-01", date(2028, 1, 31)))
)
