"""Patching ad sets (contract rules 22 to 36, 43, 44)."""

from __future__ import annotations

import pytest

CHECK = "campaign--ad-set-update-check--"


def short(answer):
    return [code.removeprefix(CHECK) for code in answer.codes]


def stored(demo, key="123467"):
    return demo.world.state.get("adSets", key)


# --- rule 29: items ---


def test_items_succeed_and_fail_one_by_one(demo):
    good = {"bidding": {"bidAmount": {"value": 2}}}
    bad = {"bidding": {"bidAmount": {"value": -2}}, "name": "never"}
    answer = demo.patch(
        "/ad-sets",
        {
            "data": [
                {"id": "123467", "attributes": bad},
                {"id": "123468", "attributes": good},
                {"id": "123470", "attributes": {"bidding": {"bidAmount": {"value": 1}}}},
            ]
        },
    )
    assert (answer.status, answer.body["data"]) == (200, [{"type": "AdSetIdV26Q1", "id": "123468"}])
    assert answer.instances == ["@data/0", "@data/2"]
    assert short(answer) == ["invalid-bid-amount", "invalid-bid-amount"]
    assert stored(demo)["name"] == "FR prospecting"


def test_more_than_fifty_are_refused_as_a_whole(demo):
    items = [{"id": "123467", "attributes": {"name": "new"}}] * 51
    answer = demo.patch("/ad-sets", {"data": items})
    assert (answer.status, answer.body["data"], short(answer)) == (200, [], ["too-many-entities"])
    assert stored(demo)["name"] == "FR prospecting"
    assert demo.patch("/ad-sets", {"data": items[:50]}).codes == []


def test_the_status_of_too_many_is_a_choice(make_demo):
    answer = make_demo(patch_too_many_status=400).patch("/ad-sets", {"data": [{"id": "1"}] * 51})
    assert (answer.status, short(answer)) == (400, ["too-many-entities"])


def test_a_body_that_cannot_be_read_applies_nothing(demo):
    items = [
        {"id": "123467", "attributes": {"name": "new"}},
        {"id": "123468", "attributes": {"bidding": {"bidAmount": 0.5}}},
    ]
    assert demo.patch("/ad-sets", {"data": items}).status == 400
    assert stored(demo)["name"] == "FR prospecting"


# --- rule 30: absent, null, cleared, set ---


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"name": None, "bidding": None, "scheduling": None, "targeting": None, "budget": None},
        {"scheduling": {"startDate": None, "endDate": None}, "bidding": {"bidAmount": None}},
        {"targeting": {"frequencyCapping": None, "geoLocation": {"countries": None}, "deliveryLimitations": None}},
        {"budget": {"budgetAmount": None, "budgetRenewal": None}},
    ],
)
def test_what_is_absent_or_null_stays(demo, patched, attributes):
    before = stored(demo)
    assert patched(demo, "123467", attributes).codes == []
    assert stored(demo) == before


def test_a_boxed_null_clears(demo, patched):
    demo.world.edit("adSets", "123468", {"schedule.endDate": "2026-12-31T00:00:00Z"})
    demo.world.edit("adSets", "123468", {"targeting.geoLocation.countries": {"operand": "in", "values": ["FR"]}})
    cleared = {
        "scheduling": {"endDate": {"value": None}},
        "bidding": {"bidAmount": {"value": None}},
        "targeting": {"frequencyCapping": {"value": None}, "geoLocation": {"countries": {"value": None}}},
    }
    assert patched(demo, "123468", cleared).codes == []
    record = stored(demo, "123468")
    assert (record["schedule"]["endDate"], record["bidding"]["bidAmount"]) == (None, None)
    assert record["targeting"]["frequencyCapping"] is None
    assert record["targeting"]["geoLocation"]["countries"] is None


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"name": ""}, "name-is-null"),
        ({"name": "  "}, "name-is-null"),
        ({"scheduling": {"startDate": {"value": None}}}, "start-date-is-null"),
        ({"bidding": {"bidAmount": {"value": 0}}}, "invalid-bid-amount"),
        (
            {"targeting": {"geoLocation": {"countries": {"value": {"operand": "in", "values": []}}}}},
            "ad-set-invalid-geolocation",
        ),
        (
            {"targeting": {"frequencyCapping": {"value": {"frequency": "advanced", "maximumImpressions": 1}}}},
            "frequency-cappings-not-valid",
        ),
        ({"targeting": {"deliveryLimitations": {"environments": ["moon"]}}}, "ad-set-invalid-os-env-configuration"),
        ({"budget": {"budgetAmount": {"value": 0}}}, "invalid-budget"),
        ({"budget": {"budgetDeliveryWeek": "mondayToSunday"}}, "invalid-budget"),
        ({"budget": {"pacingBehavior": "targetAverageDailyBudget"}}, "invalid-budget"),
        ({"attributionConfiguration": {"attributionMethod": "googleAnalyticsLastClick"}}, "invalid-data"),
        ({"attributionConfiguration": {"lookbackWindow": "7D"}}, "invalid-data"),
    ],
)
def test_a_broken_rule_is_told_by_its_code(demo, patched, attributes, code):
    before = stored(demo)
    answer = patched(demo, "123467", attributes)
    assert (answer.status, short(answer), answer.body["data"]) == (200, [code], [])
    assert stored(demo) == before


def test_codes_that_are_not_published_are_choices(make_demo, patched):
    demo = make_demo(budget_error_code="b", not_found_code="n", patch_data_error_code="d")
    assert patched(demo, "123467", {"budget": {"budgetAmount": {"value": 0}}}).codes == ["b"]
    assert patched(demo, "1", {}).codes == ["n"]


# --- rule 23: dates, one end given ---


@pytest.mark.parametrize(
    ("scheduling", "code"),
    [
        ({"startDate": {"value": "2027-01-15T00:00:00Z"}}, "start-date-not-valid"),
        ({"endDate": {"value": "2026-12-01T01:00:00+01:00"}}, "end-date-not-valid"),
        (
            {"startDate": {"value": "2027-02-01T00:00:00Z"}, "endDate": {"value": "2027-01-01T00:00:00Z"}},
            "start-date-not-valid",
        ),
    ],
)
def test_a_date_is_compared_with_the_other_end(demo, patched, scheduling, code):
    assert short(patched(demo, "123474", {"scheduling": scheduling})) == [code]


# --- rules 27 and 28: budgets ---


def test_uncapping_clears_everything_else(demo, patched):
    patched(demo, "123471", {"budget": {"budgetStrategy": "uncapped"}})
    assert stored(demo, "123471")["budget"] == {
        "budgetStrategy": "uncapped",
        "budgetRenewal": "undefined",
        "budgetDeliverySmoothing": None,
        "budgetDeliveryWeek": "undefined",
        "budgetAmount": None,
        "pacingBehavior": "undefined",
    }


def test_capping_needs_the_whole_block(demo, patched):
    only = {"budgetStrategy": "capped", "budgetAmount": {"value": 5}}
    assert set(short(patched(demo, "123470", {"budget": only}))) == {"invalid-budget"}
    whole = {**only, "budgetRenewal": "daily", "budgetDeliverySmoothing": "standard"}
    assert patched(demo, "123470", {"budget": whole}).codes == []


def test_a_week_or_pacing_that_no_longer_fits_is_reset(demo, patched):
    patched(demo, "123474", {"budget": {"budgetRenewal": "daily"}})
    assert stored(demo, "123474")["budget"]["budgetDeliveryWeek"] == "undefined"
    patched(demo, "123471", {"budget": {"budgetDeliverySmoothing": "accelerated"}})
    assert stored(demo, "123471")["budget"]["pacingBehavior"] == "undefined"


def test_an_automated_budget_cannot_be_patched(demo, patched):
    demo.world.edit("campaigns", "358313", {"automatesBudgets": True})
    assert short(patched(demo, "123467", {"budget": {"budgetAmount": {"value": 5}}})) == ["invalid-budget"]
    assert patched(demo, "123467", {"name": "x"}).codes == []


# --- rules 31 to 35 ---


@pytest.mark.parametrize(("choice", "codes"), [("ignored", []), ("error", ["invalid-data"])])
def test_keys_that_cannot_be_patched_are_ignored_or_refused(make_demo, patched, choice, codes):
    demo = make_demo(fixed_keys_in_patch=choice)
    assert short(patched(demo, "123467", {"campaignId": "1", "objective": "clicks"})) == codes
    assert stored(demo)["campaignId"] == "358313"


@pytest.mark.parametrize(("choice", "systems"), [("list", ["ios"]), ("block", [])])
def test_an_absent_list_stays_or_goes_with_its_block(make_demo, patched, choice, systems):
    demo = make_demo(device_list_semantics=choice)
    patched(demo, "123467", {"targeting": {"deliveryLimitations": {"operatingSystems": ["ios"]}}})
    patched(demo, "123467", {"targeting": {"deliveryLimitations": {"devices": ["mobile"]}}})
    limits = stored(demo)["targeting"]["deliveryLimitations"]
    assert (limits["devices"], limits["operatingSystems"]) == (["mobile"], systems)


def test_an_id_that_occurs_twice_is_done_twice_and_the_last_wins(demo, make_demo):
    items = [{"id": "123467", "attributes": {"name": name}} for name in ("one", "two")]
    answer = demo.patch("/ad-sets", {"data": items})
    assert [one["id"] for one in answer.body["data"]] == ["123467", "123467"]
    assert stored(demo)["name"] == "two"
    strict = make_demo(repeated_id="error").patch("/ad-sets", {"data": items})
    assert strict.instances == ["@data/1"]


@pytest.mark.parametrize(("key", "code"), [("1", "not-found"), ("123469", "ad-set-is-archived")])
def test_what_is_unknown_or_archived_cannot_be_patched(demo, patched, key, code):
    assert short(patched(demo, key, {"name": "x"})) == [code]


# --- rule 36: an active ad set stays able to be active ---


def test_an_active_ad_set_cannot_lose_what_it_needs(demo, patched):
    without = {"bidding": {"bidAmount": {"value": None}}}
    assert short(patched(demo, "123467", without)) == ["ad-set-not-activable"]
    assert patched(demo, "123468", without).codes == []


def test_a_change_that_harms_nothing_is_accepted_whatever_was_wrong_before(demo, patched):
    demo.world.edit("adSets", "123467", {"budget.budgetAmount": 0})
    assert patched(demo, "123467", {"name": "x"}).codes == []


# --- rule 44: scheduled budgets (preview) ---

CREATION = {
    "startDate": "2026-11-25",
    "budgetStrategy": "capped",
    "budgetRenewal": "daily",
    "budgetDeliverySmoothing": "standard",
    "budgetAmount": 10,
}


def scheduled(demo, patched, **operations):
    names = {"new": "Creations", "changed": "Updates", "gone": "Deletions"}
    block = {f"scheduledBudget{names[name]}": value for name, value in operations.items()}
    return patched(demo.at("/preview/marketing-solutions"), "123467", {"scheduledBudget": block})


def shown(demo):
    answer = demo.at("/preview/marketing-solutions").get("/ad-sets/123467")
    return answer.body["data"]["attributes"]


def test_a_scheduled_budget_takes_over_on_its_day_where_the_advertiser_is(demo, patched):
    assert scheduled(demo, patched, new=[CREATION]).codes == []
    assert [one["budgetAmount"] for one in shown(demo)["scheduledBudgets"]] == [10]
    demo.world.advance(3 * 86400 + 14 * 3600 - 1)  # one second before midnight in Paris
    assert shown(demo)["budget"]["budgetAmount"] != 10
    demo.world.advance(1)
    assert (shown(demo)["budget"]["budgetAmount"], shown(demo)["scheduledBudgets"]) == (10, [])


def test_scheduled_budgets_are_changed_and_deleted_in_one_step(demo, patched):
    scheduled(demo, patched, new=[CREATION, {**CREATION, "startDate": "2026-11-26"}])
    first, second = (one["id"] for one in shown(demo)["scheduledBudgets"])
    change = {"id": second, "startDate": "2026-11-25", "budgetAmount": {"value": 7}}
    assert scheduled(demo, patched, changed=[change], gone=[{"id": first}]).codes == []
    assert [(one["startDate"], one["budgetAmount"]) for one in shown(demo)["scheduledBudgets"]] == [("2026-11-25", 7)]


def test_weekly_scheduled_budgets_follow_the_week_of_the_active_one(demo, patched):
    weekly = {"budgetRenewal": "weekly", "budgetDeliveryWeek": "mondayToSunday"}
    scheduled(demo, patched, new=[{**CREATION, **weekly}, {**CREATION, "startDate": "2026-11-26"}])
    patched(demo, "123467", {"budget": {**weekly, "budgetDeliveryWeek": "fridayToThursday"}})
    weeks = [one["budgetDeliveryWeek"] for one in shown(demo)["scheduledBudgets"]]
    assert weeks == ["fridayToThursday", "undefined"]


def test_scheduled_dates_are_dates(demo, patched):
    assert scheduled(demo, patched, new=[{**CREATION, "startDate": "soon"}]).codes == ["invalid-date-format"]
    assert scheduled(demo, patched, new=[{"budgetStrategy": "uncapped"}]).codes == ["required-field"]


@pytest.mark.parametrize(
    "operations",
    [
        {"new": [{**CREATION, "startDate": "2026-11-21"}]},
        {"new": [CREATION, CREATION]},
        {"new": [{**CREATION, "budgetAmount": 0}]},
        {"changed": [{"id": "77"}]},
        {"gone": [{"id": "77"}]},
    ],
)
def test_a_scheduled_budget_that_breaks_a_rule_is_refused_with_its_item(demo, patched, operations):
    assert short(scheduled(demo, patched, **operations)) == ["invalid-budget"]
    assert shown(demo)["scheduledBudgets"] == []


def test_only_preview_knows_scheduled_budgets(demo, patched):
    patched(demo, "123467", {"scheduledBudget": {"scheduledBudgetCreations": [CREATION]}})
    assert shown(demo)["scheduledBudgets"] == []
