"""Each request of the guide on seller budgets, as it stands there, at a time when its dates lay ahead."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.sandbox.encoding import decode

from ..sandbox.small_worlds import marketplace

GUIDE = decode((Path(__file__).parent / "guide" / "budgets.json").read_bytes())


def by_name(requests):
    return pytest.mark.parametrize("request_", requests, ids=[one["name"] for one in requests])


@pytest.fixture
def market():
    """The sellers and campaigns that the guide speaks of, when its dates lay ahead."""
    return marketplace(now=GUIDE["now"]).at("")


@pytest.fixture
def listed(market):
    """The same, with the three budgets that the guide lists."""

    def put(budget_type="Capped"):
        for shown in GUIDE["listed"]:
            record = {key: shown[key] for key in ("sellerId", "campaignIds", "amount", "startDate", "endDate")}
            record |= {"budgetType": budget_type, "isSuspended": False, "spent": Decimal(0)}
            market.world.state.put("sellerBudgets", shown["id"], record)
        return market

    return put


@by_name(GUIDE["creations"])
def test_a_creation_of_the_guide_makes_what_it_asks_for(market, request_):
    answer = market.post(GUIDE["path"], request_["body"])
    assert answer.status == 200
    made = {"amount": None, "spend": 0, "status": "Scheduled", "suspended": False}
    assert [{key: one[key] for key in one if key != "id"} for one in answer.body] == [
        made | asked for asked in request_["body"]
    ]
    assert len({one["id"] for one in answer.body}) == len(request_["body"])


def test_the_list_of_the_guide_is_answered_as_shown_once_scheduled_budgets_are_asked_for(listed):
    """The page lists scheduled budgets without a filter, and says that such a list stops today: both cannot be."""
    market = listed()
    assert market.get(GUIDE["path"], startBeforeDate="2019-05-01").body == GUIDE["listed"]
    assert market.get(GUIDE["path"]).body == []


@by_name(GUIDE["patches"])
def test_a_patch_of_the_guide_changes_what_it_names_and_nothing_else(listed, request_):
    market = listed(request_["budgetType"])
    before = market.get(GUIDE["path"], startBeforeDate="2019-05-01").body
    answer = market.patch(GUIDE["path"], request_["body"])
    assert answer.status == 200
    assert answer.body == [one | item for one, item in zip(before, request_["body"], strict=True)]
    assert market.get(GUIDE["path"], startBeforeDate="2019-05-01").body == answer.body


@by_name([one for one in GUIDE["patches"] if "startDate" in one["body"][0]])
def test_the_guides_dates_are_refused_once_they_have_come(listed, request_):
    market = listed()
    market.world.advance(86400 * 30)  # 2019-05-01
    answer = market.patch(GUIDE["path"], request_["body"])
    assert answer.status == 400
    assert set(answer.codes) == {"WithInvalidDate"}
