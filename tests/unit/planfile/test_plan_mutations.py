"""No mutation of a leaf of a plan file ends in a traceback or in other bytes, even with a digest made to fit."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands import saved_plans
from reconciler.commands.connection import CommandRefused
from reconciler.planfile.digest import digest_of
from reconciler.reports import FORMATS, RenderOptions

from ...crash import scenarios
from ...crash.inside import Desk

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
UNREAD = frozenset(("before", "after", "uncapped_before", "uncapped_after", "live"))
"""Sums of the whole account and values that no call moves: what became of them since is no reason to refuse."""
TRIES = 60
"""Mutations of one run of the suite; drawn by a fixed seed."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from leaves(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from leaves(value[index], (*path, index))


def mutated(plan: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    other = copy.deepcopy(plan)
    target: Any = other
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    other.pop("digest")
    return {"digest": digest_of(other), **other}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("plan")
    here = Desk(scenarios.everything().write(folder / "project"), scenarios.account())
    assert here.plan("--out", str(folder / "plan.json")).code == 2
    return here, json.loads((folder / "plan.json").read_text())


def test_a_mutated_leaf_is_refused_or_tells_the_same(saved: tuple[Desk, dict[str, Any]], tmp_path: Path) -> None:
    here, plan = saved
    rng = random.Random(16)
    paths = [path for path in leaves(plan) if path and path != ("digest",)]
    calls = len(here.world.log)
    for _ in range(TRIES):
        path, value = rng.choice(paths), rng.choice(STRANGE)
        other = mutated(plan, path, value)
        if other == plan:
            continue
        (tmp_path / "plan.json").write_text(json.dumps(other))
        with suppress(CommandRefused):  # and nothing else
            run = saved_plans.show_run(tmp_path / "plan.json")
            assert all(FORMATS[form](run, RenderOptions()) for form in ("text", "json"))
        if path[0] not in ("calls", "changes", "deferred", "money", "guardrails") or UNREAD.intersection(path):
            continue
        ended = here.run("apply", str(tmp_path / "plan.json"), "--format", "json")
        assert ended.code == 4, (path, value, ended.out)
        writes = [each for each in here.world.log[calls:] if each["method"] in ("PUT", "PATCH")]
        assert writes == []
