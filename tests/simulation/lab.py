"""Plays one scenario in one process on one simulated clock, and keeps what each run said for the oracle.

A scenario is plain JSON: `wants` (what the files hold, see wants.py), `views` (faults of the sandbox for the whole
time: reads of the past), and `steps`: `apply` (with `faults`, an `end`, a `host`, a `ledger`: kept, older or none, a
saved `plan`, a `pause` of the machine, deeds of other users `meanwhile`), `plan`, `wait`, `files` (with other `wants`),
`resolve` (by a person who knows what may still land, or a `hasty` one who does not), and the deeds of other users
(people.py). `skews` are the seconds by which the clocks of hosts are ahead of the server's.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler import ledger
from reconciler.cli import full_cli
from reconciler.engine.run_journal import RunJournal
from reconciler.executor.ports import Noted
from reconciler.ledger import sqlite
from reconciler.model import Call
from reconciler.model.threads import Threads
from reconciler.provider.http import Settings, transport
from reconciler.sandbox.clock import instant
from tests.crash.inside import Desk, Ended
from tests.crash.scenarios import PROJECT

from . import people, wants
from .direct import Direct
from .watched import End, Killed, Sending, Watched, opened

Scenario = Mapping[str, Any]
SETTLED = 2 * 3600
"""Seconds after which everything has landed, is shown, and may be taken for absent (`settleAfter` is 30 minutes)."""
ROUNDS = 4
"""Runs after which a project has to be in force, with a person who decides what is undecided."""
IN_MEMORY = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA foreign_keys = ON"
"""A process here ends between two transactions, and no machine fails: the disk is another test's."""
OPERATIONS = {
    ".create": "create",
    ".funds": "funds",
    "adSets.bids": "set",
    "campaigns.spendLimit": "set",
    "lineItems.whole": "set",
}
"""What a call does, by a part of its name."""


@dataclass(frozen=True)
class Told:
    """What one run said of one item that it creates, funds or sets; the last word of it."""

    address: str
    operation: str
    status: str
    of: datetime | None = None
    """When the earlier run began whose call was settled."""
    id: str | None = None


@dataclass(frozen=True)
class Run:
    """One run of the command, as far as the promise is judged by it."""

    number: int
    began: datetime
    ended: datetime
    code: int | None
    """None if it was killed."""
    told: tuple[Told, ...]
    ledger: str
    codes: frozenset[str] = frozenset()
    trouble: str = ""
    """The text of a traceback."""
    stopped: bool = False
    """Whether it was to be killed or interrupted."""
    skew: int = 0
    """Seconds by which the clock of its machine was ahead."""


@dataclass
class Played:
    """A scenario that is over."""

    scenario: Scenario
    world: Watched
    runs: list[Run] = field(default_factory=list)
    unfinished: str = ""
    """Why the project is not in force in the end, if it was to be."""

    @property
    def sendings(self) -> list[Sending]:
        return self.world.sendings


class Lab:
    """The machines, the ledger and the world of one scenario."""

    transport: type = Direct

    def __init__(self, scenario: Scenario, folder: Path) -> None:
        self.scenario, self.folder = scenario, folder
        self.world = opened(scenario.get("seed", 0))
        self.played = Played(scenario, self.world)
        self.backups = 0
        project = folder / "desk" / "project"
        project.mkdir(parents=True)
        (project / "reconciler.yaml").write_text(PROJECT)
        self.desk = Desk(
            project,
            self.world,
            self.world.handle,
            settings=Settings(base_url="http://localhost", in_flight=1),
        )
        self.write(scenario["wants"])
        self.world.inject(*scenario.get("views", ()))

    def play(self) -> Played:
        """Play every step, then let the world heal and end the work."""
        for step in self.scenario["steps"]:
            match step["do"]:
                case "apply":
                    self.apply(step)
                case "wait":
                    self.world.advance(step["seconds"])
                    self.world.told(f"{step['seconds']} s pass")
                case "resolve":
                    self.resolve(hasty=step.get("hasty", False))
                case "plan":
                    self.plan()
                case "files":
                    self.write(step["wants"])
                case _:
                    self.do(step)
        if self.scenario.get("end", True):
            self.finish()
        return self.played

    def do(self, deed: Mapping[str, Any]) -> None:
        """Let another user do something."""
        done = people.DEEDS[deed["do"]](self.world, deed)
        self.world.told(f"another user: {deed['do']} {deed['of']}" + ("" if done else " (nothing there)"))

    def write(self, wanted: Iterable[str]) -> None:
        """Let the files hold these wants."""
        (self.desk.folder / "mixed.yaml").write_text(wants.text(wanted))

    def finish(self) -> None:
        """Let all faults end and all effects land, then run until the project is in force."""
        self.world.repair()
        self.world.advance(SETTLED)
        self.world.told("all faults end, and two hours pass")
        for _ in range(ROUNDS):
            run = self.apply({"do": "apply"})
            if run.code == 0:
                return
            self.resolve()
            self.world.advance(SETTLED)
        self.played.unfinished = f"{ROUNDS} runs after all faults had ended the last one still ended with {run.code}"

    def plan(self) -> None:
        """Save a plan."""
        self.world.begin(0, None, lambda: None)
        file = self.desk.folder.parent / "plan.json"
        ended = self.desk.run("plan", str(self.desk.folder), "--out", str(file), "--format", "json")
        self.world.told(f"a plan is saved -> {ended.code}")

    def apply(self, step: Mapping[str, Any]) -> Run:
        """Run the command as one process of one machine, and keep what it said."""
        number = len(self.played.runs) + 1
        kept = step.get("ledger", "kept")
        self._choose_ledger(kept)
        faults = [fault | {"path": fault.get("path", "*")} for fault in step.get("faults", ())]
        scripted = self._inject(faults)
        end = End(**step["end"]) if "end" in step else None
        self.desk.host, self.desk.pid = step.get("host", "a"), 1000 + number
        self.desk.skew = self.scenario.get("skews", {}).get(self.desk.host, 0)
        self.world.told(f"run {number} on host {self.desk.host}, ledger {kept}")
        began = self.world.now
        self.world.begin(number, end, self._keep_for_the_dead)
        self.world.deeds = [
            (began + timedelta(seconds=deed["after"]), partial(self.do, deed)) for deed in step.get("meanwhile", ())
        ]
        random.seed(f"{self.scenario.get('seed', 0)}/{number}")
        with _paused(self.world, step.get("pause")):
            ended, trouble = self._run("plan" in step)
        self.world.dead, self.world.deeds = False, []
        for key in scripted:
            self.world.state.remove("faults", key)
        run = _kept(number, began, self.world.now, ended, kept, trouble)
        run = replace(run, stopped="end" in step, skew=self.desk.skew)
        self.played.runs.append(run)
        said = ", ".join(f"{each.address} {each.status}" for each in run.told) or ", ".join(sorted(run.codes))
        self.world.told(f"run {number} ends with {'a kill' if run.code is None else run.code}: {said}")
        return run

    def _run(self, saved: bool) -> tuple[Ended | None, str]:
        plan = self.desk.folder.parent / "plan.json"
        try:
            with (
                patch.object(Threads, "map", _one_by_one),
                patch.object(transport, "HttpTransport", self.transport),
                patch.object(sqlite, "PRAGMAS", IN_MEMORY),
            ):
                if saved and plan.exists():
                    return self.desk.run("apply", str(plan), "--auto-approve", "--format", "json"), ""
                return self.desk.apply(), ""
        except KeyboardInterrupt:
            return None, "the interrupt was not caught"
        except Killed:
            self._put_back(self.folder / "killed")
            return None, ""
        except Exception as trouble:
            return None, f"{type(trouble).__name__}: {trouble}"

    def _inject(self, faults: list[dict[str, Any]]) -> list[str]:
        before = set(self.world.state.all("faults"))
        self.world.inject(*faults)
        return [key for key in self.world.state.all("faults") if key not in before]

    # --- the ledger ---

    def _choose_ledger(self, which: str) -> None:
        """Take the ledger of before, the one of a run earlier, or none."""
        if which == "older":
            self._put_back(self.folder / f"backup-{max(self.backups - 1, 0)}")
        elif which == "none":
            self._put_back(self.folder / "nothing")
        self._copy(self.folder / f"backup-{self.backups}")
        self.backups += 1

    def _keep_for_the_dead(self) -> None:
        """Keep the ledger's files as a kill leaves them: what the unwinding of this process does to them is undone."""
        self._copy(self.folder / "killed")

    def _copy(self, place: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for file in self._files():
            shutil.copy2(file, place / file.name)

    def _put_back(self, place: Path) -> None:
        for file in self._files():
            file.unlink()
        if place.exists():
            for file in place.iterdir():
                shutil.copy2(file, self.desk.folder.parent / file.name)

    def _files(self) -> list[Path]:
        found = self.desk.folder.parent.glob("state.ledger*")
        return [file for file in found if file.suffix not in (".lock", ".holder")]

    # --- a person who decides ---

    def resolve(self, *, hasty: bool = False) -> None:
        """Decide each open call as a person who sees the truth.

        What may still land is not decided, unless by a hasty person, who does not say to be certain either.
        """
        if not self.desk.ledger.exists():
            return
        book = ledger.open(f"sqlite:{self.desk.ledger}", self.desk.folder, create=False)
        try:
            left = [(intent.run, intent.call.name, intent.at, intent.call.items) for intent in book.open_intents()]
        finally:
            book.close()
        for run, call, at, items in left:
            sent = [each for each in self.played.sendings if self._is_of(each, call, at, items)]
            lands = any(each.due and not each.effects and instant(each.due) >= self.world.now for each in sent)
            applied = [each for each in sent if each.effects]
            if hasty and not applied:
                self._decide(run, call, [], certain=False)
            elif not lands:
                self._decide(run, call, applied)

    def _is_of(self, sending: Sending, call: str, at: datetime, items: Any) -> bool:
        operation = "funds" if ".funds" in call else "create"
        names = {str(item.address) for item in items} | {item.id for item in items}
        early = abs((sending.at - at).total_seconds()) < 900
        return sending.operation == operation and sending.address in names and early

    def _decide(self, run: str, call: str, applied: list[Sending], *, certain: bool = True) -> None:
        options = {option for each in full_cli().commands["resolve"].params for option in each.opts}
        words = ["resolve", run, call, "--applied" if applied else "--not-applied", "--because", "seen"]
        words += ["--project", str(self.desk.folder)]
        if applied and applied[0].operation == "create" and "--id" in options:
            words += ["--id", self._id_of(applied[0])]
        if not applied and certain and "--certain" in options:
            words += ["--certain"]
        ended = self.desk.run(*words)
        self.world.told(f"a person: {' '.join(words[2:4])} -> {ended.code}")

    def _id_of(self, sending: Sending) -> str:
        for collection in wants.CREATED:
            for key, record in self.world.state.all(collection).items():
                place = (collection, key)
                ours = place not in self.world.initial and place not in self.world.others
                if ours and wants.address_of(collection, record) == sending.address:
                    return key
        raise AssertionError(f"{sending.address} has no object")


@contextmanager
def _paused(world: Watched, pause: Mapping[str, Any] | None) -> Iterator[None]:
    """Let the machine sleep once for some seconds, just after a run's n-th intent to create or to fund."""
    if pause is None:
        yield
        return
    intend, left = RunJournal.intend, [pause.get("at", 1)]

    def slept(journal: RunJournal, call: Call, noted: Noted) -> int:
        number = intend(journal, call, noted)
        left[0] -= not call.effect.repeatable
        if left[0] == 0 and not call.effect.repeatable:
            world.told(f"the machine sleeps {pause['seconds']} s")
            world.advance(pause["seconds"])
        return number

    with patch.object(RunJournal, "intend", slept):
        yield


def _one_by_one(threads: Threads, work: Callable[[Any], Any], values: Iterable[Any], width: int) -> Iterator[Any]:
    """Call in the order of the plan: which of two calls is first is not for the machine to say."""
    return map(work, values)


def played(scenario: Scenario, folder: Path) -> Played:
    """Play a scenario in an empty folder."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)  # one that comes too late for its run
    try:
        return Lab(json.loads(json.dumps(scenario)), folder).play()
    finally:
        signal.signal(signal.SIGINT, before)


def _kept(number: int, began: datetime, ended: datetime, end: Ended | None, which: str, trouble: str) -> Run:
    if end is None:
        return Run(number, began, ended, None, (), which, trouble=trouble)
    try:
        report = end.report
    except json.JSONDecodeError:
        return Run(number, began, ended, end.code, (), which, trouble=(end.out + end.err)[-400:])
    words: dict[tuple[str, str], tuple[str, str | None]] = {}
    for each in report["outcomes"]:
        operation = next((one for part, one in OPERATIONS.items() if part in each["call"]), None)
        if operation is not None:
            words[each["address"], operation] = each["status"], each["id"]
    told = tuple(Told(address, operation, status, id=id) for (address, operation), (status, id) in words.items())
    told += tuple(_settled(report["diagnostics"]))
    trouble = end.err[-400:] if "Traceback" in end.err else ""
    return Run(number, began, ended, end.code, told, which, frozenset(end.codes), trouble)


def _settled(diagnostics: Iterable[Mapping[str, Any]]) -> Iterator[Told]:
    """Yield what a run says of calls of earlier runs."""
    for each in diagnostics:
        operation = next((one for part, one in OPERATIONS.items() if part in each["message"]), None)
        status = next(
            (one for one in ("applied", "not sent", "rejected") if each["message"].endswith(f": {one}")), None
        )
        if each["code"] == "settled-intent" and operation and status:
            began = datetime.fromisoformat(each["message"].partition(" of run ")[2][:16])
            yield Told(each["address"], operation, f"settled: {status}", began)
