"""Shapes, pages, attachments and history of balances (contract rules 6, 72 to 76)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.sandbox.world import World

from .small_worlds import ACCOUNT

LIST = f"/accounts/{ACCOUNT}/balances"
ID = "697385288434028544"
ONE = f"{LIST}/{ID}"
G1, G2, P = "/2026-01/retail-media", "/2026-07/retail-media", "/preview/retail-media"


def wrap(**attributes):
    return {"data": {"attributes": attributes}}


# --- rule 72: each answer's own shape ---

OLD = {"poNumber", "Onsite"}
MIXED = {"retailerPoNumber", "Onsite"}
NEW = {"retailerPoNumber", "onsite"}
ANSWERS = {
    "list": lambda book: book.get(LIST).body["data"][0],
    "of the account": lambda book: book.get(ONE).body["data"],
    "alone": lambda book: book.get(f"/balances/{ID}").body["data"],
    "created": lambda book: book.post(LIST, wrap(name="N", startDate="2027-01-01", spendType="Onsite")).body["data"],
    "patched": lambda book: book.patch(ONE, wrap(memo="x")).body["data"],
    "funded": lambda book: book.post(ONE + "/add-funds", wrap(deltaAmount=1)).body["data"],
    "dated": lambda book: book.post(ONE + "/change-dates", wrap(endDate="2027-01-31")).body["data"],
}


@pytest.mark.parametrize(
    ("base", "how", "words"),
    [
        (G1, "list", OLD),
        (G1, "of the account", OLD),
        (G1, "created", OLD),
        (G1, "patched", OLD),
        (G1, "funded", OLD),
        (G1, "dated", OLD),
        (G2, "list", NEW),
        (G2, "of the account", OLD),
        (G2, "alone", NEW),
        (G2, "created", MIXED),
        (G2, "patched", NEW),
        (G2, "funded", MIXED),
        (G2, "dated", OLD),
        (P, "list", NEW),
        (P, "alone", NEW),
        (P, "patched", NEW),
    ],
)
def test_each_answer_has_the_words_of_its_generation(book, deposit, base, how, words):
    deposit(book)
    attributes = ANSWERS[how](book.at(base))["attributes"]
    order = {key for key in ("poNumber", "retailerPoNumber") if key in attributes}
    assert order | {attributes["spendType"]} == words


@pytest.mark.parametrize(
    ("base", "method", "path"),
    [
        (G1, "GET", f"/balances/{ID}"),
        (P, "GET", ONE),
        (P, "POST", LIST),
        (P, "POST", ONE + "/add-funds"),
        (P, "POST", ONE + "/change-dates"),
        (P, "GET", f"/balances/{ID}/campaigns"),
        (P, "GET", "/accounts"),
        (P, "GET", f"/accounts/{ACCOUNT}/campaigns"),
    ],
)
def test_operations_that_a_version_does_not_have_are_not_there(book, deposit, base, method, path):
    deposit(book)
    answer = book.at(base).call(method, path, {}, {})
    assert answer.status in (404, 405)


def test_an_uncapped_balance_reads_zero_in_the_new_lists_and_null_elsewhere(book, deposit):
    deposit(book, deposited=None)
    read = {how: ANSWERS[how](book)["attributes"] for how in ("list", "alone", "of the account", "patched")}
    assert {how: (one["deposited"], one["remaining"]) for how, one in read.items()} == {
        "list": (0, 0),
        "alone": (0, 0),
        "of the account": (None, None),
        "patched": (None, None),
    }
    assert {one["balanceType"] for one in read.values()} == {"uncapped"}


def test_the_read_only_numbers_are_in_the_new_lists_only(book, deposit):
    deposit(book, criteoPoNumber="C 1", retailerId="44")
    for how in ("list", "alone"):
        attributes = ANSWERS[how](book)["attributes"]
        assert (attributes["criteoPoNumber"], attributes["retailerId"]) == ("C 1", "44")
    assert "criteoPoNumber" not in ANSWERS["patched"](book)["attributes"]


def test_a_balance_that_ended_with_its_version_falls_forward_or_is_gone(book, deposit):
    deposit(book)
    gone = book.at("/2025-10/retail-media")
    assert gone.get(ONE).status == 200  # unchanged since, so a later version answers
    assert gone.get(LIST).status == 200  # 2026-01 has the same contract
    book.world.advance(86400 * 90)
    assert gone.get(LIST).status == 410
    assert gone.get(ONE).status == 200


# --- rule 6: whose it is ---


def test_a_strangers_account_reads_as_empty_and_forbids_everything_else(book, deposit):
    deposit(book, "7", accountId="5")
    assert book.get("/accounts/5/balances").body["data"] == []
    assert book.get("/accounts/5/campaigns").body["data"] == []
    for answer in (
        book.get("/balances/7"),
        book.patch("/accounts/5/balances/7", wrap(memo="x")),
        book.post("/accounts/5/balances", wrap(name="N", startDate="2027-01-01", spendType="Onsite")),
        book.get("/balances/7/history"),
        book.post("/balances/7/campaigns/append", wrap(ids=["99"])),
    ):
        assert (answer.status, answer.titles) == (403, ["Authorization error"])


def test_what_does_not_exist_is_not_found(book, deposit):
    deposit(book)
    assert book.get("/balances/7").status == 404
    assert book.get("/accounts/777/balances/" + ID).status == 404
    assert book.patch(f"{LIST}/7", wrap(memo="x")).status == 404


def test_a_balance_is_not_found_under_another_account(book, deposit):
    book.world.edit("applications", "app", {"accountIds": [ACCOUNT, "5"]})
    deposit(book, "7", accountId="5")
    assert book.get("/accounts/5/balances/7").status == 200
    assert book.get(f"{LIST}/7").status == 404


@pytest.mark.parametrize(("base", "has_both"), [(G1, True), (G2, False), (P, False)])
def test_since_g2_a_problem_has_one_trace_id(book, deposit, base, has_both):
    deposit(book)
    problem = book.at(base).patch(ONE, wrap(startDate="x")).body["errors"][0]
    assert ("traceIdentifier" in problem, "traceId" in problem) == (has_both, True)


def test_appending_asks_for_the_campaign_domain_and_not_for_balances(book, deposit):
    deposit(book)
    append = f"/balances/{ID}/campaigns/append"
    book.world.edit("applications", "app", {"permissions": {"Campaign": "manage"}})
    assert book.post(append, wrap(ids=["71"])).status == 200
    book.world.edit("applications", "app", {"permissions": {"Balance": "manage", "Campaign": "read"}})
    assert book.post(append, wrap(ids=["71"])).status == 403


# --- rule 73: attachments ---


def ids(answer):
    assert answer.status == 200, answer.body
    data = answer.body["data"]
    return data["attributes"]["ids"] if isinstance(data, dict) else [one["id"] for one in data]


@pytest.mark.parametrize("base", [G2, P])
def test_appending_and_deleting_change_a_set_and_tell_all_of_it(book, deposit, base):
    deposit(book)
    book, path = book.at(base), f"/balances/{ID}/campaigns"
    assert ids(book.post(path + "/append", wrap(ids=["72", "71"]))) == ["71", "72"]
    assert ids(book.post(path + "/append", wrap(ids=["72"]))) == ["71", "72"]
    assert ids(book.post(path + "/delete", wrap(ids=["71"]))) == ["72"]
    assert ids(book.post(path + "/delete", wrap(ids=["71"]))) == ["72"]


def test_g1_names_campaigns_as_resources_and_answers_a_single_page(book, deposit):
    deposit(book)
    book, path = book.at(G1), f"/balances/{ID}/campaigns"
    answer = book.post(path + "/append", {"data": [{"id": "71"}, {"type": "x", "id": "8343086999167541140"}]})
    assert ids(answer) == ["71", "8343086999167541140"]
    assert answer.body["metadata"] == {
        "currentPageIndex": 0,
        "currentPageSize": 2,
        "totalItemsAcrossAllPages": 2,
        "totalPages": 1,
        "nextPage": None,
        "previousPage": None,
    }
    assert ids(book.post(path + "/delete", {"data": [{"id": "71"}]})) == ["8343086999167541140"]


@pytest.mark.parametrize("verb", ["append", "delete"])
def test_an_unknown_campaign_refuses_the_whole_call(book, deposit, verb):
    deposit(book)
    path = f"/balances/{ID}/campaigns"
    book.post(path + "/append", wrap(ids=["71"]))
    assert book.post(f"{path}/{verb}", wrap(ids=["71", "72", "99"])).status == 400
    assert ids(book.get(path)) == ["71"]


def test_an_unknown_campaign_can_be_ignored(make_book, deposit):
    book = make_book(unknown_attachment="ignored")
    deposit(book)
    assert ids(book.post(f"/balances/{ID}/campaigns/append", wrap(ids=["71", "99"]))) == ["71"]


@pytest.mark.parametrize(
    ("base", "body"),
    [
        (G2, {"data": [{"id": "71"}]}),
        (G2, {"data": {"attributes": {"ids": [71]}}}),
        (G2, {"data": {"attributes": {"ids": ["71"], "x": 1}}}),
        (G2, {"data": {"attributes": {}}}),
        (G1, {"data": {"attributes": {"ids": ["71"]}}}),
        (G1, {"data": [{"id": 71}]}),
        (G1, {"data": ["71"]}),
    ],
)
def test_campaigns_are_named_in_the_form_of_the_generation(book, deposit, base, body):
    deposit(book)
    assert book.at(base).post(f"/balances/{ID}/campaigns/append", body).status == 400


# --- rule 74 ---


def test_campaigns_tell_which_balances_they_draw_from(book, deposit):
    deposit(book)
    deposit(book, "7")
    book.post(f"/balances/{ID}/campaigns/append", wrap(ids=["71"]))
    book.post("/balances/7/campaigns/append", wrap(ids=["71", "72"]))
    read = book.get(f"/accounts/{ACCOUNT}/campaigns").body["data"]
    assert {one["id"]: one["attributes"]["drawableBalanceIds"] for one in read} == {
        "71": ["7", ID],
        "72": ["7"],
        "8343086999167541140": [],
    }


# --- rule 75: history ---


def told(answer):
    rows = answer.body["data"]
    return [row.get("attributes", row) for row in rows]


def changed(answer):
    return [
        (one["changeType"], *one["changeDetails"].values(), one["modifiedByUser"], one["memo"]) for one in told(answer)
    ]


HISTORY = f"/balances/{ID}/history"


def test_one_write_leaves_one_entry_for_each_attribute_newest_first(book, deposit):
    deposit(book)
    book.patch(ONE, wrap(name="New", endDate={"value": None}, memo="why"))
    book.world.advance(60)
    book.post(ONE + "/add-funds", wrap(deltaAmount=Decimal("250.50"), memo="run 7"))
    answer = book.get(HISTORY)
    me = "cfg-as-code"
    assert changed(answer) == [
        ("balanceAdded", "1000", "1250.5", "250.5", me, "run 7"),
        ("balanceName", f"Balance {ID}", "New", None, me, "why"),
        ("endDate", "2026-12-31", None, None, me, "why"),
    ]
    assert [one["dateOfModification"] for one in told(answer)] == ["2026-11-21T09:01:00Z"] + [
        "2026-11-21T09:00:00Z"
    ] * 2


def test_history_begins_with_the_creation(book):
    body = wrap(name="N", startDate="2027-01-01", spendType="Onsite", deposited=5, memo="m")
    made = book.post(LIST, body).body["data"]["id"]
    assert changed(book.get(f"/balances/{made}/history")) == [
        ("balanceCreated", None, "5", "5", "cfg-as-code", "m"),
    ]


def test_taking_funds_away_is_told_as_removal(book, deposit):
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=-250))
    assert changed(book.get(HISTORY)) == [("balanceRemoved", "1000", "750", "-250", "cfg-as-code", None)]


def test_a_refused_write_and_a_no_op_leave_no_entry(book, deposit):
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=-5000))
    book.patch(ONE, wrap(endDate={"value": "2026-12-31"}))
    assert told(book.get(HISTORY)) == []


def test_an_edit_in_the_interface_is_told_with_the_login(book, deposit):
    deposit(book)
    book.world.edit("balances", ID, {"deposited": None, "endDate": "2027-06-30"}, by="ada")
    assert changed(book.get(HISTORY)) == [
        ("endDate", "2026-12-31", "2027-06-30", None, "ada", None),
        ("balanceUncapped", "1000", None, None, "ada", None),
    ]
    assert book.get(f"/balances/{ID}").body["data"]["attributes"]["updatedAt"] == "2026-11-21T09:00:00Z"


def test_spending_is_not_history(book, deposit):
    deposit(book)
    book.world.edit("balances", ID, {"spent": 12.5})
    assert told(book.get(HISTORY)) == []
    assert book.get(f"/balances/{ID}").body["data"]["attributes"]["updatedAt"] == "2026-01-01T08:00:00Z"


@pytest.mark.parametrize(
    ("base", "order", "name", "criteo"),
    [
        (G1, "PoNumber", "BalanceName", "Unknown"),
        (G2, "retailerPoNumber", "balanceName", "criteoPoNumber"),
        (P, "RetailerPoNumber", "BalanceName", "CriteoPoNumber"),
    ],
)
def test_each_generation_spells_the_types_its_way(book, deposit, base, order, name, criteo):
    deposit(book)
    book.world.edit("balances", ID, {"poNumber": "PO 2", "name": "New", "criteoPoNumber": "C"})
    assert {one["changeType"] for one in told(book.at(base).get(HISTORY))} == {order, name, criteo}


def test_g1_history_is_flat_and_the_later_one_is_enveloped(book, deposit):
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=1))
    assert set(book.at(G1).get(HISTORY).body) == {"data", "meta"}
    assert set(book.get(HISTORY).body) == {"data", "metadata", "errors", "warnings"}


def test_history_is_limited_to_types(book, deposit):
    deposit(book)
    book.patch(ONE, wrap(name="New"))
    book.post(ONE + "/add-funds", wrap(deltaAmount=1))
    book.post(ONE + "/add-funds", wrap(deltaAmount=-1))
    asked = book.get(HISTORY, limitToChangeTypes="balanceAdded, balanceRemoved")
    assert [one["changeType"] for one in told(asked)] == ["balanceRemoved", "balanceAdded"]
    assert asked.body["metadata"]["count"] == 2


@pytest.mark.parametrize(("base", "stranger"), [(G1, "RetailerPoNumber"), (G2, "poNumber"), (P, "xxx")])
def test_a_type_that_the_generation_does_not_know_is_refused(book, deposit, base, stranger):
    deposit(book)
    answer = book.at(base).get(HISTORY, limitToChangeTypes=f"balanceAdded,{stranger}")
    title = f"Change data capture type {stranger} is not supported"
    assert (answer.status, answer.titles) == (400, [title])


def test_history_can_be_told_oldest_first(make_book, deposit):
    book = make_book(history_order="oldest_first")
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=1))
    book.post(ONE + "/add-funds", wrap(deltaAmount=-1))
    assert [one["changeType"] for one in told(book.get(HISTORY))] == ["balanceAdded", "balanceRemoved"]


@pytest.mark.parametrize(("base", "most"), [(G1, 100), (G2, 500), (P, 500)])
def test_a_page_of_history_has_a_largest_size(book, deposit, base, most):
    deposit(book)
    book = book.at(base)
    assert book.get(HISTORY, limit=most).status == 200
    assert book.get(HISTORY, limit=most + 1).status == 400


def test_a_page_that_is_too_large_can_be_cut(make_book, deposit):
    book = make_book(page_over_limit="cut")
    deposit(book)
    assert book.get(HISTORY, limit=9999).body["metadata"]["limit"] == 500


# --- rule 76: pages ---


@pytest.fixture
def many(book, deposit):
    """An account with thirty balances, put in out of order."""
    for number in (*range(100, 130, 2), *range(101, 130, 2)):
        deposit(book, str(number))
    return book


def test_by_offset_a_page_has_25_and_comes_in_the_order_of_ids(many):
    first = many.get(LIST).body
    assert [one["id"] for one in first["data"]] == [str(number) for number in range(100, 125)]
    assert first["metadata"] == {"offset": 0, "limit": 25, "count": 30}
    last = many.get(LIST, offset=25, limit=500).body
    assert [one["id"] for one in last["data"]] == [str(number) for number in range(125, 130)]
    assert many.get(LIST, offset=30).body["data"] == []


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"offset": -1}, {"limit": "x"}])
def test_by_offset_a_page_out_of_bounds_is_refused(many, query):
    assert many.get(LIST, **query).status == 400


def test_by_index_pages_name_their_neighbours_by_address(many):
    old = many.at(G1)
    first = old.get(LIST, pageSize=12).body
    assert first["metadata"] == {
        "currentPageIndex": 0,
        "currentPageSize": 12,
        "totalItemsAcrossAllPages": 30,
        "totalPages": 3,
        "nextPage": f"https://api.criteo.com{G1}{LIST}?pageIndex=1&pageSize=12",
        "previousPage": None,
    }
    last = old.get(LIST, pageIndex=2, pageSize=12).body
    assert len(last["data"]) == 6
    assert last["metadata"]["nextPage"] is None
    assert last["metadata"]["previousPage"].endswith("?pageIndex=1&pageSize=12")


def test_following_the_addresses_reaches_every_balance_once(many):
    seen, page = [], many.at(G1).get(LIST, pageSize=7).body
    while True:
        seen += [one["id"] for one in page["data"]]
        address = page["metadata"]["nextPage"]
        if address is None:
            break
        path, _, query = address.removeprefix("https://api.criteo.com").partition("?")
        page = many.at("").get(path, **dict(pair.split("=") for pair in query.split("&"))).body
    assert seen == [str(number) for number in range(100, 130)]


def test_by_index_a_page_has_25_and_no_largest_size(many):
    old = many.at(G1)
    assert old.get(LIST).body["metadata"]["totalPages"] == 2
    assert len(old.get(LIST, pageSize=10000).body["data"]) == 30
    assert old.get(LIST, pageSize=0).status == 400
    assert old.get(LIST, pageIndex=-1).status == 400


def test_an_id_filter_has_the_name_of_its_generation(many):
    assert [one["id"] for one in many.get(LIST, **{"limit-to-id": ["101", "103", "7"]}).body["data"]] == ["101", "103"]
    assert [one["id"] for one in many.at(G1).get(LIST, limitToId=["101"]).body["data"]] == ["101"]
    assert len(many.get(LIST, limitToId=["101"]).body["data"]) == 25


def test_since_g2_an_id_filter_takes_fifty(many):
    wanted = [str(number) for number in range(100, 151)]
    assert many.get(LIST, **{"limit-to-id": wanted[:50]}).status == 200
    assert many.get(LIST, **{"limit-to-id": wanted}).status == 400


def test_campaigns_and_accounts_are_paged_by_index_in_every_version(book, deposit):
    deposit(book)
    book.post(f"/balances/{ID}/campaigns/append", wrap(ids=["71", "72"]))
    for path, total in ((f"/balances/{ID}/campaigns", 2), (f"/accounts/{ACCOUNT}/campaigns", 3), ("/accounts", 1)):
        body = book.get(path, pageSize=1).body
        assert (len(body["data"]), body["metadata"]["totalItemsAcrossAllPages"]) == (1, total)


def test_an_account_tells_its_currency_and_time_zone(book):
    one = book.get("/accounts").body["data"][0]
    assert one["id"] == ACCOUNT
    assert (one["attributes"]["currency"], one["attributes"]["timeZone"]) == ("EUR", "Europe/Paris")


# --- rule 14: the whole state survives being written down ---


def test_a_saved_account_is_the_same_account(book, deposit, tmp_path):
    deposit(book)
    book.post(ONE + "/add-funds", wrap(deltaAmount=Decimal("0.01")))
    book.post(f"/balances/{ID}/campaigns/append", wrap(ids=["71"]))
    book.world.save(tmp_path / "world.json")
    again = type(book)(type(book.world).load(tmp_path / "world.json"), book.base)
    for path in (LIST, HISTORY, f"/balances/{ID}/campaigns", f"/accounts/{ACCOUNT}/campaigns"):
        assert again.get(path).body == book.get(path).body


def test_an_edit_keeps_what_no_change_of_a_user_is_about():
    world = World.demo(running=False)
    key = next(iter(world.state.all("balances")))

    world.edit("balances", key, {"createdAt": "2020-01-01T00:00:00Z", "spent": 7, "name": "Theirs"}, "anna")

    kept = world.state.get("balances", key)
    assert (kept["createdAt"], kept["spent"], kept["name"]) == ("2020-01-01T00:00:00Z", 7, "Theirs")
