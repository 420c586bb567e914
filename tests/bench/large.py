"""What grows with an account and what is waited for: undoing, mistakes, formats, reads beside the parsing, sending."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Cost, alternate, exponent, run
from page import Goal
from portfolio import Portfolio

if TYPE_CHECKING:
    from run import Bench

ALLOWED = ("--allow", "decimalSlip", "--because", "bench")
"""A bid that goes back from 0.06 to 0.01 looks like a slip."""
LATENCY, SLOW = 0.1, 2.0
CHUNK, IN_FLIGHT = 50, 8
Turns = dict[str, Callable[[], Cost]]


def traps(bench: Bench, small: int, large: int) -> None:
    """What was once quadratic, or kept what it no longer needed: each beside a plan, and at two sizes."""
    one, still, moved = (
        Portfolio(1, 0),
        [Portfolio(n, 0) for n in (small, large)],
        [Portfolio(n, 1) for n in (small, large)],
    )
    wrong = [bench.prepared("write_mistakes", each, bench.folder / f"wrong-{each.ad_sets}") for each in still]
    few = bench.prepared("write_mistakes", one, bench.folder / "wrong-1")
    with bench.served(one, *still, *moved) as (alone, *urls):
        undone = [_with_ledger(bench, each, url) for each, url in zip(still, urls, strict=False)]
        out = str(bench.folder / "plan.json")
        turns: Turns = {
            "start of a plan": lambda: bench.plan(one, alone),
            "start of validate": lambda: run([str(bench.command), "validate"], cwd=few, good=(1,)),
        }
        for at, (name, url) in enumerate(zip(("small", "large"), urls[2:], strict=True)):
            turns |= _of(bench, name, moved[at], url, undone[at], urls[at], wrong[at], out)
        costs = alternate(turns, bench.rounds)
    for name in ("plan", "json", "--out", "rollback", "drift --accept files", "mistakes"):
        bench.figures.add(f"{name}, all changed", large, costs[f"{name}, large"])
    plan = costs["plan, large"]
    for name in ("rollback", "drift --accept files"):
        ratio = costs[f"{name}, large"].cpu / plan.cpu
        bench.figures.ratio(f"{name} of {large:,} over a plan of them", ratio, Goal(4))
    for name in ("json", "--out"):
        cost = costs[f"{name}, large"]
        bench.figures.ratio(f"{name} of {large:,} changes over text: CPU", cost.cpu / plan.cpu, Goal(1.5))
        bench.figures.ratio(f"{name} of {large:,} changes over text: memory", cost.kib / plan.kib, Goal(1.6))
    for name in ("rollback", "drift --accept files", "mistakes", "json", "--out"):
        start = costs["start of validate" if name == "mistakes" else "start of a plan"].cpu
        less, more = (max(costs[f"{name}, {size}"].cpu - start, 0.001) for size in ("small", "large"))
        grown = exponent(less, more, large / small)
        bench.figures.ratio(f"growth exponent of {name}, {small:,} to {large:,}", grown, Goal(1.1))


def _of(bench: Bench, size: str, moved: Portfolio, url: str, undone: Path, still: str, wrong: Path, out: str) -> Turns:
    project = bench.project(moved)
    validate = [str(bench.command), "validate"]
    return {
        f"plan, {size}": lambda: bench.ours(project, url, "plan", *ALLOWED),
        f"json, {size}": lambda: bench.ours(project, url, "plan", "--format", "json", *ALLOWED),
        f"--out, {size}": lambda: bench.ours(project, url, "plan", "--out", out, *ALLOWED),
        f"rollback, {size}": lambda: bench.ours(undone, still, "rollback", "last", *ALLOWED),
        f"drift --accept files, {size}": lambda: bench.ours(project, url, "drift", "--accept", "files", *ALLOWED),
        f"mistakes, {size}": lambda: run(validate, cwd=wrong, good=(1,)),
    }


def _with_ledger(bench: Bench, portfolio: Portfolio, url: str) -> Path:
    """The project of a portfolio with a ledger of its last run, under the name that this server's ledger has."""
    made = bench.prepared("write_ledger", portfolio, bench.folder / f"ledger-{portfolio.ad_sets}.db")
    project = bench.project(portfolio)
    server = re.sub(r"[^a-z0-9.-]+", "-", url.removeprefix("http://"))
    (project / ".reconciler").mkdir(exist_ok=True)
    shutil.copy(made, project / ".reconciler" / f"ledger-{server}.db")
    return project


def waiting(bench: Bench, size: int) -> None:
    """Wall time of a plan whose answers take their time, beside only reading and only parsing."""
    many, one = Portfolio(size), Portfolio(1, 0)
    validate = [str(bench.command), "validate"]
    with bench.served(many, seconds=(LATENCY, SLOW)) as (url,):
        turns: Turns = {
            "plan": lambda: bench.plan(many, url),
            "read": lambda: bench.plan(one, url),
            "parse": lambda: run(validate, cwd=bench.project(many)),
        }
        costs = alternate(turns, bench.rounds)
    for name, cost in costs.items():
        bench.figures.add(f"answers after 100 ms, a search after 2 s: {name}", size, cost)
    longer = max(costs["read"].wall, costs["parse"].wall)
    name = f"wall of a plan of {size:,}, 100 ms a call, 2 s a search, over the longer of read and parse"
    bench.figures.ratio(name, costs["plan"].wall / longer, Goal(1.1))


def part(bench: Bench, size: int) -> None:
    """A plan of one file and of one ad set, beside one of the whole account, with prepared answers."""
    portfolio = Portfolio(size)
    with bench.served(portfolio) as (url,):
        turns: Turns = {
            "all": lambda: bench.plan(portfolio, url),
            "one file": lambda: bench.plan(portfolio, url, "ads/ads-00000.yaml"),
            "--target of one": lambda: bench.plan(portfolio, url, "--target", "adSets.ad-set-0"),
        }
        costs = alternate(turns, bench.rounds)
    for name, cost in costs.items():
        bench.figures.add(f"plan of a part: {name}", size if name == "all" else 1, cost)
    for name in ("one file", "--target of one"):
        bench.figures.ratio(f"plan of {name} over a plan of {size:,}", costs[name].cpu / costs["all"].cpu)


def sending(bench: Bench, changes: int, size: int) -> None:
    """Wall time of an apply at 100 ms a call, beside what it can be: the plan, its calls eight at a time, one read.

    The ledger knows the account, as after any earlier run: it is of one server, so that all of them have one port.
    """
    before, after, one = Portfolio(size, changes / size), Portfolio(size, 0), Portfolio(1, 0)
    bench.prepared("write_answers", after, bench.live(before) / "after")
    project, known = bench.project(before), bench.folder / f"known-{size}"
    shutil.rmtree(project / ".reconciler", ignore_errors=True)
    with bench.served(after) as (url,):
        bench.ours(project, url, "apply", "--auto-approve")
        port = int(url.rpartition(":")[2])
    shutil.rmtree(known, ignore_errors=True)
    shutil.move(project / ".reconciler", known)

    def applied() -> Cost:
        shutil.rmtree(project / ".reconciler", ignore_errors=True)
        shutil.copytree(known, project / ".reconciler")
        with bench.served(before, seconds=(LATENCY, LATENCY, port)) as (url,):
            return bench.ours(project, url, "apply", "--auto-approve", *ALLOWED)

    def planned() -> Cost:
        with bench.served(before, seconds=(LATENCY, LATENCY, port)) as (url,):
            return bench.plan(before, url, *ALLOWED)

    def read(of: Portfolio) -> Cost:
        with bench.served(of, seconds=(LATENCY,)) as (url,):
            return bench.plan(one, url)

    turns: Turns = {"plan": planned, "apply": applied, "read": lambda: read(after), "start": lambda: read(one)}
    costs = alternate(turns, bench.rounds)
    calls = math.ceil(changes / CHUNK)
    decoded = costs["read"].wall - costs["start"].wall
    ideal = costs["plan"].wall + LATENCY * (1 + math.ceil((calls - 1) / IN_FLIGHT)) + LATENCY + decoded
    for name, cost in costs.items():
        bench.figures.add(f"{changes:,} bids at 100 ms a call: {name}", size, cost)
    bench.figures.ratio(f"apply of {changes:,} bids over its ideal", costs["apply"].wall / ideal, Goal(1.3))


def agency(bench: Bench, size: int, advertisers: int) -> None:
    """One plan of an agency's account, once: what it takes of a machine."""
    for share in (0.01, 1.0):
        portfolio = Portfolio(size, share, advertisers=advertisers)
        with bench.served(portfolio) as (url,):
            cost = bench.plan(portfolio, url, *ALLOWED)
        bench.figures.add(f"plan of {advertisers} advertisers, {share:.0%} changed", size, cost)
