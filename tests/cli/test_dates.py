"""Saved plans, whatever the date, the time zone and the clock of the machine: a run goes by the clock of the server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ..support.commands import CREDENTIALS, Ended, project, reconciler, serving

pytestmark = pytest.mark.dates
ADS = "adSets: {fr: {id: '123467', bidding: {bidAmount: %s}}}\n"
HOUR, YEAR = 3600, 365 * 86400
EXPIRED = 4


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A simulated account behind a real socket."""
    with serving(("sandbox", "serve", "--port", "0"), folder) as url:
        yield url


def advance(url: str, seconds: float) -> None:
    """Let time pass in the simulated account, forwards or back."""
    body = json.dumps({"advance": seconds}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/clock", body, method="POST")) as answer:
        assert answer.status == 200


def apply(at: Path, *more: str) -> Ended:
    return reconciler("apply", "plan.json", *more, at=at, env=CREDENTIALS)


def plan(at: Path, bid: str, *more: str) -> Ended:
    project(at, {"ads.yaml": ADS % bid})
    return reconciler("plan", "--out", "plan.json", *more, at=at, env=CREDENTIALS)


def test_a_plan_saved_with_the_sandbox_applies(tmp_path: Path) -> None:
    assert plan(tmp_path, "0.80", "--sandbox").code == 0
    done = apply(tmp_path, "--sandbox")
    assert done.code == 0, done.said
    assert "clock-skew" not in done.out


@pytest.mark.parametrize("machine", [25 * HOUR, -25 * HOUR], ids=["ahead", "behind"])
@pytest.mark.parametrize("world", [YEAR, -YEAR], ids=["in-a-year", "a-year-ago"])
def test_a_plan_saved_with_a_server_of_another_year_applies_until_it_expires(
    tmp_path: Path, machine_clock: Callable[[float], AbstractContextManager[None]], world: float, machine: float
) -> None:
    with served(tmp_path) as url:
        advance(url, world)
        assert plan(tmp_path, "0.80", "--api-url", url).code == 0
        with machine_clock(machine):  # as if another machine applied it
            done = apply(tmp_path, "--api-url", url)
            assert done.code == 0, done.said
            assert plan(tmp_path, "0.70", "--api-url", url, "--valid-for", "2").code == 0
        advance(url, 3 * HOUR)
        late = apply(tmp_path, "--api-url", url)
        assert late.code == EXPIRED, late.said
        assert "the plan expired at" in late.out


def test_what_drift_and_rollback_save_applies(tmp_path: Path) -> None:
    assert plan(tmp_path, "0.80", "--sandbox").code == 0
    assert apply(tmp_path, "--sandbox").code == 0
    (first, *_) = reconciler("ledger", "runs", "--sandbox", at=tmp_path).out.split()
    back = reconciler("rollback", first, "--sandbox", "--write", "--out", "plan.json", at=tmp_path)
    assert back.code == 0, back.said
    done = apply(tmp_path, "--sandbox")
    assert done.code == 0, done.said
    state = tmp_path / ".reconciler" / "sandbox.json"
    edited(state)
    seen = reconciler("drift", "--accept", "files", "--sandbox", "--out", "plan.json", at=tmp_path)
    assert seen.code == 0, seen.said
    done = apply(tmp_path, "--sandbox")
    assert done.code == 0, done.said


def edited(state: Path) -> None:
    """Let a colleague change the bid in the platform."""
    from reconciler.sandbox.world import World

    World.open(state).edit("adSets", "123467", {"bidding.bidAmount": 0.33})
