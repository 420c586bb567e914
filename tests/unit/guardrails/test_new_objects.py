"""New objects: an amount is judged beside its siblings, and what is created off is told and can be counted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from reconciler.guardrails import GuardrailSettings, Mistake, Names, judge
from reconciler.kinds import versions
from reconciler.model import Action, Live, Value, Verdict
from reconciler.planning.new_objects import find_siblings

from ...support.bench import bench
from ...support.readings import errors
from .proposals import BID, BUDGET, change, daily, money, proposal, shift

KINDS = versions.find_version("marketingSolutions", versions.DEFAULT).kinds

RENEWAL = "budget.budgetRenewal"


def live(id: str, **values: Value) -> Live:
    named = {"budget": BUDGET, "bid": BID, "renewal": RENEWAL}
    return Live("adSets", id, {named.get(name, name): value for name, value in values.items()})


def verdict(amount: str, *others: Live, **values: Value) -> Verdict:
    """What decimalSlip says of a new ad set of campaign 7 with this budget, beside the others."""
    own = {BUDGET: Decimal(amount), "campaignId": "7", "advertiserId": "1352", RENEWAL: "daily", **values}
    made = replace(change("new", (BUDGET, None, Decimal(amount)), action=Action.CREATE, id=None), after=own)
    plan = replace(proposal(made), beside=find_siblings(KINDS, [made], {"adSets": others}))
    (judged,) = [each for each in judge(plan, GuardrailSettings(), {}) if each.rule == "decimalSlip"]
    return judged.verdict


FIFTY = {"budget": Decimal(50), "advertiserId": "1352", "renewal": "daily"}
BESIDE = live("1", campaignId="7", **FIFTY)
ELSEWHERE = live("2", campaignId="8", **FIFTY)


@pytest.mark.parametrize(
    ("amount", "others", "verdict_"),
    [
        ("50000000", [BESIDE] * 10, Verdict.REFUSED),  # micros
        ("5000", [BESIDE], Verdict.REFUSED),
        ("4999.99", [BESIDE], Verdict.PASSED),
        ("5000", [BESIDE, live("3", campaignId="7", **FIFTY | {"budget": Decimal(60)})], Verdict.PASSED),
        ("5000", [ELSEWHERE], Verdict.REFUSED),  # of the advertiser, where the campaign has none
        ("5000", [ELSEWHERE, live("3", campaignId="7", **FIFTY | {"budget": Decimal(60)})], Verdict.PASSED),
        ("5000", [live("3", campaignId="7", **FIFTY | {"renewal": "lifetime"})], Verdict.IDLE),
        ("5000", [live("3", campaignId="9", **FIFTY | {"advertiserId": "1353"})], Verdict.IDLE),
        ("5000", [live("3", campaignId="7", **FIFTY | {"budget": None})], Verdict.IDLE),
        ("5000", [], Verdict.IDLE),
    ],
)
def test_a_new_amount_is_judged_beside_its_siblings(amount: str, others: list[Live], verdict_: Verdict) -> None:
    assert verdict(amount, *others) is verdict_


def test_objects_that_are_new_together_are_siblings() -> None:
    made = [
        replace(
            change(f"n{number}", (BID, None, Decimal(bid)), action=Action.CREATE, id=None),
            after={BID: Decimal(bid), "campaignId": "7"},
        )
        for number, bid in enumerate(("0.50", "0.55", "60"))
    ]
    plan = replace(proposal(*made), beside=find_siblings(KINDS, made, {}))
    (judged,) = [each for each in judge(plan, GuardrailSettings(), {}) if each.rule == "decimalSlip"]
    (problem,) = judged.problems
    assert str(problem.address) == "adSets.n2"
    assert (
        problem.message == f"{BID} of a new object would be 109 times the largest of its campaign (0.55 beside 60.00)"
    )


@pytest.mark.parametrize(
    ("setting", "added", "refused"),
    [
        ({"EUR": 100}, "0", False),
        ({"EUR": 100, "createdOff": False}, "0", False),
        ({"EUR": 100, "createdOff": True}, "0", True),
        ({"EUR": 200, "createdOff": True}, "0", False),
        ({"EUR": 200, "createdOff": True}, "60", True),  # with what is created on
        ({"USD": 200, "createdOff": True}, "0", True),  # no limit for its currency
    ],
)
def test_what_is_created_off_counts_where_the_rule_says_so(
    setting: dict[str, object], added: str, refused: bool
) -> None:
    off = shift(None, daily("150"))
    plan = replace(proposal(cost=money(added)), created_off=(off,))
    (judged,) = [
        each
        for each in judge(plan, GuardrailSettings({"maxTotalIncrease": setting}), {})
        if each.rule == "maxTotalIncrease"
    ]
    assert (judged.verdict is Verdict.REFUSED) is refused
    if refused and "EUR" in setting:
        assert "with what is created off" in judged.problems[0].message


def test_the_switch_is_no_currency() -> None:
    settings = GuardrailSettings({"maxTotalIncrease": {"EUR": 1, "createdOff": True}})
    found = [each for each in settings.mistakes(Names({})) if isinstance(each, Mistake) and "createdOff" in each.path]
    assert found == []


NEW = (
    "adSets:\n  new: {name: N, campaignId: '358313', datasetId: '6789', objective: conversions, mediaType: display,"
    " trackingCode: x, schedule: {startDate: 2026-12-01, activationStatus: %s}, bidding: {costController: maxCPC,"
    " bidAmount: 1.00}, targeting: {frequencyCapping: {frequency: daily, maximumImpressions: 3}, deliveryLimitations:"
    " {devices: [desktop]}, geoLocation: {countries: {operand: in, values: [DE]}}}, budget: {budgetStrategy: capped,"
    " budgetAmount: %s, budgetRenewal: daily, budgetDeliverySmoothing: standard}}\n"
)


def test_a_plan_says_what_is_created_off_and_finds_micros() -> None:
    with bench() as desk:
        desk.write({"a.yaml": NEW % ("off", "75")})
        told = [each.message for each in desk.plan().problems if each.code == "created-off"]
        desk.write({"a.yaml": NEW % ("on", "75")})
        on = [each for each in desk.plan().problems if each.code == "created-off"]
        desk.write({"a.yaml": NEW % ("off", "75000000")})
        codes = [code for _, code in errors(desk.plan())]
        free = NEW.partition("budgetStrategy")[0] % "off" + "budgetStrategy: uncapped}}\n"
        desk.write({"a.yaml": free})
        uncapped = [each.message for each in desk.plan().problems if each.code == "created-off"]
    assert told == ["1 object is created off, and counted in no sum: once started, EUR 75.00 more may be spent"]
    assert uncapped == ["1 object is created off, and counted in no sum: once started, 1 may spend EUR without any cap"]
    assert on == []
    assert codes == ["guardrail-decimal-slip"]
