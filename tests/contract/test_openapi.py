"""The judge itself: what it lets pass and what it refuses (contract §15)."""

from __future__ import annotations

import pytest

from . import openapi

AD_SETS = "/2026-07/marketing-solutions/ad-sets"


def patch(attributes):
    return openapi.complaints_about_request("PATCH", AD_SETS, {"data": [{"id": "1", "attributes": attributes}]})


@pytest.mark.parametrize(
    "attributes",
    [
        {"name": None},
        {"budget": {"budgetDeliverySmoothing": None}},
        {"targeting": {"geoLocation": {"countries": {"value": None}}}},
        {"scheduling": {"endDate": {"value": None}}},
        {"scheduling": {"endDate": {"value": "2026-12-31T00:00:00Z"}}},
    ],
)
def test_nulls_pass_where_the_contract_has_them(attributes):
    assert patch(attributes) == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"bidding": {"bidAmount": 0.5}},
        {"budget": {"budgetStrategy": "Capped"}},
        {"colour": "red"},
        {"targeting": {"geoLocation": {"countries": {"value": {"operand": "within", "values": []}}}}},
        {"scheduling": {"endDate": {"value": "tomorrow"}}},
        {"name": 7},
    ],
)
def test_what_the_document_does_not_have_is_a_complaint(attributes):
    assert patch(attributes) != []


def test_an_undocumented_status_is_a_complaint():
    assert openapi.complaints_about_answer("POST", AD_SETS, 200, {"data": None}) != []


def test_an_undocumented_operation_is_an_error():
    with pytest.raises(openapi.Undocumented):
        openapi.complaints_about_request("DELETE", AD_SETS, None)
    with pytest.raises(openapi.Undocumented):
        budgets = "/preview/marketing-solutions/marketplace-performance-outcomes/budgets"
        openapi.complaints_about_request("GET", budgets, None)
