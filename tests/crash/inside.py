"""The real command line in this process, before a simulated API and a simulated clock: nothing ever waits."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler import cli
from reconciler.commands import connection
from reconciler.provider.http import Api, Settings
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

Handle = Callable[[Request], Response]


@dataclass
class Clock:
    """Time that passes only when somebody sleeps, in the world too."""

    world: World
    waited: float = 0.0
    skew: float = 0.0
    """Seconds by which this machine's clock is ahead of the server's."""

    def time(self) -> float:
        return self.world.now.timestamp() + self.skew

    def monotonic(self) -> float:
        return self.world.now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self.world.advance(seconds)


@dataclass(frozen=True)
class Ended:
    """A command that is over. ``report`` is its JSON, if that was asked for."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def statuses(self) -> list[str]:
        return [each["status"] for each in self.report["outcomes"]]

    @property
    def codes(self) -> set[str]:
        """The codes of all that the report says is wrong."""
        said = [*self.report["diagnostics"], *(one for each in self.report["outcomes"] for one in each["diagnostics"])]
        return {each["code"] for each in said}


@dataclass
class Desk:
    """A project, a world, and the command line between them."""

    folder: Path
    world: World
    handle: Handle | None = None
    settings: Settings = field(default_factory=lambda: Settings(base_url="http://localhost"))
    host: str = "here"
    pid: int = 1
    skew: float = 0.0

    @property
    def ledger(self) -> Path:
        return self.folder.parent / "state.ledger"

    def apply(self, *more: str) -> Ended:
        return self.run("apply", str(self.folder), "--auto-approve", "--format", "json", *more)

    def plan(self, *more: str) -> Ended:
        return self.run("plan", str(self.folder), "--format", "json", "--detailed-exitcode", *more)

    def resolve(self, run: str, call: str, applied: bool, *more: str) -> Ended:
        verdict = ("--applied",) if applied else ("--not-applied", "--certain")
        return self.run("resolve", run, call, *verdict, "--because", "seen", "--project", str(self.folder), *more)

    def run(self, *words: str) -> Ended:
        """The command with these words, before this world."""
        out, err = io.StringIO(), io.StringIO()
        code: Any = None
        with self._simulated(), redirect_stdout(out), redirect_stderr(err):
            try:
                cli.main([*words, "--sandbox", str(self.folder.parent / "state")])
            except SystemExit as ended:
                code = ended.code
        return Ended(int(code or 0), out.getvalue(), err.getvalue())

    @contextmanager
    def _simulated(self) -> Iterator[None]:
        simulated_clock = Clock(self.world, skew=self.skew)

        def simulated(state: Path, tell: Any, clock: Any = None) -> Api:
            handle = self.handle or self.world.handle
            return Api(
                connection.SANDBOX_CREDENTIALS, self.settings, handle=handle, request=Request, clock=simulated_clock
            )

        holder = connection.Holder("tester", self.host, self.pid, datetime(2026, 11, 21, tzinfo=UTC))
        with (
            patch.object(connection, "connect_sandbox", simulated),
            patch.object(connection, "git_commit", lambda folder: None),
            patch.object(connection, "lock_holder", lambda: holder),
        ):
            yield
