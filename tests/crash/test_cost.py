"""What care costs: a look a minute for creates, two reads a top-up, none for an absolute value; writes as bounded."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from reconciler.model.threads import Threads
from reconciler.sandbox.message import Request, Response

from .inside import Desk
from .scenarios import MOVED_AD_SETS, MOVED_BALANCES, MOVED_BUDGETS, PROJECT, account

FULL = os.environ.get("FAULTS") == "full"
CREATES = 10_000 if FULL else 300
CAMPAIGNS = CREATES // 100
AD_SET = """  n{n}: {{campaignId: "{campaign}", datasetId: "6789", objective: conversions, mediaType: display,
    name: New {n}, trackingCode: t{n}, schedule: {{startDate: 2026-12-01, activationStatus: off}},
    bidding: {{costController: maxCPC, bidAmount: 0.90}},
    budget: {{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: 70}}}}
"""


A_CALL = 60 / 250
"""Seconds, at the pace of the API's limit."""


def at_desk(folder: Path, files: str) -> Desk:
    project = folder / "desk" / "project"
    project.mkdir(parents=True)
    (project / "reconciler.yaml").write_text(PROJECT)
    world = account()
    campaign = world.state.get("campaigns", "358313")
    assert campaign is not None
    for number in range(CAMPAIGNS):
        world.state.put("campaigns", str(700000 + number), {**campaign, "id": str(700000 + number)})

    def handle(request: Request) -> Response:
        world.advance(A_CALL)
        response: Response = world.handle(request)
        return response

    here = Desk(project, world, handle)
    (project / "known.yaml").write_text('adSets: {known: {id: "123473", name: Known}}\n')
    assert here.apply().code == 0  # a ledger that is new waits, and looks twice
    (project / "all.yaml").write_text(files)
    world.forget_calls()
    return here


def sent(here: Desk) -> str:
    """Return what was sent since the last time, a letter a call: reads and writes, without tokens."""
    calls = [each for each in here.world.log if not each["path"].endswith("token")]
    here.world.forget_calls()
    return "".join("r" if each["method"] == "GET" or each["path"].endswith("/search") else "w" for each in calls)


def looks(here: Desk) -> tuple[int, int]:
    """Return how many looks there were between planning and the last write, and how many writes; as many as bounded."""
    planned = here.plan()
    read = len(sent(here))
    with patch.object(Threads, "map", lambda self, work, values, width: map(work, values)):
        ended = here.apply()
    assert ended.code == 0, ended.out[-2000:]
    calls = sent(here)
    assert calls.count("w") == planned.report["calls"]["bound"]
    return calls.rstrip("r").count("r") - read, calls.count("w")


@pytest.mark.timeout(3600 if FULL else 300)
def test_creates_cost_one_look_a_minute_and_at_most_one_call_in_a_hundred(tmp_path: Path) -> None:
    text = "".join(AD_SET.format(n=n, campaign=700000 + n // 100) for n in range(CREATES))
    extra, writes = looks(at_desk(tmp_path, "adSets:\n" + text))
    assert writes == CREATES
    assert extra <= CREATES / 100


def test_a_top_up_costs_two_reads(tmp_path: Path) -> None:
    extra, _ = looks(at_desk(tmp_path, "balances:\n" + "".join(each for each in MOVED_BALANCES)))
    assert extra <= 2 * len(MOVED_BALANCES)


def test_an_absolute_value_costs_no_look(tmp_path: Path) -> None:
    text = "adSets:\n" + "".join(MOVED_AD_SETS) + "sellerBudgets:\n" + "".join(MOVED_BUDGETS)
    assert looks(at_desk(tmp_path, text))[0] == 0
