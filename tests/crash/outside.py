"""Real processes: a sandbox that is served on a port and outlives its clients, and the command line before it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ..support import warm
from ..support.commands import serving
from .scenarios import Scenario

SETTLE = 300
"""Seconds after which a run may take for absent what no read shows: the least that a project may write."""
HERE = Path(__file__).parent
CREDENTIALS = {
    "CRITEO_MS_CLIENT_ID": "sandbox-ms",
    "CRITEO_MS_CLIENT_SECRET": "sandbox",
    "CRITEO_RM_CLIENT_ID": "sandbox-rm",
    "CRITEO_RM_CLIENT_SECRET": "sandbox",
}


@dataclass
class Running:
    """A process with its output in files: one that waits for its reader would hold its lock meanwhile."""

    process: subprocess.Popen[bytes] | warm.Warm
    out: IO[bytes]
    err: IO[bytes]

    @property
    def returncode(self) -> int:
        return int(self.process.returncode)

    def communicate(self) -> tuple[bytes, bytes]:
        """Wait for its end; what it wrote."""
        self.process.wait()
        texts = []
        for file in (self.out, self.err):
            with file:
                file.seek(0)
                texts.append(file.read())
        return texts[0], texts[1]

    def send_signal(self, number: int) -> None:
        self.process.send_signal(number)


@dataclass
class Site:
    """A project, the served sandbox, and the way to run commands between them."""

    folder: Path
    url: str
    start: Mapping[str, Any]
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **CREDENTIALS, "RECONCILER_API_URL": self.url, **self.more}

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def use(self, ledger: str) -> None:
        """Another ledger for the project than the file that it has by itself."""
        with (self.project / "reconciler.yaml").open("a") as file:
            file.write(f"name: site\nledger: {ledger}\n")

    def control(self, method: str, what: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body, default=float).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{what}", data=data, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def state(self) -> Any:
        from reconciler.sandbox.encoding import decode

        with urllib.request.urlopen(f"{self.url}/_sandbox/state") as answer:
            return decode(answer.read())

    def reset(self) -> None:
        """As it was at the start, and no ledger."""
        from reconciler.sandbox.encoding import encode

        body = encode(dict(self.start))
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/_sandbox/state", data=body, method="PUT")).close()
        self.forget()

    def forget(self) -> None:
        shutil.rmtree(self.project / ".reconciler", ignore_errors=True)

    def command(self, *words: str, **options: Any) -> Running:
        """The console script as a process of its own."""
        out, err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - whoever reads them closes them
        with Path(os.devnull).open("rb") as nothing:
            if not options and warm.can_start(self.environment):
                streams = [each.fileno() for each in (nothing, out, err)]
                return Running(warm.start(words, self.folder, self.environment, streams), out, err)
            program = [sys.executable, "-m", "reconciler.cli", *words]
            given = {"stdin": nothing, "stdout": out, "stderr": err, "env": self.environment, "cwd": self.folder}
            return Running(subprocess.Popen(program, **given, **options), out, err)

    def apply(self, *more: str, **options: Any) -> Running:
        return self.command("apply", "project", "--auto-approve", "--format", "json", *more, **options)

    def launched(self, number: int = 0, *, then: str = "") -> tuple[int, str, str]:
        """An apply that is killed at that boundary: its exit code, and the two cells of its note."""
        note = self.folder / "note"
        note.unlink(missing_ok=True)
        words = ["apply", "project", "--auto-approve", "--format", "json"]
        rest = ["--then", then, "project", "--detailed-exitcode"] if then else []
        code, said = self._launch([str(number), str(note), *words, *rest])
        first, _, second = (note.read_text() if note.exists() else said[-500:]).partition("\t")
        return code, first, second

    def _launch(self, words: Sequence[str]) -> tuple[int, str]:
        """Run the launcher; its exit code, and what it wrote to stderr."""
        script = HERE / "launcher.py"
        with tempfile.TemporaryFile() as said, Path(os.devnull).open("r+b") as nothing:
            if warm.can_start(self.environment):
                streams = [nothing.fileno(), nothing.fileno(), said.fileno()]
                code = warm.start(words, self.folder, self.environment, streams, script=script).wait()
            else:
                program = [sys.executable, str(script), *words]
                given = {"stdin": nothing, "stdout": nothing, "stderr": said}
                ended = subprocess.run(program, env=self.environment, cwd=self.folder, check=False, **given)
                code = ended.returncode
            said.seek(0)
            return code, said.read().decode()

    def ended(self) -> tuple[int, str, str]:
        """The next apply and a plan after it; what is held is settled by a run after `settleAfter`."""
        said = self.launched(then="plan")
        if said[0] != 6:
            return said
        self.control("POST", "clock", {"advance": 2 * SETTLE})
        return self.launched(then="plan")


@contextmanager
def served(folder: Path, scenario: Scenario, *more: str) -> Iterator[Site]:
    """``reconciler sandbox serve`` with a state file: what it did survives whoever asked for it."""
    folder.mkdir(parents=True, exist_ok=True)
    world = scenario.world()
    world.save(folder / "seed.json")
    with (scenario.write(folder / "project") / "reconciler.yaml").open("a") as file:
        file.write(f"recovery: {{lookFor: 1s, settleAfter: {SETTLE}s}}\n")
    words = ["sandbox", "serve", "--port", "0", "--state", "state.json", "--seed", "seed.json", *more]
    with serving(words, folder) as url:
        yield Site(folder, url, world.to_json())
