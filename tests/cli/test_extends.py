"""Projects share guardrails, overrides, scope and currencies; every setting is found where it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..support.commands import Ended, project, reconciler

COMPANY = """\
guardrails:
  maxRaisePercent: 20
  maxChanges: 500
  levels: {maxRaisePercent: hard}
scope: {advertiserIds: ["1352"]}
overrides:
  - {match: adSets.fr, set: {bidding.bidAmount: 0.95}, until: 2999-01-01T00:00Z, because: company}
"""
SHOP = """\
version: 1
extends: ../company.yaml
guardrails:
  maxChanges: 1
overrides:
  - {match: adSets.fr, set: {budget.budgetAmount: 120}, until: 2999-01-01T00:00Z, because: shop}
"""
ADS = "adSets: {fr: {id: '123467', bidding: {bidAmount: 0.90}, budget: {budgetAmount: 100}}}\n"


def shop(at: Path, company: str = COMPANY, head: str = SHOP, ads: str = ADS) -> Path:
    (at / "company.yaml").write_text(company)
    return project(at / "shop", {"ads.yaml": ads}, head)


def run(folder: Path, *words: str) -> Ended:
    return reconciler(*words, at=folder)


def plan(folder: Path, *more: str) -> Ended:
    return run(folder, "plan", "--sandbox", "world.json", *more)


def test_settings_of_both_files_hold_and_the_projects_own_win(tmp_path: Path) -> None:
    folder = shop(tmp_path)

    told = json.loads(plan(folder, "--format", "json").out)

    assert {each["rule"]: each["limit"] for each in told["guardrails"]}["maxChanges"] == "1 resource"
    assert {each["rule"]: each["level"] for each in told["guardrails"]}["maxRaisePercent"] == "hard"
    moves = {field["field"]: field["after"] for each in told["resource_changes"] for field in each["fields"]}
    assert moves == {"bidding.bidAmount": "0.95", "budget.budgetAmount": "120.00"}
    files = [each["range"]["filename"] for each in told["diagnostics"] if each["code"] == "override"]
    assert [name.endswith("company.yaml") for name in files] == [True, False]


def test_a_refusal_and_a_mistake_are_told_at_their_line_in_their_file(tmp_path: Path) -> None:
    folder = shop(
        tmp_path, COMPANY.replace("maxChanges: 500", "maxChanges: many"), SHOP.replace("maxChanges: 1", "maxStops: 1")
    )
    ended = run(folder, "validate")
    assert "company.yaml:3:15: error[wrong-type]" in ended.out

    folder = shop(tmp_path, COMPANY.replace("adSets.fr", "adSets.no"))
    assert "company.yaml:7:13: error[no-match]" in plan(folder).out


@pytest.mark.parametrize(
    ("company", "head", "says"),
    [
        (COMPANY, SHOP.replace("maxChanges: 1", "maxRaisePercent: 90"), "reconciler.yaml:4:3: error[extends-hard]"),
        (
            COMPANY,
            SHOP.replace("maxChanges: 1", "levels: {maxRaisePercent: advisory}"),
            "reconciler.yaml:4:12: error[extends-hard]",
        ),
        (COMPANY + "ledger: x\n", SHOP, "company.yaml:8:1: error[unknown-key]"),
        (COMPANY + "extends: y.yaml\n", SHOP, "company.yaml:8:1: error[unknown-key]"),
        (COMPANY, SHOP.replace("company", "none"), "reconciler.yaml:2:10: error[no-such-file]"),
        (COMPANY.replace('scope: {advertiserIds: ["1352"]}\n', ""), SHOP, "scope is missing"),
        (COMPANY + "a: [", SHOP, "company.yaml:"),
    ],
)
def test_what_is_wrong_between_the_files_is_told(tmp_path: Path, company: str, head: str, says: str) -> None:
    ended = run(shop(tmp_path, company, head), "validate")

    assert ended.code == 1
    assert says in ended.out


def test_without_extends_a_scope_is_needed(tmp_path: Path) -> None:
    ended = run(project(tmp_path, {"ads.yaml": ADS}, "version: 1\n"), "validate")

    assert "error[missing-key]: scope is missing" in ended.out


def test_a_shared_file_inside_the_project_is_no_resource_file(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": ADS, "base.yaml": COMPANY}, SHOP.replace("../company", "base"))

    assert run(folder, "validate").code == 0


def test_explain_says_where_a_setting_comes_from(tmp_path: Path) -> None:
    folder = shop(tmp_path)

    rule = run(folder, "explain", "maxRaisePercent").out
    assert f"maxRaisePercent is on (20 %), from {tmp_path / 'company.yaml'}:2:3" in rule
    assert f"its level is hard from {tmp_path / 'company.yaml'}:4:29" in rule
    assert "maxChanges is on (1 resource), from reconciler.yaml:4:3" in run(folder, "explain", "maxChanges").out
    assert "decimalSlip is on" in run(folder, "explain", "guardrails").out
    assert f"scope.advertiserIds: 1352, from {tmp_path / 'company.yaml'}:5:24" in run(folder, "explain", "scope").out
    lines = run(folder, "explain", "overrides").out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["overrides[0] (company)", "overrides[1] (shop)"]


def test_a_saved_plan_is_stale_once_the_shared_file_changed(tmp_path: Path) -> None:
    folder = shop(tmp_path)
    assert plan(folder, "--out", "plan.json").code == 0
    (tmp_path / "company.yaml").write_text(COMPANY.replace("maxChanges: 500", "maxChanges: 501"))

    assert run(folder, "apply", "plan.json", "--sandbox", "world.json").code == 4
