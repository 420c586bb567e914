"""Creating ad sets (contract rules 18 to 28, 43)."""

from __future__ import annotations

from decimal import Decimal

import pytest

CHECK = "campaign--ad-set-creation-check--"


def short(answer):
    return [code.removeprefix(CHECK) for code in answer.codes]


def created(demo, body):
    answer = demo.post("/ad-sets", body)
    assert answer.status == 201, answer.body
    return answer.body["data"]


# --- rules 18 to 20: what comes back ---


def test_a_new_ad_set_is_off_a_draft_and_without_an_audience(demo, drafted):
    data = created(demo, drafted())
    attributes = data["attributes"]
    assert (data["id"], data["type"]) == ("987634", "ReadAdSetV26Q1")
    assert attributes["schedule"] == {
        "startDate": {"value": "2026-12-01T00:00:00Z"},
        "endDate": {"value": "2026-12-31T00:00:00Z"},
        "activationStatus": "off",
        "deliveryStatus": "draft",
    }
    assert attributes["advertiserId"] == "1352"
    assert demo.world.state.get("adSets", "987634")["audienceId"] is None


def test_names_need_not_be_unique(demo, drafted):
    assert created(demo, drafted())["id"] != created(demo, drafted())["id"]


@pytest.mark.parametrize(("objective", "environment"), [("appPromotion", "app"), ("clicks", "web")])
def test_the_destination_follows_from_the_objective(demo, drafted, objective, environment):
    data = created(demo, drafted({"objective": objective}))
    assert data["attributes"]["destinationEnvironment"] == environment


def test_what_is_not_asked_for_is_empty(demo, drafted):
    data = created(demo, drafted({"budget": ..., "bidding.bidAmount": ..., "schedule.endDate": ...}))
    attributes = data["attributes"]
    assert attributes["budget"]["budgetStrategy"] == "uncapped"
    assert attributes["bidding"]["bidAmount"] is None
    assert attributes["schedule"]["endDate"] == {"value": None}
    assert attributes["targeting"]["deliveryLimitations"] == {"devices": [], "environments": [], "operatingSystems": []}


# --- rule 18: what is refused ---


@pytest.mark.parametrize(
    "path",
    [
        "name",
        "campaignId",
        "datasetId",
        "objective",
        "mediaType",
        "trackingCode",
        "schedule",
        "bidding",
        "targeting",
        "schedule.startDate",
        "bidding.costController",
        "targeting.frequencyCapping",
    ],
)
def test_a_required_key_is_required(demo, drafted, path):
    answer = demo.post("/ad-sets", drafted({path: ...}))
    assert (answer.status, short(answer)) == (400, ["invalid-data"])
    assert answer.body["errors"][0]["detail"] == f"{path} is required"


def test_the_capping_may_be_null_but_not_missing(demo, drafted):
    assert created(demo, drafted({"targeting.frequencyCapping": None}))


def test_a_budget_is_required_only_by_choice(make_demo, drafted):
    demo = make_demo(budget_required_at_create=True)
    assert short(demo.post("/ad-sets", drafted({"budget": ...}))) == ["invalid-data"]


def test_every_violation_is_told_and_nothing_stored(demo, drafted):
    before = len(demo.world.state.all("adSets"))
    changes = {
        "bidding.bidAmount": -1,
        "schedule.endDate": "2026-12-01T00:00:00Z",
        "targeting.frequencyCapping": {"frequency": "advanced", "maximumImpressions": 3},
        "targeting.geoLocation": {"zipCodes": {"operand": "in", "values": []}},
        "datasetId": "1",
    }
    assert set(short(demo.post("/ad-sets", drafted(changes)))) == {
        "invalid-bid-amount",
        "start-date-not-valid",
        "frequency-cappings-not-valid",
        "invalid-geolocation",
        "invalid-dataset-id",
    }
    assert len(demo.world.state.all("adSets")) == before


def test_a_refused_creation_may_be_a_200_with_errors(make_demo, drafted):
    answer = make_demo(create_failure_status=200).post("/ad-sets", drafted({"name": " "}))
    assert (answer.status, answer.body["data"], short(answer)) == (200, None, ["invalid-data"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"trackingCode": "?utm_source=criteo"}, "invalid-data"),
        ({"campaignId": "abc"}, "invalid-data"),
        ({"campaignId": "1"}, "invalid-data"),
        ({"trackingCode": " "}, "invalid-data"),
        ({"objective": "fame"}, "invalid-data"),
        ({"mediaType": "Display"}, "invalid-data"),
        ({"bidding.costController": "CPC"}, "invalid-data"),
        ({"objective": "videoViews"}, "invalid-bidding-configuration"),
        ({"bidding.costController": "CPV"}, "invalid-bidding-configuration"),
        ({"bidding.costController": "dailyBudget"}, "invalid-bid-amount"),
        ({"bidding.bidAmount": 0}, "invalid-bid-amount"),
        ({"bidding.bidAmount": Decimal("0.00004")}, "invalid-bid-amount"),
        ({"targeting.geoLocation": {"countries": {"operand": "undefined", "values": ["FR"]}}}, "invalid-geolocation"),
        ({"targeting.geoLocation": {"countries": {"operand": "in", "values": ["FRA"]}}}, "invalid-geolocation"),
        ({"targeting.geoLocation": {"subdivisions": {"operand": "in", "values": ["FR"]}}}, "invalid-geolocation"),
        ({"targeting.deliveryLimitations": {"devices": ["fridge"]}}, "invalid-os-env-configuration"),
        ({"targeting.frequencyCapping": {"frequency": "daily"}}, "frequency-cappings-not-valid"),
        (
            {"targeting.frequencyCapping": {"frequency": "daily", "maximumImpressions": 0}},
            "frequency-cappings-not-valid",
        ),
        (
            {"attributionConfiguration": {"attributionMethod": "criteoAttribution", "lookbackWindow": "7D"}},
            "invalid-data",
        ),
    ],
)
def test_a_broken_rule_is_told_by_its_code(demo, drafted, changes, code):
    answer = demo.post("/ad-sets", drafted(changes))
    assert (answer.status, set(short(answer))) == (400, {code})


@pytest.mark.parametrize(
    "changes",
    [
        {"name": 7},
        {"campaignId": 358313},
        {"bidding.bidAmount": "0.9"},
        {"bidding.bidAmount": {"value": 1}},
        {"targeting.deliveryLimitations": {"devices": "mobile"}},
        {"targeting.frequencyCapping": {"frequency": "daily", "maximumImpressions": Decimal("2.5")}},
        {"schedule.startDate": "tomorrow"},
        {"schedule.startDate": {"value": "2026-12-01T00:00:00Z"}},
    ],
)
def test_a_value_of_another_type_cannot_be_read(demo, drafted, changes):
    answer = demo.post("/ad-sets", drafted(changes))
    assert (answer.status, answer.codes[0]) in {(400, "invalid"), (400, "invalid-date-format")}


# --- rule 21: the portfolio ---


def test_a_campaign_outside_the_portfolio_is_not_known(demo, drafted):
    demo.world.state.put("campaigns", "5", {"advertiserId": "2000"})
    demo.world.state.put("datasets", "6", {"advertiserId": "2000"})
    answer = demo.post("/ad-sets", drafted({"campaignId": "5", "datasetId": "6"}))
    assert short(answer) == ["invalid-data"]


def test_a_dataset_of_another_account_is_refused(demo, drafted):
    demo.world.state.put("datasets", "6", {"advertiserId": "2000"})
    assert short(demo.post("/ad-sets", drafted({"datasetId": "6"}))) == ["invalid-dataset-id"]


# --- rule 22: rounding ---


@pytest.mark.parametrize(("rounding", "bid"), [("half_even", "0.1234"), ("half_up", "0.1235")])
def test_a_bid_is_rounded_to_four_decimals(make_demo, drafted, rounding, bid):
    demo = make_demo(rounding=rounding)
    data = created(demo, drafted({"bidding.bidAmount": Decimal("0.12345")}))
    assert str(data["attributes"]["bidding"]["bidAmount"]) == bid


# --- rule 23: instants ---


def test_dates_are_compared_as_instants(demo, drafted):
    same = {"schedule": {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-01T02:00:00+02:00"}}
    assert short(demo.post("/ad-sets", drafted(same))) == ["start-date-not-valid"]
    later = {"schedule": {"startDate": "2026-12-01T00:00:00Z", "endDate": "2026-12-01T02:00:01.0000000+02:00"}}
    assert created(demo, drafted(later))["attributes"]["schedule"]["endDate"]["value"] == "2026-12-01T00:00:01Z"


# --- rules 27 and 28: budgets ---


@pytest.mark.parametrize(
    "budget",
    [
        {"budgetAmount": None},
        {"budgetAmount": 0},
        {"budgetRenewal": "undefined"},
        {"budgetRenewal": ...},
        {"budgetDeliverySmoothing": ...},
        {"budgetDeliveryWeek": "mondayToSunday"},
        {"pacingBehavior": "targetAverageDailyBudget"},
        {"budgetDeliverySmoothing": "accelerated", "pacingBehavior": "targetFullBudget"},
        {"budgetStrategy": "uncapped"},
        {"budgetStrategy": "unlimited"},
    ],
)
def test_an_inconsistent_budget_is_refused(demo, drafted, budget):
    answer = demo.post("/ad-sets", drafted({f"budget.{key}": value for key, value in budget.items()}))
    assert (answer.status, set(short(answer))) == (400, {"invalid-data"})


@pytest.mark.parametrize(
    "budget",
    [
        {"budgetRenewal": "weekly", "budgetDeliveryWeek": "mondayToSunday"},
        {"budgetRenewal": "monthly", "pacingBehavior": "targetAverageDailyBudget"},
        {"pacingBehavior": "targetFullBudget"},
        {"budgetDeliverySmoothing": "accelerated", "pacingBehavior": "undefined", "budgetDeliveryWeek": "undefined"},
        {"budgetRenewal": "lifetime"},
    ],
)
def test_a_consistent_budget_is_accepted(demo, drafted, budget):
    assert created(demo, drafted({f"budget.{key}": value for key, value in budget.items()}))


def test_a_campaign_that_automates_budgets_takes_none(demo, drafted):
    demo.world.edit("campaigns", "358313", {"automatesBudgets": True})
    assert short(demo.post("/ad-sets", drafted())) == ["invalid-data"]
    assert created(demo, drafted({"budget": ...}))


# --- rule 43: generations ---


@pytest.mark.parametrize(
    ("version", "method", "status"),
    [
        ("2026-01", "googleAnalyticsLastClick", 201),
        ("2026-01", "sftp", 400),
        ("2026-07", "googleAnalyticsLastClick", 400),
        ("2026-07", "sftp", 201),
        ("preview", "sftp", 201),
    ],
)
def test_an_attribution_method_belongs_to_its_generation(demo, drafted, version, method, status):
    body = drafted({"attributionConfiguration": {"attributionMethod": method}})
    answer = demo.at(f"/{version}/marketing-solutions").post("/ad-sets", body)
    assert answer.status == status


def test_the_first_generation_does_not_know_pacing(demo, drafted):
    old = demo.at("/2026-01/marketing-solutions")
    assert short(old.post("/ad-sets", drafted({"budget.pacingBehavior": "undefined"}))) == ["invalid-data"]
    assert old.post("/ad-sets", drafted({"budget.pacingBehavior": None})).status == 201
