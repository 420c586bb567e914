"""What live state says against a start or a creation: the plan says it, and the API then refuses exactly that."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model import ItemStatus, Run, Severity

from ...support.bench import Bench, bench

START = '{id: "123468", schedule: {activationStatus: on}}'
NEW = (
    '{name: Neu, campaignId: "CAMPAIGN", datasetId: "DATASET", objective: conversions, mediaType: display,'
    " trackingCode: utm=1, schedule: {startDate: 2027-01-01}, bidding: {costController: maxCPC, bidAmount: 0.9},"
    " budget: {budgetStrategy: uncapped}}"
)
CHECK = "campaign--ad-set-start-check--"
EMPTY = {"budget.budgetAmount": 0}
CUSTOM = {"targeting.frequencyCapping": {"frequency": "advanced", "maximumImpressions": 3}}
MARKET = ("campaigns", "358313", {"marketplace": True})
FAST = ("adSets", "123468", {"budget.budgetDeliverySmoothing": "accelerated"})


def new(campaign: str = "358313", dataset: str = "6789") -> str:
    return NEW.replace("CAMPAIGN", campaign).replace("DATASET", dataset)


def written(here: Bench, block: str) -> None:
    here.write({"a.yaml": f"adSets:\n  fr: {block}\n"})


def told(run: Run) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in run.problems if each.span and each.severity != Severity.NOTE]


@pytest.mark.parametrize(
    ("edits", "code", "refusal"),
    [
        ([("adSets", "123468", CUSTOM)], "custom-settings", "ad-set-with-custom-settings"),
        ([MARKET], "reseller-smoothing", "crp-ad-set-should-not-have-smoothing-budget"),
    ],
)
def test_what_the_plan_warns_of_is_refused_at_the_start(edits: list[Any], code: str, refusal: str) -> None:
    with bench(guarded=False) as here:
        for edit in edits:
            here.world.edit(*edit)
        written(here, START)
        assert told(here.plan()) == [(code, "warning")]
        run = here.apply()

    (outcome,) = run.outcomes
    assert (outcome.status, [each.code for each in outcome.problems]) == (ItemStatus.REJECTED, [CHECK + refusal])


def test_a_start_without_any_budget_is_an_error_at_its_line_and_would_be_refused() -> None:
    with bench(guarded=False) as here:
        here.world.edit("adSets", "123468", EMPTY)
        written(here, START)
        run = here.plan()

        assert told(run) == [("budget-zero", "error")]
        assert [(each.span.line, each.span.column) for each in run.problems if each.span] == [(2, 51)]
        body = {"data": [{"type": "AdSetId", "id": "123468"}]}
        answer = here.live("marketingSolutions", "/2026-07/marketing-solutions/ad-sets/start", body)
        assert [each["code"] for each in answer["errors"]] == [f"{CHECK}ad-set-has-no-remaining-budget"]


@pytest.mark.parametrize(
    ("edits", "block"),
    [
        ([], START),
        ([("adSets", "123468", EMPTY)], '{id: "123468", name: Other}'),
        ([("adSets", "123468", EMPTY)], START.replace("}}", "}, budget: {budgetAmount: 5}}")),
        ([("adSets", "123468", EMPTY | {"budget.budgetStrategy": "uncapped"})], START),
        ([("adSets", "123468", EMPTY | {"schedule.activationStatus": "on"})], START),
        ([("adSets", "123468", CUSTOM | {"schedule.activationStatus": "on"})], START),
        ([("adSets", "123468", CUSTOM)], START.replace("}}", "}, targeting: {frequencyCapping: null}}")),
        ([MARKET, FAST], START),
        ([MARKET], START.replace("}}", "}, budget: {budgetDeliverySmoothing: accelerated}}")),
        ([MARKET], '{id: "123468", bidding: {bidAmount: 1.5}}'),
        ([], new()),
        ([], new("358314", "6790")),
    ],
)
def test_what_is_in_order_or_not_started_is_not_warned_of_and_is_accepted(edits: list[Any], block: str) -> None:
    with bench(guarded=False) as here:
        for edit in edits:
            here.world.edit(*edit)
        written(here, block)
        assert told(here.plan()) == []
        run = here.apply()

    assert {each.status for each in run.outcomes} <= {ItemStatus.APPLIED}


def test_the_automation_of_the_campaign_gives_an_ad_set_its_budget() -> None:
    with bench(guarded=False) as here:
        here.world.edit("adSets", "123468", EMPTY)
        written(here, START)
        campaign = 'campaigns:\n  c: {id: "358313", budgetAutomation: {enabled: true,'
        automated = f"{campaign} budgetConfiguration: {{adSetObjectives: conversions}}}}}}\n"
        here.write({"a.yaml": f"{automated}adSets:\n  fr: {START}\n"})

        assert told(here.plan()) == []


def test_a_new_ad_set_of_a_reseller_campaign_is_warned_of_by_its_siblings() -> None:
    standard = "{budgetStrategy: capped, budgetAmount: 5, budgetRenewal: daily, budgetDeliverySmoothing: standard}"
    block = (
        new().replace("{budgetStrategy: uncapped}", standard).replace("}, bidding", ", activationStatus: on}, bidding")
    )
    with bench(guarded=False) as here:
        here.world.edit(*MARKET)
        written(here, block.replace("utm=1", 'utm=1, audienceId: "9876"'))

        assert ("reseller-smoothing", "warning") in told(here.plan())


def test_resellers_are_read_only_for_a_start_and_a_refused_read_stops_nothing() -> None:
    with bench(guarded=False) as here:
        written(here, '{id: "123468", bidding: {bidAmount: 1.5}}')
        here.plan()
        assert [each["path"] for each in here.world.log if each["path"].endswith("/adsets")] == []
        here.world.inject({"kind": "status", "status": 403, "path": "*/adsets", "times": 9})
        written(here, START)
        assert told(here.plan()) == []
        assert len([each for each in here.world.log if each["path"].endswith("/adsets")]) == 1


def test_a_campaign_that_the_scope_does_not_show_is_an_error_and_would_be_refused() -> None:
    with bench(guarded=False) as here:
        written(here, new(campaign="77"))
        assert told(here.plan()) == [("unknown-campaign", "error")]
        here.world.state.put("campaigns", "77", {"advertiserId": "1352", "name": "New", "goal": "acquisition"})
        assert told(here.plan()) == []
        run = here.apply()

    assert [each.status for each in run.outcomes] == [ItemStatus.APPLIED]


def test_a_campaign_that_a_live_ad_set_has_costs_no_read() -> None:
    with bench(guarded=False) as here:
        written(here, new())
        here.plan()

        assert [each["path"] for each in here.world.log if "/campaigns/search" in each["path"]] == []


@pytest.mark.parametrize("dataset", ["6799", "6790"])
def test_a_dataset_that_no_ad_set_of_the_advertiser_uses_is_a_warning_and_is_refused(dataset: str) -> None:
    with bench(guarded=False) as here:
        for id in ("123471", "123474"):  # the only ones with the other dataset
            here.world.edit("adSets", id, {"advertiserId": "1353"})
        here.world.state.put("datasets", "6790", {"advertiserId": "1353"})
        written(here, new(dataset=dataset))
        assert told(here.plan()) == [("dataset-unseen", "warning")]
        run = here.apply()

    (outcome,) = run.outcomes
    assert [each.code for each in outcome.problems] == ["campaign--ad-set-creation-check--invalid-dataset-id"]


def test_an_account_without_ad_sets_proves_nothing_of_a_dataset() -> None:
    with bench(guarded=False) as here:
        for id in list(here.world.state.all("adSets")):
            here.world.edit("adSets", id, {"advertiserId": "1353"})
        written(here, new())

        assert told(here.plan()) == []
