"""Audience links, category bids, display multipliers (contract rules 40 to 42)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.sandbox.encoding import decode
from reconciler.sandbox.message import Request


def link(demo, audience, key="123473", body_id=None):
    data = {"id": body_id or key, "type": "AdSetAudience", "attributes": {"audienceId": audience}}
    return demo.call("PUT", f"/ad-sets/{key}/audience", {"data": data}, {})


def linked(demo, key="123473"):
    answer = demo.world.handle(Request.of("GET", f"/_sandbox/ad-sets/{key}/audience"))
    return decode(answer.body)["audienceId"]


# --- rule 40 ---


def test_a_link_is_echoed_replaced_and_taken_away_and_never_read(demo):
    assert link(demo, "9876").body["data"] == {
        "id": "123473",
        "type": "AdSetAudience",
        "attributes": {"audienceId": "9876"},
    }
    link(demo, "9877")
    assert linked(demo) == "9877"
    assert "9877" not in str(demo.get("/ad-sets/123473").body)
    assert link(demo, None).status == 200
    assert linked(demo) is None


@pytest.mark.parametrize("audience", ["1", "5001"])
def test_only_an_audience_can_be_linked_and_no_segment_of_one(demo, audience):
    answer = link(demo, audience)
    assert (answer.status, answer.codes, answer.instances) == (
        404,
        ["audience-not-found"],
        ["/ad-sets/123473/audience"],
    )
    assert linked(demo) is None


def test_an_audience_of_another_account_is_not_found(demo):
    demo.world.state.put("audiences", "7", {"advertiserId": "2000", "kind": "audience"})
    assert link(demo, "7").codes == ["audience-not-found"]


def test_unlinking_may_be_impossible(make_demo):
    assert link(make_demo(audience_null="error"), None).codes == ["audience-not-found"]


def test_the_ids_of_path_and_body_agree(demo):
    assert link(demo, "9876", body_id="123467").status == 400


def test_an_unknown_ad_set_cannot_be_linked(demo):
    assert link(demo, "9876", key="1").status == 404


# --- rule 41 ---


def bids(demo, key="123467"):
    answer = demo.get(f"/ad-sets/{key}/category-bids")
    return {one["id"].partition("|")[2]: str(one["attributes"]["bidAmount"]) for one in answer.body["data"]}


def bid(demo, place, amount, key="123467"):
    data = [{"type": "AdSetCategoryBid", "id": f"{key}|{place}", "attributes": {"bidAmount": amount}}]
    return demo.patch(f"/ad-sets/{key}/category-bids", {"data": data})


def test_every_enabled_category_shows_its_own_bid_or_that_of_the_ad_set(demo):
    assert bids(demo) == {"5544|1": "0.9", "5545|2": "1.2345", "5546|2": "0.9"}


def test_an_inherited_bid_follows_the_ad_set_and_an_own_one_does_not(demo, patched):
    bid(demo, "5544|1", 2)
    patched(demo, "123467", {"bidding": {"bidAmount": {"value": 3}}})
    assert bids(demo) == {"5544|1": "2", "5545|2": "1.2345", "5546|2": "3"}


def test_a_bid_equal_to_that_of_the_ad_set_is_inherited_from_then_on(demo, patched):
    bid(demo, "5545|2", Decimal("0.9"))
    patched(demo, "123467", {"bidding": {"bidAmount": {"value": 3}}})
    assert bids(demo)["5545|2"] == "3"


def test_a_category_bid_is_rounded(demo):
    bid(demo, "5544|1", Decimal("1.00005"))
    assert bids(demo)["5544|1"] == "1"


@pytest.mark.parametrize(
    ("place", "amount", "code"),
    [
        ("5547|3", 1, "category-not-enabled"),
        ("5544|2", 1, "category-not-enabled"),
        ("5544|1", -1, "invalid-bid-amount"),
        ("5544|1", None, "invalid-bid-amount"),
    ],
)
def test_a_bad_category_bid_is_an_error_of_its_item(demo, place, amount, code):
    answer = bid(demo, place, amount)
    assert (answer.status, answer.codes) == (200, ["campaign--category-bid-update-check--" + code])
    assert answer.instances == ["@data/0"]


def test_only_controllers_per_click_and_per_mille_have_category_bids(demo):
    assert bids(demo, "123470") == {}
    assert bid(demo, "5544|1", 1, "123470").codes == ["campaign--category-bid-update-check--invalid-cost-controller"]


def test_the_id_of_another_ad_set_is_an_error(demo):
    data = [{"id": "123468|5544|1", "attributes": {"bidAmount": 1}}]
    assert len(demo.patch("/ad-sets/123467/category-bids", {"data": data}).codes) == 1


# --- rule 42 ---


def multiply(demo, place, factor):
    data = [{"type": "AdSetDisplayMultiplier", "id": f"123467|{place}", "attributes": {"displayMultiplier": factor}}]
    return demo.patch("/ad-sets/123467/display-multipliers", {"data": data})


def multipliers(demo):
    answer = demo.get("/ad-sets/123467/display-multipliers")
    return {one["id"]: str(one["attributes"]["displayMultiplier"]) for one in answer.body["data"]}


def test_a_multiplier_is_one_until_it_is_set(demo):
    assert multiply(demo, "5544", Decimal("1.25")).body["data"] == [
        {"type": "AdSetDisplayMultiplier", "id": "123467|5544"}
    ]
    assert multipliers(demo) == {"123467|5544": "1.25", "123467|5545": "1", "123467|5546": "1"}


@pytest.mark.parametrize(
    ("place", "factor", "code"),
    [
        ("5547", 1, "category-not-enabled"),
        ("5544", Decimal("0.4999"), "invalid-display-multiplier"),
        ("5544", Decimal("2.0001"), "invalid-display-multiplier"),
        ("5544", None, "invalid-display-multiplier"),
    ],
)
def test_a_bad_multiplier_is_an_error_of_its_item(demo, place, factor, code):
    assert multiply(demo, place, factor).codes == ["campaign--display-multiplier-update-check--" + code]


def test_any_positive_multiplier_may_be_accepted(make_demo):
    demo = make_demo(display_multipliers="positive")
    assert multiply(demo, "5544", 7).codes == []
    assert len(multiply(demo, "5544", 0).codes) == 1


@pytest.mark.parametrize("factor", [Decimal("0.5"), 2])
def test_the_ends_of_the_range_belong_to_it(demo, factor):
    assert multiply(demo, "5544", factor).codes == []
