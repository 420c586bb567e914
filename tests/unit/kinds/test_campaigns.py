"""Campaigns: which parts of a limit go together, what the plan warns of, and what goes beside an automation."""

from __future__ import annotations

import pytest

from reconciler.kinds.read_methods import Search
from reconciler.kinds.versions import all_versions
from reconciler.model import ItemStatus, Problem

from ...support.bench import Bench, bench
from ..drift.nights import Night, only

CAPPED = "spendLimitType: capped, spendLimitRenewal: daily, spendLimitAmount: 100"
NEW = '{advertiserId: "1352", name: Summer, goal: acquisition, spendLimit: {LIMIT}AUTOMATION}'


def told(problems: tuple[Problem, ...]) -> list[tuple[str, int]]:
    """Return the codes and lines, but for the note that the demo account hides an ad set."""
    return [(each.code, each.span.line) for each in problems if each.span]


def plan(here: Bench, **blocks: str) -> list[tuple[str, int]]:
    lines = "".join(f"  {name}: {text}\n" for name, text in blocks.items())
    here.write({"campaigns.yaml": f"campaigns:\n{lines}"})
    return told(here.plan().problems)


@pytest.mark.parametrize(
    ("limit", "automation", "codes"),
    [
        (CAPPED, "", []),
        ("spendLimitType: uncapped", "", []),
        ("spendLimitType: capped, spendLimitRenewal: daily", "", ["limit-amount"]),
        ("spendLimitType: capped, spendLimitAmount: 1", "", ["limit-renewal"]),
        ("spendLimitType: capped, spendLimitRenewal: undefined, spendLimitAmount: 1", "", ["limit-renewal"]),
        ("spendLimitType: uncapped, spendLimitAmount: 1", "", ["limit-uncapped"]),
        ("spendLimitType: uncapped, spendLimitRenewal: daily", "", ["limit-uncapped"]),
        (CAPPED, ", budgetAutomation: {enabled: true}", ["automation-objective"]),
        (
            CAPPED,
            ", budgetAutomation: {enabled: false, budgetConfiguration: {adSetObjectives: visits}}",
            ["automation-off"],
        ),
    ],
)
def test_the_parts_of_a_new_campaign_go_together(limit: str, automation: str, codes: list[str]) -> None:
    with bench() as here:
        text = NEW.replace("{LIMIT}", f"{{{limit}}}").replace("AUTOMATION", automation)
        assert [code for code, _ in plan(here, summer=text)] == codes


@pytest.mark.parametrize(
    ("block", "found"),
    [
        ('{id: "358313", spendLimit: {spendLimitAmount: 15000}}', [("limit-next-period", 2)]),
        (
            '{id: "358313", spendLimit: {spendLimitRenewal: lifetime, spendLimitAmount: 15000}}',
            [("limit-below-spend", 2)],
        ),
        ('{id: "358313", spendLimit: {spendLimitAmount: 25000}}', []),
        ('{id: "358313", spendLimit: {spendLimitAmount: null}}', [("limit-amount", 2)]),
        ('{id: "358314", spendLimit: {spendLimitAmount: 5}}', [("limit-uncapped", 2)]),
        (f'{{id: "358314", spendLimit: {{{CAPPED}}}}}', [("limit-from-uncapped", 2)]),
        ('{id: "358313", budgetAutomation: {enabled: true}}', [("automation-objective", 2)]),
        ('{id: "358313", name: Renamed}', [("fixed-field", 2)]),
        ("{name: Summer, goal: acquisition}", [("unidentified", 2)]),
    ],
)
def test_what_a_change_of_a_live_campaign_is_warned_of(block: str, found: list[tuple[str, int]]) -> None:
    with bench(guarded=False) as here:
        assert plan(here, one=block) == found


AD_SETS = '\nadSets:\n  fr:\n    id: "123467"\n    budget: {budgetAmount: 200}\n'


@pytest.mark.parametrize("enabled", [True, False])
def test_a_budget_beside_the_automation_of_its_campaign_is_an_error_at_its_line(enabled: bool) -> None:
    automation = "{enabled: true, budgetConfiguration: {adSetObjectives: visits}}" if enabled else "{enabled: false}"
    campaigns = f'campaigns:\n  one: {{id: "358313", budgetAutomation: {automation}}}'
    with bench() as here:
        here.write({"all.yaml": campaigns + AD_SETS})
        assert told(here.plan().problems) == ([("budget-automated", 6)] if enabled else [])


def test_an_automation_that_is_live_is_seen_too() -> None:
    with bench() as here:
        here.world.edit("campaigns", "358313", {"automatesBudgets": True, "adSetObjectives": "visits"})
        here.write({"all.yaml": 'campaigns:\n  one: {id: "358314", goal: acquisition}' + AD_SETS})
        assert ("budget-automated", 6) in told(here.plan().problems)


def test_two_of_a_name_are_not_guessed_at() -> None:
    with bench() as here:
        here.world.edit("campaigns", "358314", {"name": "Campaign 358313"})
        text = '{advertiserId: "1352", name: Campaign 358313, spendLimit: {spendLimitAmount: 9}}'
        assert [code for code, _ in plan(here, one=text)] == ["ambiguous"]


def test_a_limit_that_is_raised_outside_is_drift() -> None:
    with bench(guarded=False) as here:
        here.write({"c.yaml": 'campaigns:\n  one: {id: "358313", spendLimit: {spendLimitAmount: 15000}}\n'})
        assert {each.status for each in here.apply().outcomes} == {ItemStatus.APPLIED}
        night = Night(here)
        night.edit("campaigns", "358313", spendLimit__spendLimitAmount=30000)

        moved = only(night.look())

        assert (moved.field, moved.applied, moved.live) == ("spendLimit.spendLimitAmount", 15000, 30000)


def test_what_unmanaged_campaigns_may_be_billed_is_told() -> None:
    with bench(guarded=False) as here:
        here.write({"c.yaml": 'campaigns:\n  two: {id: "358314", goal: acquisition}\n'})
        (share,) = Night(here).look().shares

        assert (share.kind, share.held.amount, share.held.uncapped) == ("campaigns", 20000, 2)


def test_a_limit_that_the_api_refuses_to_a_campaign_without_one_ends_rejected_at_its_line() -> None:
    with bench(guarded=False, limit_from_uncapped="refused") as here:
        here.write({"c.yaml": f'campaigns:\n  one: {{id: "358314", spendLimit: {{{CAPPED}}}}}\n'})
        (outcome,) = here.apply().outcomes

        assert outcome.status is ItemStatus.REJECTED
        assert outcome.problems[0].span is not None
        assert outcome.problems[0].span.line == 2


@pytest.mark.parametrize("fault", ["lost_answer", "lost_request"])
def test_a_creation_whose_answer_is_lost_is_looked_for_and_made_once(fault: str) -> None:
    with bench(guarded=False) as here:
        here.write(
            {"c.yaml": f"campaigns:\n  summer: {NEW.replace('{LIMIT}', f'{{{CAPPED}}}').replace('AUTOMATION', '')}\n"}
        )
        here.world.inject({"kind": fault, "method": "POST", "path": "*/marketing-solutions/campaigns"})
        here.apply()
        here.later(minutes=31)
        here.apply()

        names = [each.get("name") for each in here.world.state.all("campaigns").values()]
        assert names.count("Summer") == 1
        assert here.plan().plan.total == 0


def test_a_look_for_a_lost_creation_asks_by_the_parent_of_its_kind() -> None:
    """A filter by the ids of others would show nothing, and what is there would be created again."""
    for version in all_versions():
        for kind in version.kinds.values():
            if isinstance(kind.read, Search):
                assert kind.read.parents == f"{kind.natural_keys[0][0]}s", kind.name
