"""A guardrail ends a command with exit code 3 before any write; a reason overrides it, and the ledger keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.model import Answer, Call, Delivery, ItemStatus, Run

from ..support.bench import Bench, bench
from ..support.commands import Ended, project, reconciler

REFUSED = 3
HEAD = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
RAISE = "adSets: {fr: {id: '123467', bidding: {bidAmount: 1.10}, budget: {budgetAmount: 150.00}}}\n"
SLIP = "adSets: {fr: {id: '123467', bidding: {bidAmount: 90.00}}}\n"


def folder(at: Path, files: str, head: str = "") -> Path:
    return project(at, {"ads.yaml": files}, HEAD + head)


def plan(at: Path, *more: str) -> Ended:
    return reconciler("plan", "--sandbox", *more, at=at)


def apply(at: Path, *more: str) -> Ended:
    return reconciler("apply", "--sandbox", "--auto-approve", *more, at=at)


def told(at: Path, *more: str) -> dict[str, Any]:
    found = json.loads(plan(at, "--format", "json", *more).out)
    assert isinstance(found, dict)
    return found


def writes(at: Path) -> list[str]:
    from reconciler.sandbox.world import World

    state = at / ".reconciler" / "sandbox.json"
    log = World.load(state).log if state.exists() else []
    return [
        each["path"] for each in log if each["method"] != "GET" and not each["path"].endswith(("/search", "/token"))
    ]


def asked(at: Path) -> list[str]:
    """The lists of advertisers that were read."""
    from reconciler.sandbox.world import World

    log = World.load(at / ".reconciler" / "sandbox.json").log
    return [each["path"] for each in log if "/advertisers" in each["path"]]


def test_a_slip_is_refused_by_default_and_nothing_is_written(tmp_path: Path) -> None:
    at = folder(tmp_path, SLIP)
    for done in (plan(at), apply(at)):
        assert done.code == REFUSED
        assert (
            'ads.yaml:1:50: error[guardrail-decimal-slip]: adSets.fr ("FR prospecting", id 123467):'
            " bidding.bidAmount would be about 100 times" in done.out
        )
        assert "--allow decimalSlip --because TEXT" in done.out
        assert "Exit code 3: refused by a guardrail" in done.out
    assert writes(at) == []


def test_a_removed_cap_is_refused_by_default(tmp_path: Path) -> None:
    at = folder(tmp_path, "adSets: {fr: {id: '123467', budget: {budgetStrategy: uncapped}}}\n")
    done = plan(at)
    assert done.code == REFUSED
    assert 'error[guardrail-removed-cap]: adSets.fr ("FR prospecting", id 123467) would be uncapped' in done.out


def test_an_override_is_sent_shown_and_journaled(tmp_path: Path) -> None:
    at = folder(tmp_path, SLIP)
    done = apply(at, "--allow", "decimalSlip", "--because", "a new product, agreed with Ann")
    assert done.code == 0
    assert "allowed: decimalSlip" in done.out
    assert "because a new product, agreed with Ann" in done.out
    assert writes(at)
    first = reconciler("ledger", "runs", "--sandbox", at=at).out.split()[0]
    shown = reconciler("ledger", "show", first, "--sandbox", at=at)
    assert "allowed:  decimalSlip, because a new product, agreed with Ann" in shown.out, shown.said


def test_a_saved_plan_carries_its_reasons_and_is_judged_again(tmp_path: Path) -> None:
    at = folder(tmp_path, SLIP)
    assert plan(at, "--out", "plan.json").code == REFUSED
    assert not (at / "plan.json").exists()
    assert plan(at, "--out", "plan.json", "--allow", "decimalSlip", "--because", "meant").code == 0
    assert json.loads((at / "plan.json").read_text())["allowed"] == {"decimalSlip": "meant"}
    assert reconciler("apply", "plan.json", "--sandbox", at=at).code == 0


def test_a_hard_rule_stands_whatever_the_reason(tmp_path: Path) -> None:
    at = folder(tmp_path, SLIP, "guardrails: {levels: {decimalSlip: hard}}\n")
    done = apply(at, "--allow", "decimalSlip", "--because", "please")
    assert done.code == REFUSED
    assert "only an edit of guardrails.decimalSlip lets this pass" in done.out
    assert writes(at) == []


def test_an_advisory_rule_only_says_so(tmp_path: Path) -> None:
    at = folder(tmp_path, RAISE, "guardrails: {maxChanges: 0, levels: {maxChanges: advisory}}\n")
    done = apply(at)
    assert done.code == 0
    assert "advised against: maxChanges" in done.out
    assert "warning[guardrail-max-changes]" in done.out


def test_every_rule_that_is_on_is_named_with_its_verdict(tmp_path: Path) -> None:
    rules = "guardrails: {maxRaisePercent: 20, maxTotalIncrease: {EUR: 26.55}, maxChanges: 1, emptyScope: false}\n"
    found = told(folder(tmp_path, RAISE, rules))
    assert found["exit_code"] == REFUSED
    assert {each["rule"]: each["verdict"] for each in found["guardrails"]} == {
        "decimalSlip": "passed",
        "removedCap": "passed",
        "maxRaisePercent": "refused",
        "maxTotalIncrease": "passed",
        "maxChanges": "passed",
    }


def test_an_increase_past_the_limit_of_its_currency_is_refused(tmp_path: Path) -> None:
    at = folder(tmp_path, RAISE, "guardrails: {maxTotalIncrease: {EUR: 26.54}}\n")
    done = plan(at)
    assert done.code == REFUSED
    assert "reconciler.yaml:3:14: error[guardrail-max-total-increase]" in done.out
    assert "by 26.55 in EUR; 26.54 are allowed" in done.out


def test_money_is_told_first_and_counts_what_the_files_do_not_hold(tmp_path: Path) -> None:
    done = plan(folder(tmp_path, RAISE))
    first, day, open_ended = done.out.splitlines()[:3]
    assert first == "Budgets (what is asked for):"
    assert day.split()[:4] == ["EUR", "worst", "single", "day"]
    assert "+26.55" in day
    assert open_ended.split() == ["plus", "without", "a", "cap", "1", "→", "1", "unchanged"]


def test_a_stated_currency_wins_and_an_unlisted_one_has_no_room(tmp_path: Path) -> None:
    at = folder(tmp_path, RAISE, "currencies: {'1352': SEK}\nguardrails: {maxTotalIncrease: {EUR: 5000}}\n")
    done = plan(at)
    assert done.code == REFUSED
    assert "by 26.55 in SEK, for which no limit is set" in done.out
    assert "/advertisers/me" in asked(at)[-1]  # and nobody is asked for what is stated


def test_small_applies_of_a_day_count_together(tmp_path: Path) -> None:
    at = folder(tmp_path, RAISE, "guardrails: {maxIncrease24Hours: {EUR: 40}}\n")
    assert apply(at).code == 0
    folder(at, RAISE.replace("150.00", "170.00"), "guardrails: {maxIncrease24Hours: {EUR: 40}}\n")
    done = apply(at)
    assert done.code == REFUSED
    assert "with the runs of the last 24 hours, the plan raises the budgets of one day by 46.55 in EUR" in done.out
    folder(at, RAISE.replace("150.00", "163.45"), "guardrails: {maxIncrease24Hours: {EUR: 40}}\n")
    assert apply(at).code == 0


def test_files_that_hold_hardly_anything_of_what_is_remembered_are_refused(tmp_path: Path) -> None:
    at = folder(tmp_path, RAISE)
    assert apply(at).code == 0
    folder(at, "adSets: {other: {id: '123470', schedule: {activationStatus: off}}}\n")
    done = plan(at)
    assert done.code == REFUSED
    assert "the files hold 0 of the 1 resources that the ledger remembers" in done.out
    assert plan(at, "ads.yaml").code == 0  # a part was asked for


def test_a_value_moved_outside_is_put_back_without_an_objection(tmp_path: Path) -> None:
    """A colleague typed 9.50 where 1.01 was last applied; only 101.00 would be new."""
    from reconciler.sandbox.world import World

    at = folder(
        tmp_path, SLIP.replace("90.00", "1.01"), "guardrails: {maxRaisePercent: 20, bounds: {bids: {max: 5}}}\n"
    )
    assert apply(at).code == 0
    state = at / ".reconciler" / "sandbox.json"
    with_slip = World.open(state)
    with_slip.edit("adSets", "123467", {"bidding.bidAmount": 9.5})
    with_slip.save(state)

    back = plan(at)

    assert back.code == 0, back.said
    assert "bidding.bidAmount  9.50 → 1.01" in back.out
    assert "passed: emptyScope, decimalSlip, maxRaisePercent, bounds" in back.out
    folder(at, SLIP.replace("90.00", "0.95"))
    refused = 'error[guardrail-decimal-slip]: adSets.fr ("FR prospecting", id 123467): bidding.bidAmount would be about'
    assert f"{refused} 1/10 of what it was (9.50 → 0.95)" in plan(at).out


NAMED = "guardrails:\n  maxRaisePercent: {bid: 20}\n  protected:\n    addresses: [adSets.f]\n"


def test_names_inside_a_rule_are_judged_when_the_project_is_read(tmp_path: Path) -> None:
    done = reconciler("validate", at=folder(tmp_path, RAISE, NAMED))

    assert done.code == 1
    assert (
        "reconciler.yaml:4:21: error[bad-guardrail]: guardrails.maxRaisePercent.bid: bid is a field of sellerCampaigns,"
        " of which the files hold none\n  hint: did you mean 'bids'?\n"
        "reconciler.yaml:6:17: warning[bad-guardrail]: guardrails.protected.addresses.0: no resource of the files"
        " matches 'adSets.f'\n  hint: did you mean 'adSets.fr'?\n"
    ) in done.out


def test_a_level_of_a_rule_that_is_off_is_told_and_keeps_nothing_from_being_planned(tmp_path: Path) -> None:
    done = reconciler("validate", at=folder(tmp_path, RAISE, "guardrails: {levels: {zeroBid: hard}}\n"))

    assert done.code == 0
    assert "reconciler.yaml:3:23: warning[bad-guardrail]: guardrails.levels.zeroBid: zeroBid is not on" in done.out


def test_a_protection_that_matches_nothing_is_not_told_as_passed(tmp_path: Path) -> None:
    found = told(folder(tmp_path, RAISE, "guardrails: {protected: {addresses: [adSets.f]}}\n"))

    verdicts = {each["rule"]: each["verdict"] for each in found["guardrails"]}
    assert verdicts["protected"] == verdicts["emptyScope"] == "nothing to check"
    assert verdicts["decimalSlip"] == "passed"


def test_an_override_whose_reason_cannot_be_seen_is_refused_at_its_place(tmp_path: Path) -> None:
    until = "until: 2099-01-01T00:00Z"
    rules = f'overrides:\n  - {{match: adSets.fr, set: {{bidding.bidAmount: 1}}, {until}, because: "\\u200b"}}\n'
    done = reconciler("validate", at=folder(tmp_path, RAISE, rules))

    assert done.code == 1
    assert "reconciler.yaml:4:" in done.out
    assert "error[empty-text]: because: no character of it can be seen" in done.out


def test_a_renamed_block_does_not_escape_its_protection(tmp_path: Path) -> None:
    rules = "guardrails: {emptyScope: false, protected: {addresses: [adSets.fr]}}\n"
    at = folder(tmp_path, RAISE)
    assert apply(at).code == 0
    folder(at, RAISE.replace("fr:", "other:").replace("150.00", "160.00"), rules)
    done = plan(at)
    assert done.code == REFUSED
    assert 'adSets.other ("FR prospecting", id 123467) is protected (id 123467, known as adSets.fr)' in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--allow", "noSuchRule", "--because", "x"), "there is no such guardrail"),
        (("--allow", "decimalSlip"), "say why"),
        (("--allow", "decimalSlip", "--because", " "), "say why"),
        (("--allow", "decimalSlip", "--because", "\u200b\u00a0"), "say why"),
        (("--because", "x"), "say why"),
        (("--allow", "decimalSlip", "--allow", "removedCap", *("--because", "x") * 3), "say why"),
    ],
)
def test_an_override_without_a_rule_or_a_reason_is_misspelt(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    done = plan(folder(tmp_path, RAISE), *words)
    assert done.code == 1
    assert said in done.err


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{maxRaisePercnt: 5}", "maxRaisePercent"),
        ("{maxChanges: -1}", "maxChanges is -1; it must be at least 0"),
        ("{maxChanges: many}", "maxChanges must be a whole number"),
        ("{maxRaisePercent: {bids: -1}}", "bids is -1"),
        ("{levels: {maxChanges: harsh}}", "maxChanges cannot be 'harsh'"),
        ("{freeze: [{zone: Europe/Atlantis}]}", "there is no time zone 'Europe/Atlantis'"),
        ("{freeze: [{zone: Europe/Paris, days: [fri]}]}", "friday"),
    ],
)
def test_a_misspelt_guardrail_is_an_error_at_its_line_and_never_ignored(tmp_path: Path, rules: str, said: str) -> None:
    done = reconciler("validate", at=folder(tmp_path, RAISE, f"guardrails: {rules}\n"))
    assert done.code == 1
    assert "reconciler.yaml:3:" in done.out
    assert said in done.out


# --- The order that never overspends, from files to calls ------------------------------------------------------

COURSE = "Exposed as the calls go (on one day, totals and funds in full):"
SWAP = """
adSets:
  up: {id: '123467', budget: {budgetAmount: 183.45}}
  down: {id: '123474', budget: {budgetAmount: 600.00}}
"""


def careful(made: Bench) -> Run:
    made.write({"ads.yaml": SWAP})
    file = made.folder / "reconciler.yaml"
    file.write_text(file.read_text() + "ordering: exposure-safe\n")
    return made.apply()


def budgets(made: Bench) -> dict[str, str]:
    found = made.live("marketingSolutions", "/2026-07/marketing-solutions/ad-sets/search", {"filters": {}})
    rows = {row["id"]: row["attributes"]["budget"]["budgetAmount"] for row in found["data"]}
    return {id: str(rows[id]) for id in ("123467", "123474")}


def test_increases_are_sent_after_the_decreases_are_seen_in_force() -> None:
    with bench() as made:
        before = budgets(made)
        run = careful(made)
        assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
        assert [call.raises_exposure for call in run.plan.calls] == [False, True]
        assert budgets(made) != before
        text = made.report(replace(run, applied=False, outcomes=()), "text")
        course = text.splitlines()[text.splitlines().index(COURSE) + 1]
        assert course.count("→") == 2
        assert course.endswith("; at most 2,823.45 plus 1 without a cap")
        paths = [each["path"].rpartition("/")[2] for each in made.world.log if "ad-sets" in each["path"]]
        first, second = (index for index, each in enumerate(made.world.log) if each["method"] == "PATCH")
        assert "search" in paths
        assert any(each["path"].endswith("/search") for each in made.world.log[first:second])


@pytest.mark.parametrize("fate", ["refused", "ignored", "lost"])
def test_a_decrease_that_is_not_in_force_leaves_its_increase_unsent(fate: str) -> None:
    with bench() as made:
        before, real = budgets(made), made.outside.send

        def _frees(call: Call) -> bool:
            return call.method == "PATCH" and not call.raises_exposure

        def _twisted(call: Call, answer: Answer) -> Answer:
            if fate == "refused":
                problem = {"type": "validation", "code": "no", "title": "no", "source": {"/data/0": "no"}}
                return Answer(Delivery.ANSWERED, 400, {"data": [], "errors": [problem]})
            return answer if fate == "ignored" else Answer(Delivery.LOST, reason="cut off")

        def send(call: Call) -> Answer:
            if not _frees(call):
                return real(call)
            return _twisted(call, Answer(Delivery.ANSWERED, 200, {"data": [{"id": "123474", "type": "AdSetId"}]}))

        made.outside = replace(made.outside, send=send)
        run = careful(made)
        ended = {str(each.item.address): each.status for each in run.outcomes}
        assert ended["adSets.up"] is ItemStatus.NOT_SENT
        assert [
            problem.code for each in run.outcomes for problem in each.problems if each.status is ItemStatus.NOT_SENT
        ] == ["unfunded"]
        assert budgets(made) == before


def test_a_decrease_that_no_read_can_confirm_leaves_its_increase_unsent() -> None:
    with bench() as made:
        before, real = budgets(made), made.outside.send
        written: list[Call] = []

        def send(call: Call) -> Answer:
            if call.method == "PATCH":
                written.append(call)
            return Answer(Delivery.LOST, reason="cut off") if written and call.method != "PATCH" else real(call)

        made.outside = replace(made.outside, send=send)
        run = careful(made)
        ended = {str(each.item.address): each.status for each in run.outcomes}
        assert [call.raises_exposure for call in written] == [False]
        assert ended["adSets.up"] is ItemStatus.NOT_SENT
        assert budgets(made)["123467"] == before["123467"]
