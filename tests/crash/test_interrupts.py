"""Ctrl-C on a real process: once, the calls in hand are finished and told; twice, it stops, and nothing is lost."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter

import pytest

from . import crashlab, laws, scenarios
from .outside import Site
from .test_two_at_once import SLOW, is_writing, judged, wait_for


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.everything(), tmp_path_factory.mktemp("goal"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_once_finishes_what_is_in_hand_settles_reports_and_ends_with_130(
    site: Site, goal: crashlab.Goal, number: int
) -> None:
    site.control("POST", "faults", [SLOW])
    run = site.apply()
    wait_for(lambda: is_writing(site))

    run.send_signal(number)
    out, err = run.communicate()

    report = json.loads(out)
    assert run.returncode == report["exit_code"] == 130
    assert b"press Ctrl-C again to abort" in err
    statuses = Counter(each["status"] for each in report["outcomes"])
    assert set(statuses) == {"applied", "not sent"}
    assert statuses["not sent"] > 10
    assert b"130" in site.command("ledger", "runs", "--project", "project").communicate()[0]
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


def test_twice_stops_at_once_and_the_next_run_ends_the_work(site: Site, goal: crashlab.Goal) -> None:
    site.control("POST", "faults", [{**SLOW, "seconds": 60}])
    run = site.apply()
    wait_for(lambda: is_writing(site))
    began = time.monotonic()

    run.send_signal(signal.SIGINT)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    _, err = run.communicate()

    assert run.returncode == 130
    assert time.monotonic() - began < 30
    assert b"The next apply checks" in err
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []
    assert list(laws.twice_created(goal.before, site.state())) == []


def test_sigterm_after_sigint_goes_on_settling(site: Site, goal: crashlab.Goal) -> None:
    """A cancelled CI job: SIGINT, SIGTERM some seconds later, and the end of its patience some seconds after that."""
    site.control("POST", "faults", [SLOW])
    run = site.apply()
    wait_for(lambda: is_writing(site))

    run.send_signal(signal.SIGINT)
    time.sleep(0.5)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate()

    assert run.returncode == json.loads(out)["exit_code"] == 130
    assert b"Aborted" not in err
    assert {each["status"] for each in json.loads(out)["outcomes"]} == {"applied", "not sent"}
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


def test_once_in_a_wait_between_two_looks_ends_it_and_decides_nothing(site: Site, goal: crashlab.Goal) -> None:
    site.control("POST", "faults", [{"kind": "lost_request", "method": "POST", "path": "*/add-funds"}])
    run = site.apply()
    wait_for(lambda: b"add-funds" in json.dumps(site.control("GET", "calls")).encode())
    time.sleep(0.3)

    run.send_signal(signal.SIGINT)
    out, _ = run.communicate()

    ended = {each["call"]: each["status"] for each in json.loads(out)["outcomes"]}
    assert ended["balances.funds.q4"] == "unknown"
    assert run.returncode == 6
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []
