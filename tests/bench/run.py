"""Measures this tool beside its peers in one run and prints ratios; ``--write FILE`` makes the page for the docs.

    make bench                  all of it: about twenty minutes
    make bench QUICK=1          small portfolios, without octoDNS: below two minutes

Seconds belong to a machine, ratios of one run to the programs: every comparison is of contestants that took
turns. Our own plan is the installed command as a whole process that talks HTTP to a local server, which sends
prepared answers without latency and does nothing else.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import large
import peers
from measure import Cost, alternate, exponent, run, say
from page import Figures, Goal, text
from portfolio import Portfolio

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOALS_AT = 10_000
"""The size that the goals beside the stacks are stated for."""
COMMENT = 65_536
"""Characters that GitHub takes as a comment."""
SECRETS = {
    f"CRITEO_{product}_CLIENT_{part}": "bench-bench" for product in ("MS", "RM") for part in ("ID", "SECRET")
} | {"NO_PROXY": "127.0.0.1"}
LOADED = """
import sys
from reconciler.cli import main
try:
    main(["validate"])
finally:
    print(*sys.modules)
"""


class Bench:
    """A folder of portfolios, and the commands that read them."""

    def __init__(self, folder: Path, rounds: int) -> None:
        self.folder, self.rounds = folder, rounds
        self.clean = folder / "clean"
        self.command = peers.clean(ROOT, self.clean)
        self.figures = Figures(load=os.getloadavg()[0])

    def project(self, portfolio: Portfolio) -> Path:
        return portfolio.write(self.folder / f"files-{portfolio.ad_sets}-{portfolio.others}-{portfolio.advertisers}")

    def live(self, portfolio: Portfolio) -> Path:
        """The prepared answers; what the stacks without any mapping compare with is written when it is asked for."""
        size = f"{portfolio.ad_sets}-{portfolio.others}-{portfolio.advertisers}"
        return self.prepared("write_answers", portfolio, self.folder / f"live-{size}-{portfolio.changed}")

    def plain(self, portfolio: Portfolio) -> Path:
        return self.prepared("write_plain", portfolio, self.live(portfolio) / "plain.json")

    def prepared(self, task: str, portfolio: Portfolio, path: Path) -> Path:
        """What prepare.py makes of a portfolio, made once, in a process of its own: it makes that large, and every
        child of ours begins as our copy."""
        if not path.exists():
            numbers = [portfolio.ad_sets, portfolio.changed, portfolio.others, portfolio.advertisers]
            new = path.with_name(f"{path.name}.new")  # so that one that was cut short is not taken for whole
            script = [sys.executable, str(HERE / "prepare.py"), task, str(new), *map(str, numbers)]
            subprocess.run(script, check=True)
            new.rename(path)
        return path

    @contextmanager
    def served(self, *portfolios: Portfolio, seconds: tuple[float, ...] = ()) -> Iterator[list[str]]:
        """The URLs of servers with what is live of each portfolio; ``seconds`` of each answer, and of a search."""
        servers = [
            subprocess.Popen(
                [sys.executable, HERE / "live_server.py", self.live(each), *map(str, seconds)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for each in portfolios
        ]
        try:
            yield [f"http://127.0.0.1:{each.stdout.readline().strip()}" for each in servers if each.stdout]
        finally:
            for each in servers:
                each.kill()
                each.wait()

    def plan(self, portfolio: Portfolio, url: str, *options: str) -> Cost:
        return self.ours(self.project(portfolio), url, "plan", *options)

    def ours(self, project: Path, url: str, *command: str) -> Cost:
        return run([str(self.command), *command], cwd=project, env=SECRETS | {"RECONCILER_API_URL": url})

    def other(self, name: str, portfolio: Portfolio) -> Cost:
        script = [sys.executable, str(HERE / "contestants.py"), name, str(self.project(portfolio))]
        return run([*script, str(self.plain(portfolio))])

    # --- What is compared -----------------------------------------------------------------------------------

    def beside_stacks(self, size: int) -> None:
        portfolio = Portfolio(size)
        self.plain(portfolio)
        with self.served(portfolio) as (url,):
            turns: dict[str, Callable[[], Cost]] = {"ours": lambda: self.plan(portfolio, url)}
            for name in ("parse-only", "lower-bound", "naive"):
                turns[name] = lambda name=name: self.other(name, portfolio)  # type: ignore[misc]
            costs = alternate(turns, self.rounds)
        for name, cost in costs.items():
            self.figures.add(f"plan, 1 % changed: {name}", size, cost)
        base, ours = costs["parse-only"].cpu, costs["ours"].cpu
        judged = size == GOALS_AT
        self.figures.ratio(f"plan over parsing alone, {size:,}", ours / base, Goal(0.75, 0.7) if judged else None)
        naive = Goal(9, 11, up=True) if judged else None
        self.figures.ratio(f"naive stack over plan, {size:,}", costs["naive"].cpu / ours, naive)
        self.figures.ratio(f"lower bound over parsing alone, {size:,}", costs["lower-bound"].cpu / base)

    def beside_octodns(self, size: int, goal: Goal) -> None:
        portfolio, octodns = Portfolio(size), peers.octodns(ROOT)
        config = peers.zone(self.folder / f"octodns-{size}", size)
        with self.served(portfolio) as (url,):
            turns = {
                "ours": lambda: self.plan(portfolio, url),
                "octoDNS": lambda: run([str(octodns), "--config-file", str(config)]),
            }
            costs = alternate(turns, self.rounds)
        for name, cost in costs.items():
            self.figures.add(f"plan beside octoDNS {peers.version(ROOT)}: {name}", size, cost)
        self.figures.ratio(f"octoDNS over plan, {size:,}", costs["octoDNS"].cpu / costs["ours"].cpu, goal)

    def growth(self, small: int, large: int) -> None:
        one, few, many = Portfolio(1, 0), Portfolio(small), Portfolio(large)
        still, moved = Portfolio(large, 0), Portfolio(large, 1)
        markdown = f"markdown={self.folder / 'plan.md'}"
        with self.served(one, few, many, still, moved) as urls:
            turns: dict[str, Callable[[], Cost]] = {
                "start-up": lambda: self.plan(one, urls[0]),
                "1 % changed": lambda: self.plan(few, urls[1]),
                "1 % changed, large": lambda: self.plan(many, urls[2]),
                "0 % changed": lambda: self.plan(still, urls[3]),
                "100 % changed": lambda: self.plan(
                    moved, urls[4], "--report", markdown, "--allow", "decimalSlip", "--because", "bench"
                ),
            }
            costs = alternate(turns, self.rounds)
        start = costs["start-up"].cpu
        for name, size in (("start-up", 1), ("1 % changed", small)):
            self.figures.add(f"plan, {name}", size, costs[name])
        for name in ("0 % changed", "1 % changed, large", "100 % changed"):
            self.figures.add(f"plan, {name.removesuffix(', large')}", large, costs[name])
        few_cost, many_cost = costs["1 % changed"], costs["1 % changed, large"]
        grown = exponent(few_cost.cpu - start, many_cost.cpu - start, large / small)
        self.figures.ratio(f"growth exponent, {small:,} to {large:,}", grown, Goal(1.05))
        slope = (many_cost.kib - few_cost.kib) * 1.024 / (large - small)
        self.figures.ratio("memory slope, kB an ad set", slope, Goal(4.5, 4))
        ratio = costs["100 % changed"].cpu / costs["0 % changed"].cpu
        self.figures.ratio("plan with all changed over one with none", ratio, Goal(1.5))
        letters = len((self.folder / "plan.md").read_text(encoding="utf-8"))
        self.figures.ratio(f"Markdown of {large:,} changes over what GitHub takes", letters / COMMENT, Goal(1))
        self.figures.note(f"{large:,} ad sets, all changed: {_calls(costs['100 % changed'].output)}")
        self.figures.note(f"Markdown of {large:,} changes: {letters:,} characters; GitHub takes {COMMENT:,}.")

    def all_kinds(self, size: int) -> None:
        portfolio = Portfolio(size, 0.01, others=size // 4)
        with self.served(portfolio) as (url,):
            costs = alternate({"all kinds": lambda: self.plan(portfolio, url)}, self.rounds)
        self.figures.add("plan, 1 % changed, all kinds", size + 3 * (size // 4), costs["all kinds"])

    def start(self) -> None:
        python, one = str(self.clean / "bin" / "python"), self.project(Portfolio(1, 0))
        for file in peers.executable_pth(self.clean):
            self.figures.note(f"attention: {file} runs code at every start of this environment")
        ours = str(self.command)
        turns = {
            "python -c pass": lambda: run([python, "-c", "pass"]),
            "--version": lambda: run([ours, "--version"]),
            "--help": lambda: run([ours, "--help"]),
            "validate": lambda: run([ours, "validate"], cwd=one),
        }
        costs = alternate({name: lambda each=each: _often(each) for name, each in turns.items()}, max(5, self.rounds))  # type: ignore[misc]
        base = costs["python -c pass"].cpu
        for name, goal in (("--version", Goal(2)), ("--help", Goal(5.5)), ("validate", Goal(9))):
            self.figures.ratio(f"start: {name} over python -c pass", costs[name].cpu / base, goal)
        loaded = run([python, "-c", LOADED], cwd=one).output.split()
        heavy = sorted({"httpx", "deepdiff", "jsonschema", "asyncio"} & set(loaded))
        self.figures.note(
            f"Imported by `validate`, of httpx, deepdiff, jsonschema, asyncio: {', '.join(heavy) or 'none'}."
        )

    def writes(self) -> None:
        """Calls, counted by the server."""
        counts = json.loads(run([sys.executable, str(HERE / "writes.py"), str(self.command)]).output)
        self.figures.ratio("writes of an apply over the fewest possible", counts["sent"] / counts["minimum"], Goal(1))
        self.figures.ratio("writes of a second apply", counts["again"], Goal(0))
        self.figures.note(f"The apply: 5 created, 420 bids, 130 stops in {counts['sent']} writes.")

    def pace(self) -> None:
        """Calls, timed against what is possible: wall time, so that the machine must be idle."""
        for name, ratio, refused in json.loads(run([sys.executable, str(HERE / "bench_pace.py"), "--json"]).output):
            limited = "no limit" not in name
            self.figures.ratio(f"time over the ideal: {name}", ratio, Goal(1.03 if limited else 1.07))
            if limited:
                self.figures.ratio(f"429 earned: {name}", refused, Goal(0))

    def stages(self, size: int) -> None:
        portfolio = Portfolio(size)
        body = self.live(portfolio) / "4.json"
        command = [sys.executable, str(HERE / "stages.py"), str(self.project(portfolio)), str(body)]
        turns = [json.loads(run(command).output) for _ in range(self.rounds)]
        self.figures.stages = {name: median(turn[name] for turn in turns) for name in turns[0]}


def _often(once: Callable[[], Cost]) -> Cost:
    """Ten short processes as one, since the system counts their time in coarse steps."""
    costs = [once() for _ in range(10)]
    return Cost(sum(each.cpu for each in costs) / 10, sum(each.wall for each in costs) / 10, costs[0].kib)


def _calls(output: str) -> str:
    return next((line.strip() for line in output.splitlines() if line.startswith("API calls:")), "no calls")


def _list_sections(bench: Bench, *, quick: bool) -> dict[str, Callable[[], None]]:
    """Return what is measured, in order: everything, or what is quick."""
    sections: dict[str, Callable[[], None]] = {
        "start": bench.start,
        "stages": lambda: bench.stages(1_000 if quick else 10_000),
        "stacks 1,000": lambda: bench.beside_stacks(1_000),
        "stacks 10,000": lambda: bench.beside_stacks(10_000),
        "writes": bench.writes,
        "pace": bench.pace,
        "growth": lambda: bench.growth(*((500, 5_000) if quick else (10_000, 100_000))),
        "traps": lambda: large.traps(bench, *((200, 1_000) if quick else (2_000, 20_000))),
        "waiting": lambda: large.waiting(bench, 1_000 if quick else 10_000),
        "part": lambda: large.part(bench, 1_000 if quick else 10_000),
        "sending": lambda: large.sending(bench, *((200, 1_000) if quick else (2_000, 10_000))),
        "all kinds": lambda: bench.all_kinds(1_000 if quick else 10_000),
        "octoDNS 1,000": lambda: bench.beside_octodns(1_000, Goal(2, up=True)),
        "octoDNS 20,000": lambda: bench.beside_octodns(20_000, Goal(3.5, 4, up=True)),
    }
    long = ("stacks 10,000", "pace", "octoDNS 1,000", "octoDNS 20,000")
    return {name: measure for name, measure in sections.items() if not (quick and name in long)}


def main() -> None:
    """Measure everything, what is quick, or one section."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small portfolios, without octoDNS")
    parser.add_argument("--rounds", type=int, default=0, help="turns of each contestant")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page for the docs")
    parser.add_argument("--agency", action="store_true", help="only a plan of 200,000 ad sets of 100 advertisers, once")
    parser.add_argument("--only", metavar="SECTION", help="only this section, such as traps")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where portfolios are kept for the next run")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        bench = Bench(folder.resolve(), given.rounds or (3 if given.quick else 5))
        if given.agency:
            large.agency(bench, 200_000, 100)
            sys.stdout.write(bench.figures.table())
            return
        sections = _list_sections(bench, quick=given.quick)
        if given.only not in (None, *sections):
            parser.error(f"no section {given.only}: {', '.join(sections)}")
        for name, measure in sections.items():
            if given.only in (None, name):
                say(name), measure()
        sys.stdout.write(bench.figures.table())
        if given.write:
            given.write.write_text(text(bench.figures), encoding="utf-8")
    finally:
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
