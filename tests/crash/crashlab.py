"""Kills by the thousand: at each boundary the process forks, and the child is what is left after a kill.

The child sees the effects that the world has, and the ledger's files as they are on the disk at that moment. It
runs the command again with nothing else in its hands, and the laws are judged: one run of a plan tries them all.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler import ledger
from reconciler.sandbox.message import Request, Response

from . import boundaries, laws
from .inside import Desk
from .scenarios import Scenario

ROUNDS = 4
"""How often the command may be run again until it says that it is done."""
SETTLE = 30 * 60
"""Seconds after which a run may take for absent what no read shows."""


@dataclass(frozen=True)
class Row:
    """One kill and what came of it."""

    boundary: str
    operation: str
    kept: bool
    """Whether the ledger was there for the next run."""
    depth: int = 1
    """2: the run after the kill was killed as well."""
    rounds: int = 0
    asked: bool = False
    violations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Goal:
    """What an undisturbed run does: the measure for all others."""

    before: Mapping[str, Any]
    approved: frozenset[str]
    deposits: Mapping[str, Decimal]


def undisturbed(scenario: Scenario, folder: Path) -> Goal:
    """Run the plan to its end, and keep what it sent."""
    world = scenario.world()
    before = world.to_json() | {"balances": dict(world.state.collections["balances"])}
    before = {name: dict(rows) if isinstance(rows, dict) else rows for name, rows in before.items()}
    desk = Desk(scenario.write(folder / "project"), world)
    ended = desk.apply()
    assert ended.code == 0, ended.out + ended.err
    assert desk.plan().code == 0
    after = world.to_json()
    sent = laws.sent_funds(after)
    return Goal(before, laws.facts(after), {id: sum(deltas, Decimal(0)) for id, deltas in sent.items()})


class Lab:
    """One scenario, all its boundaries. Of the first kills one in ``first`` is tried, of the second in ``every``.

    With ``distinct``, a moment counts only if the files and the account differ from those of all moments before: the
    run after a kill has nothing else, and a ledger that works in memory passes many moments between two writes.
    """

    def __init__(
        self,
        scenario: Scenario,
        folder: Path,
        *,
        keep: bool,
        depth: int = 1,
        first: int = 1,
        every: int = 1,
        distinct: bool = False,
    ) -> None:
        self.scenario, self.folder = scenario, folder
        self.keep, self.depth, self.first, self.every = keep, depth, first, every
        self.goal = undisturbed(scenario, folder / "goal")
        self.level, self.met, self.quiet = 1, 0, False
        self.distinct, self.left = distinct, set[bytes]()
        self.results = folder / "results"
        self.world = scenario.world()
        self.at = ("", "")
        self.desk = Desk(scenario.write(folder / "0" / "project"), self.world, self._handle)

    def explore(self) -> list[Row]:
        """Every kill of this scenario. In a child of its own, since the boundaries stay wrapped."""
        self.results.touch()
        if child := os.fork():
            os.waitpid(child, 0)
            lines = self.results.read_text().splitlines()
            return [Row(**{**row, "violations": tuple(row["violations"])}) for row in map(json.loads, lines)]
        _never_returning(self._explored)
        raise AssertionError

    def _explored(self) -> None:
        boundaries.install(self._point)
        gc.collect()
        gc.freeze()  # what is shared with the children stays shared
        gc.disable()
        ended = self.desk.apply()
        if ended.code != 0:
            self._write(Row("none", "undisturbed", True, violations=(ended.out[-500:],)))

    def _handle(self, request: Request) -> Response:
        with boundaries.still.all:
            response = self.world.handle(request)
        if not request.path.endswith("/token"):
            boundaries.answered(self._point)
        return response

    def _point(self, boundary: str, operation: str) -> None:
        if self.quiet:
            return
        with boundaries.still.all:  # else another thread would go on between what is copied and what is forked
            if self.distinct and not self._differs():
                return
            self.met += 1
            if self.met % (self.every if self.level > 1 else self.first):
                return
            old, new = self.desk.folder.parent, self.folder / f"{os.getpid()}-{self.met}"
            self._copied(old, new)
            child = os.fork()
        if child:
            os.waitpid(child, 0)
            shutil.rmtree(new, ignore_errors=True)
            return
        _never_returning(lambda: self._after_the_kill(boundary, operation, new))

    def _differs(self) -> bool:
        """Return True if no moment before left the same files and the same account."""
        files = [(file.name, file.read_bytes()) for file in self._files(self.desk.folder.parent)]
        state = hashlib.sha256(repr((files, json.dumps(self.world.to_json(), default=str))).encode()).digest()
        known = state in self.left
        self.left.add(state)
        return not known

    def _files(self, folder: Path) -> list[Path]:
        """Return the files of the ledger that the next run will find."""
        found = sorted(folder.glob("state.ledger*")) if self.keep else []
        return [file for file in found if file.suffix not in (".lock", ".holder")]

    def _copied(self, old: Path, new: Path) -> None:
        """What a kill leaves on the disk."""
        new.mkdir()
        for file in self._files(old):
            shutil.copy2(file, new / file.name)
        shutil.copytree(old / "project", new / "project")

    def _after_the_kill(self, boundary: str, operation: str, new: Path) -> None:
        """In the child: nothing but the disk and the world is left."""
        self.quiet = self.level >= self.depth
        self.world._lock, boundaries.still.all = threading.RLock(), threading.RLock()
        self.at = self.at if self.level > 1 else (boundary, operation)
        self.level, self.met, self.left = self.level + 1, os.getpid() % self.every, set()
        self.desk = Desk(new / "project", self.world, self._handle)
        self._write(self._again(boundary, operation))

    def _again(self, boundary: str, operation: str) -> Row:
        asked, wrong = False, []
        for rounds in range(1, ROUNDS + 1):
            ended = self.desk.apply()
            if ended.code == 6 and rounds == 1:
                self.world.advance(SETTLE)  # what is held is settled by the first run after that
            elif ended.code == 6:
                asked = True
                self._decide()
            elif ended.code == 0:
                break
            else:
                said = [(each["code"], each["message"]) for each in ended.report["diagnostics"]]
                wrong.append(f"round {rounds} ended with {ended.code}: {said} {ended.err[-300:]}")
                break
        self.quiet = True
        after = self.world.to_json()
        wrong += laws.broken(self.goal.before, after, self.goal.approved, self.goal.deposits)
        if not wrong:
            wrong += laws.not_reached(self.goal.before, after, self.goal.deposits)
            last = self.desk.plan()
            wrong += [f"the next plan is not empty: {last.out}"] if last.code else []
            self.world.advance(SETTLE)  # an absolute write may land until then, and its intent is open as long
            self.desk.apply()
            wrong += [f"left open: {each.call.name}" for each in self._open()]
        label = (boundary, operation) if self.level == 2 else self.at
        return Row(*label, self.keep, self.level - 1, rounds, asked, tuple(wrong))

    def _decide(self) -> None:
        """As a person would: look at the account, and say what is there."""
        funded = laws.sent_funds(self.world.to_json())
        for intent in self._open():
            applied = any(item.id in funded for item in intent.call.items)
            self.desk.resolve(intent.run, intent.call.name, applied)

    def _open(self) -> tuple[Any, ...]:
        url = f"sqlite:{self.desk.ledger}"
        book = ledger.open(url, self.desk.folder, create=False)
        try:
            return book.open_intents()
        finally:
            book.close()

    def _write(self, row: Row) -> None:
        with self.results.open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def _never_returning(work: Callable[[], None]) -> None:
    """The rest of a forked process: no handler, no lock and no buffer of its parent is touched at its end."""
    try:
        work()
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)
