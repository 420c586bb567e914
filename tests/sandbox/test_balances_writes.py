"""Creating, patching and funding balances (contract rules 63 to 71)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .small_worlds import ACCOUNT

LIST = f"/accounts/{ACCOUNT}/balances"
ONE = LIST + "/697385288434028544"
G1, P = "/2026-01/retail-media", "/preview/retail-media"
NEW = {"name": "Q1", "startDate": "2027-01-01", "spendType": "Onsite", "deposited": 5000}


def wrap(**attributes):
    return {"data": {"attributes": attributes}}


def new(**changes):
    return wrap(**{key: value for key, value in (NEW | changes).items() if value is not ...})


def shown(book):
    return book.get("/balances/697385288434028544").body["data"]["attributes"]


# --- rule 63: creation ---


def test_a_created_balance_is_answered_with_201_and_billed_by_the_retailer(book):
    answer = book.post(LIST, new(memo="m", retailerPoNumber="PO 7", endDate="2027-03-31"))
    assert answer.status == 201
    assert answer.body["data"]["attributes"] == {
        "name": "Q1",
        "retailerPoNumber": "PO 7",
        "memo": "m",
        "deposited": 5000,
        "spent": 0,
        "remaining": 5000,
        "startDate": "2027-01-01",
        "endDate": "2027-03-31",
        "status": "scheduled",
        "balanceType": "capped",
        "spendType": "Onsite",
        "privateMarketBillingType": "billByRetailer",
        "createdAt": "2026-11-21T09:00:00Z",
        "updatedAt": "2026-11-21T09:00:00Z",
    }


def test_the_id_of_a_balance_is_beyond_every_integer_type(book):
    made = book.post(LIST, new()).body["data"]["id"]
    assert isinstance(made, str)
    assert int(made) > 2**64


def test_a_balance_without_a_deposit_is_uncapped(book):
    attributes = book.post(LIST, new(deposited=...)).body["data"]["attributes"]
    assert (attributes["balanceType"], attributes["deposited"], attributes["remaining"]) == ("uncapped", None, None)


def test_a_deposit_of_zero_is_not_uncapped(book):
    assert book.post(LIST, new(deposited=0)).body["data"]["attributes"]["balanceType"] == "capped"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ...}, "name"),
        ({"name": ""}, "name"),
        ({"name": "n" * 256}, "name"),
        ({"name": 5}, "name"),
        ({"startDate": ...}, "startDate"),
        ({"startDate": "2027-1-1"}, "startDate"),
        ({"startDate": "2027-02-30"}, "startDate"),
        ({"startDate": "2027-01-01T00:00:00Z"}, "startDate"),
        ({"endDate": "2027-01-01"}, "endDate"),
        ({"endDate": "2026-12-31"}, "endDate"),
        ({"spendType": ...}, "spendType"),
        ({"spendType": "onsite"}, "spendType"),
        ({"deposited": None}, "deposited"),
        ({"deposited": "5000"}, "deposited"),
        ({"deposited": -1}, "deposited"),
        ({"retailerPoNumber": "p" * 33}, "retailerPoNumber"),
        ({"memo": 5}, "memo"),
    ],
)
def test_a_creation_is_refused_for_one_field(book, changes, field):
    answer = book.post(LIST, new(**changes))
    assert (answer.status, [list(one["source"]) for one in answer.body["errors"]]) == (400, [[field]])
    assert book.get(LIST).body["data"] == []


def test_every_field_that_is_wrong_is_told(book):
    fields = [next(iter(one["source"])) for one in book.post(LIST, wrap(deposited=-1)).body["errors"]]
    assert fields == ["name", "startDate", "spendType", "deposited"]


def test_lengths_are_counted_in_characters(book):
    assert book.post(LIST, new(name="é" * 255, retailerPoNumber="é" * 32)).status == 201


@pytest.mark.parametrize("body", [None, {}, {"data": None}, {"data": []}, {"data": {"attributes": []}}])
def test_a_body_without_attributes_is_refused(book, body):
    assert book.post(LIST, body).status == 400


@pytest.mark.parametrize(("base", "key"), [(G1, "poNumber"), ("/2026-07/retail-media", "retailerPoNumber")])
def test_each_generation_knows_the_purchase_order_by_one_key_only(book, base, key):
    other = {"poNumber": "retailerPoNumber", "retailerPoNumber": "poNumber"}[key]
    made = book.at(base).post(LIST, new(**{key: "mine", other: "ignored"})).body["data"]["attributes"]
    assert (made[key], other in made) == ("mine", False)


def test_the_spelling_of_a_spend_type_can_be_free(make_book):
    made = make_book(spend_type_case="any").post(LIST, new(spendType="offsiteAwareness"))
    assert made.body["data"]["attributes"]["spendType"] == "OffsiteAwareness"


def test_an_end_on_the_day_of_the_start_can_be_accepted(make_book):
    assert make_book(balance_end="not_before_start").post(LIST, new(endDate="2027-01-01")).status == 201


# --- names are unique in an account ---


def test_a_name_is_given_once(book):
    book.post(LIST, new())
    answer = book.post(LIST, new())
    assert (answer.status, answer.titles) == (400, ["Invalid name"])
    assert len(book.get(LIST).body["data"]) == 1


def test_names_differ_by_case_unless_the_options_say_otherwise(book, make_book):
    for account, status in ((book, 201), (make_book(balance_names="ignoring_case"), 400)):
        account.post(LIST, new())
        assert account.post(LIST, new(name="q1")).status == status


def test_a_balance_that_has_ended_keeps_its_name_unless_the_options_say_otherwise(make_book, deposit):
    for choice, status in (("taken", 400), ("free", 201)):
        book = make_book(ended_balance_names=choice)
        deposit(book, name="Q1", endDate="2026-06-30")
        assert book.post(LIST, new()).status == status


def test_a_balance_can_keep_its_own_name(book, deposit):
    deposit(book, name="Q1")
    assert book.patch(ONE, wrap(name="Q1")).status == 200


def test_a_balance_cannot_take_anothers_name(book, deposit):
    deposit(book)
    deposit(book, "7", name="Q1")
    assert book.patch(ONE, wrap(name="Q1")).titles == ["Invalid name"]


# --- rule 66: patches ---


def test_only_the_given_keys_change(book, deposit):
    deposit(book)
    before = shown(book)
    book.patch(ONE, wrap(memo="second"))
    assert shown(book) == before | {"memo": "second", "updatedAt": "2026-11-21T09:00:00Z"}


@pytest.mark.parametrize("key", ["name", "startDate", "endDate", "retailerPoNumber", "memo"])
def test_null_leaves_a_field_alone(book, deposit, key):
    deposit(book)
    before = shown(book)
    assert book.patch(ONE, wrap(**{key: None})).status == 200
    assert shown(book) == before


def test_null_clears_a_text_if_the_options_say_so(make_book, deposit):
    book = make_book(balance_null_text="cleared")
    deposit(book)
    after = book.patch(ONE, wrap(memo=None, retailerPoNumber=None)).body["data"]["attributes"]
    assert (after["memo"], after["retailerPoNumber"]) == (None, None)


@pytest.mark.parametrize("base", ["/2026-07/retail-media", "/2027-01/retail-media", P])
def test_since_g2_the_end_is_in_a_box(book, deposit, base):
    deposit(book)
    book = book.at(base)
    assert book.patch(ONE, wrap(endDate={"value": "2027-01-31"})).body["data"]["attributes"]["endDate"] == "2027-01-31"
    assert book.patch(ONE, wrap(endDate={"value": None})).body["data"]["attributes"]["endDate"] is None
    assert book.patch(ONE, wrap(endDate="2027-01-31")).status == 400


def test_in_g1_the_end_is_plain_and_cannot_be_cleared(book, deposit):
    deposit(book)
    book = book.at(G1)
    assert book.patch(ONE, wrap(endDate="2027-01-31")).body["data"]["attributes"]["endDate"] == "2027-01-31"
    assert book.patch(ONE, wrap(endDate=None)).body["data"]["attributes"]["endDate"] == "2027-01-31"
    assert book.patch(ONE, wrap(endDate={"value": None})).status == 400


@pytest.mark.parametrize("dates", [{"startDate": "2026-12-31"}, {"endDate": {"value": "2025-12-31"}}])
def test_a_new_date_keeps_the_order_with_the_other(book, deposit, dates):
    deposit(book)
    assert book.patch(ONE, wrap(**dates)).status == 400


@pytest.mark.parametrize("base", ["/2026-07/retail-media", P])
@pytest.mark.parametrize(
    "body",
    [
        {"data": {"id": "1", "attributes": {"memo": "x"}}},
        {"data": {"attributes": {"memo": "x", "poNumber": "PO"}}},
        {"data": {"attributes": {"memo": "x", "deposited": 1}}},
        {"data": {"attributes": {"memo": "x"}}, "meta": {}},
    ],
)
def test_since_g2_a_patch_takes_declared_keys_only(book, deposit, base, body):
    deposit(book)
    answer = book.at(base).patch(ONE, body)
    assert answer.status == 400
    assert shown(book)["memo"] == "first"


def test_in_g1_unknown_keys_are_ignored(book, deposit):
    deposit(book)
    body = {"data": {"id": "x", "attributes": {"poNumber": "PO 2", "retailerPoNumber": "no", "deposited": 1}}}
    after = book.at(G1).patch(ONE, body).body["data"]["attributes"]
    assert (after["poNumber"], after["deposited"]) == ("PO 2", 1000)


def test_the_type_of_a_body_may_be_sent(book, deposit):
    deposit(book)
    assert book.patch(ONE, {"data": {"type": "anything", "attributes": {"memo": "x"}}}).status == 200


def test_no_patch_moves_the_deposit_or_the_spend_type(book, deposit):
    deposit(book)
    after = book.at(G1).patch(ONE, wrap(deposited=5, spendType="Offsite", memo="x")).body["data"]["attributes"]
    assert (after["deposited"], after["spendType"]) == (1000, "Onsite")


# --- rule 67: a no-op leaves no trace ---


def test_a_patch_that_changes_nothing_leaves_the_time_alone(book, deposit):
    deposit(book)
    book.patch(ONE, wrap(memo="first", name="Balance 697385288434028544", endDate={"value": "2026-12-31"}))
    assert shown(book)["updatedAt"] == "2026-01-01T08:00:00Z"


# --- foreign billing ---


@pytest.mark.parametrize("billing", ["billByCriteo", "unknown"])
def test_a_balance_that_others_bill_cannot_be_changed(book, deposit, billing):
    deposit(book, privateMarketBillingType=billing)
    before = shown(book)
    detail = "Can only change the field {} of a balance not billed by retailer."
    patched = book.patch(ONE, wrap(name="New", memo="x"))
    assert (patched.status, patched.titles) == (400, ["Invalid operation"] * 2)
    assert [one["detail"] for one in patched.body["errors"]] == [detail.format("name"), detail.format("memo")]
    assert book.post(ONE + "/change-dates", wrap(endDate="2027-01-31")).titles == ["Invalid operation"]
    funded = book.post(ONE + "/add-funds", wrap(deltaAmount=5))
    assert [one["detail"] for one in funded.body["errors"]] == [
        "Can not add funds to a balance not billed by retailer."
    ]
    assert shown(book) == before


def test_a_balance_without_a_billing_type_counts_as_the_retailers(book, deposit):
    deposit(book, privateMarketBillingType="notApplicable")
    assert book.patch(ONE, wrap(memo="x")).status == 200


# --- rules 68 and 69: funds ---


def test_funds_are_relative_so_twice_is_twice(book, deposit):
    deposit(book)
    for expected in (1250, 1500):
        after = book.post(ONE + "/add-funds", wrap(deltaAmount=250)).body["data"]["attributes"]
        assert after["deposited"] == expected


def test_funds_keep_their_cents(book, deposit):
    deposit(book, deposited=Decimal("0.10"))
    after = book.post(ONE + "/add-funds", wrap(deltaAmount=Decimal("0.20"))).body["data"]["attributes"]
    assert after["deposited"] == Decimal("0.3")


@pytest.mark.parametrize(("delta", "status"), [(-999.99, 200), (-1000, 200), (Decimal("-1000.01"), 400)])
def test_a_deposit_never_falls_below_zero(book, deposit, delta, status):
    deposit(book)
    answer = book.post(ONE + "/add-funds", wrap(deltaAmount=delta))
    assert answer.status == status
    if status == 400:
        assert answer.titles == ["Invalid deltaamount"]


def test_taking_everything_can_be_refused(make_book, deposit):
    book = make_book(emptying_delta="refused")
    deposit(book)
    assert book.post(ONE + "/add-funds", wrap(deltaAmount=-1000)).titles == ["Invalid deltaamount"]


@pytest.mark.parametrize("delta", [0, "5", None, True, ...])
def test_a_delta_is_a_number_that_is_not_zero(book, deposit, delta):
    deposit(book)
    attributes = {} if delta is ... else {"deltaAmount": delta}
    assert book.post(ONE + "/add-funds", wrap(**attributes)).status == 400


def test_adding_nothing_can_be_accepted(make_book, deposit):
    book = make_book(zero_delta="accepted")
    deposit(book)
    assert book.post(ONE + "/add-funds", wrap(deltaAmount=0)).status == 200
    assert shown(book)["updatedAt"] == "2026-01-01T08:00:00Z"


def test_an_uncapped_balance_takes_no_funds(book, deposit):
    deposit(book, deposited=None)
    assert book.post(ONE + "/add-funds", wrap(deltaAmount=5)).titles == ["Invalid operation"]


def test_funds_for_an_uncapped_balance_can_be_ignored(make_book, deposit):
    book = make_book(uncapped_funds="ignored")
    deposit(book, deposited=None)
    assert book.post(ONE + "/add-funds", wrap(deltaAmount=5)).body["data"]["attributes"]["deposited"] is None


@pytest.mark.parametrize(("choice", "memo"), [("replaces", "top-up"), ("kept", "first")])
def test_the_memo_of_funds_replaces_that_of_the_balance(make_book, deposit, choice, memo):
    book = make_book(funds_memo=choice)
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=5, memo="top-up", retailerPoNumber="PO 2"))
    assert (shown(book)["memo"], shown(book)["retailerPoNumber"]) == (memo, "PO 2")


def test_a_refused_delta_changes_no_text(book, deposit):
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=-5000, memo="x", retailerPoNumber="y"))
    assert (shown(book)["memo"], shown(book)["retailerPoNumber"]) == ("first", "PO 1")


def test_what_remains_is_what_was_deposited_less_what_was_spent(book, deposit):
    deposit(book, spent=Decimal("120.50"))
    assert shown(book)["remaining"] == Decimal("879.5")


# --- rule 70: change-dates ---


@pytest.mark.parametrize("base", [G1, "/2026-07/retail-media"])
def test_change_dates_takes_plain_days_in_every_generation(book, deposit, base):
    deposit(book)
    body = wrap(startDate="2026-02-01", endDate="2027-01-31", memo="moved")
    after = book.at(base).post(ONE + "/change-dates", body).body["data"]["attributes"]
    assert (after["startDate"], after["endDate"], after["memo"]) == ("2026-02-01", "2027-01-31", "moved")


def test_change_dates_cannot_clear_the_end(book, deposit):
    deposit(book)
    assert book.post(ONE + "/change-dates", wrap(endDate=None)).body["data"]["attributes"]["endDate"] == "2026-12-31"
    assert book.post(ONE + "/change-dates", wrap(endDate={"value": None})).status == 400


# --- rule 71: status by the account's own day ---


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-11-22", None, "scheduled"),
        ("2026-11-21", None, "active"),
        ("2026-01-01", "2026-11-21", "active"),
        ("2026-01-01", "2026-11-20", "ended"),
    ],
)
def test_status_follows_the_dates(book, deposit, start, end, status):
    deposit(book, startDate=start, endDate=end)
    assert shown(book)["status"] == status


def test_a_balance_starts_at_midnight_of_its_account(book, deposit):
    deposit(book, startDate="2026-11-22", endDate=None)
    book.world.advance(3600 * 14 - 1)  # 23:59:59 in Paris
    assert shown(book)["status"] == "scheduled"
    book.world.advance(1)
    assert shown(book)["status"] == "active"


# --- rule 85: spend moves on its own ---


def test_spend_that_moves_on_its_own_is_neither_written_down_nor_a_change(make_book, deposit):
    book = make_book(spend_per_hour=Decimal(10))
    deposit(book)
    for hour in (1, 2):
        book.world.advance(3600)
        book.patch(ONE, wrap(memo="first"))
        assert (shown(book)["spent"], shown(book)["updatedAt"]) == (10 * hour, "2026-01-01T08:00:00Z")
