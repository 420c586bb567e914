"""Which day it is: seller budgets go by UTC or the zone of the advertiser, balances by that of the account."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from reconciler.kinds.calendar import find_days, latest_to_end
from reconciler.kinds.kind import ValidationContext
from reconciler.kinds.limits import balances
from reconciler.sandbox.clock import instant

from ...support.bench import Bench, bench

pytestmark = pytest.mark.dates
BUDGET = """\
sellerBudgets:
  next: {{sellerId: "2", campaignIds: ["10003"], budgetType: Capped, amount: 30, startDate: {start}}}
"""
LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
"""It is the 22nd in Paris, and the 21st in UTC and in New York."""


def turn(here: Bench, to: str) -> None:
    here.time.sleep((instant(to) - here.world.now).total_seconds())


@pytest.mark.parametrize(
    ("now", "start", "refused"),
    [
        ("2026-11-21T22:30:00Z", "2026-11-22", False),
        ("2026-11-21T23:30:00Z", "2026-11-22", True),  # in Paris it is today
        ("2026-11-22T00:30:00Z", "2026-11-22", True),
        ("2026-11-21T23:30:00Z", "2026-11-23", False),
    ],
)
def test_a_new_budget_starts_after_today_in_utc_and_in_the_zone_of_the_advertiser(
    now: str, start: str, refused: bool
) -> None:
    with bench(family="sellers") as here:
        turn(here, now)
        here.write({"sellers.yaml": BUDGET.format(start=start)})
        codes = [each.code for each in here.plan().problems]

    assert ("start-not-future" in codes) is refused, codes


def test_the_advertisers_are_asked_for_their_zone_only_if_a_day_may_be_today() -> None:
    with bench(family="sellers") as here:
        here.write(
            {
                "reconciler.yaml": 'version: 1\nscope: {advertiserIds: ["1352"]}\ncurrencies: {"1352": EUR}\n',
                "sellers.yaml": BUDGET.format(start="2027-01-01"),
            }
        )
        here.plan()
        assert [each["path"] for each in here.world.log if each["path"].endswith("/advertisers")] == []
        here.write({"sellers.yaml": BUDGET.format(start="2026-11-22")})
        here.plan()
        assert len([each for each in here.world.log if each["path"].endswith("/advertisers")]) == 1


def test_a_day_is_that_of_the_owner_and_between_owners_it_is_in_doubt() -> None:
    zones = {"1": "Europe/Paris", "2": "America/New_York"}
    scene = ValidationContext((), LATE, zones=zones)
    assert scene.last_today("1") == date(2026, 11, 22)
    assert scene.last_today("2") == date(2026, 11, 21)
    assert (scene.first_today(), scene.last_today()) == (date(2026, 11, 21), date(2026, 11, 22))
    assert (
        find_days(LATE, ()) == find_days(LATE, ("Romance Standard Time",)) == (date(2026, 11, 21), date(2026, 11, 21))
    )


def test_a_balance_is_over_when_its_last_day_is_over_in_the_zone_of_its_account() -> None:
    ends = [{"endDate": date(2026, 11, 21)}]
    in_paris, in_new_york = (latest_to_end(LATE, (zone,)) for zone in ("Europe/Paris", "America/New_York"))
    assert balances(ends, in_paris) == [None]
    assert balances(ends, in_new_york) != [None]
    assert in_paris == in_new_york == LATE
