"""Tokens, products, permissions, portfolio and quota (contract rules 1 to 7)."""

from __future__ import annotations

import pytest

from reconciler.sandbox.encoding import decode
from reconciler.sandbox.message import Request

FORM = {"content-type": "application/x-www-form-urlencoded"}
GOOD = b"grant_type=client_credentials&client_id=sandbox-ms&client_secret=sandbox"
ME = "/2026-07/marketing-solutions/me"


def bearer(world, body=GOOD):
    return decode(world.handle(Request.of("POST", "/oauth2/token", FORM, body)).body)["access_token"]


def read(world, path, token):
    response = world.handle(Request.of("GET", path, {"authorization": f"Bearer {token}"}))
    return response.status, decode(response.body), dict(response.headers)


# --- rules 1 to 3: tokens ---


def test_a_token_answer_has_the_four_keys_that_clients_read(demo):
    body = decode(demo.world.handle(Request.of("POST", "/oauth2/token", FORM, GOOD)).body)
    assert (set(body), body["token_type"], body["expires_in"]) == (
        {"access_token", "token_type", "expires_in", "refresh_token"},
        "Bearer",
        900,
    )


@pytest.mark.parametrize(
    ("headers", "body", "status", "error"),
    [
        (FORM, GOOD.replace(b"secret=sandbox", b"secret=wrong"), 401, "invalid_client"),
        (FORM, GOOD.replace(b"sandbox-ms", b"stranger"), 401, "invalid_client"),
        (FORM, GOOD.replace(b"client_credentials", b"password"), 400, "unsupported_grant_type"),
        ({"content-type": "application/json"}, b"{}", 415, "invalid_request"),
    ],
)
def test_a_wrong_token_request_is_refused_in_the_words_of_oauth(demo, headers, body, status, error):
    response = demo.world.handle(Request.of("POST", "/oauth2/token", headers, body))
    assert (response.status, decode(response.body)["error"]) == (status, error)


def test_the_status_of_wrong_credentials_is_a_choice(make_demo):
    world = make_demo(token_failure_status=400).world
    response = world.handle(Request.of("POST", "/oauth2/token", FORM, GOOD.replace(b"-ms", b"-xx")))
    assert response.status == 400


def test_a_token_expires_with_the_simulated_clock_and_an_older_one_before_it(demo):
    first = bearer(demo.world)
    demo.world.advance(600)
    second = bearer(demo.world)
    demo.world.advance(300)
    status, body, _ = read(demo.world, ME, first)
    assert (status, body["errors"][0]["code"]) == (401, "authorization-token-expired")
    assert read(demo.world, ME, second)[0] == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "authorization-token-missing"),
        ({"authorization": "Bearer nonsense"}, "authorization-token-invalid"),
        ({"authorization": "Basic token"}, "authorization-token-invalid"),
    ],
)
def test_a_call_without_a_good_token_is_refused(demo, headers, code):
    response = demo.world.handle(Request.of("GET", ME, headers))
    problem = decode(response.body)["errors"][0]
    assert (response.status, problem["code"], problem["type"], problem["instance"]) == (401, code, "authorization", ME)


# --- rules 4 and 5: products and permissions ---


def test_an_application_cannot_call_the_other_product(demo):
    assert read(demo.world, "/2026-07/retail-media/me", "sandbox-ms")[0] == 403
    assert read(demo.world, ME, "sandbox-rm")[0] == 403


def test_an_application_is_told_its_product(demo):
    status, body, _ = read(demo.world, "/2026-07/retail-media/me", "sandbox-rm")
    assert (status, body["data"]["attributes"]["criteoService"]) == (200, "RetailMedia")


@pytest.mark.parametrize(
    ("level", "reading", "writing"), [("none", 403, 403), ("read", 200, 403), ("manage", 200, 200)]
)
def test_a_level_of_a_domain_admits_its_calls_and_manage_implies_read(demo, level, reading, writing):
    demo.world.edit("applications", "sandbox-ms", {"permissions.Campaign": level})
    assert demo.post("/ad-sets/search", {}).status == reading
    assert demo.post("/ad-sets/stop", {"data": []}).status == writing


def test_a_missing_permission_is_told_in_the_words_of_marketing_solutions(demo):
    demo.world.edit("applications", "sandbox-ms", {"permissions": {}})
    assert demo.post("/ad-sets/search", {}).codes == ["insufficient-advertiser-permissions"]


# --- rule 6: the portfolio ---


def test_without_consent_bulk_reads_are_empty_and_single_ones_refused(demo):
    demo.world.edit("applications", "sandbox-ms", {"advertiserIds": []})
    found = demo.post("/ad-sets/search", {"filters": {"adSetIds": ["123467"]}})
    assert (found.status, found.body["data"], found.body["errors"]) == (200, [], [])
    assert demo.get("/ad-sets/123467").status == 403
    assert demo.at("/2026-07").get("/advertisers/me").body["data"] == []


def test_the_portfolio_names_its_advertisers(demo):
    assert demo.at("/2026-07").get("/advertisers/me").body["data"] == [
        {"type": "advertiser", "id": "1352", "attributes": {"advertiserName": "Shop A"}}
    ]


# --- rule 7: the quota ---


def test_every_metered_answer_tells_the_quota_in_seconds_of_its_own_clock(make_demo):
    world = make_demo(rate_limit=3).world
    _, _, headers = read(world, ME, "token")
    assert (headers["x-ratelimit-limit"], headers["x-ratelimit-remaining"]) == ("3", "2")
    assert int(headers["x-ratelimit-reset"]) == world.now.timestamp() + 60
    assert headers["date"] == "Sat, 21 Nov 2026 09:00:00 GMT"


@pytest.mark.parametrize("kind", ["fixed", "sliding"])
def test_a_call_over_the_quota_has_no_effect_until_the_window_has_passed(make_demo, kind):
    demo = make_demo(rate_limit=2, rate_window_kind=kind)
    stop = {"data": [{"id": "123467"}]}
    demo.get("/me")
    demo.get("/me")
    refused = demo.post("/ad-sets/stop", stop)
    assert (refused.status, refused.body) == (429, {})
    assert demo.world.state.get("adSets", "123467")["schedule"]["activationStatus"] == "on"
    demo.world.advance(60)
    assert demo.post("/ad-sets/stop", stop).status == 200


def test_a_sliding_window_frees_one_call_at_a_time(make_demo):
    demo = make_demo(rate_limit=2, rate_window_kind="sliding")
    demo.get("/me")
    demo.world.advance(30)
    demo.get("/me")
    demo.world.advance(31)
    assert [demo.get("/me").status for _ in range(2)] == [200, 429]


def test_applications_have_a_quota_each_and_tokens_are_free(make_demo):
    world = make_demo(rate_limit=1).world
    bearer(world)
    assert read(world, ME, "sandbox-ms")[0] == 200
    assert read(world, ME, "sandbox-ms")[0] == 429
    assert read(world, "/2026-07/retail-media/me", "sandbox-rm")[0] == 200


def test_tokens_may_count_too(make_demo):
    world = make_demo(rate_limit=1, token_metered=True).world
    bearer(world)
    refused = world.handle(Request.of("POST", "/oauth2/token", FORM, GOOD))
    assert (refused.status, refused.header("x-ratelimit-remaining")) == (429, "0")


def test_an_application_may_have_a_quota_of_its_own(demo):
    demo.world.edit("applications", "sandbox-ms", {"rateLimit": 1})
    assert [demo.get("/me").status for _ in range(2)] == [200, 429]


def test_a_refused_call_tells_the_quota_but_not_when_to_retry(make_demo):
    world = make_demo(rate_limit=0).world
    _, _, headers = read(world, ME, "token")
    assert "retry-after" not in headers
    assert headers["x-ratelimit-remaining"] == "0"
