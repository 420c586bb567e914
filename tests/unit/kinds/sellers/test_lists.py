"""Lists of budgets are asked for widely: what they hide by default would be created again."""

from __future__ import annotations

import pytest

from ....support.bench import bench

BACK_ENDS = ("2026-07", "legacy")
LIVE = """\
sellerBudgets:
  scheduled: {sellerId: 3, campaignIds: [10001, 10002], budgetType: Capped, startDate: 2026-12-15, amount: 300}
  over: {sellerId: 1, campaignIds: [10001], budgetType: Capped, startDate: 2026-09-01, amount: 250}
  open: {sellerId: 2, campaignIds: [10001], budgetType: Uncapped, startDate: 2026-10-01}
"""


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_no_budget_of_the_files_is_taken_for_missing(back_end: str) -> None:
    with bench(family="sellers", version=back_end) as desk:
        desk.write({"a.yaml": LIVE})

        run = desk.plan()

        assert (run.changes, run.unchanged) == ((), 3)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_every_list_of_budgets_states_both_dates(back_end: str) -> None:
    with bench(family="sellers", version=back_end) as desk:
        desk.write({"a.yaml": LIVE.replace("300", "310")})

        desk.apply()

        lists = [
            dict(each["query"]) for each in desk.world.log if each["method"] == "GET" and "budgets" in each["path"]
        ]
        assert len(lists) >= 2  # one for the plan, one to read back
        assert {(each["startBeforeDate"], each["endAfterDate"]) for each in lists} == {("2199-12-31", "2000-01-01")}


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_a_budget_keeps_its_place_when_it_is_read_in_another_spelling(back_end: str) -> None:
    with bench(family="sellers", version=back_end) as desk:
        desk.world.inject({"kind": "noise", "path": "*budgets*", "count": None})
        desk.write({"a.yaml": LIVE})

        run = desk.plan()

        assert (run.changes, run.unchanged) == ((), 3)


def test_a_list_that_fails_is_never_an_empty_one() -> None:
    with bench(family="sellers") as desk:
        desk.world.inject({"kind": "status", "status": 504, "path": "*/budgets", "count": None})
        desk.write({"a.yaml": LIVE})

        run = desk.apply()

        assert [each.code for each in run.problems] == ["unreachable"]
        assert desk.writes == []


def test_a_list_that_takes_too_long_is_asked_for_seller_by_seller() -> None:
    """As the API does for large advertisers (contract §4.2); each list states both dates all the same."""
    with bench(family="sellers", sellers_before_timeout=2) as desk:
        desk.write({"a.yaml": LIVE.replace("300", "310")})

        run = desk.apply()

        lists = [
            dict(each["query"])
            for each in desk.world.log
            if each["path"].endswith("/budgets") and each["method"] == "GET" and each["status"] == 200
        ]
        assert (run.problems, len(desk.writes)) == ((), 1)
        assert {each.status.value for each in run.outcomes} == {"applied"}
        assert all({"sellerId", "startBeforeDate", "endAfterDate"} <= each.keys() for each in lists)
        assert desk.plan().changes == ()
