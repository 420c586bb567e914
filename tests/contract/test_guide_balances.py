"""Each request and each error of the guide on balances, at a time when its dates lay ahead and its version lived."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.sandbox.encoding import decode

from ..sandbox.small_worlds import ACCOUNT, accounts

GUIDE = decode((Path(__file__).parent / "guide" / "balances.json").read_bytes())
ERRORS = GUIDE["errors"]


@pytest.fixture
def book():
    """The account of the guide with its balances, one of them billed by Criteo."""
    client = accounts(now=GUIDE["now"]).at("/" + GUIDE["version"])
    for key, name, billing in (
        ("697385288434028544", "Q1", "billByRetailer"),
        ("14094543095747588032", "Taken", "billByRetailer"),
        ("5", "Foreign", "billByCriteo"),
    ):
        record = {
            "accountId": ACCOUNT,
            "name": name,
            "startDate": "2024-12-15",
            "endDate": None,
            "deposited": Decimal(1000),
            "spent": Decimal(0),
            "spendType": "Onsite",
            "poNumber": None,
            "memo": None,
            "privateMarketBillingType": billing,
            "createdAt": "2024-11-01T08:00:00Z",
            "updatedAt": "2024-11-01T08:00:00Z",
        }
        client.world.state.put("balances", key, record)
    return client


def get(book, target):
    path, _, query = target.partition("?")
    return book.get(path, **dict(pair.split("=") for pair in query.split("&") if pair))


def attach(book, campaign_ids):
    balance_id = "14094543095747588032"
    for key in campaign_ids:
        record = {"balanceId": balance_id, "campaignId": key}
        book.world.state.put("attachments", f"{balance_id}/{key}", record)


def ids(answer):
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.body["data"]]


def test_the_list_of_the_guide_is_a_page_of_balances(book):
    answer = get(book, GUIDE["list"])
    assert ids(answer) == ["5", "697385288434028544", "14094543095747588032"]
    assert answer.body["metadata"]["currentPageSize"] == 25


def test_the_patch_of_the_guide_changes_what_it_names(book):
    answer = book.patch(GUIDE["patch"]["path"], GUIDE["patch"]["body"])
    asked = GUIDE["patch"]["body"]["data"]["attributes"]
    assert answer.status == 200
    assert answer.body["data"]["attributes"].items() >= asked.items()
    assert answer.body["data"]["attributes"]["deposited"] == 1000


def test_the_campaigns_of_a_balance_are_a_page_of_ids(book):
    attach(book, ["71"])
    assert ids(get(book, GUIDE["campaigns"])) == ["71"]


@pytest.mark.parametrize("verb", ["append", "delete"])
def test_attachments_answer_the_resulting_set_as_a_single_page(book, verb):
    request = GUIDE[verb]
    attach(book, request["before"])
    answer = book.post(request["path"], request["body"])
    named = {one["id"] for one in request["body"]["data"]}
    before = set(request["before"])
    assert set(ids(answer)) == (before | named if verb == "append" else before - named)
    assert answer.body["metadata"]["totalPages"] == 1


def test_history_names_the_application_or_the_person_that_wrote(book):
    book.patch(GUIDE["patch"]["path"], GUIDE["patch"]["body"])
    book.world.advance(60)
    book.world.edit("balances", "697385288434028544", {"name": "Q1 2025"}, by="Kip Heaney")
    rows = get(book, GUIDE["history"]).body["data"]
    assert [(one["changeType"], one["modifiedByUser"]) for one in rows] == [
        ("BalanceName", "Kip Heaney"),
        ("PoNumber", "cfg-as-code"),
        ("EndDate", "cfg-as-code"),
        ("StartDate", "cfg-as-code"),
    ]


@pytest.mark.parametrize("error", ERRORS, ids=[one["name"] for one in ERRORS])
def test_an_error_of_the_guide_is_told_in_its_words(book, error):
    if "permissions" in error:
        book.world.edit("applications", "app", {"permissions": error["permissions"]})
    path, _, query = error["path"].partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    answer = book.call(error["method"], path, error.get("body"), pairs)
    assert (answer.status, answer.titles) == (error["status"], [error["title"]])
    assert answer.body["errors"][0].get("detail", "").startswith(error["detail"])


def test_a_field_to_review_is_named(book):
    body = {"data": {"attributes": {"startDate": "soon"}}}
    answer = book.patch(GUIDE["patch"]["path"], body)
    assert answer.status == 400
    assert answer.body["errors"][0]["detail"].startswith("Review the value of field startDate provided in the request")
