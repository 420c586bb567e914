"""Mutation testing: does a test notice each small change of what must not break? See docs/explanation/mutants.md.

The suite is collected once, and each of its tests is run once to learn which lines it walks. Then every mutant
gets a process of its own, forked from there: the code of one function is exchanged in place, and the tests that walk
its line run, the closest first, until one fails. Nothing is imported twice, and no file is changed.

    python tests/mutation/run.py [--sample N] [--only PART] [--jobs N]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from inside import functions, start_tracing, stop_tracing, tell_lines, tell_mutant  # noqa: E402 - beside this file
from mutations import Mutant, mutants  # noqa: E402 - beside this file

from tests.support import warm  # noqa: E402 - found from the root

MODULES = {
    "evidence": ("executor.evidence", "executor.history_evidence", "executor.looks"),
    "recovery": (
        "executor.recovery",
        "executor.held",
        "executor.scheduler",
        "engine.open_calls",
        "engine.past_top_ups",
    ),
    "outcome": ("executor.outcomes", "executor.verification"),
    "sending": (
        "executor.sender",
        "executor.attempts",
        "executor.replacing",
        "executor.call_items",
        "executor.refused_batch",
        "executor.exposure_safe",
        "executor.ports",
    ),
    "journal": ("ledger.journal", "ledger.past"),
    "answers": ("provider.http.refusal", "provider.http.retry", "provider.http.rate_limiter"),
    "matching": ("planning.match", "planning.diff", "planning.likeness", "planning.identity", "planning.near_twins"),
    "plan file": ("planfile.plan_file", "planfile.plan_codec", "planfile.staleness", "planfile.digest"),
    "planner": ("planning.batching", "planning.call_bodies", "planning.call_parts"),
    "money": ("planning.cost", "planning.exposure"),
    "guardrails": (
        "guardrails",
        *(
            f"guardrails.{path.stem}"
            for path in sorted((ROOT / "reconciler" / "guardrails").glob("*.py"))
            if path.stem != "__init__"
        ),
    ),
}
TESTS = (
    "tests/unit",
    "tests/cases",
    "tests/crash",
    "tests/laws",
    "tests/cli",
    "tests/contract/test_requests.py",
    "tests/simulation/test_seeds.py",
    "tests/simulation/test_matrix.py",
)
"""Those that judge these modules, in this process or by commands that a test starts."""
LEFT_OUT = "not postgres and not this_commit_draws"
"""A server of its own, and worlds that are others at each commit."""
SLOWEST = 6.0
"""Seconds of the processor that one test may take to be of use here."""
ENOUGH = 15.0
"""Seconds that the tests for one mutant may take together, as they were learned: several times what they take then."""
STUCK = 90
"""Seconds of the clock after which a test waits for ever; the processor's time stops one that only computes."""
FAST = Path("/dev/shm")
"""A folder in memory, where there is one: the ledger syncs every step, and a disk takes most of the time."""
SEED = 20261121
KILLED = ("killed", "late")
"""Late: it runs for ever, or so long that everybody would notice."""


@dataclass(eq=False)
class Suite:
    """A pytest plugin that takes over once the tests are collected."""

    sample: int | None
    only: str | None
    jobs: int
    verdicts: Path
    patience: float
    learned: Path | None
    lines: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    seconds: dict[int, float] = field(default_factory=dict)
    failed: bool = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtestloop(self, session: Any) -> bool:
        self._learn(session.items, self._remember(session.items))
        named = [(group, name) for group, names in MODULES.items() for name in names]
        chosen = [each for each in named if self.only is None or any(self.only in word for word in each)]
        session.config.pluginmanager.unregister(name="terminalreporter")  # a dot a mutant tells nothing
        gc.collect()
        gc.freeze()  # a collection in a fork would copy all that is alive
        shares = [chosen[job :: self.jobs] for job in range(self.jobs)]
        in_forks([partial(self._judge_all, share, session.items) for share in shares])
        return True

    def _judge_all(self, modules: Sequence[tuple[str, str]], items: list[Any]) -> None:
        warm.begin()
        for group, name in modules:
            self._judge(group, name, items)

    # --- Which test walks which line ---------------------------------------------------------------------------

    def _learn(self, items: list[Any], known: set[int]) -> None:
        """Walk each test once, in as many processes as there are jobs."""
        began, waiting = time.monotonic(), [number for number in range(len(items)) if number not in known]
        with tempfile.TemporaryDirectory() as folder:
            shares = [(Path(folder, str(job)), waiting[job :: self.jobs]) for job in range(self.jobs)]
            in_forks([partial(self._walk, items, numbers, file) for file, numbers in shares])
            for file, _ in shares:
                for number, seconds, places in json.loads(file.read_text(encoding="utf-8")):
                    self.seconds[number] = seconds
                    for place, line in places:
                        self.lines[place, line].add(number)
        say(f"{len(waiting)} tests walked in {time.monotonic() - began:.0f} s")
        if self.learned is not None:
            names = {number: item.nodeid for number, item in enumerate(items)}
            told = {
                "seconds": {names[number]: each for number, each in self.seconds.items()},
                "lines": [[*place, [names[each] for each in tests]] for place, tests in self.lines.items()],
            }
            self.learned.write_text(json.dumps(told), encoding="utf-8")

    def _walk(self, items: list[Any], numbers: Sequence[int], to: Path) -> None:
        """Write down each of these tests, its seconds, and the lines it walks: none if it is of no use here."""
        files = {path(name) for names in MODULES.values() for name in names}
        walked = []
        for number in numbers:
            touched: set[tuple[str, int]] = set()
            start, began = time.process_time(), time.monotonic()
            self.failed = False
            warm.first = dict(tell_lines(files, f"{to}.lines"))
            start_tracing(files, touched.add)
            try:
                run(items[number])
            finally:
                stop_tracing()
            told = _of_commands(Path(f"{to}.lines"))
            seconds = (time.monotonic() - began) if told else time.process_time() - start
            touched |= told
            if self.failed:
                say(f"left out, since it fails by itself: {items[number].nodeid}")
            walked.append((number, seconds, [] if self.failed or seconds > SLOWEST else sorted(touched)))
        to.write_text(json.dumps(walked), encoding="utf-8")

    def _remember(self, items: list[Any]) -> set[int]:
        """The tests of which an earlier run learned where they walk; it does not hold once the sources moved."""
        if self.learned is None or not self.learned.exists():
            return set()
        told, numbers = json.loads(self.learned.read_text()), {item.nodeid: number for number, item in enumerate(items)}
        self.seconds = {numbers[name]: each for name, each in told["seconds"].items() if name in numbers}
        for file, line, names in told["lines"]:
            self.lines[file, line] = {numbers[name] for name in names if name in numbers}
        return set(self.seconds)

    # --- One process for each mutant -----------------------------------------------------------------------------

    def _judge(self, group: str, name: str, items: list[Any]) -> None:
        module = importlib.import_module(f"reconciler.{name}")
        file = path(name)
        found = list(mutants(name, file, Path(file).read_text(encoding="utf-8")))
        chosen = found if self.sample is None else random.Random(SEED).sample(found, min(self.sample, len(found)))
        killed = {each for each, verdict in told(self.verdicts).items() if verdict in KILLED}
        chosen = [each for each in chosen if str(each) not in killed]
        live = dict(functions(module))
        began, judged = time.monotonic(), list[tuple[Mutant, str]]()
        for mutant in sorted(chosen, key=lambda each: each.line):
            walking = self.lines.get((file, mutant.line), set())
            entering = self._entering(file, live.get(mutant.function)) - walking
            tests = self._enough(walking) + self._enough(entering)
            verdict = self._fork(mutant, live.get(mutant.function), [items[each] for each in tests], tests)
            judged.append((mutant, verdict))
            with self.verdicts.open("a", encoding="utf-8") as lines:
                lines.write(
                    json.dumps({"group": group, "module": name, "mutant": str(mutant), "verdict": verdict}) + "\n"
                )
        lived = [each for each in judged if each[1] not in KILLED]
        took = time.monotonic() - began
        say(f"{name}: {len(judged)} of {len(found)} mutants, {len(judged) - len(lived)} killed, {took:.0f} s")
        for mutant, verdict in lived:
            say(f"    {verdict}: {mutant}")

    @cached_property
    def _cost(self) -> dict[int, float]:
        """Seconds, times the lines that a test walks: what is quick and walks little asks most closely."""
        breadth = Counter(test for tests in self.lines.values() for test in tests)
        return {test: self.seconds[test] * lines for test, lines in breadth.items()}

    def _enough(self, tests: Iterable[int]) -> list[int]:
        """The closest of them, as many as there is time for."""
        ordered = sorted(tests, key=self._cost.__getitem__)
        spent = accumulate(self.seconds[test] for test in ordered)
        return [test for test, seconds in zip(ordered, spent, strict=True) if seconds <= self.patience]

    def _entering(self, file: str, function: FunctionType | None) -> set[int]:
        """Tests that call the function: a mutant may make them walk where they did not before."""
        if function is None:
            return set()
        lines = {line for _, _, line in function.__code__.co_lines() if line is not None}
        return set().union(*(self.lines.get((file, line), set()) for line in lines))

    def _fork(self, mutant: Mutant, function: FunctionType | None, items: list[Any], numbers: list[int]) -> str:
        if function is None or len(function.__code__.co_freevars) != len(mutant.code.co_freevars):
            return "not reached"
        if not items:
            return "not walked"
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            function.__code__ = mutant.code
            warm.take_over()
            warm.first = dict(tell_mutant(mutant.module, mutant.function, mutant.code))
            self.failed = False
            for item, number in zip(items, numbers, strict=True):
                signal.setitimer(signal.ITIMER_PROF, 3 + 3 * self.seconds[number])
                signal.alarm(STUCK)
                try:
                    run(item)
                except BaseException:
                    self.failed = True
                if self.failed:
                    os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            return "late" if os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGPROF) else "killed"
        return "killed" if os.WEXITSTATUS(status) else "survived"


def in_forks(works: Sequence[Callable[[], None]]) -> None:
    """Do each work in a process of its own, and wait for all of them."""
    workers = []
    for work in works:
        worker = os.fork()
        if worker == 0:
            try:
                work()
            except BaseException:
                traceback.print_exc(file=sys.__stderr__)
                os._exit(1)
            os._exit(0)
        workers.append(worker)
    if any(os.waitpid(worker, 0)[1] for worker in workers):
        raise SystemExit("a worker failed")


def run(item: Any) -> None:
    """One test with its fixtures, which are taken down with it."""
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)


def told(verdicts: Path) -> dict[str, str]:
    """What became of each mutant at last."""
    lines = verdicts.read_text(encoding="utf-8").splitlines() if verdicts.exists() else []
    return {each["mutant"]: each["verdict"] for each in map(json.loads, lines)}


def path(name: str) -> str:
    """The file of a module of ours."""
    file = ROOT / "reconciler" / Path(*name.split("."))
    return str(file / "__init__.py") if file.is_dir() else str(file.with_suffix(".py"))


def _of_commands(file: Path) -> set[tuple[str, int]]:
    """The lines that the commands of a test have walked, which are forgotten then."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return {(name, int(number)) for number, _, name in (line.partition(" ") for line in lines)}


def say(line: str) -> None:
    sys.__stdout__.write(f"{line}\n")  # type: ignore[union-attr] # pytest has the other
    sys.__stdout__.flush()  # type: ignore[union-attr]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, help="So many mutants of each module, drawn by a fixed seed.")
    parser.add_argument("--only", help="Modules whose name, or whose part's, has this in it.")
    parser.add_argument("--jobs", type=int, default=2, help="Workers, each with modules of its own.")
    parser.add_argument("--verdicts", type=Path, default=ROOT / ".mutants.jsonl", help="A line for each mutant.")
    parser.add_argument("--seconds", type=float, default=ENOUGH, help="What the tests of one mutant may take.")
    parser.add_argument("--resume", action="store_true", help="Leave out what the verdicts say was killed already.")
    parser.add_argument("--learned", type=Path, help="Keep here which test walks which line, for the next run.")
    asked = parser.parse_args()
    if not asked.resume:
        asked.verdicts.unlink(missing_ok=True)
    suite = Suite(asked.sample, asked.only, asked.jobs, asked.verdicts.resolve(), asked.seconds, asked.learned)
    if FAST.is_dir():
        os.environ.setdefault("TMPDIR", str(FAST))
    os.chdir(ROOT)
    options = ["-q", "-p", "no:cacheprovider", "--timeout=0", "-n0", "--assert=plain", "--tb=no", "--hypothesis-seed=1"]
    code = pytest.main([*options, "-o", "addopts=--import-mode=importlib", "-k", LEFT_OUT, *TESTS], [suite])
    verdicts = told(asked.verdicts)
    for group, names in MODULES.items():
        judged = [verdict for mutant, verdict in verdicts.items() if mutant.partition(":")[0] in names]
        if judged:
            killed = sum(verdict in KILLED for verdict in judged)
            say(f"{group}: {killed} of {len(judged)} killed, {100 * killed / len(judged):.1f} %")
    sys.exit(int(code))


if __name__ == "__main__":
    main()
