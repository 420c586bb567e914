"""A real process is killed while the API takes 40 seconds over its call: the effect lands, and is made once."""

from __future__ import annotations

import json
import signal
from fnmatch import fnmatch

import pytest

from . import crashlab, laws, scenarios
from .outside import Site
from .test_two_at_once import judged, wait_for

TAKES = 40
"""Seconds of the sandbox's clock, which the test turns; the kill is real."""


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.everything(), tmp_path_factory.mktemp("goal"))


@pytest.mark.parametrize("path", ["*/add-funds", "*/ad-sets"])
def test_what_lands_after_a_kill_is_made_once(site: Site, goal: crashlab.Goal, path: str) -> None:
    here = {"method": "POST", "path": path, "count": 1}
    site.control(
        "POST", "faults", [{"kind": "late", "seconds": TAKES, **here}, {"kind": "delay", "seconds": 60, **here}]
    )
    run = site.apply()
    wait_for(
        lambda: any(each["method"] == "POST" and fnmatch(each["path"], path) for each in site.control("GET", "calls"))
    )
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    site.control("DELETE", "faults")

    early = site.apply()
    told = json.loads(early.communicate()[0])
    assert early.returncode == 6
    assert "held until" in json.dumps(told["diagnostics"])

    site.control("POST", "clock", {"advance": TAKES})
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []
    assert list(laws.twice_created(goal.before, site.state())) == []
