"""A seller budget as it is after a plan: its days, its slots, and the days that budgets cover."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from msgspec import Struct

from reconciler.model import Desired, Values

TOTALS = ("Capped", "Uncapped")


class BudgetState(Struct, frozen=True):
    """A budget after the plan: its values, and its block if the files declare one."""

    values: Values
    desired: Desired | None
    whole: bool = True
    """True if every value is known; without live state, values that a block does not state are unknown."""

    @property
    def suspended(self) -> bool:
        return bool(self.values.get("suspended"))

    @property
    def first(self) -> date:
        start = self.values.get("startDate")
        return start if isinstance(start, date) else date.min

    @property
    def last(self) -> date:
        if not self.whole and "endDate" not in self.values:
            return self.first
        end = self.values.get("endDate")
        return end if isinstance(end, date) else date.max

    @property
    def total(self) -> bool:
        return self.values.get("budgetType") in TOTALS

    @property
    def slots(self) -> Iterator[tuple[object, object, bool]]:
        """Yield (seller, campaign, True if total), of which one may be active at a time (rule 7); empty if unknown."""
        if not {"sellerId", "budgetType", "startDate"} <= self.values.keys():
            return
        campaigns = self.values.get("campaignIds")
        for campaign in campaigns if isinstance(campaigns, tuple) else ():
            yield self.values.get("sellerId"), campaign, self.total


def is_covered(first: date, last: date, totals: Sequence[BudgetState]) -> bool | None:
    """Return True if the totals cover every day, None if they cover some, False if none."""
    day, any_day = first, False
    for total in sorted(totals, key=lambda each: each.first):
        if total.last >= first and total.first <= last:
            any_day = True
        if total.first <= day <= total.last:
            if total.last >= last:
                return True
            day = total.last + timedelta(days=1)
    return None if any_day else False
