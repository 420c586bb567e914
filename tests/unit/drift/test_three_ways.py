"""Which side moved: the whole table, every field of every kind, and silence when nobody moved anything."""

from __future__ import annotations

from itertools import product

import pytest

from reconciler.drift import three_way as drift
from reconciler.model import DriftState

from .nights import ADS, BALANCE, BALANCES, CAMPAIGNS, MARKET, Night, codes, errors, night, only, states

WAYS = {
    # wanted, live, applied: which of them are alike
    "aaa": DriftState.CONVERGED,
    "aab": DriftState.CONVERGED,
    "aba": DriftState.DRIFTED,
    "abb": DriftState.PENDING,
    "abc": DriftState.CONFLICT,
}


@pytest.mark.parametrize(("way", "state"), WAYS.items())
def test_the_three_way_table(way: str, state: DriftState) -> None:
    assert drift.drift_state(*way) is state


def test_the_table_is_complete() -> None:
    letters = {}
    for values in product("abc", repeat=3):
        names: dict[str, str] = {}
        letters[values] = "".join(names.setdefault(value, "abc"[len(names)]) for value in values)

    assert set(letters.values()) == set(WAYS)
    assert all(drift.drift_state(*values) is WAYS[way] for values, way in letters.items())


def test_without_a_last_applied_value_either_side_may_have_moved() -> None:
    assert drift.drift_state("a", "b", None, known=False) is DriftState.UNKNOWN
    assert drift.drift_state("a", "a", None, known=False) is DriftState.CONVERGED


EDITS = {
    # collection, key, what is set in it: the one field that differs then
    "name": ("adSets", "123474", {"name": "Renamed"}),
    "schedule.startDate": ("adSets", "123474", {"schedule.startDate": "2026-12-02T00:00:00Z"}),
    "schedule.endDate": ("adSets", "123474", {"schedule.endDate": None}),
    "schedule.activationStatus": ("adSets", "123474", {"schedule.activationStatus": "off"}),
    "bidding.bidAmount": ("adSets", "123474", {"bidding.bidAmount": 1.2}),
    "targeting.deliveryLimitations.devices": (
        "adSets",
        "123474",
        {"targeting.deliveryLimitations.devices": ["mobile"]},
    ),
    "targeting.deliveryLimitations.environments": (
        "adSets",
        "123474",
        {"targeting.deliveryLimitations.environments": ["web"]},
    ),
    "targeting.deliveryLimitations.operatingSystems": (
        "adSets",
        "123474",
        {"targeting.deliveryLimitations.operatingSystems": ["ios"]},
    ),
    "targeting.frequencyCapping": ("adSets", "123474", {"targeting.frequencyCapping.maximumImpressions": 4}),
    "targeting.geoLocation.countries": (
        "adSets",
        "123474",
        {"targeting.geoLocation.countries": {"operand": "in", "values": ["DE", "AT"]}},
    ),
    "targeting.geoLocation.subdivisions": (
        "adSets",
        "123474",
        {"targeting.geoLocation.subdivisions": {"operand": "in", "values": ["DE-BE"]}},
    ),
    "targeting.geoLocation.zipCodes": (
        "adSets",
        "123474",
        {"targeting.geoLocation.zipCodes": {"operand": "notIn", "values": ["10115"]}},
    ),
    "budget.budgetStrategy": ("adSets", "123474", {"budget.budgetStrategy": "uncapped"}),
    "budget.budgetAmount": ("adSets", "123474", {"budget.budgetAmount": 750}),
    "budget.budgetRenewal": ("adSets", "123474", {"budget.budgetRenewal": "daily"}),
    "budget.budgetDeliverySmoothing": ("adSets", "123474", {"budget.budgetDeliverySmoothing": "accelerated"}),
    "budget.budgetDeliveryWeek": ("adSets", "123474", {"budget.budgetDeliveryWeek": "sundayToSaturday"}),
    "budget.pacingBehavior": ("adSets", "123474", {"budget.pacingBehavior": "targetFullBudget"}),
    "attributionConfiguration.attributionMethod": (
        "adSets",
        "123474",
        {"attributionConfiguration.attributionMethod": "googleAnalytics"},
    ),
    "bid": ("sellerCampaigns", "1.10001", {"bid": 0.5}),
    "amount": ("sellerBudgets", "101", {"amount": 900}),
    "endDate of a budget": ("sellerBudgets", "101", {"endDate": "2027-01-31"}),
    "suspended": ("sellerBudgets", "101", {"isSuspended": True}),
    "name of a balance": ("balances", BALANCE, {"name": "Q4 too"}),
    "startDate of a balance": ("balances", BALANCE, {"startDate": "2026-10-02"}),
    "endDate of a balance": ("balances", BALANCE, {"endDate": None}),
    "deposited": ("balances", BALANCE, {"deposited": 5250}),
    "poNumber": ("balances", BALANCE, {"poNumber": "PO 2"}),
}


@pytest.mark.parametrize("said", EDITS)
def test_an_edit_outside_is_named_as_drift_of_exactly_its_field(said: str) -> None:
    collection, key, changes = EDITS[said]
    with night() as here:
        assert here.look().drift == ()
        here.world.edit(collection, key, changes, "anna")

        found = only(here.look())

    assert found.address.kind == collection
    assert found.field == said.partition(" of ")[0]
    assert found.state is DriftState.DRIFTED


CAMPAIGN_EDITS = {
    "spendLimit.spendLimitType": ("campaigns", "358313", {"spendLimit.spendLimitType": "uncapped"}),
    "spendLimit.spendLimitRenewal": ("campaigns", "358313", {"spendLimit.spendLimitRenewal": "daily"}),
    "spendLimit.spendLimitAmount": ("campaigns", "358313", {"spendLimit.spendLimitAmount": 30000}),
    "budgetAutomation.budgetConfiguration.adSetObjectives": ("campaigns", "358314", {"adSetObjectives": "revenue"}),
    "budgetAutomation.enabled": (
        "campaigns",
        "358313",
        {"automatesBudgets": True, "adSetObjectives": "visits"},
    ),
}


@pytest.mark.parametrize("field", CAMPAIGN_EDITS)
def test_an_edit_of_a_campaign_is_drift_of_exactly_its_field(field: str) -> None:
    collection, key, changes = CAMPAIGN_EDITS[field]
    with night({"campaigns.yaml": CAMPAIGNS}) as here:
        assert here.look().drift == ()
        here.world.edit(collection, key, changes, "anna")

        found = only(here.look())

    assert (found.field, found.state) == (field, DriftState.DRIFTED)


TEA, TEA_ITEM = ("retailMediaCampaigns", "73"), ("lineItems", "9002")
DATED = [{"start": "2026-12-24", "length": 2, "amount": 95}]
MARKET_EDITS = {
    "name": (TEA, {"name": "Tea"}),
    "type": (TEA, {"type": "preferred"}),
    "budget": (TEA, {"budget": None}),
    "monthlyPacing": (TEA, {"monthlyPacing": 700}),
    "dailyPacing": (TEA, {"dailyPacing": 81}),
    "isAutoDailyPacing": (TEA, {"isAutoDailyPacing": True, "dailyPacing": None}),
    "startDate": (TEA, {"startDate": "2026-12-01T00:00:00Z"}),
    "endDate": (TEA, {"endDate": "2026-12-31T12:00:00Z"}),
    "clickAttributionWindow": (TEA, {"clickAttributionWindow": "7D"}),
    "viewAttributionWindow": (TEA, {"viewAttributionWindow": "1D"}),
    "clickAttributionScope": (TEA, {"clickAttributionScope": "sameSku"}),
    "viewAttributionScope": (TEA, {"viewAttributionScope": "sameSku"}),
    "companyName": (TEA, {"companyName": "Brio"}),
    "onBehalfCompanyName": (TEA, {"onBehalfCompanyName": "Brio"}),
    "dailyBudgetOverrides.2026-12-24": (TEA, {"dailyOverrides": DATED}),
    "monthlyBudgetOverrides.2026-12": (TEA, {"monthlyOverrides": []}),
    "status": (TEA_ITEM, {"status": "paused"}),
    "bidStrategy": (TEA_ITEM, {"bidStrategy": "automated"}),
    "optimizationStrategy": (TEA_ITEM, {"optimizationStrategy": "clicks"}),
    "targetBid": (TEA_ITEM, {"targetBid": 0.5}),
    "maxBid": (TEA_ITEM, {"maxBid": 2}),
    "targetRetailerId": (TEA_ITEM, {"targetRetailerId": "1298"}),
    "flightSchedule.legs": (TEA_ITEM, {"flightSchedule": None}),
    "bidMultipliers.search": (TEA_ITEM, {"bidMultipliers": {"search": 2}}),
}


@pytest.mark.parametrize("field", MARKET_EDITS)
def test_an_edit_of_retail_media_is_drift_of_exactly_its_field(field: str) -> None:
    (collection, key), changes = MARKET_EDITS[field]
    with night({"market.yaml": MARKET}) as here:
        assert here.look().drift == ()
        here.world.edit(collection, key, changes, "anna")

        found = states(here.look())

    named = {name.partition(" ")[2]: state for name, state in found.items()}
    also = {"dailyPacing"} if field == "isAutoDailyPacing" else set()
    assert named == dict.fromkeys({field, *also}, DriftState.DRIFTED)


def test_what_the_api_computes_of_retail_media_is_no_drift() -> None:
    with night({"market.yaml": MARKET}) as here:
        here.world.edit(*TEA, {"spent": 4999})
        here.world.edit(*TEA_ITEM, {"spent": 400})

        assert here.look().drift == ()


NESTED = """\
adSets:
  fr:
    id: "123467"
    bidding: {bidAmount: 0.90}
    audienceId: "9876"
    attributionConfiguration: {attributionMethod: lastClick, lookbackWindow: 30D}
    categoryBids: {"5544|1": 0.90, "5545|2": 1.30}
    displayMultipliers: {"5544": 1.5, "5545": 1}
    scheduledBudgets:
      2027-01-01: {budgetStrategy: capped, budgetAmount: 90, budgetRenewal: daily, budgetDeliverySmoothing: standard}
      2027-02-01: {budgetStrategy: uncapped}
"""
LATER = {
    "id": "1", "startDate": "2027-01-01", "budgetStrategy": "capped", "budgetRenewal": "daily",
    "budgetDeliverySmoothing": "standard", "budgetDeliveryWeek": "undefined", "pacingBehavior": "undefined",
}  # fmt: skip
LAST = {
    **LATER, "id": "2", "startDate": "2027-02-01", "budgetStrategy": "uncapped", "budgetAmount": None,
    "budgetRenewal": "undefined", "budgetDeliverySmoothing": None,
}  # fmt: skip
INSIDE = {
    "an own bid moved": ({"categoryBids": {"5545|2": 1.4}}, {"categoryBids.5545|2"}),
    "an own bid given back": ({"categoryBids": {}}, {"categoryBids.5545|2"}),
    "one that was inherited": ({"categoryBids": {"5545|2": 1.3, "5544|1": 0.8}}, {"categoryBids.5544|1"}),
    "one that nobody states": ({"categoryBids": {"5545|2": 1.3, "5546|2": 0.8}}, set()),
    "a factor moved": ({"displayMultipliers": {"5544": 1.7}}, {"displayMultipliers.5544"}),
    "a factor that was neutral": ({"displayMultipliers": {"5544": 1.5, "5545": 2}}, {"displayMultipliers.5545"}),
    "the window": ({"attributionConfiguration.lookbackWindow": "7D"}, {"attributionConfiguration.lookbackWindow"}),
    "a budget to come": (
        {"scheduledBudgets": [{**LATER, "budgetAmount": 95}, LAST]},
        {"scheduledBudgets.2027-01-01"},
    ),
    "its removal": ({"scheduledBudgets": [{**LATER, "budgetAmount": 90}]}, {"scheduledBudgets.2027-02-01"}),
    "one more of them": (
        {"scheduledBudgets": [{**LATER, "budgetAmount": 90}, LAST, {**LAST, "id": "3", "startDate": "2027-03-01"}]},
        set(),
    ),
    "another order and other digits": (
        {"scheduledBudgets": [LAST, {**LATER, "budgetAmount": "90.00"}], "categoryBids": {"5545|2": "1.3000"}},
        set(),
    ),
    "what the API never shows": ({"audienceId": "1", "trackingCode": "theirs=1"}, set()),
}


@pytest.mark.parametrize("said", INSIDE)
def test_an_edit_inside_a_map_is_drift_of_exactly_its_entry(said: str) -> None:
    changes, fields = INSIDE[said]
    with night({"ads.yaml": NESTED}, version="preview") as here:
        assert here.look().drift == ()
        here.world.edit("adSets", "123467", changes, "anna")

        found = states(here.look())

    assert found == {f"adSets.fr {name}": DriftState.DRIFTED for name in fields}


FIXED = """\
campaigns:
  one: {id: "358313", advertiserId: "1352", goal: acquisition}
adSets:
  fr: {id: "123467", campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display,
    bidding: {costController: maxCPC}}
sellerCampaigns:
  one: {sellerId: "1", campaignId: "10001"}
sellerBudgets:
  one: {id: "101", sellerId: "1", campaignIds: ["10001"], budgetType: Capped, startDate: 2026-11-01}
"""
FOREVER = {
    "goal": ("campaigns", "358313", "retention"),
    "campaignId": ("adSets", "123467", "358314"),
    "datasetId": ("adSets", "123467", "6790"),
    "objective": ("adSets", "123467", "clicks"),
    "mediaType": ("adSets", "123467", "video"),
    "bidding.costController": ("adSets", "123467", "COS"),
    "sellerId": ("sellerBudgets", "101", "2"),
    "campaignIds": ("sellerBudgets", "101", ["10001", "10002"]),
    "budgetType": ("sellerBudgets", "101", "Uncapped"),
    "startDate": ("sellerBudgets", "101", "2026-11-02"),
    "spendType": ("balances", BALANCE, "Offsite"),
}


@pytest.mark.parametrize("field", FOREVER)
def test_what_the_api_says_is_fixed_and_has_moved_all_the_same_is_drift(field: str) -> None:
    collection, key, value = FOREVER[field]
    owner = BALANCES.replace("name: Q4", "name: Q4, spendType: onsite")
    with night({"fixed.yaml": FIXED, "balances.yaml": owner}) as here:
        assert here.look().drift == ()
        here.world.edit(collection, key, {field: value}, "anna")

        run = here.look()

    assert (only(run).field, only(run).state) == (field, DriftState.DRIFTED)
    assert errors(run) == []


def test_a_mistake_of_the_files_in_a_fixed_field_stays_an_error_of_the_files() -> None:
    with night({"fixed.yaml": FIXED}) as here:
        here.rewrite("fixed.yaml", "objective: conversions", "objective: clicks")

        run = here.look()

    assert run.drift == ()
    assert [each.code for each in run.problems if each.severity.value == "error"] == ["fixed-field"]


def test_a_memo_of_a_colleague_is_drift_and_the_mark_of_our_own_top_up_is_none() -> None:
    with night({"balances.yaml": BALANCES.replace("poNumber: PO 1", "memo: Agreed with Jo")}) as here:
        here.rewrite("balances.yaml", "5000.00", "5100.00")
        assert errors(here.bench.apply()) == []
        assert here.look().drift == ()
        here.edit("balances", BALANCE, memo="theirs")

        found = only(here.look())

    assert (found.field, found.state) == ("memo", DriftState.DRIFTED)


def test_each_field_that_the_files_may_state_and_the_api_shows_is_edited_above() -> None:
    edited = {said.partition(" of ")[0] for said in EDITS} | FOREVER.keys() | CAMPAIGN_EDITS.keys()
    edited |= {name if name in ("flightSchedule.legs",) or "." not in name else name.partition(".")[0] + ".*"
               for name in MARKET_EDITS}  # fmt: skip
    edited |= {name.partition(".")[0] + ".*" if name.partition(".")[0] in MAPS else name
               for _, names in INSIDE.values() for name in names}  # fmt: skip
    with night(version="preview") as here:
        kinds = here.session().project.kinds
    shown = {row.name for kind in kinds.values() for row in kind.fields if row.writable and row.path("read")}
    shown |= {row.name for kind in kinds.values() for row in kind.fields if row.writable and row.is_map}

    assert shown - edited == {
        "accountId",  # a balance of another account is another balance
        "advertiserId",  # a campaign of another advertiser is another campaign
        "memo",  # in a test of its own
        "keywordStrategy",  # no line item of the account has one
        "retailerId",  # no campaign of the account is billed by its retailer
    }


MAPS = ("categoryBids", "displayMultipliers", "scheduledBudgets")


def test_a_campaign_that_was_attached_outside_is_drift() -> None:
    with night() as here:
        here.world.state.put("attachments", f"{BALANCE}/74", {"balanceId": BALANCE, "campaignId": "74"})

        assert states(here.look()) == {"balances.q4 campaignIds": DriftState.DRIFTED}


def test_all_four_classes_at_once_each_in_its_own() -> None:
    with night() as here:
        here.edit("adSets", "123474", name="Theirs", bidding__bidAmount=1.2, budget__budgetAmount=80)
        here.rewrite("ads.yaml", "bidAmount: 1.10", "bidAmount: 1.30")
        here.rewrite("ads.yaml", "budgetAmount: 700", "budgetAmount: 80")
        here.rewrite("ads.yaml", "maximumImpressions: 3", "maximumImpressions: 5")

        run = here.look()

    assert states(run) == {
        "adSets.de name": DriftState.DRIFTED,
        "adSets.de bidding.bidAmount": DriftState.CONFLICT,
        "adSets.de targeting.frequencyCapping": DriftState.PENDING,
    }
    assert codes(run) == {"drifted", "conflict", "pending"}


def test_a_block_that_is_not_created_yet_is_pending() -> None:
    with night() as here:
        two = '  two: {sellerId: "1", campaignId: "10002", bid: 1}\n'
        here.rewrite("sellers.yaml", "sellerCampaigns:\n", f"sellerCampaigns:\n{two}")

        assert states(here.look()) == {"sellerCampaigns.two ": DriftState.PENDING}


def test_what_the_files_did_not_state_before_is_pending() -> None:
    with night() as here:
        two = '  two: {sellerId: "2", campaignId: "10001", bid: 1}\n'
        here.rewrite("sellers.yaml", "sellerCampaigns:\n", f"sellerCampaigns:\n{two}")

        assert states(here.look()) == {"sellerCampaigns.two bid": DriftState.PENDING}


def test_spending_and_time_alone_are_no_drift() -> None:
    with night(spend_per_hour=7) as here:
        for _ in range(3):
            here.pass_by(hours=11)
            here.edit("sellerBudgets", "101", spent=300)
            here.edit("balances", BALANCE, spent=4000)
            here.edit("adSets", "123474", started=True)
            shuffled = dict(reversed(here.world.state.collections["adSets"].items()))
            here.world.state.collections["adSets"].clear()
            here.world.state.collections["adSets"].update(shuffled)

            run = here.look()

            assert (run.drift, codes(run)) == ((), set())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2026-12-01,", '"2026-12-01T01:00:00+01:00",'),
        ("2027-01-15T00:00:00Z", "2027-01-15T01:00:00+01:00"),
        ("1.10", "1.1000"),
        ("[mobile, desktop]", "[desktop, mobile, desktop]"),
        ("[DE]", "[de]"),
        ("budgetAmount: 700", "budgetAmount: 700.00"),
    ],
)
def test_another_spelling_of_the_same_value_is_no_drift(old: str, new: str) -> None:
    with night() as here:
        here.rewrite("ads.yaml", old, new)

        assert here.look().drift == ()


def test_without_a_ledger_a_difference_is_reported_without_an_author() -> None:
    with night({"ads.yaml": ADS}) as here:
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        forget_everything(here)

        run = here.look()

        again = here.look()

    assert states(run) == states(again) == {"adSets.de bidding.bidAmount": DriftState.UNKNOWN}
    assert "no last applied value" in next(each.message for each in run.problems if each.code == "differs")


def test_what_agreed_at_an_earlier_look_is_remembered_without_any_apply() -> None:
    with night({"ads.yaml": ADS}) as here:
        forget_everything(here)
        here.look()
        here.edit("adSets", "123474", bidding__bidAmount=1.2)

        assert states(here.look()) == {"adSets.de bidding.bidAmount": DriftState.DRIFTED}


def test_a_later_apply_makes_it_agree_again() -> None:
    with night() as here:
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        assert len(here.look().drift) == 1
        assert errors(here.bench.apply()) == []

        assert here.look().drift == ()


def forget_everything(here: Night) -> None:
    for file in (here.bench.folder / ".reconciler").iterdir():
        file.unlink()
