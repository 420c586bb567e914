"""Each guardrail passes at its limit and fails past it, can be allowed by name, and says what a reviewer needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.guardrails import RULES, SHOWN, GuardrailSettings, Names, Proposal, judge, unknown
from reconciler.guardrails.rule import amount_changes
from reconciler.model import Action, Address, Money, RuleLevel, Severity, Span, Verdict
from reconciler.model.money import Limit, Period
from reconciler.model.text import is_reason

from .proposals import BID, BUDGET, STATUS, bid, budget, change, daily, increase, money, proposal, shift

STOP = (STATUS, "on", "off")


def stops(count: int) -> Proposal:
    return proposal(*(change(str(number), STOP, action=Action.STOP) for number in range(count)))


def many(count: int, *, live: int = 10, new: int = 0) -> Proposal:
    old = [bid("1", "1.01", key=f"o{number}") for number in range(count)]
    made = [change(f"n{number}", ("name", None, "x"), action=Action.CREATE) for number in range(new)]
    return proposal(*old, *made, live=live)


def late(hour: int, minute: int = 0, day: int = 27, *moves: tuple[str, Any, Any]) -> Proposal:
    """A plan at a time in UTC; 27 November 2026 is a Friday, and Paris is an hour ahead."""
    own = moves or ((BID, Decimal(1), Decimal(2)),)
    return proposal(change("a", *own), now=datetime(2026, 11, day, hour, minute, tzinfo=UTC))


FRIDAY = [{"zone": "Europe/Paris", "days": ["friday"], "from": "16:00", "because": "Black Friday"}]
NIGHT = [{"zone": "Europe/Paris", "days": ["friday"], "from": "22:00", "until": "06:00", "stops": "all"}]
DAILY = [{"zone": "Europe/Paris", "days": ["friday"], "from": "08:00", "until": "08:00", "stops": "all"}]
BOTH = [{"zone": "Europe/Paris", "days": ["monday"]}, {"zone": "Europe/Paris", "days": ["friday"]}]
WEEKS = [{"zone": "Europe/Paris", "first": "2026-11-27", "last": "2026-11-28"}]


SHOPPING = datetime(2026, 11, 27, 18, tzinfo=UTC)
"""Within that Friday."""
KEPT = {"addresses": ["adSets.other", "adSets.always-*"], "from": "stops"}
"""May grow, and may not be stopped or lowered."""


def limited(before: Limit | None, after: Limit | None) -> Proposal:
    """What moves its limit is no amount of its own: an end, or another's budget."""
    moved = change("always-on", ("schedule.endDate", None, "2026-12-24"))
    return proposal(moved, cost=money(shifts=[shift(before, after, "always-on")]))


@dataclass(frozen=True)
class Case:
    rule: str
    setting: Any
    passes: Proposal
    fails: Proposal
    words: str


CASES = [
    Case("maxRaisePercent", 50, proposal(bid("1.00", "1.50")), proposal(bid("1.00", "1.5001")),
         "bidding.bidAmount grows by 50 % (1.00 → 1.5001); 50 % are allowed"),
    Case("maxRaisePercent", {"budgets": 10}, proposal(bid("1", "9"), budget("100", "110")),
         proposal(budget("100", "111")), "budget.budgetAmount grows by 11 % (100.00 → 111.00); 10 % are allowed"),
    Case("maxRaisePercent", {BID: 20, "bids": 1}, proposal(bid("1", "1.2")), proposal(bid("0", "0.01")),
         "bidding.bidAmount grows from nothing (0.00 → 0.01); 20 % are allowed"),
    Case("maxTotalIncrease", {"EUR": 5000}, proposal(cost=money("5000")), proposal(cost=money("5000.01")),
         "the plan raises the budgets of one day by 5,000.01 in EUR; 5,000.00 are allowed"),
    Case("maxTotalIncrease", {"EUR": 5000}, proposal(cost=money("-1", currency="USD")),
         proposal(cost=money("1", currency="USD")),
         "the plan raises the budgets of one day by 1.00 in USD, for which no limit is set"),
    Case("maxTotalIncrease", {"EUR": 5000}, proposal(cost=money("0", uncapped=-1)),
         proposal(cost=money("-10", uncapped=1)),
         "the plan raises the budgets of one day without any cap in EUR; 5,000.00 are allowed"),
    Case("maxTotalIncrease", {"EUR": 5000}, proposal(cost=money("5000", uncapped=-1)),
         proposal(cost=money("5001", uncapped=-1)),
         "the plan raises the budgets of one day by 5,001.00 in EUR; 5,000.00 are allowed"),
    Case("maxTotalIncreasePercent", 20, proposal(cost=money("200")), proposal(cost=money("201")),
         "the plan raises the budgets of one day by 201.00 in EUR, 20.1 % of 1,000.00; 20 % are allowed"),
    Case("maxTotalIncreasePercent", 20, proposal(cost=money("-1", uncapped=-1)),
         proposal(cost=money("-10", uncapped=1)),
         "the plan raises the budgets of one day without any cap in EUR; 20 % are allowed"),
    Case("maxTotalIncreasePercent", 20, proposal(cost=money("200", uncapped=-1)),
         proposal(cost=money("500", uncapped=1)), "without any cap in EUR; 20 % are allowed"),
    Case("maxTotalIncreasePercent", 20, proposal(cost=money("0", base="0")), proposal(cost=money("1", base="0")),
         "the plan raises the budgets of one day by 1.00 in EUR; 20 % are allowed"),
    Case("maxBillableIncrease", {"EUR": 100}, proposal(cost=money(ceilings=[shift(daily("50"), daily("150"))])),
         proposal(cost=money(ceilings=[shift(daily("50"), daily("150.01")), shift(daily("1"), daily("1"), "b")])),
         "the plan raises what is billed at most by 100.01 in EUR; 100.00 are allowed"),
    Case("maxBillableIncrease", {"EUR": 100}, proposal(cost=money("999", ceilings=[shift(daily("9"), daily("1"))])),
         proposal(cost=money(ceilings=[shift(daily("9"), daily(None), kind="campaigns")])),
         "the plan raises what is billed at most without any cap in EUR"),
    Case("removedCap", True, proposal(cost=money(ceilings=[shift(None, daily(None), kind="campaigns")])),
         proposal(cost=money(ceilings=[shift(daily("9"), daily(None), kind="campaigns")])),
         "campaigns.a would be uncapped; it was 9.00 per day"),
    Case("maxIncrease24Hours", {"EUR": 100}, proposal(cost=money("40", lately="60")),
         proposal(cost=money("40", lately="61")),
         "with the runs of the last 24 hours, the plan raises the budgets of one day by 101.00 in EUR;"
         " 100.00 are allowed"),
    Case("maxIncrease24Hours", {"EUR": 100}, proposal(cost=money("-1", lately="500")),
         proposal(cost=money("1", lately="500")), "by 501.00 in EUR"),
    Case("bounds", {"bids": {"min": 0.05, "max": 5}}, proposal(bid("1", "0.05"), bid("1", "5", key="b")),
         proposal(bid("1", "5.0001")), "bidding.bidAmount would be 5.0001, above 5.00"),
    Case("bounds", {"bids": {"min": Decimal("0.05")}}, proposal(bid("0.01", "0.05")), proposal(bid("1", "0.0499")),
         "bidding.bidAmount would be 0.0499, below 0.05"),
    Case("bounds", {"budgets": {"max": {"EUR": 10}}}, proposal(budget(None, "10")),
         proposal(budget("1", "2"), currency="JPY"), "budget.budgetAmount: no limit is set for JPY"),
    Case("decimalSlip", True, proposal(bid("1", "8.99"), bid("1", "11.01", key="b"), bid("1", "20", key="c")),
         proposal(bid("0.53", "53.00")), "bidding.bidAmount would be about 100 times what it was (0.53 → 53.00)"),
    Case("decimalSlip", True, proposal(bid("11.01", "1")), proposal(budget("1100", "100")),
         "budget.budgetAmount would be about 1/10 of what it was (1,100.00 → 100.00)"),
    Case("decimalSlip", True, proposal(bid("1", "899")), proposal(bid("1", "900")), "about 1000 times"),
    Case("removedCap", True, proposal(budget("80", "8000"), cost=money(shifts=[shift(daily("80"), daily("8000"))])),
         proposal(budget("80", None), cost=money(shifts=[shift(daily("80"), daily(None))])),
         "adSets.a would be uncapped; it was 80.00 per day"),
    Case("removedCap", True, proposal(cost=money(shifts=[shift(None, daily(None, Period.TOTAL))])),
         proposal(many(0, new=1).changes[0], cost=money(shifts=[shift(None, daily(None), "n0")])),
         "adSets.n0 would start uncapped"),
    Case("removedCap", True, proposal(cost=money(shifts=[shift(daily(None), daily(None, Period.TOTAL), None)])),
         proposal(cost=money(shifts=[shift(daily(None, Period.TOTAL), daily(None), None, "sellerBudgets")])),
         "sellerBudgets 1 (unmanaged) would be uncapped on every day"),
    Case("removedCap", True, proposal(cost=money(shifts=[shift(daily(None), None, kind="balances")])),
         proposal(cost=money(shifts=[shift(None, daily(None, Period.TOTAL), kind="balances")])),
         "balances.a would start uncapped"),
    Case("removedCap", True, proposal(cost=money(shifts=[shift(daily(None), daily(None, Period.WEEK))])),
         proposal(cost=money(shifts=[shift(daily("7", Period.TOTAL), daily(None))])), "it was 7.00 lifetime"),
    Case("zeroBid", True, proposal(bid("1", "0.0001")), proposal(bid("1", "0")),
         "bidding.bidAmount would be 0, which stops delivery; it was 1.00"),
    Case("maxChanges", 3, many(2, new=1), many(2, new=2),
         "the plan changes 4 resources (2 of them new); 3 are allowed"),
    Case("maxChanges", 3, many(3), many(3, new=1), "the plan changes 4 resources (1 of them new)"),
    Case("maxRaisePercent", 0, proposal(change("a", (BID, None, Decimal(5))), change("b", (BID, Decimal(5), None)),
                                        bid("2", "1", key="c")),
         proposal(bid("1", "1.01")), "grows by 1 %"),
    Case("maxTotalIncreasePercent", 20, proposal(cost=money("-5")),
         proposal(cost=Money(increases=(increase("EUR", -1), increase("JPY", 5)))), "by 5.00 in JPY; 20 % are allowed"),
    Case("bounds", {"bids": {"max": 5}},
         proposal(budget("1", "90"), change("b", (BID, Decimal(1), None)), bid("1", "5", key="c")),
         proposal(budget("1", "90"), bid("1", "6")), "above 5.00"),
    Case("maxStops", 2, stops(1), stops(4), "adSets.0, adSets.1, adSets.2, …"),
    Case("maxStops", 2, stops(2), stops(3), "the plan stops 3 resources; 2 are allowed: adSets.0, adSets.1, adSets.2"),
    Case("maxStops", 0, many(5), stops(1), "the plan stops 1 resource; 0 are allowed: adSets.0"),
    Case("maxSharePercent", 30, many(3), many(4), "the plan touches 40 % of the adSets (4 of 10); 30 % are allowed"),
    Case("maxSharePercent", 50, many(1, live=2), many(2, live=2),
         "the plan touches 100 % of the adSets (2 of 2); 50 % are allowed"),
    Case("maxSharePercent", 100, many(3, live=0), many(4, live=3), "133.3 % of the adSets (4 of 3)"),
    Case("maxSharePercent", 50, many(0, live=5, new=5), many(0, live=5, new=6), "54.5 % of the adSets (6 of 11)"),
    Case("freeze", FRIDAY, late(14, 59), late(15, 0),
         "Black Friday: 1 of the changes may cost more, and now (Friday 16:00 in Europe/Paris)"
         " lies in fri 16:00–24:00 (Europe/Paris)"),
    Case("freeze", FRIDAY, replace(limited(daily("80"), daily("80", Period.WEEK)), now=SHOPPING),
         replace(limited(daily("80"), daily("81")), now=SHOPPING), "1 of the changes may cost more"),
    Case("freeze", FRIDAY, replace(limited(None, None), now=SHOPPING),
         replace(many(0, new=3), now=SHOPPING), "3 of the changes may cost more"),
    Case("freeze", FRIDAY, late(15, 0, 27, STOP), late(22, 59, 27, (STATUS, "on", "off"), (BID, None, Decimal(1))),
         "1 of the changes may cost more"),
    Case("freeze", NIGHT, late(5, 0, 28, STOP), late(4, 59, 28, STOP), "freeze window: 1 of the changes are changes"),
    Case("freeze", NIGHT, late(20, 59, 27, STOP), late(21, 0, 27, STOP), "(Friday 22:00 in Europe/Paris)"),
    Case("freeze", NIGHT, late(21, 0, 26, STOP), late(22, 59, 27, STOP), "fri 22:00–06:00 (Europe/Paris)"),
    Case("freeze", DAILY, late(6, 59, 27, STOP), late(6, 59, 28, STOP), "fri 08:00–08:00 (Europe/Paris)"),
    Case("freeze", BOTH, late(22, 59, 26), late(23, 0, 26), "fri 00:00–24:00 (Europe/Paris)"),
    Case("freeze", BOTH, late(23, 0, 27), late(22, 59, 27), "fri 00:00–24:00 (Europe/Paris)"),
    Case("freeze", WEEKS, late(22, 59, 26), late(23, 0, 26), "now (Friday 00:00 in Europe/Paris)"),
    Case("freeze", WEEKS, late(23, 0, 28), late(22, 59, 28), "every day 2026-11-27..2026-11-28 00:00–24:00"),
    Case("protected", {"addresses": ["adSets.always-*"]},
         proposal(bid("1", "2", key="sometimes"), wanted=["sometimes", "always-on"]),
         proposal(bid("1", "2", key="always-on")), "adSets.always-on is protected, and the plan would change it"),
    Case("protected", {"ids": {"adSets": [7]}}, proposal(change("x", (BID, Decimal(1), Decimal(2)), id="8")),
         proposal(change("renamed", (BID, Decimal(1), Decimal(2)), id="7")), "adSets.renamed is protected (id 7)"),
    Case("protected", {"addresses": ["adSets.old"]},
         proposal(change("x", (BID, Decimal(1), Decimal(2)), id="1"), remembered=["old", "other"]),
         proposal(change("new", (BID, Decimal(1), Decimal(2)), id="0"), remembered=["old"]),
         "adSets.new is protected (id 0, known as adSets.old)"),
    Case("protected", {"addresses": ["*"], "from": "stops"}, proposal(bid("1", "2")),
         proposal(change("a", STOP, action=Action.STOP)), "adSets.a is protected, and the plan would stop it"),
    Case("protected", KEPT, proposal(bid("1", "2"), bid("1", "2", key="always-on")),
         proposal(bid("1", "2"), bid("2", "1", key="always-on")), "adSets.always-on is protected"),
    Case("protected", KEPT, limited(daily("80"), daily("81")), limited(daily("80"), daily("79")),
         "adSets.always-on is protected, and the plan would change it"),
    Case("protected", KEPT, limited(daily("80"), daily(None)), limited(daily(None), daily("80")), "is protected"),
    Case("protected", KEPT, limited(daily("80"), daily("80", Period.WEEK)), limited(daily("80"), None), "is protected"),
    Case("protected", KEPT, proposal(change("always-on", (BID, None, Decimal(1)), (BUDGET, Decimal(1), None))),
         proposal(change("always-on", (BID, Decimal(1), Decimal(2)), (BUDGET, Decimal(2), Decimal(1)))),
         "adSets.always-on is protected, and the plan would change it"),
    Case("emptyScope", True, proposal(remembered="abcd", wanted="abcd", ids=["0", "1"]),
         proposal(remembered="abcd", wanted="abcd", ids=["0"]),
         "3 of the 4 adSets that the ledger remembers are not live any more"),
    Case("emptyScope", True, proposal(remembered="abcdefghij", wanted="a"),
         proposal(remembered="abcdefghij", wanted="x"),
         "the files hold 0 of the 10 resources that the ledger remembers"),
    Case("emptyScope", True, proposal(remembered="abcdefghij", wanted="x", whole=False),
         proposal(remembered="a", wanted="a", ids=[]), "1 of the 1 adSets"),
    Case("names", {"adSets": "^[A-Z]{2} .+"}, proposal(change("a", ("name", "x", "FR always on"))),
         proposal(change("a", ("name", "FR x", "fr x"))), "the name 'fr x' does not have the form ^[A-Z]{2} .+"),
]  # fmt: skip
NAMED = [pytest.param(case, id=f"{case.rule}-{number}") for number, case in enumerate(CASES)]


def only(case: Case, **more: Any) -> GuardrailSettings:
    """The settings with this rule and no other."""
    off = {name: False for name, rule in RULES.items() if rule.default is not None}
    return GuardrailSettings({**off, case.rule: case.setting, **more})


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(RULES)


@pytest.mark.parametrize("case", NAMED)
def test_at_the_limit_it_passes_and_is_named(case: Case) -> None:
    (judgement,) = judge(case.passes, only(case), {})
    assert (judgement.rule, judgement.verdict, judgement.problems) == (case.rule, Verdict.PASSED, ())
    assert judgement.limit


@pytest.mark.parametrize("case", NAMED)
def test_past_the_limit_it_refuses_in_words(case: Case) -> None:
    (judgement,) = judge(case.fails, only(case), {})
    assert judgement.verdict is Verdict.REFUSED
    first = judgement.problems[0]
    assert case.words in first.message
    assert first.severity is Severity.ERROR
    assert first.code == RULES[case.rule].code
    assert str(first.hint).endswith(
        f"if it is meant: --allow {case.rule} --because TEXT, or a reviewed entry under `allow`"
    )


@pytest.mark.parametrize("case", NAMED)
def test_it_is_allowed_by_its_name_and_by_no_other(case: Case) -> None:
    (allowed,) = judge(case.fails, only(case), {case.rule: "agreed with Ann"})
    assert (allowed.verdict, allowed.because) == (Verdict.ALLOWED, "agreed with Ann")
    assert {problem.severity for problem in allowed.problems} == {Severity.NOTE}
    assert allowed.problems[0].hint == "allowed: agreed with Ann"
    (refused,) = judge(case.fails, only(case), {"another": "agreed with Ann"})
    assert refused.verdict is Verdict.REFUSED


@pytest.mark.parametrize("case", NAMED)
def test_its_level_decides_what_an_objection_does(case: Case) -> None:
    (advised,) = judge(case.fails, only(case, levels={case.rule: "advisory"}), {})
    assert (advised.verdict, advised.level) == (Verdict.ADVISED, RuleLevel.ADVISORY)
    assert {problem.severity for problem in advised.problems} == {Severity.WARNING}
    (hard,) = judge(case.fails, only(case, levels={case.rule: "hard"}), {case.rule: "please"})
    assert hard.verdict is Verdict.REFUSED
    assert "the rule is hard" in str(hard.problems[0].hint)


def test_a_limit_that_another_object_moves_is_told_at_the_one_it_bounds() -> None:
    """An amount of its own does not move: only the money of the plan knows of the rise, and of the fall."""
    rises, falls = limited(daily("80"), daily("81")), limited(daily("80"), daily("79"))
    assert [str(change.address) for change in rises.increases()] == ["adSets.always-on"]
    assert list(falls.increases()) == []
    (judgement,) = judge(falls, only(Case("protected", KEPT, rises, falls, "")), {})
    assert [str(problem.address) for problem in judgement.problems] == ["adSets.always-on"]


def test_three_stops_are_all_named() -> None:
    (judgement,) = judge(stops(3), only(Case("maxStops", 2, stops(2), stops(3), "")), {})
    assert judgement.problems[0].message.endswith("adSets.1, adSets.2")


def test_bounds_are_told_as_they_are_set() -> None:
    setting = {"bids": {"min": Decimal("0.05"), "max": {"EUR": 5, "USD": 6}}, "budgets": {"max": 100}}
    (judgement,) = [
        each for each in judge(proposal(), GuardrailSettings({"bounds": setting}), {}) if each.rule == "bounds"
    ]
    assert judgement.limit == "bids min 0.05 max EUR 5.00/USD 6.00, budgets max 100.00"


def test_a_kind_that_was_not_read_is_not_missed() -> None:
    plan = replace(
        proposal(),
        known={"balances": (1, 0)},
        remembered={Address("balances", "q1"): "9"},
        wanted=frozenset({Address("balances", "q1")}),
    )
    assert not any(each.problems for each in judge(plan, GuardrailSettings(), {}))


def test_the_worst_slip_is_told_first_and_of_two_the_one_that_costs() -> None:
    moved = [bid("10", "1", key="down"), bid("1", "10", key="up"), bid("1", "100", key="worst")]
    (judgement,) = [each for each in judge(proposal(*moved), GuardrailSettings(), {}) if each.problems]
    assert [str(each.address) for each in judgement.problems] == ["adSets.worst", "adSets.up", "adSets.down"]


def test_a_currency_that_adds_nothing_does_not_hide_the_next() -> None:
    both = Money(increases=(increase("EUR", -1), increase("JPY", 7)))
    (judgement,) = judge(
        proposal(cost=both), only(Case("maxTotalIncrease", {"JPY": 5}, proposal(), proposal(), "")), {}
    )
    assert "by 7.00 in JPY" in judgement.problems[0].message


def test_a_name_that_is_no_rule_is_found() -> None:
    assert unknown(["freeze", "frieze", "x"]) == "frieze"
    assert unknown(["freeze"]) is None


@pytest.mark.parametrize("more", [0, 1])
def test_as_many_objections_as_are_shown_are_all_there_is(more: int) -> None:
    changes = [bid("1", "2", key=f"a{number}") for number in range(SHOWN + more)]
    (judgement,) = judge(proposal(*changes), only(CASES[0]), {})
    assert len(judgement.problems) == SHOWN + more
    assert judgement.problems[-1].message.startswith("1 more of the same rule") is bool(more)


@pytest.mark.parametrize(("setting", "hint"), [(FRIDAY, "stops and decreases may still be sent"), (NIGHT, "wait")])
def test_a_refusal_by_a_window_lists_what_may_still_be_sent(setting: Any, hint: str) -> None:
    (judgement,) = judge(late(22), only(Case("freeze", setting, proposal(), proposal(), "")), {})
    assert str(judgement.problems[0].hint).startswith(hint)


def test_a_rule_is_known_to_be_on_by_its_name() -> None:
    settings = GuardrailSettings({"maxChanges": 1, "removedCap": False})
    assert [settings.has(name) for name in ("maxChanges", "emptyScope", "removedCap", "freeze")] == [
        True,
        True,
        False,
        False,
    ]


class Rules:
    """A project file of which only the keys of the guardrails are asked for."""

    def has(self, path: tuple[str | int, ...]) -> bool:
        return True

    def span(self, path: tuple[str | int, ...], *, key: bool = False) -> Span:
        assert key
        return Span("reconciler.yaml", {"maxChanges": 4}[str(path[1])], 3)


def test_what_stands_nowhere_in_the_files_is_told_at_its_rule() -> None:
    settings = GuardrailSettings({"maxChanges": 1}, Rules())
    (problem,) = [problem for each in judge(many(2), settings, {}) for problem in each.problems]
    assert str(problem.span) == "reconciler.yaml:4:3"
    (default,) = [each for each in judge(proposal(remembered="a", ids=[]), settings, {}) if each.rule == "emptyScope"]
    assert default.problems[0].span is None


def test_three_rules_are_on_by_default_and_each_can_be_turned_off() -> None:
    assert [each.rule for each in judge(proposal(), GuardrailSettings(), {})] == [
        "emptyScope",
        "decimalSlip",
        "removedCap",
    ]
    assert (
        judge(proposal(), GuardrailSettings({"emptyScope": False, "decimalSlip": False, "removedCap": False}), {}) == ()
    )


def test_one_slip_of_a_hundred_among_five_thousand_changes_is_found() -> None:
    changes = [bid("0.50", "0.55", key=f"a{number}", line=number) for number in range(5000)]
    changes[3141] = bid("0.50", "50.00", key="slipped", line=3141)
    (judgement,) = [each for each in judge(proposal(*changes), GuardrailSettings(), {}) if each.problems]
    (problem,) = judgement.problems
    assert judgement.rule == "decimalSlip"
    assert str(problem.span) == "ads/summer.yaml:3142:5"
    assert str(problem.address) == "adSets.slipped"


def test_many_objections_are_told_with_the_worst_first_and_the_rest_counted() -> None:
    changes = [bid("1", str(2 + number / 1000), key=f"a{number}") for number in range(100)]
    (judgement,) = judge(proposal(*changes), only(CASES[0]), {})
    assert len(judgement.problems) == SHOWN + 1
    assert "109.9 %" in judgement.problems[0].message
    assert judgement.problems[-1].message == "80 more of the same rule"


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (Decimal(1), Decimal(2), [(1, 2)]),
        (Decimal(1), Decimal("1.00"), []),
        (None, Decimal(1), [(None, 1)]),
        (Decimal(1), None, [(1, None)]),
        ("on", "off", []),
        ({"budgetAmount": Decimal(1), "budgetRenewal": "daily"}, {"budgetAmount": Decimal(2)}, [(1, 2)]),
        ({"budgetAmount": Decimal(1)}, {"budgetAmount": Decimal(1), "other": "x"}, []),
        (None, {"budgetAmount": Decimal(1)}, [(None, 1)]),
        ({"budgetAmount": Decimal(1)}, None, [(1, None)]),
    ],
)
def test_every_amount_that_moves_is_a_step_within_a_block_too(before: Any, after: Any, moved: list[Any]) -> None:
    assert [(step.before, step.after) for step in amount_changes(change("a", ("field", before, after)))] == moved


@pytest.mark.parametrize(
    ("currency", "hint"),
    [("JPY", "add JPY: AMOUNT to the rule"), ("unknown currency", "state the currency under `currencies`")],
)
def test_who_has_no_limit_is_told_where_to_set_one(currency: str, hint: str) -> None:
    plan = proposal(budget("1", "2"), cost=money("1", currency=currency), currency=currency)
    if currency.islower():
        plan = replace(plan, currencies={})  # nobody told
    settings = GuardrailSettings({"bounds": {"budgets": {"max": {"EUR": 10}}}, "maxTotalIncrease": {"EUR": 10}})
    refused = [each for each in judge(plan, settings, {}) if each.problems]
    assert [each.rule for each in refused] == ["maxTotalIncrease", "bounds"]
    assert all(str(each.problems[0].hint).startswith(hint) for each in refused)


def test_a_scheduled_budget_is_judged_as_well() -> None:
    slip = change("a", ("scheduledBudgets.2026-12-24", {"budgetAmount": Decimal(10)}, {"budgetAmount": Decimal(1000)}))
    judged = judge(proposal(slip), GuardrailSettings(), {})
    assert [each.rule for each in judged if each.problems] == ["decimalSlip"]


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),  # 02:30, for the first time that night
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),  # 02:30 again, the clock was put back
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),  # 03:00
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), False),  # 01:59; the next minute is 03:00
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 5, 0, 0, tzinfo=UTC), True),  # 02:00 in summer
        (datetime(2026, 7, 5, 1, 0, tzinfo=UTC), False),
        (datetime(2026, 12, 6, 1, 0, tzinfo=UTC), True),  # 02:00 in winter
        (datetime(2026, 12, 6, 0, 0, tzinfo=UTC), False),
    ],
)
def test_a_window_is_read_off_the_clock_on_the_wall(moment: datetime, inside: bool) -> None:
    window = [{"zone": "Europe/Paris", "days": ["sunday"], "from": "02:00", "until": "03:00", "stops": "all"}]
    (judgement,) = [
        each
        for each in judge(proposal(bid("1", "2"), now=moment), GuardrailSettings({"freeze": window}), {})
        if each.rule == "freeze"
    ]
    assert bool(judgement.problems) is inside


def test_a_zone_that_does_not_exist_is_a_mistake() -> None:
    settings = GuardrailSettings({"freeze": [{"zone": "Europe/Paris"}, {"zone": "Europe/Atlantis"}]})
    (mistake,) = settings.mistakes(NAMES)
    assert (mistake.path, mistake.why) == (("freeze", 1, "zone"), "there is no time zone 'Europe/Atlantis'")


# --- A rule that looked at nothing ------------------------------------------------------------------------------

IDLE = [
    ("names", {"adSets": "^[A-Z]{2} .+"}, proposal(bid("1", "9"))),
    ("maxRaisePercent", 20, proposal(change("a", STOP))),
    ("maxRaisePercent", 20, proposal(change("a", (BID, None, Decimal(5)), action=Action.CREATE))),
    ("maxRaisePercent", {"budgets": 20}, proposal(bid("1", "9"))),
    ("maxTotalIncrease", {"EUR": 5}, proposal(bid("1", "9"))),
    ("maxTotalIncreasePercent", 5, proposal(bid("1", "9"))),
    ("maxIncrease24Hours", {"EUR": 5}, proposal(bid("1", "9"))),
    ("maxBillableIncrease", {"EUR": 5}, proposal(bid("1", "9"), cost=money("5"))),
    ("bounds", {"bid": {"max": 1}}, proposal(bid("1", "9"))),
    ("bounds", {"bids": {"max": 1}}, proposal(change("a", (BID, Decimal(1), None)))),
    ("decimalSlip", True, proposal(change("a", STOP))),
    ("decimalSlip", True, proposal(change("a", (BID, None, Decimal(5)), action=Action.CREATE))),
    ("removedCap", True, proposal(bid("1", "9"))),
    ("zeroBid", True, proposal(budget("1", "2"))),
    ("emptyScope", True, proposal(wanted="ab")),
    ("emptyScope", True, replace(proposal(whole=False), known={"balances": (1, 0)})),
    *((rule, limit, proposal()) for rule, limit in (("maxChanges", 3), ("maxStops", 3), ("maxSharePercent", 3))),
    ("freeze", FRIDAY, replace(proposal(), now=SHOPPING)),
    ("protected", {"addresses": ["adSets.alwys-*"]}, proposal(bid("1", "2"), wanted=["a", "always-on"])),
    ("protected", {"ids": {"adSets": [70]}}, proposal(bid("1", "2"))),
    ("protected", {"addresses": []}, proposal(bid("1", "2"))),
]


def test_every_rule_can_have_nothing_to_check() -> None:
    assert {rule for rule, _, _ in IDLE} == set(RULES)


@pytest.mark.parametrize(("rule", "setting", "plan"), IDLE)
def test_a_rule_that_looked_at_nothing_never_says_passed(rule: str, setting: Any, plan: Proposal) -> None:
    (judgement,) = judge(plan, only(Case(rule, setting, plan, plan, "")), {})
    assert (judgement.verdict.value, judgement.problems) == ("nothing to check", ())


# --- A return to what was last applied ----------------------------------------------------------------------------


def returning(plan: Proposal, **last: Any) -> Proposal:
    """The plan, where the ledger knows what was last applied to the objects that it changes."""
    values = {change.address: {move.field: move.after for move in change.fields} | last for change in plan.changes}
    return replace(plan, remembered={each.address: str(each.id) for each in plan.changes}, applied=values)


RETURNS = [
    ("decimalSlip", True, proposal(bid("9.50", "1.01"))),
    ("decimalSlip", True, proposal(budget("10", "1000"))),
    ("maxRaisePercent", 20, proposal(bid("0.10", "1.00"))),
    ("bounds", {"bids": {"max": 5}}, proposal(bid("4", "6"))),
    ("zeroBid", True, proposal(bid("1", "0"))),
    ("removedCap", True, proposal(budget("80", None), cost=money(shifts=[shift(daily("80"), daily(None))]))),
]


@pytest.mark.parametrize(("rule", "setting", "plan"), RETURNS)
def test_a_return_to_the_last_applied_value_passes_and_any_other_way_to_it_does_not(
    rule: str, setting: Any, plan: Proposal
) -> None:
    known = returning(plan)
    other_id = replace(known, remembered=dict.fromkeys(known.remembered, "777"))
    never = replace(known, applied={})
    another = replace(known, applied={each.address: {BID: Decimal(3), BUDGET: Decimal(3)} for each in plan.changes})
    settings = only(Case(rule, setting, plan, plan, ""))
    assert [each.verdict for each in judge(known, settings, {})] == [Verdict.PASSED]
    for each in (other_id, never, another):
        assert [judged.verdict for judged in judge(each, settings, {})] == [Verdict.REFUSED]


def test_a_new_object_with_the_values_of_a_lost_one_is_no_return() -> None:
    new = change("a", (BID, None, Decimal(6)), action=Action.CREATE)
    known = replace(proposal(new), remembered={new.address: "1"}, applied={new.address: {BID: Decimal(6)}})
    (judgement,) = judge(known, only(Case("bounds", {"bids": {"max": 5}}, known, known, "")), {})
    assert judgement.verdict is Verdict.REFUSED


def test_sums_counts_windows_and_protection_judge_a_return_too() -> None:
    """They judge the plan as a whole, or its moment, not the way of one amount."""
    plan = replace(returning(proposal(bid("0.10", "1"), cost=money("90"))), now=SHOPPING)
    settings = GuardrailSettings(
        {
            "maxTotalIncrease": {"EUR": 5},
            "maxChanges": 0,
            "freeze": FRIDAY,
            "emptyScope": False,
            "protected": {"addresses": ["adSets.a"]},
        }
    )
    refused = {each.rule for each in judge(plan, settings, {}) if each.verdict is Verdict.REFUSED}
    assert refused == {"maxTotalIncrease", "maxChanges", "freeze", "protected"}


# --- Names inside a rule, and reasons ------------------------------------------------------------------------------

NAMES = Names(
    amounts={
        "adSets": frozenset({"bids", "budgets", BID, BUDGET, "categoryBids.*", "categoryBids"}),
        "sellerCampaigns": frozenset({"bids", "bid"}),
    },
    facets=frozenset({"bids", "budgets", "categoryBids", "settings"}),
    others=frozenset({"settings", "name", "bids", BID}),
    currencies=frozenset({"EUR"}),
)
READ = replace(NAMES, addresses=frozenset({Address("adSets", "always-on"), Address("adSets", "b")}))
"""The same project, all of whose files are read."""
MISTAKES: list[tuple[dict[str, Any], Names, tuple[Any, ...], str]] = [
    ({"maxRaisePercent": {"bidz": 1}}, NAMES, ("maxRaisePercent", "bidz"), "there is no facet or field 'bidz'"),
    ({"maxRaisePercent": {"bid": 20}}, READ, ("maxRaisePercent", "bid"), "bid is a field of sellerCampaigns, of which"),
    ({"bounds": {"bid": {"max": 1}}}, READ, ("bounds", "bid"), "of which the files hold none"),
    ({"bounds": {"settings": {"max": 1}}}, NAMES, ("bounds", "settings"), "settings holds no amount"),
    ({"bounds": {"name": {"max": 1}}}, NAMES, ("bounds", "name"), "name holds no amount"),
    ({"bounds": {"categoryBids.*": {"max": 1}}}, NAMES, ("bounds", "categoryBids.*"), "there is no facet or field"),
    ({"bounds": {"bids": {"min": {"eur": 1}}}}, NAMES, ("bounds", "bids", "min", "eur"), "no currency 'eur'"),
    ({"maxTotalIncrease": {"EUT": 1}}, NAMES, ("maxTotalIncrease", "EUT"), "there is no currency 'EUT'"),
    ({"maxIncrease24Hours": {"EUT": 1}}, NAMES, ("maxIncrease24Hours", "EUT"), "there is no currency 'EUT'"),
    ({"protected": {"addresses": ["adsets.b"]}}, NAMES, ("protected", "addresses", 0), "can match no address"),
    ({"protected": {"addresses": ["b"]}}, NAMES, ("protected", "addresses", 0), "can match no address"),
    ({"protected": {"addresses": ["adSets.b", "adSets.alwys-on"]}}, READ, ("protected", "addresses", 1), "no resource"),
    ({"protected": {"ids": {"adSet": ["1"]}}}, NAMES, ("protected", "ids", "adSet"), "there is no kind 'adSet'"),
    ({"levels": {"zeroBid": "hard"}}, NAMES, ("levels", "zeroBid"), "zeroBid is not on"),
    ({"decimalSlip": False, "levels": {"decimalSlip": "hard"}}, NAMES, ("levels", "decimalSlip"), "is not on"),
    ({"freeze": [{"zone": "UTC", "because": " \u200b"}]}, NAMES, ("freeze", 0, "because"), "can be seen"),
]  # fmt: skip
SOUND: list[dict[str, Any]] = [
    {"maxRaisePercent": 20, "levels": {"maxRaisePercent": "hard", "decimalSlip": "advisory"}},
    {"maxRaisePercent": {"bids": 1, BUDGET: 2, "categoryBids.7": 3}},
    {"bounds": {"bids": {"max": {"EUR": 5, "USD": 6}, "min": 1}}},
    {"maxTotalIncrease": {"EUR": 1, "JPY": 2}},
    {"protected": {"addresses": ["adSets.always-*", "*", "ad*"], "ids": {"sellerCampaigns": [1]}}},
]


@pytest.mark.parametrize(("setting", "names", "path", "why"), MISTAKES)
def test_a_name_that_means_nothing_is_found(
    setting: dict[str, Any], names: Names, path: tuple[Any, ...], why: str
) -> None:
    (mistake,) = GuardrailSettings(setting).mistakes(names)
    assert mistake.path == path
    assert why in mistake.why


@pytest.mark.parametrize("setting", SOUND)
def test_names_that_mean_something_are_no_mistake(setting: dict[str, Any]) -> None:
    assert list(GuardrailSettings(setting).mistakes(NAMES)) == list(GuardrailSettings(setting).mistakes(READ)) == []


UNSEEN = ["", " ", "\t\n", "\u00a0", "\u2003", "\u200b", "\u200d\ufeff", "\u2060", "\u00ad", "\u0301", "\ufe0f",
          "\u3164", "\u115f", "\uffa0", "\u2800", "\u202e", "\ue000"]  # fmt: skip


@pytest.mark.parametrize("text", UNSEEN)
def test_a_reason_that_cannot_be_seen_is_none(text: str) -> None:
    assert not is_reason(text)
    (judgement,) = [
        each for each in judge(proposal(bid("1", "100")), GuardrailSettings(), {"decimalSlip": text}) if each.problems
    ]
    assert judgement.verdict is Verdict.REFUSED


@pytest.mark.parametrize("text", ["x", "7", "agreed", "é", "값", "好", "✅", "-", " \u200bx"])
def test_a_reason_that_can_be_seen_is_one(text: str) -> None:
    assert is_reason(text)
