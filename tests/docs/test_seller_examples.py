"""Every example of the budgets guide as files that plan and apply, on both back ends, to the same live state."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.examples_bench import EXAMPLES, Example, copied, points_to_a_schema

STEPS = (
    "01-capped",
    "02-increase",
    "03-decrease",
    "04-dates",
    "05-suspend",
    "06-uncapped",
    "07-daily",
    "08-decrease-daily",
)
PUBLISHED = (*STEPS, "09-shared", "10-all-at-once")
LEGACY = (*STEPS, "legacy-shared-later/1-one-campaign", "legacy-shared-later/2-two-campaigns", "10-all-at-once")
CREATES = {"01-capped", "06-uncapped", "07-daily", "09-shared", "legacy-shared-later/1-one-campaign"}


def sellers(folder: Path, back_end: str) -> Example:
    """The example, spoken to one of the two back ends."""
    example = copied("sellers", folder)
    project = example.folder / "reconciler.yaml"
    project.write_text(project.read_text().replace('sellers: "2026-07"', f'sellers: "{back_end}"'))
    return example


@pytest.mark.parametrize(("back_end", "steps"), [("2026-07", PUBLISHED), ("legacy", LEGACY)])
def test_every_step_is_one_call(back_end: str, steps: tuple[str, ...], tmp_path: Path) -> None:
    example = sellers(tmp_path, back_end)

    calls = {step: [(each["method"], each["status"]) for each in example.apply(step)] for step in steps}

    assert calls == {step: [("POST" if step in CREATES else "PATCH", 200)] for step in steps}


def test_both_back_ends_reach_the_same_live_state(tmp_path: Path) -> None:
    ends = []
    for back_end, steps in (("2026-07", PUBLISHED), ("legacy", LEGACY)):
        example = sellers(tmp_path / back_end, back_end)
        for step in steps:
            example.apply(step)
        ends.append(dict(example.world.state.all("sellerBudgets")))

    assert ends[0] == ends[1]


def test_sharing_a_budget_after_its_creation_is_refused_on_the_published_back_end(tmp_path: Path, capsys) -> None:
    example = sellers(tmp_path, "2026-07")
    for step in (*STEPS, "legacy-shared-later/1-one-campaign"):
        example.apply(step)
    capsys.readouterr()

    code = example.plan("legacy-shared-later/2-two-campaigns")

    assert code == 1
    assert capsys.readouterr().out.count("error[campaigns-added]") == 3


def test_ten_sellers_with_new_bids_and_new_budgets_are_two_calls(tmp_path: Path) -> None:
    example = copied("ten-sellers", tmp_path)

    calls = [(each["method"], each["path"].rpartition("/")[2], len(each["body"])) for each in example.apply()]

    assert calls == [("POST", "budgets", 10), ("PATCH", "seller-campaigns", 10)]


def test_everything_goes_in_one_apply(tmp_path: Path, capsys) -> None:
    example = copied("everything", tmp_path)

    writes = example.apply()

    assert len(writes) == 11
    assert "11 applied" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["sellers", "ten-sellers", "everything"])
def test_editors_find_the_schema_of_every_file(name: str) -> None:
    files = sorted((EXAMPLES / name).rglob("*.yaml"))

    assert files
    assert [file for file in files if not points_to_a_schema(file)] == []
