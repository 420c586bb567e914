"""What was done, and what a field is: `ledger runs`, `ledger show last`, `rollback last`, `explain KIND.FIELD`."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.kinds import versions
from reconciler.reports import field_facts

from ..support.commands import project, reconciler

HEAD = 'version: 1\nscope: {advertiserIds: ["1352"]}\nguardrails: {maxRaisePercent: false}\n'
FIRST = """\
adSets:
  fr: {id: "123467", bidding: {bidAmount: 0.95}, budget: {budgetAmount: 150}}
  winter: {id: "123474", budget: {budgetAmount: 650}}
  off: {id: "123470", schedule: {activationStatus: off}}
"""
SANDBOX = ("--sandbox", "world.json")


def applied(folder: Path, ads: str) -> None:
    (folder / "ads.yaml").write_text(ads)
    ended = reconciler("apply", *SANDBOX, "--auto-approve", at=folder)
    assert ended.code == 0, ended.said


@pytest.mark.parametrize(
    ("head", "budgets"),
    [(HEAD, "budgets 1 raised, 1 lowered"), (HEAD + 'currencies: {"1352": EUR}\n', "budgets EUR -23.45")],
    ids=["currency not stated", "currency stated"],
)
def test_a_run_is_listed_with_what_it_changed_and_how_budgets_moved(tmp_path: Path, head: str, budgets: str) -> None:
    folder = project(tmp_path, {"ads.yaml": FIRST}, head)
    applied(folder, FIRST)

    (line,) = reconciler("ledger", "runs", *SANDBOX, at=folder).out.splitlines()

    assert f"  +0 ~2 -1  {budgets}  " in line


def test_last_is_the_latest_run(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": FIRST}, HEAD)
    applied(folder, FIRST)
    applied(folder, FIRST.replace("0.95", "0.97"))

    shown = reconciler("ledger", "show", "last", *SANDBOX, at=folder)
    assert "bidding.bidAmount  0.95 → 0.97" in shown.out
    assert "budget.budgetAmount" not in shown.out

    undone = reconciler("rollback", "last", *SANDBOX, "--write", "--out", "plan.json", at=folder)
    assert undone.code == 0, undone.said
    assert (folder / "ads.yaml").read_text() == FIRST
    assert reconciler("apply", "plan.json", *SANDBOX, at=folder).code == 0


@pytest.mark.parametrize("command", [("ledger", "show"), ("rollback",)], ids=" ".join)
def test_without_a_run_there_is_no_last(tmp_path: Path, command: tuple[str, ...]) -> None:
    folder = project(tmp_path, {"ads.yaml": FIRST}, HEAD)

    ended = reconciler(*command, "last", *SANDBOX, at=folder)

    assert ended.code == 1
    assert "error[no-such-run]: the ledger has no run yet" in ended.out


def test_a_field_is_explained_by_its_full_name(tmp_path: Path) -> None:
    told = reconciler("explain", "adSets.budget.budgetAmount", at=tmp_path)

    assert told.code == 0
    assert told.out.startswith("adSets.budget.budgetAmount: Most to spend in each period")
    assert "an amount of at least 0, with at most the decimals of its currency; null clears it" in told.out
    assert "Counts:    in the budgets that a plan shows" in told.out
    assert "Versions:  2026-07, " in told.out


def test_a_field_that_there_is_not_is_guessed(tmp_path: Path) -> None:
    ended = reconciler("explain", "adSets.bidding.bidAmont", at=tmp_path)

    assert ended.code == 1
    assert "did you mean 'adSets.bidding.bidAmount'?" in ended.err


@pytest.mark.parametrize("kind", versions.kind_names())
def test_every_field_can_be_explained(kind: str) -> None:
    for name in field_facts.field_names(kind):
        told = field_facts.explain(name.removesuffix("*") + "1" if name.endswith("*") else name)
        assert told is not None, name
        assert "at most False" not in told
        assert "at most True" not in told
