"""The real command as a process, before a real server that outlives it, killed by a real SIGKILL."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from . import crashlab, laws, scenarios, tables
from .outside import Site, served

FULL = os.environ.get("FAULTS") == "full"
SHARES = 8 if FULL else 1
"""The boundaries are dealt out to so many tests, so that they can run beside each other."""
A_FEW = 4


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.everything(), tmp_path_factory.mktemp("goal"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site"), scenarios.everything()) as here:
        yield here


@pytest.fixture(scope="module")
def boundaries_met(site: Site) -> int:
    """How many boundaries an undisturbed run meets."""
    site.reset()
    code, met, codes = site.launched(then="plan")
    assert (code, codes) == (0, "0 0"), met
    return int(met)


@pytest.mark.parametrize("share", range(SHARES))
def test_a_killed_apply_is_ended_by_the_next(site: Site, goal: crashlab.Goal, boundaries_met: int, share: int) -> None:
    numbers = range(1 + share, boundaries_met + 1, SHARES)
    chosen = numbers if FULL else sorted(random.Random(0).sample(numbers, A_FEW))

    rows = [row for number in chosen for row in killed(site, goal, number)]

    tables.keep("crash", rows)
    assert [row for row in rows if row["violations"] or row["asked"]] == []


def killed(site: Site, goal: crashlab.Goal, number: int) -> Iterator[tables.Row]:
    """One kill at that boundary; every fourth time the next run is killed as well; every fifth without its ledger."""
    site.reset()
    code, boundary, operation = site.launched(number)
    if code == 0:
        return  # calls in flight together meet their boundaries in another order, and sometimes one less
    wrong = [] if code == -9 else [f"not killed, but {code}: {boundary}"]
    depth, kept = 1, number % 5 > 0
    if not kept:
        site.forget()
    if number % 4 == 0:
        depth += site.launched(1 + number * 7 % 23)[0] == -9
    code, met, codes = site.ended()
    after = site.state()
    wrong += [] if codes == "0 0" or code == 6 else [f"then {code}: {codes or met}"]
    wrong += laws.broken(goal.before, after, goal.approved, goal.deposits)
    wrong += laws.not_reached(goal.before, after, goal.deposits)
    label = {"boundary": boundary, "operation": operation, "how": "SIGKILL", "kept": kept, "depth": depth}
    yield {**label, "asked": code == 6, "violations": wrong}
