"""`fmt` changes how a file is written and nothing of what it means; comments stay, and twice is once."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import loader, yaml_document
from reconciler.config.canonical_form import format_text
from reconciler.kinds import versions
from reconciler.kinds.compiled import compile_kind

from ..support.commands import project, reconciler

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
STEPS = {"balances", "campaigns", "retail-media", "sellers"}
"""Examples of several steps: each describes the same resources again, so each is a set of files by itself."""
PROJECTS = sorted(file.parent for file in EXAMPLES.rglob("reconciler.yaml"))
SETS = [
    (each, str(step.relative_to(each)))
    for each in PROJECTS
    if each.name in STEPS
    for step in sorted({file.parent for file in each.rglob("*.yaml") if file.parent != each})
]
SETS += [(each, ".") for each in PROJECTS if each.name not in STEPS]
KINDS = versions.find_version("marketingSolutions", versions.DEFAULT).kinds
KIND = KINDS["adSets"]
COMMENT = re.compile(r"#.*")

BEFORE = """\
# All of them.
defaults: {adSets: {objective: "conversions", campaignId: 358313}}
adSets:
  # The first one.
  fr:
    # Agreed in May.
    budget:
      budgetRenewal: Daily # each day
      # At most.
      budgetAmount: 100.5
      "budgetStrategy": capped
    name: 'FR prospecting'

    # The bid.
    bidding: {bidAmount: 1, costController: CPC} # x
    id: 123467
    # The end.
  de: {name: "NO", id: '123470', targeting: {geoLocation: {countries: {operand: In, values: [fr, "NO"]}}}}
"""
AFTER = """\
# All of them.
defaults: {adSets: {campaignId: "358313", objective: conversions}}
adSets:
  # The first one.
  fr:
    id: "123467"
    name: FR prospecting

    # The bid.
    bidding: {costController: maxCPC, bidAmount: 1.00} # x
    # Agreed in May.
    budget:
      budgetStrategy: capped
      # At most.
      budgetAmount: 100.50
      budgetRenewal: daily # each day
    # The end.
  de: {id: "123470", name: "NO", targeting: {geoLocation: {countries: {operand: in, values: [FR, "NO"]}}}}
"""


def test_values_quotes_and_order_become_canonical_and_comments_go_with_their_fields() -> None:
    assert format_text(BEFORE, KINDS) == AFTER
    assert format_text(AFTER, KINDS) == AFTER


def test_line_ends_of_windows_and_a_last_line_without_an_end_stay() -> None:
    text = BEFORE.replace("\n", "\r\n").removesuffix("\r\n")

    assert format_text(text, KINDS) == AFTER.replace("\n", "\r\n").removesuffix("\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "adSets:\n  a:\n    name: &n 'FR'\n    id: '1'\n  b: {name: *n, id: '2'}\n",
        "adSets:\n  a:\n    name: |\n      FR\n    id: '1'\n",
        "adSets:\n  a: &a {name: FR, campaignId: '1'}\n  b:\n    <<: *a\n    id: '2'\n",
        "adSets: {a: {name: 'a', # first\n   id: '1'}}\n",
        "adSets:\n",
        "",
        "- a\n",
        "adSets: {a: [",
    ],
)
def test_what_is_shared_or_takes_several_lines_keeps_its_place(text: str) -> None:
    formatted = format_text(text, KINDS)

    assert format_text(formatted, KINDS) == formatted
    assert comments(formatted) == comments(text)
    assert meaning(formatted) == meaning(text)
    assert [line.strip()[:4] for line in formatted.splitlines()] == [line.strip()[:4] for line in text.splitlines()]


# --- A thousand files ---------------------------------------------------------------------------------------

SPELLED: dict[str, list[str]] = {
    "id": ['"123467"', "123467", "'123467'"],
    "name": ["FR x", '"FR x"', "'NO'", '"a # b"', "'it''s'"],
    "campaignId": ["358313", '"358313"'],
    "objective": ["conversions", '"conversions"', "Conversions"],
    "schedule.startDate": ["2026-12-01", '"2026-12-01T00:00:00Z"', "2026-12-01T01:00:00+01:00"],
    "schedule.activationStatus": ["on", "'off'", "On"],
    "bidding.costController": ["maxCPC", "CPC", '"maxCPC"'],
    "bidding.bidAmount": ["0.9", "0.90", "1", "1.2345"],
    "budget.budgetStrategy": ["capped", "Capped"],
    "budget.budgetAmount": ["100", "100.5", "33.30"],
    "budget.budgetRenewal": ["daily", "Daily"],
    "targeting.deliveryLimitations.devices": ["[mobile, Desktop]", "[]", '["tablet"]'],
    "targeting.geoLocation.countries": ['{operand: In, values: [fr, "NO"]}', "{values: [DE], operand: notIn}", "null"],
    "categoryBids.5545|2": ["1", "1.20"],
}


def random_file(dice: random.Random) -> str:
    """A file of ad sets: any fields in any order, spelling and style, with comments anywhere."""
    lines = ["# begin" if dice.random() < 0.5 else "", "adSets:"]
    for number in range(dice.randint(1, 4)):
        names = dice.sample(sorted(SPELLED), dice.randint(1, 8))
        tree: dict[str, Any] = {}
        for name in names:
            inner = tree
            *blocks, leaf = name.split(".")
            for block in blocks:
                inner = inner.setdefault(block, {})
            inner[leaf] = dice.choice(SPELLED[name])
        lines += [f"  a{number}:{' # behind' if dice.random() < 0.2 else ''}", *written(tree, 4, dice)]
    text = "\n".join(lines) + dice.choice(["\n", "", "\n# end\n"])
    return text.replace("\n", "\r\n") if dice.random() < 0.2 else text


def written(tree: dict[str, Any], indent: int, dice: random.Random) -> Iterator[str]:
    space = " " * indent
    for name, each in tree.items():
        if dice.random() < 0.3:
            yield dice.choice(["", f"{space}# above {name}", f"{space}# two\n\n{space}# of {name}"])
        key = dice.choice([name, f'"{name}"', f"'{name}'"])
        behind = dice.choice(["", "", f"  # behind {name}"])
        if not isinstance(each, dict):
            yield f"{space}{key}: {each}{behind}"
        elif dice.random() < 0.3:
            yield f"{space}{key}: {in_brackets(each)}{behind}"
        else:
            yield f"{space}{key}:{behind}"
            yield from written(each, indent + dice.choice([2, 4]), dice)


def in_brackets(tree: Any) -> str:
    if not isinstance(tree, dict):
        return str(tree)
    return "{" + ", ".join(f'"{name}": {in_brackets(each)}' for name, each in tree.items()) + "}"


def comments(text: str) -> Counter[str]:
    """The comments of a text, however often; what looks like one inside quotes is counted on both sides alike."""
    return Counter(found.strip() for line in text.splitlines() if (found := "".join(COMMENT.findall(line))))


def meaning(text: str) -> Any:
    """The canonical values of each resource."""
    parsed, _ = yaml_document.parse(text.encode(), "a.yaml")
    if parsed is None or not isinstance(parsed.value, dict) or not isinstance(parsed.value.get("adSets"), dict):
        return None
    ready = compile_kind(KIND)
    found = {}
    for name, block in parsed.value["adSets"].items():
        flat = ready.flat(block)
        id = flat.pop("id", None)
        found[name] = (
            str(id),
            {key: None if raw is None else KIND.field(key).type.parse(raw) for key, raw in flat.items()},
        )
    return found


def test_a_thousand_files_mean_the_same_keep_their_comments_and_do_not_change_twice() -> None:
    dice, changed = random.Random(20), 0
    for _ in range(1_000):
        text = random_file(dice)
        formatted = format_text(text, KINDS)
        assert meaning(text) is not None, text
        assert meaning(formatted) == meaning(text), text
        assert comments(formatted) == comments(text), text
        assert format_text(formatted, KINDS) == formatted, text
        changed += formatted != text
    assert changed > 900


# --- The command ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("example", "step"), SETS, ids=[f"{each.name}-{step}" for each, step in SETS])
def test_an_example_plans_the_same_before_and_after(example: Path, step: str, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(example, folder, ignore=shutil.ignore_patterns(".reconciler"))
    before, text = planned(folder, step), {file: file.read_text() for file in folder.rglob("*.yaml")}

    assert reconciler("fmt", step, at=folder).code == 0

    assert reconciler("fmt", step, "--check", at=folder).code == 0
    assert planned(folder, step) == before
    for file, was in text.items():
        assert comments(file.read_text()) == comments(was)


def planned(folder: Path, step: str) -> Any:
    """The changes and calls of a plan, without the places in the files."""
    told = json.loads(
        reconciler("plan", step, "--sandbox", str(folder.parent / "world.json"), "--format", "json", at=folder).out
    )
    changes = [{name: part for name, part in each.items() if name != "range"} for each in told["resource_changes"]]
    for each in changes:
        each["fields"] = [{name: part for name, part in field.items() if name != "range"} for field in each["fields"]]
    return changes, told["calls"]["count"], told["money"]


def test_check_changes_nothing_and_ends_with_2(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": BEFORE})

    checked = reconciler("fmt", "--check", "--diff", at=folder)

    assert checked.code == 2
    assert checked.err == "not formatted: ads.yaml\n"
    assert '+    id: "123467"\n' in checked.out
    assert (folder / "ads.yaml").read_text() == BEFORE
    assert reconciler("fmt", at=folder).out == "formatted: ads.yaml\n"
    assert (folder / "ads.yaml").read_text() == AFTER
    assert loader.load((str(folder),)).problems == ()


def test_files_that_are_wrong_are_left_alone(tmp_path: Path) -> None:
    text = BEFORE.replace("100.5", "x")
    folder = project(tmp_path, {"ads.yaml": text})

    ended = reconciler("fmt", at=folder)

    assert ended.code == 1
    assert "ads.yaml:10:21: error[wrong-type]" in ended.out
    assert (folder / "ads.yaml").read_text() == text
