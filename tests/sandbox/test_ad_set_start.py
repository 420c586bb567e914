"""Starting and stopping ad sets, and what they show (contract rules 37 to 39)."""

from __future__ import annotations

import pytest

from reconciler.sandbox.ad_sets import delivery

CHECK = "campaign--ad-set-start-check--"


def switch(demo, verb, *keys):
    return demo.post(f"/ad-sets/{verb}", {"data": [{"type": "AdSetId", "id": key} for key in keys]})


def short(answer):
    return [code.removeprefix(CHECK) for code in answer.codes]


def shown(demo, key):
    schedule = demo.get(f"/ad-sets/{key}").body["data"]["attributes"]["schedule"]
    return schedule["activationStatus"], schedule["deliveryStatus"]


# --- rule 37 ---


def test_starting_and_stopping_go_item_by_item(demo):
    answer = switch(demo, "start", "123469", "123468", "1", "123467")
    assert [one["id"] for one in answer.body["data"]] == ["123468", "123467"]
    assert (short(answer), answer.instances) == (
        ["cannot-activate-archived-ad-set", "not-found"],
        ["@data/0", "@data/2"],
    )
    assert shown(demo, "123468") == ("on", "live")
    assert switch(demo, "stop", "123468", "123469").codes == []
    assert shown(demo, "123468") == ("off", "paused")


def test_what_is_in_the_state_already_is_a_success_whatever_else(demo):
    demo.world.edit("adSets", "123467", {"startError": "misconfigured-ad-set"})
    assert switch(demo, "start", "123467").codes == []


# --- rule 38 ---


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"archived": True}, "cannot-activate-archived-ad-set"),
        ({"audienceId": None}, "ad-set-requiring-an-audience"),
        ({"bidding.bidAmount": None}, "cannot-activate-ad-set-without-revenue"),
        ({"budget.budgetAmount": 0}, "ad-set-has-no-remaining-budget"),
        ({"contextZero": True}, "context-zero-no-geoloc-filter"),
        (
            {"objective": "appPromotion", "targeting.deliveryLimitations.devices": ["desktop"]},
            "desktop-device-not-supported-for-app-install",
        ),
        *(({"startError": code}, code) for code in delivery.ORDER),
    ],
)
def test_a_reason_against_starting_is_told_by_its_code(demo, changes, code):
    demo.world.edit("adSets", "123468", changes)
    assert short(switch(demo, "start", "123468")) == [code]
    assert shown(demo, "123468")[0] == "off"


def test_an_ad_set_may_be_free_of_audiences(demo):
    demo.world.edit("adSets", "123468", {"audienceId": None, "audienceFree": True})
    assert switch(demo, "start", "123468").codes == []


def test_an_adaptive_controller_needs_no_bid(demo):
    demo.world.edit("adSets", "123468", {"bidding.bidAmount": None, "bidding.costController": "dailyBudget"})
    assert switch(demo, "start", "123468").codes == []


@pytest.mark.parametrize(("choice", "count"), [("first", 1), ("all", 3)])
def test_the_first_reason_or_all_are_told(make_demo, choice, count):
    demo = make_demo(start_errors=choice)
    demo.world.edit("adSets", "123468", {"audienceId": None, "bidding.bidAmount": None, "budget.budgetAmount": 0})
    codes = short(switch(demo, "start", "123468"))
    assert (len(codes), codes[0]) == (count, "ad-set-has-no-remaining-budget")


def test_only_so_many_ad_sets_of_an_advertiser_are_on(make_demo):
    demo = make_demo(active_ad_sets_limit=5)
    assert short(switch(demo, "start", "123468")) == ["active-ad-sets-limit-reached"]
    assert switch(demo, "stop", "123467").codes == []
    assert switch(demo, "start", "123468").codes == []


# --- rule 39: the clock changes what is shown, without any call ---


def test_the_delivery_status_follows_the_clock(demo):
    seen = [shown(demo, "123474")[1]]
    for days in (10, 45):
        demo.world.advance(days * 86400)
        seen.append(shown(demo, "123474")[1])
    assert seen == ["scheduled", "live", "ended"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"archived": True, "started": False, "schedule.endDate": "2026-01-01T00:00:00Z"}, "archived"),
        ({"started": False, "schedule.endDate": "2026-01-01T00:00:00Z"}, "ended"),
        ({"started": False, "schedule.activationStatus": "off"}, "draft"),
        ({"schedule.activationStatus": "off", "schedule.startDate": "2027-01-01T00:00:00Z"}, "paused"),
        ({"schedule.startDate": "2027-01-01T00:00:00Z", "exhausted": True}, "scheduled"),
        ({"exhausted": True}, "notDelivering"),
        ({"spent": "123.45"}, "notDelivering"),
        ({"spent": "123.44"}, "live"),
        ({"schedule.startDate": None}, "live"),
    ],
)
def test_the_delivery_status_is_the_first_that_applies(demo, changes, status):
    demo.world.edit("adSets", "123467", changes)
    assert shown(demo, "123467")[1] == status


def test_what_was_stopped_may_show_inactive(make_demo):
    assert shown(make_demo(off_delivery_status="inactive"), "123468") == ("off", "inactive")


# --- rule 85 ---


def test_spending_goes_on_by_itself(make_demo):
    demo = make_demo(spend_per_hour=100)
    assert shown(demo, "123467")[1] == "live"
    demo.world.advance(2 * 3600)
    assert shown(demo, "123467")[1] == "notDelivering"
