"""Two applies at once, as real processes: one works, the others end with 7 or wait; nothing happens twice."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal

import pytest

from ..unit.ledger.object_server import ObjectServer
from ..unit.ledger.postgres_server import Server
from . import crashlab, laws, scenarios
from .outside import Site

RACERS = 8
IN_FLIGHT = 8
SLOW = {"kind": "delay", "seconds": 4, "method": "PATCH", "path": "*/ad-sets", "nth": 1, "count": 1}


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.everything(), tmp_path_factory.mktemp("goal"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "bucket"])
def shared(request: pytest.FixtureRequest, site: Site) -> Site:
    """The project with each ledger."""
    if request.param == "bucket":
        objects = request.getfixturevalue("objects")
        site.use(objects.url(objects.prefix()))
    if request.param == "postgres":
        server, database = request.getfixturevalue("server"), request.getfixturevalue("database")
        site.use(server.url(database))
    return site


def judged(site: Site, goal: crashlab.Goal) -> list[str]:
    after = site.state()
    deposits: dict[str, Decimal] = dict(goal.deposits)
    return [
        *laws.broken(goal.before, after, goal.approved, deposits),
        *laws.not_reached(goal.before, after, deposits),
    ]


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def intended(site: Site) -> list[tuple[str, str]]:
    """Every call that was written down, with its run, in that order."""
    (file,) = site.project.glob(".reconciler/ledger*.db")
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT run, name FROM intents ORDER BY number").fetchall()


def is_writing(site: Site) -> bool:
    return any(entry["method"] == "PATCH" for entry in site.control("GET", "calls"))


def test_of_eight_racers_one_works_and_the_others_say_who_holds_the_lock(shared: Site, goal: crashlab.Goal) -> None:
    shared.control("POST", "faults", [SLOW])

    racers = [shared.apply() for _ in range(RACERS)]
    ended = [(racer.communicate(), racer.returncode) for racer in racers]

    codes = Counter(code for _, code in ended)
    assert set(codes) <= {0, 7}
    assert codes[7] >= 1
    locked = [json.loads(out) for (out, _), code in ended if code == 7]
    assert all(report["exit_code"] == 7 and not report["applied"] for report in locked)
    assert "pid" in str(locked[0]["diagnostics"])
    assert judged(shared, goal) == []


def test_who_waits_finds_the_work_done(shared: Site, goal: crashlab.Goal) -> None:
    racers = [shared.apply("--lock-timeout", "120") for _ in range(3)]

    ended = [(racer.communicate()[0], racer.returncode) for racer in racers]

    assert [code for _, code in ended] == [0, 0, 0]
    assert sorted(json.loads(out)["applied"] for out, _ in ended) == [False, False, True]
    assert judged(shared, goal) == []


def test_the_lock_of_the_dead_is_free(shared: Site, goal: crashlab.Goal) -> None:
    shared.control("POST", "faults", [SLOW])
    first = shared.apply()
    wait_for(lambda: is_writing(shared))
    first.send_signal(signal.SIGKILL)
    first.communicate()

    second = shared.ended()

    assert second[0] == 0
    assert second[2] == "0 0"
    assert judged(shared, goal) == []


def writes(site: Site) -> list[tuple[str, str]]:
    return [(entry["method"], entry["path"]) for entry in site.control("GET", "calls") if entry["method"] != "GET"]


def test_a_holder_that_is_stopped_for_longer_than_its_lease_sends_nothing_after_it(
    site: Site, objects: ObjectServer, goal: crashlab.Goal
) -> None:
    site.use(objects.url(objects.prefix(), lease=2))
    site.control("POST", "faults", [SLOW])
    first = site.apply()
    wait_for(lambda: is_writing(site))
    first.send_signal(signal.SIGSTOP)
    second = site.apply()
    second.communicate()
    sent = writes(site)

    first.send_signal(signal.SIGCONT)
    out, _ = first.communicate()

    assert first.returncode == 5
    assert "ledger-lost" in str(json.loads(out)["diagnostics"])
    assert [each for each in writes(site)[len(sent) :] if "search" not in each[1] and "token" not in each[1]] == []
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


@pytest.mark.postgres
def test_a_deleted_row_of_holders_opens_no_gap(site: Site, server: Server, database: str, goal: crashlab.Goal) -> None:
    """The lock is the session's own, and without the row, which has its generation, its run sends nothing more."""
    site.use(server.url(database))
    site.control("POST", "faults", [SLOW])
    first = site.apply()
    wait_for(lambda: is_writing(site))
    server.sql("DELETE FROM reconciler_site.holders", database)

    second = site.apply()

    second.communicate()
    out, _ = first.communicate()

    assert (second.returncode, first.returncode) == (7, 5)
    assert "ledger-lost" in str(json.loads(out)["diagnostics"])
    assert "in the table holders was deleted" in str(json.loads(out)["diagnostics"])
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


def test_a_deleted_lock_file_stops_the_first_before_its_next_call(site: Site, goal: crashlab.Goal) -> None:
    """What it has in hand is all that can meet the second: no call is written down any more, so none is sent."""
    site.control("POST", "faults", [SLOW])
    first = site.apply()
    wait_for(lambda: is_writing(site))
    for file in site.project.glob(".reconciler/*.lock"):
        file.unlink()
    known = len(intended(site))

    second = site.apply()
    out, _ = first.communicate()
    second.communicate()

    assert first.returncode == 5
    assert "ledger-lost" in str(json.loads(out)["diagnostics"])
    assert "leave the lock files" in str(json.loads(out)["diagnostics"])
    runs = [run for run, _ in intended(site)]
    assert runs.count(runs[0]) - known < IN_FLIGHT  # those that were about to be sent just then
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []


CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reconciler'"


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["connection", "server"])
def test_a_database_that_goes_away_stops_the_run_before_the_next_write(
    site: Site, server: Server, database: str, goal: crashlab.Goal, way: str
) -> None:
    site.use(server.url(database))
    site.control("POST", "faults", [SLOW])
    run = site.apply()
    wait_for(lambda: is_writing(site))
    if way == "connection":
        server.sql(CUT, database)
        out, _ = run.communicate()
    else:
        try:
            server.stop()
            out, _ = run.communicate()
        finally:
            server.start()

    report = json.loads(out)
    statuses = Counter(each["status"] for each in report["outcomes"])
    assert run.returncode == report["exit_code"] == 5
    assert statuses["not sent"] > 10
    assert not statuses["unknown"]
    assert "ledger-lost" in str(report["diagnostics"])
    assert site.ended()[2] == "0 0"
    assert judged(site, goal) == []
