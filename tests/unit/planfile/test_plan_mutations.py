"""No mutation of a leaf of a plan file ends in a traceback or in other bytes, even with a digest made to fit."""

from __future__ import annotations

import copy
import json
import os
import random
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.commands import saved_plans
from reconciler.commands.connection import CommandRefused
from reconciler.model.threads import Threads
from reconciler.planfile.digest import digest_of
from reconciler.reports import FORMATS, RenderOptions

from ...crash import scenarios
from ...crash.inside import Desk, Ended

STRANGE: tuple[Any, ...] = (
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    [],
    {},
    "9" * 400,
    [None],
    {"a": None},
    "\u0000",
    "2026-01-01",
)
UNREAD = frozenset(("live", "looked"))
"""Values that no call moves, and whether a rule has anything to judge: what became of them is no reason to refuse."""
SUMS = {"commitments": "uncapped", "ceilings": "open", "funds": "uncapped"}
"""Sums of the whole account: what the plan adds to them is judged, not what they are. What is counted beside each."""
JUDGED = ("calls", "changes", "deferred", "money", "guardrails")
"""What a person approves: another value of it is refused."""
BATCHES = range(100 if os.environ.get("FAULTS") == "full" else 1)
TRIES = 100 if os.environ.get("FAULTS") == "full" else 60
"""Mutations of one batch; drawn by a fixed seed."""
Path_ = tuple[Any, ...]


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from leaves(value[index], (*path, index))


def changed(value: Any, rng: random.Random) -> Any:
    """Return something strange, or something that is like the value and is not it."""
    if rng.random() < 0.5:
        return rng.choice(STRANGE)
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice((-1, 1, 10))
        case str() if any(each.isdigit() for each in value):
            at = rng.choice([index for index, each in enumerate(value) if each.isdigit()])
            return value[:at] + str((int(value[at]) + rng.randint(1, 9)) % 10) + value[at + 1 :]
        case str() | None:
            return f"{value}x"
        case list() if value:
            index = rng.randrange(len(value))
            return rng.choice(([*value, value[index]], value[:index] + value[index + 1 :], value[::-1]))
        case dict() if value:
            gone = rng.choice([*value])
            return {key: each for key, each in value.items() if key != gone}
    return rng.choice(STRANGE)


def mutated(plan: dict[str, Any], path: Path_, rng: random.Random) -> dict[str, Any]:
    other = copy.deepcopy(plan)
    target: Any = other
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = changed(target[path[-1]], rng)
    other.pop("digest")
    return {"digest": digest_of(other), **other}


def is_judged(path: Path_, plan: dict[str, Any], other: dict[str, Any]) -> bool:
    """Return whether the mutation changes what a person approves."""
    if path[0] == "changes" and path[-1] == "before" and not plan["changes"][path[1]]["fields"][path[3]]["seen"]:
        return False  # no read shows what it was
    with suppress(ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        if path[0] == "guardrails":
            return told(plan["guardrails"]) != told(other["guardrails"])
    if path[0] != "money":
        return path[0] in JUDGED and not UNREAD.intersection(path)
    with suppress(ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return moved(plan["money"]) != moved(other["money"])
    return True


def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without what is not judged, and without what a missing key means as well."""
    return [{key: value for key, value in row.items() if key not in UNREAD and value not in (None, [])} for row in rows]


def moved(money: dict[str, Any]) -> list[Any]:
    """Return what the plan adds to each sum, its bids and dated budgets; a missing number is zero."""
    rows: list[Any] = told(money["bids"]) + told(money.get("dated", []))
    for name, beside in SUMS.items():
        for row in money[name]:
            steps = [
                Decimal(row.get("after", 0)) - Decimal(row.get("before", 0)),
                row.get(f"{beside}_after", 0) - row.get(f"{beside}_before", 0),
            ]
            steps += [Decimal(row.get(each, 0)) for each in ("added", "taken") if name == "funds"]
            rows += [(name, row["currency"], row.get("period"), steps)] if any(steps) else []
    return rows


def desk(folder: Path) -> Desk:
    """Return the project before an account and without a ledger."""
    here = Desk(folder / "project", scenarios.account())
    here.ledger.unlink(missing_ok=True)
    return here


def applied(here: Desk, file: Path) -> Ended:
    """Apply a plan, its calls in the order of the plan: the ids of new objects follow it."""
    with patch.object(Threads, "map", lambda self, work, values, width: map(work, values)):
        return here.run("apply", str(file), "--format", "json")


def writes(here: Desk) -> list[tuple[Any, ...]]:
    made = [
        each for each in here.world.log if each["method"] != "GET" and not each["path"].endswith(("/search", "/token"))
    ]
    return sorted((each["method"], each["path"], MARK.sub("mark", str(each["body"]))) for each in made)


MARK = re.compile(r"reconciler [0-9A-Za-z-]+ [0-9]+")
"""The mark of a top-up, which names the run."""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[tuple[Any, ...]]]:
    folder = tmp_path_factory.mktemp("plan") / "desk"
    scenarios.everything().write(folder / "project")
    here = desk(folder)
    assert here.plan("--out", str(folder / "plan.json")).code == 2
    plan = json.loads((folder / "plan.json").read_text())
    assert applied(here, folder / "plan.json").code == 0
    return folder, plan, writes(here)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_mutated_plan_is_refused_or_sends_the_same_bytes(
    batch: int, saved: tuple[Path, dict[str, Any], list[tuple[Any, ...]]]
) -> None:
    folder, plan, sent = saved
    rng = random.Random(16 + batch)
    paths = [path for path in leaves(plan) if path and path != ("digest",)]
    file = folder / "mutated.json"
    for _ in range(TRIES):
        path = rng.choice(paths)
        other = mutated(plan, path, rng)
        if other == plan:
            continue
        file.write_text(json.dumps(other))
        with suppress(CommandRefused):  # and nothing else
            run = saved_plans.show_run(file)
            assert all(FORMATS[form](run, RenderOptions()) for form in ("text", "json"))
        here = desk(folder)
        ended = applied(here, file)
        assert "Traceback" not in ended.err
        assert (ended.code, writes(here)) in [(0, sent), *((code, []) for code in (1, 3, 4))], (path, ended.out)
        if is_judged(path, plan, other):
            assert ended.code == 4, (path, ended.out)
