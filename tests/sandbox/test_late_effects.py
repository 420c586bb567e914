"""Effects that land after their answer, or never; answers that hide an effect. All on the sandbox's own clock."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.sandbox import Request, World
from reconciler.sandbox.encoding import decode, encode

from .small_worlds import ACCOUNT

BALANCE = "697385288434028544"
FUNDS = f"/accounts/{ACCOUNT}/balances/{BALANCE}/add-funds"
TOP_UP = {"data": {"attributes": {"deltaAmount": 50, "memo": "run-1"}}}

ANSWERS = {
    "504": {"status": 504, "page": True},
    "502": {"status": 502, "page": True},
    "reset": {"drop": "reset"},
    "time-out": {"drop": "silence"},
    "408": {"status": 408},
    "409": {"status": 409},
    "499": {"status": 499},
    "HTML 403": {"status": 403, "page": True},
    "429": {"status": 429, "headers": {"x-ratelimit-reset": "1"}},
    "401": {"status": 401},
    "200": {},
}


def raw(client, path, body, method="POST"):
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    return client.world.handle(Request.of(method, client.base + path, headers, encode(body)))


def deposited(book):
    return book.world.state.get("balances", BALANCE)["deposited"]


def entries(book):
    return book.get(f"/balances/{BALANCE}/history", limit=100).body["data"]


@pytest.mark.parametrize("seconds", [0, 5, 20, 40, 120, 300])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_top_up_lands_after_whatever_was_answered(book, deposit, answer, seconds):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": seconds, **ANSWERS[answer]})
    response = raw(book, FUNDS, TOP_UP)
    assert deposited(book) == 1000
    if seconds:
        book.world.advance(seconds - 1)
        assert deposited(book) == 1000
        book.world.advance(1)
    book.get(f"/balances/{BALANCE}")
    assert deposited(book) == 1050
    assert len(entries(book)) == 1
    expected = ANSWERS[answer].get("status", 0 if answer == "reset" else 200)
    assert (response.status if not response.aborted else 0) == expected
    assert response.aborted is (answer == "reset")
    assert (response.delay > 3600) is (answer == "time-out")


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_effect_may_never_land(book, deposit, answer):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": None, **ANSWERS[answer]})
    raw(book, FUNDS, TOP_UP)
    book.world.advance(86_400)
    assert deposited(book) == 1000
    assert entries(book) == []


def test_a_late_top_up_adds_to_what_is_there_when_it_lands(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": 40, "status": 504})
    raw(book, FUNDS, TOP_UP)
    book.world.edit("balances", BALANCE, {"deposited": 700})
    book.world.advance(40)
    assert deposited(book) == 750


def test_history_tells_when_a_late_effect_landed(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": 40, "status": 504})
    raw(book, FUNDS, TOP_UP)
    book.world.advance(300)  # the first call after the instant is much later
    assert entries(book)[0]["attributes"]["dateOfModification"].startswith("2026-11-21T09:00:40")


def test_late_effects_land_in_the_order_of_their_instants(demo, patched):
    demo.world.inject(
        {"kind": "late", "method": "PATCH", "seconds": 60, "status": 504},
        {"kind": "late", "method": "PATCH", "nth": 2, "seconds": 5, "status": 504},
    )
    for bid in (3, 4):
        raw(
            demo,
            "/ad-sets",
            {"data": [{"id": "123467", "attributes": {"bidding": {"bidAmount": {"value": bid}}}}]},
            "PATCH",
        )
    seen = []
    for seconds in (10, 60):
        demo.world.advance(seconds)
        seen.append(demo.world.state.get("adSets", "123467")["bidding"]["bidAmount"])
    assert seen == [4, 3]


def test_a_creation_that_is_answered_before_it_lands_keeps_its_id(demo, drafted):
    demo.world.inject({"kind": "late", "method": "POST", "path": "*/ad-sets", "seconds": 30})
    told = demo.post("/ad-sets", drafted())
    other = demo.post("/ad-sets", drafted({"name": "second"})).body["data"]["id"]
    key = told.body["data"]["id"]
    assert told.status == 201
    assert demo.get(f"/ad-sets/{key}").status == 404
    demo.world.advance(30)
    assert demo.get(f"/ad-sets/{key}").body["data"]["attributes"]["name"] == "IT prospecting"
    third = demo.post("/ad-sets", drafted({"name": "third"})).body["data"]["id"]
    assert len({key, other, third}) == 3


def test_seller_budgets_land_late_as_a_whole(market, asked):
    market.world.inject({"kind": "late", "method": "POST", "seconds": 120, "status": 502, "page": True})
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    items = [asked(), asked(sellerId="2")]
    response = market.world.handle(Request.of("POST", market.base + "/budgets", headers, encode(items)))
    assert (response.status, response.header("content-type")) == (502, "text/html")
    assert market.world.state.all("sellerBudgets") == {}
    market.world.advance(120)
    assert len(market.world.state.all("sellerBudgets")) == 2


def test_a_refused_call_has_no_late_effect(demo, drafted):
    demo.world.inject({"kind": "late", "method": "POST", "seconds": 30})
    before = len(demo.world.state.all("adSets"))
    assert demo.post("/ad-sets", drafted({"name": ...})).status == 400
    demo.world.advance(30)
    assert len(demo.world.state.all("adSets")) == before


def test_a_late_effect_against_which_something_speaks_by_then_is_none(book):
    attributes = {
        "name": "Winter",
        "startDate": "2026-12-01",
        "endDate": "2026-12-31",
        "spendType": "Onsite",
        "deposited": 10,
    }
    body = {"data": {"attributes": attributes}}
    path = f"/accounts/{ACCOUNT}/balances"
    book.world.inject({"kind": "late", "seconds": 30, "status": 504})
    raw(book, path, body)
    assert book.post(path, body).status == 201
    book.world.advance(30)
    assert len(book.world.state.all("balances")) == 1


def test_a_late_effect_survives_a_restart(tmp_path, drafted):
    file = tmp_path / "world.json"
    world = World.demo(state_file=file, running=False)
    world.state.put("tokens", "token", {"clientId": "sandbox-ms", "expiresAt": "2999-01-01T00:00:00Z"})
    world.inject({"kind": "late", "seconds": 30, "status": 504})
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    world.handle(Request.of("POST", "/2026-07/marketing-solutions/ad-sets", headers, encode(drafted())))
    again = World.open(file)
    before = len(again.state.all("adSets"))
    again.advance(30)
    assert len(again.state.all("adSets")) == before + 1


def test_repairing_does_not_call_back_what_is_on_its_way(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": 40, "status": 504})
    raw(book, FUNDS, TOP_UP)
    book.world.repair()
    book.world.advance(40)
    assert deposited(book) == 1050


def test_a_late_effect_is_entered_in_the_log_as_a_call_once(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": 40, "status": 504})
    raw(book, FUNDS, TOP_UP)
    book.world.advance(40)
    assert [(entry["status"], entry["faults"]) for entry in book.world.log] == [(504, ["late"])]


@pytest.mark.parametrize(
    ("status", "headers"), [(429, {"x-ratelimit-remaining": "0"}), (401, {"www-authenticate": "Bearer"})]
)
def test_a_refusal_may_come_after_the_effect(book, deposit, status, headers):
    deposit(book, BALANCE)
    book.world.inject({"kind": "status", "status": status, "applied": True, "headers": headers})
    response = raw(book, FUNDS, TOP_UP)
    assert response.status == status
    assert all(response.header(name) == value for name, value in headers.items())
    assert deposited(book) == 1050


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("status", [403, 408, 409, 499, 502, 504])
def test_a_gateway_in_front_may_answer_in_html(book, deposit, status, applied):
    deposit(book, BALANCE)
    book.world.inject({"kind": "status", "status": status, "page": True, "applied": applied})
    response = raw(book, FUNDS, TOP_UP)
    assert (response.status, response.header("content-type")) == (status, "text/html")
    assert str(status).encode() in response.body
    assert deposited(book) == (1050 if applied else 1000)


@pytest.mark.parametrize("applied", [True, False])
def test_a_gateway_may_redirect(book, deposit, applied):
    deposit(book, BALANCE)
    book.world.inject({"kind": "redirect", "status": 302, "location": "https://sso.example.com/", "applied": applied})
    response = raw(book, FUNDS, TOP_UP)
    assert (response.status, response.header("location")) == (302, "https://sso.example.com/")
    assert deposited(book) == (1050 if applied else 1000)


def test_no_answer_may_ever_come_to_what_took_effect(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "silence"})
    assert raw(book, FUNDS, TOP_UP).delay > 3600
    assert deposited(book) == 1050


def test_a_creation_may_be_answered_with_the_id_of_an_older_object(demo, drafted):
    demo.world.inject({"kind": "old_id", "path": "*/ad-sets", "id": "123467"})
    before = set(demo.world.state.all("adSets"))
    assert demo.post("/ad-sets", drafted()).body["data"]["id"] == "123467"
    assert len(set(demo.world.state.all("adSets")) - before) == 1


def test_a_creation_may_be_answered_with_an_older_id_and_have_no_effect(demo, drafted):
    demo.world.inject({"kind": "old_id", "path": "*/ad-sets", "id": "123467", "applied": False})
    before = set(demo.world.state.all("adSets"))
    assert demo.post("/ad-sets", drafted()).body["data"]["id"] == "123467"
    assert set(demo.world.state.all("adSets")) == before


def test_the_first_of_a_batch_may_be_answered_with_an_older_id(market, hold, asked):
    hold(market, "900")
    market.world.inject({"kind": "old_id", "method": "POST", "id": "900"})
    told = market.post("/budgets", [asked(), asked(sellerId="2")]).body
    names = [str(one.get("budgetId", one.get("id"))) for one in told]
    assert names[0] == "900"
    assert names[1] in market.world.state.all("sellerBudgets")


@pytest.mark.parametrize(
    ("forms", "stored"),
    [
        (None, "Été winter"),
        (["trim"], "Été  winter"),
        (["nfkc", "lower"], " été  winter "),
    ],
)
def test_a_name_may_be_stored_otherwise_than_it_was_sent(demo, drafted, forms, stored):
    sent = " Été  winter "
    if forms and "nfkc" in forms:
        sent = " E\u0301te\u0301  winter "
    fault = {"kind": "normalise", "count": None} | ({} if forms is None else {"forms": forms})
    demo.world.inject(fault)
    key = demo.post("/ad-sets", drafted({"name": sent})).body["data"]["id"]
    assert demo.get(f"/ad-sets/{key}").body["data"]["attributes"]["name"] == stored


def test_a_patched_name_is_normalised_too(demo, patched):
    demo.world.inject({"kind": "normalise"})
    patched(demo, "123467", {"name": " a  b "})
    assert demo.world.state.get("adSets", "123467")["name"] == "a b"


@pytest.mark.parametrize(("seconds", "date"), [(7200, "Sat, 21 Nov 2026 11:00:00 GMT"), (None, None)])
def test_the_date_of_an_answer_may_be_apart_or_absent(demo, seconds, date):
    demo.world.inject({"kind": "date", "seconds": seconds})
    assert raw(demo, "/ad-sets/search", {}).header("date") == date
    assert raw(demo, "/ad-sets/search", {}).header("date") == "Sat, 21 Nov 2026 09:00:00 GMT"


def test_faults_may_befall_each_so_manieth_call(demo):
    demo.world.inject({"kind": "status", "status": 500, "nth": 2, "every": 3, "count": 2})
    assert [demo.get("/me").status for _ in range(9)] == [200, 500, 200, 200, 500, 200, 200, 200, 200]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "late"},
        {"kind": "late", "seconds": 1, "drop": "gently"},
        {"kind": "short_list"},
        {"kind": "short_list", "form": "lost"},
        {"kind": "stale"},
        {"kind": "old_id"},
    ],
)
def test_a_fault_that_says_too_little_or_nonsense_is_refused(demo, fault):
    with pytest.raises(ValueError, match=fault["kind"]):
        demo.world.inject(fault)


def test_late_amounts_stay_decimals(book, deposit):
    deposit(book, BALANCE)
    book.world.inject({"kind": "late", "seconds": 1, "status": 504})
    raw(book, FUNDS, {"data": {"attributes": {"deltaAmount": Decimal("0.1")}}})
    book.world.advance(1)
    assert deposited(book) == Decimal("1000.1")
    assert decode(encode(book.world.to_json()))["balances"][BALANCE]["deposited"] == Decimal("1000.1")
