"""Versions, paths, bodies, envelopes and determinism (contract rules 8 to 14)."""

from __future__ import annotations

import pytest

from reconciler.sandbox import World
from reconciler.sandbox.encoding import decode, encode
from reconciler.sandbox.message import Request

# --- rule 8: versions ---


@pytest.mark.parametrize("version", ["2026-01", "2026-07", "2027-01", "preview", "experimental"])
def test_every_living_version_searches_ad_sets(demo, version):
    assert demo.at(f"/{version}/marketing-solutions").post("/ad-sets/search", {}).status == 200


def test_an_unknown_version_is_not_found(demo):
    assert demo.at("/2026-04/marketing-solutions").post("/ad-sets/search", {}).status == 404


def test_an_ended_version_falls_forward_to_one_of_the_same_contract(demo):
    answer = demo.at("/2025-10/marketing-solutions").get("/ad-sets/123467")
    assert answer.body["data"]["type"] == "ReadAdSetV24Q3"


def test_a_version_answers_for_itself_until_the_end_of_its_last_day(demo):
    old = demo.at("/2026-01/marketing-solutions")
    demo.world.advance(67 * 86400)  # 2027-01-27
    assert old.get("/ad-sets/123467").status == 200
    demo.world.advance(86400)
    assert old.get("/ad-sets/123467").status == 410


def test_an_ended_version_is_gone_once_its_contract_has_changed(demo):
    demo.world.advance(90 * 86400)  # February 2027: the last version of the first generation has ended
    old = demo.at("/2026-01/marketing-solutions")
    assert old.get("/ad-sets/123467").status == 410
    assert old.post("/ad-sets/stop", {"data": []}).status == 200


def test_an_operation_that_a_version_lacks_is_not_found(demo):
    budgets = "/marketing-solutions/marketplace-performance-outcomes/budgets"
    assert demo.at("/preview").get(budgets).status == 404


# --- rule 9: what cannot be read ---


def test_an_unknown_path_is_not_found_and_a_wrong_verb_not_allowed(demo):
    assert demo.get("/nothing").status == 404
    assert demo.call("DELETE", "/ad-sets", None, {}).status == 405


@pytest.mark.parametrize(
    ("media_type", "status"), [("application/json; charset=utf-8", 200), ("text/plain", 415), ("", 415)]
)
def test_a_body_has_to_be_called_json(demo, media_type, status):
    headers = {"authorization": "Bearer token", "content-type": media_type}
    path = "/2026-07/marketing-solutions/ad-sets/search"
    assert demo.world.handle(Request.of("POST", path, headers, b"{}")).status == status


@pytest.mark.parametrize("text", [b"", b"{", b"[NaN]", b"[" * 100_000, b'{"a": 1e999999999}', b'["\\ud800"]', b"\xff"])
def test_a_body_has_to_be_json(demo, text):
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    path = "/2026-07/marketing-solutions/ad-sets/search"
    assert demo.world.handle(Request.of("POST", path, headers, text)).status == 400


@pytest.mark.parametrize("body", [[], "text", None, 7, {"filters": []}, {"filters": {"adSetIds": "1"}}])
def test_a_body_of_another_type_is_refused_as_a_whole(demo, body):
    path = "/2026-07/marketing-solutions/ad-sets/search"
    headers = {"authorization": "Bearer token", "content-type": "application/json"}
    assert demo.world.handle(Request.of("POST", path, headers, encode(body))).status == 400


def test_a_body_that_is_too_large_is_refused(make_demo):
    demo = make_demo(body_limit=100)
    assert demo.post("/ad-sets/search", {"filters": {"adSetIds": ["1" * 100]}}).status == 413


# --- rules 11 to 13: envelopes ---


def test_problem_lists_are_there_when_empty_unless_the_options_say_otherwise(demo, make_demo):
    empty = {"filters": {"adSetIds": ["1"]}}
    assert demo.post("/ad-sets/search", empty).body == {"data": [], "errors": [], "warnings": []}
    assert make_demo(empty_problem_lists=False).post("/ad-sets/search", empty).body == {"data": []}


def test_a_problem_carries_one_trace_id_under_both_names_and_each_call_its_own(demo):
    one, two = (demo.get("/ad-sets/1").body["errors"][0] for _ in range(2))
    assert one["traceId"] == one["traceIdentifier"] != two["traceId"]


# --- rule 14: determinism ---


def test_two_worlds_of_one_seed_answer_alike_and_of_another_not():
    def answers(seed):
        world = World.demo(running=False, seed=seed)
        form = {"content-type": "application/x-www-form-urlencoded"}
        secret = b"grant_type=client_credentials&client_id=sandbox-ms&client_secret=sandbox"
        token = world.handle(Request.of("POST", "/oauth2/token", form, secret))
        return token, world.handle(Request.of("GET", "/2026-07/marketing-solutions/me", {"authorization": "x"}))

    assert answers(1) == answers(1)
    assert answers(1)[0].body != answers(2)[0].body
    assert answers(1)[1].body != answers(2)[1].body


def test_amounts_are_decimals_on_both_sides_of_the_wire(demo, patched):
    patched(demo, "123467", {"bidding": {"bidAmount": {"value": 0.1}}})
    headers = {"authorization": "Bearer token"}
    text = demo.world.handle(Request.of("GET", "/2026-07/marketing-solutions/ad-sets/123467", headers)).body
    assert b'"bidAmount":0.1,' in text
    assert str(decode(text)["data"]["attributes"]["budget"]["budgetAmount"]) == "123.45"
