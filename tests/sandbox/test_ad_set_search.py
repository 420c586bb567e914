"""Search and single reads of ad sets (contract rules 15 to 17)."""

from __future__ import annotations

import pytest


def ids(answer):
    return [one["id"] for one in answer.body["data"]]


# --- rule 15 ---


def test_no_filter_finds_the_whole_portfolio_by_ascending_id(demo):
    demo.world.state.put("adSets", "99", {**demo.world.state.get("adSets", "123467"), "id": "99"})
    found = ids(demo.post("/ad-sets/search", {"filters": {}}))
    assert found == ["99", "123467", "123468", "123469", "123470", "123471", "123473", "123474"]
    assert ids(demo.post("/ad-sets/search", {})) == found


def test_filters_join_by_and_and_their_ids_by_or(demo):
    filters = {"adSetIds": ["123467", "123471", "123474"], "campaignIds": ["358314"]}
    assert ids(demo.post("/ad-sets/search", {"filters": filters})) == ["123471", "123474"]
    filters["advertiserIds"] = ["7"]
    assert ids(demo.post("/ad-sets/search", {"filters": filters})) == []


def test_unparsable_ids_are_ignored(demo):
    filters = {"adSetIds": ["123467", "abc", "", "-1"], "campaignIds": None}
    assert ids(demo.post("/ad-sets/search", {"filters": filters})) == ["123467"]


@pytest.mark.parametrize(("choice", "count"), [("matches_nothing", 0), ("ignored", 7)])
def test_a_filter_without_any_parsable_id_matches_nothing_or_is_ignored(make_demo, choice, count):
    demo = make_demo(all_unparsable_filter=choice)
    assert len(ids(demo.post("/ad-sets/search", {"filters": {"adSetIds": ["abc"]}}))) == count


# --- rule 16 ---


def test_a_projection_makes_the_other_attributes_null(demo):
    body = {"filters": {"adSetIds": ["123467"]}, "meta": {"fields": ["Name", "Bidding"]}}
    attributes = demo.post("/ad-sets/search", body).body["data"][0]["attributes"]
    kept = {name: value for name, value in attributes.items() if value is not None}
    assert set(kept) == {"name", "bidding"}


def test_a_projection_of_an_unknown_field_is_refused(demo):
    assert demo.post("/ad-sets/search", {"meta": {"fields": ["Colour"]}}).status == 400


def test_the_first_generation_knows_no_projection(demo):
    body = {"filters": {"adSetIds": ["123467"]}, "meta": {"fields": ["Name"]}}
    answer = demo.at("/2026-01/marketing-solutions").post("/ad-sets/search", body)
    assert answer.body["data"][0]["attributes"]["bidding"] is not None


# --- rule 17 ---


def test_an_ad_set_that_cannot_be_exposed_is_left_out_with_one_warning(demo):
    demo.world.edit("adSets", "123471", {"unexposable": True})
    answer = demo.post("/ad-sets/search", {})
    assert not {"123471", "123472"} & set(ids(answer))
    assert [one["code"] for one in answer.body["warnings"]] == ["cannot-expose-specific-adsets"]


def test_a_hidden_ad_set_read_alone_is_no_data_and_a_warning(demo):
    answer = demo.get("/ad-sets/123472")
    assert (answer.status, answer.body["data"], len(answer.body["warnings"])) == (200, None, 1)


def test_an_unknown_ad_set_is_not_found(demo):
    assert demo.get("/ad-sets/1").status == 404


# --- the forms of the generations (§3.5, §6.2) ---


def test_each_generation_shows_the_budget_fields_that_it_has(demo):
    def budget(version):
        return demo.at(f"/{version}/marketing-solutions").get("/ad-sets/123471").body["data"]["attributes"]

    assert "pacingBehavior" not in budget("2026-01")["budget"]
    assert budget("2026-07")["budget"]["pacingBehavior"] == "targetAverageDailyBudget"
    assert "scheduledBudgets" not in budget("2026-07")
    assert budget("preview")["scheduledBudgets"] == []


@pytest.mark.parametrize(
    ("stored", "version", "shown"),
    [
        ("googleAnalyticsLastClick", "2026-01", "googleAnalyticsLastClick"),
        ("googleAnalyticsLastClick", "2026-07", "googleAnalytics"),
        ("sftp", "2026-01", "unknown"),
        ("sftp", "2026-07", "sftp"),
    ],
)
def test_an_attribution_method_is_told_in_the_words_of_the_generation(demo, stored, version, shown):
    demo.world.edit("adSets", "123467", {"attributionConfiguration.attributionMethod": stored})
    answer = demo.at(f"/{version}/marketing-solutions").get("/ad-sets/123467")
    assert answer.body["data"]["attributes"]["attributionConfiguration"]["attributionMethod"] == shown
