"""The judge of bodies can say no."""

from __future__ import annotations

from decimal import Decimal

import pytest

from . import openapi

MPO = "/2026-07/marketing-solutions/marketplace-performance-outcomes"
BUDGET = {
    "id": "101",
    "sellerId": "1",
    "campaignIds": [10001],
    "budgetType": "Capped",
    "amount": Decimal("30.5"),
    "startDate": "2026-12-01",
    "endDate": "",
    "spend": None,
    "status": "Current",
    "isSuspended": False,
}


def told(**changes):
    answer = [BUDGET | changes]
    return openapi.faults("marketingsolutions", "2026-07", "GET", MPO + "/budgets", 200, answer)


def test_a_body_as_documented_is_let_through():
    assert told() == []


@pytest.mark.parametrize(
    "changes",
    [{"id": 101}, {"campaignIds": ["10001"]}, {"status": "Active"}, {"startDate": "soon"}, {"sellerId": None}],
)
def test_a_body_that_is_not_as_documented_is_refused(changes):
    assert len(told(**changes)) == 1


def test_null_is_let_through_where_it_is_declared():
    answer = {"data": None, "errors": None, "warnings": []}
    path = "/2026-07/retail-media/balances/1"
    assert openapi.faults("retailmedia", "2026-07", "GET", path, 200, answer) == []


def test_a_key_of_a_closed_request_is_refused():
    path = "/2026-07/retail-media/accounts/1/balances/2"
    body = {"data": {"id": "2", "attributes": {"memo": "x"}}}
    assert len(openapi.request_faults("retailmedia", "2026-07", "PATCH", path, body)) == 1


def test_an_undocumented_status_is_refused():
    assert len(openapi.faults("marketingsolutions", "2026-07", "POST", MPO + "/budgets", 201, [])) == 1


def test_an_operation_that_the_version_does_not_have_is_not_found():
    with pytest.raises(LookupError):
        openapi.template("retailmedia", "preview", "GET", "/preview/retail-media/accounts")


def test_a_literal_segment_goes_before_a_parameter():
    path = "/2026-07/marketing-solutions/ad-sets/search"
    assert openapi.template("marketingsolutions", "2026-07", "POST", path) == path


# --- ad sets: where null stands beside an enum or an allOf, and boxes ---

AD_SETS = "/2026-07/marketing-solutions/ad-sets"


def patch(attributes):
    body = {"data": [{"id": "1", "attributes": attributes}]}
    return openapi.request_faults("marketingsolutions", "2026-07", "PATCH", AD_SETS, body)


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": None},
        {"budget": {"budgetDeliverySmoothing": None}},
        {"targeting": {"geoLocation": {"countries": {"value": None}}}},
        {"scheduling": {"endDate": {"value": "2026-12-31T00:00:00Z"}}},
    ],
)
def test_a_patch_as_documented_is_let_through(attributes):
    assert patch(attributes) == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"bidding": {"bidAmount": Decimal("0.5")}},
        {"budget": {"budgetStrategy": "Capped"}},
        {"colour": "red"},
        {"targeting": {"geoLocation": {"countries": {"value": {"operand": "within", "values": []}}}}},
        {"scheduling": {"endDate": {"value": "tomorrow"}}},
    ],
)
def test_a_patch_that_is_not_as_documented_is_refused(attributes):
    assert patch(attributes) != []
