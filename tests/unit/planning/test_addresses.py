"""An address stands where an id is expected: what is created together goes in rounds, and is resumed after a kill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.commands import import_
from reconciler.engine.environment import StateSnapshot
from reconciler.importer.account_import import ImportRequest
from reconciler.model import ItemStatus, Run
from reconciler.sandbox.campaigns import billed
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

from ...support.bench import Bench, bench, writes
from ..drift.nights import Night, only

CAMPAIGN = """campaigns:
  summer:
    advertiserId: "1352"
    name: Summer
    goal: acquisition
    spendLimit: {spendLimitType: capped, spendLimitRenewal: daily, spendLimitAmount: 100}
"""
AD_SET = """  NAME:
    name: NAME
    campaignId: campaigns.summer
    datasetId: "6789"
    objective: conversions
    mediaType: display
    trackingCode: utm_source=criteo
    schedule: {startDate: 2026-12-01, activationStatus: on}
    bidding: {costController: maxCPC, bidAmount: BID}
    targeting: {geoLocation: {countries: {operand: in, values: [FR]}}}
    budget: {budgetStrategy: capped, budgetAmount: 60, budgetRenewal: daily, budgetDeliverySmoothing: standard}
    audienceId: "9876"
"""
NAMES = ("one", "two", "three")
AD_SETS = "adSets:\n" + "".join(
    AD_SET.replace("NAME", name).replace("BID", f"0.{number}") for number, name in enumerate(NAMES, 5)
)
"""They differ in more than their names: a live twin of one that may be lost would have to be judged by a person."""


class Killed(BaseException):
    """The process ends here."""


class Deadly:
    """The sandbox, which ends the process at one of the writes: before it has its effect, or after."""

    def __init__(self, world: World, at: int, *, after: bool) -> None:
        self.world, self.left, self.after = world, at, after

    def handle(self, request: Request) -> Response:
        if not writes({"method": request.method, "path": request.path}):
            return self.world.handle(request)
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        answer = self.world.handle(request)
        if self.left == 0:
            raise Killed
        return answer


def made(here: Bench) -> dict[str, Any]:
    """What the account has of ours: the campaign's name, and of each ad set its campaign, audience and state."""
    state = here.world.state
    campaigns = {key: each["name"] for key, each in state.all("campaigns").items() if each.get("name") == "Summer"}
    ad_sets = [each for each in state.all("adSets").values() if each["name"] in NAMES]
    return {
        "campaigns": list(campaigns.values()),
        "ad sets": sorted(
            (each["name"], campaigns[each["campaignId"]], each["audienceId"], each["schedule"]["activationStatus"])
            for each in ad_sets
        ),
    }


WHOLE = {"campaigns": ["Summer"], "ad sets": sorted((name, "Summer", "9876", "on") for name in NAMES)}


def test_a_campaign_and_its_ad_sets_go_live_in_one_apply_with_the_calls_that_the_plan_tells() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        planned = here.plan()
        before = len(here.writes)
        run = here.apply()
        sent = len(here.writes) - before

        assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
        assert made(here) == WHOLE
        assert (planned.plan.total, planned.plan.bound, sent) == (8, 8, 8)  # 1 + 3 created, 3 audiences, 1 start
        assert here.plan().plan.total == 0


def test_the_plan_counts_the_money_of_all_rounds() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        money = here.plan().money

    assert money is not None
    (day,) = [each for each in money.commitments if each.period.value == "a day"]
    assert day.after - day.before == 100  # three times 60 are asked for, and the limit is lower
    (most,) = [each for each in money.ceilings if each.period and each.period.value == "a day"]
    assert (most.before, most.after) == (0, 100)
    assert sum(each.exposure.amount for each in money.increases) == 180


def test_ad_sets_that_overshoot_their_budgets_are_billed_no_more_than_the_plan_told() -> None:
    """Three times 60 are asked for under a limit of 200, and three times 80 are spent."""
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN.replace("100", "200") + AD_SETS})
        money = here.plan().money
        here.apply()
        state = here.world.state
        (key,) = [key for key, each in state.all("campaigns").items() if each.get("name") == "Summer"]
        for ad_set, _ in list(state.where("adSets", campaignId=key)):
            here.world.edit("adSets", ad_set, {"spent": 80})

        assert money is not None
        (asked,) = [each.after - each.before for each in money.commitments if each.period.value == "a day"]
        (most,) = [each.after for each in money.ceilings if each.period and each.period.value == "a day"]
        assert asked == 180 < billed(state, key, here.world.now) == 200 == most
        here.world.edit("campaigns", key, {"spendLimit.spendLimitAmount": 500})
        again = here.plan().money
        assert again is not None
        (most,) = [each.before for each in again.ceilings if each.period and each.period.value == "a day"]
        assert billed(state, key, here.world.now) == 240 <= most == 500


def test_a_limit_of_what_was_made_that_is_raised_outside_is_drift_and_is_told_with_its_time() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        here.apply()
        applied = here.world.now
        here.later(hours=2)
        (key,) = [key for key, each in here.world.state.all("campaigns").items() if each.get("name") == "Summer"]
        Night(here).edit("campaigns", key, spendLimit__spendLimitAmount=900)
        here.later(hours=1)
        moved = only(Night(here).look())

    assert (moved.field, moved.applied, moved.live) == ("spendLimit.spendLimitAmount", 100, 900)
    assert moved.since is not None
    assert applied <= moved.since <= here.world.now


def test_a_guardrail_sees_what_waits() -> None:
    with bench() as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        project = here.folder / "reconciler.yaml"
        project.write_text(project.read_text() + "guardrails: {maxTotalIncrease: {EUR: 179}}\n")
        assert "guardrail-max-total-increase" in [each.code for each in here.plan().problems]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 9))
def test_killed_at_any_write_the_next_apply_ends_the_same_and_nothing_is_there_twice(at: int, after: bool) -> None:
    with bench(guarded=False, in_flight=1) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        here.handle = Deadly(here.world, at, after=after).handle
        here.begin()
        with pytest.raises(Killed):
            here.apply()
        here.handle = None
        here.begin()
        for _ in range(3):
            here.later(minutes=31)
            here.apply()

        assert made(here) == WHOLE
        assert here.plan().plan.total == 0


def test_what_names_a_campaign_that_is_refused_is_not_sent() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        here.handle = refusing(here.world.handle, "POST", "/2026-07/marketing-solutions/campaigns")
        here.begin()
        run = here.apply()

    ends = {str(each.item.address): each.status for each in run.outcomes}
    assert ends == {"campaigns.summer": ItemStatus.REJECTED} | {f"adSets.{name}": ItemStatus.NOT_SENT for name in NAMES}
    said = {problem.message for each in run.outcomes for problem in each.problems if problem.code == "depends"}
    assert said == {"not sent, since campaigns.summer was not created"}


def refusing(handle: Callable[[Request], Response], method: str, path: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        if (request.method, request.path) != (method, path):
            return handle(request)
        body = b'{"errors": [{"type": "validation", "code": "refused", "title": "No"}]}'
        return Response(400, (("content-type", "application/json"),), body)

    return answer


def test_the_address_of_a_live_campaign_is_its_id() -> None:
    with bench(guarded=False) as here:
        live = 'campaigns:\n  live: {id: "358313"}\nadSets:\n  fr: {campaignId: campaigns.live, name: FR prospecting, '
        here.write({"a.yaml": live + "bidding: {bidAmount: 1.5}}\n"})
        run = here.apply()

        assert [each.id for each in run.changes] == ["123467"]
        assert here.plan().plan.total == 0


def test_an_address_that_no_block_has_is_an_error_at_its_line() -> None:
    with bench() as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS.replace("campaigns.summer", "campaigns.sumer", 1)})
        (problem,) = here.plan().problems

    assert (problem.code, problem.span.line if problem.span else 0) == ("unknown-address", 10)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("adSets:\n  a: {campaignId: adSets.a, name: A}\n", 2, "campaignId is 'adSets.a'; an id is digits only"),
        ("campaigns:\n  a: {adSetIds: [adSets.b]}\n", 2, "unknown key 'adSetIds'"),
        ("lineItems:\n  a: {campaignId: lineItems.a}\n", 2, "campaignId is 'lineItems.a'; an id is digits only"),
        ("retailMediaCampaigns:\n  a: {drawableBalanceIds: [balances.b]}\n", 2, "unknown key 'drawableBalanceIds'"),
        ("retailMediaCampaigns:\n  a: {id: lineItems.b}\n", 2, "id is 'lineItems.b'; an id is digits only"),
        ("balances:\n  b: {campaignIds: [balances.b]}\n", 2, "campaignIds[0] is 'balances.b'; an id is digits only"),
    ],
)
def test_a_circle_of_addresses_cannot_be_written_each_way_back_is_an_error_at_its_line(
    text: str, line: int, message: str
) -> None:
    """What is named never names back: a campaign has no field for what is in it, and a field names one kind only."""
    with bench() as here:
        here.write({"a.yaml": text})
        problems = here.plan().problems

    assert (message, line) in [(each.message, each.span.line if each.span else 0) for each in problems]
    assert here.writes == []


def test_an_address_of_another_kind_is_refused_with_the_form_that_is_meant() -> None:
    with bench() as here:
        here.write({"a.yaml": "adSets:\n  a: {campaignId: adSets.a, name: A}\n"})
        (problem, *_) = here.plan().problems

    assert problem.hint == "write the id, or the address of one of the campaigns: campaigns.NAME"


def test_a_new_ad_set_in_a_campaign_that_the_scope_does_not_have_is_an_error_at_its_line() -> None:
    with bench() as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS.replace("campaigns.summer", '"77"', 1)})
        found = [(each.code, each.span.line) for each in here.plan().problems if each.span]

    assert found == [("unknown-campaign", 10)]


def test_an_ad_set_alone_waits_for_a_campaign_that_is_not_in_the_target() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        run: Run = here.plan(["adSets.*"])

    assert run.plan.total == 0
    assert {each.code for each in run.problems if each.span} == {"address-waits"}


def test_an_import_knows_the_block_and_keeps_its_address() -> None:
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        here.apply()
        text = (here.folder / "a.yaml").read_text()
        wish = ImportRequest(("adSets",), update=True)
        import_.write_import(here.load(), here.outside, StateSnapshot(), wish, lambda line: None, here.world.now)

        assert (here.folder / "a.yaml").read_text() == text
        assert here.plan().plan.total == 0


@pytest.mark.parametrize("path", ["*/marketing-solutions/campaigns", "*/marketing-solutions/ad-sets"])
def test_an_answer_that_is_lost_between_rounds_makes_nothing_twice(path: str) -> None:
    """What was created is found by a look, and its id is known to the rounds after it."""
    with bench(guarded=False) as here:
        here.write({"a.yaml": CAMPAIGN + AD_SETS})
        here.world.inject({"kind": "lost_answer", "method": "POST", "path": path})
        run = here.apply()

        assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
        assert made(here) == WHOLE
        assert here.plan().plan.total == 0
