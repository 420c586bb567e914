"""Real processes: a sandbox that is served on a port and outlives its clients, and the command line before it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .scenarios import Scenario

HERE = Path(__file__).parent
CREDENTIALS = {
    "CRITEO_MS_CLIENT_ID": "sandbox-ms",
    "CRITEO_MS_CLIENT_SECRET": "sandbox",
    "CRITEO_RM_CLIENT_ID": "sandbox-rm",
    "CRITEO_RM_CLIENT_SECRET": "sandbox",
}


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

    def command(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """The console script as a process of its own."""
        program = [sys.executable, "-m", "reconciler.cli", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        return subprocess.Popen(program, env=self.environment, cwd=self.folder, **{**pipes, **options})

    def apply(self, *more: str, **options: Any) -> subprocess.Popen[bytes]:
        return self.command("apply", "project", "--auto-approve", "--format", "json", *more, **options)

    def launched(self, number: int = 0, *, then: str = "") -> tuple[int, str, str]:
        """An apply that is killed at that boundary: its exit code, and the two cells of its note."""
        note = self.folder / "note"
        note.unlink(missing_ok=True)
        words = ["apply", "project", "--auto-approve", "--format", "json"]
        rest = ["--then", then, "project", "--detailed-exitcode"] if then else []
        program = [sys.executable, str(HERE / "launcher.py"), str(number), str(note), *words, *rest]
        ended = subprocess.run(program, env=self.environment, cwd=self.folder, capture_output=True, check=False)
        first, _, second = (note.read_text() if note.exists() else ended.stderr.decode()[-500:]).partition("\t")
        return ended.returncode, first, second


@contextmanager
def served(folder: Path, scenario: Scenario, *more: str) -> Iterator[Site]:
    """``reconciler sandbox serve`` with a state file: what it did survives whoever asked for it."""
    folder.mkdir(parents=True, exist_ok=True)
    world = scenario.world()
    world.save(folder / "seed.json")
    scenario.write(folder / "project")
    words = ["sandbox", "serve", "--port", "0", "--state", "state.json", "--seed", "seed.json", *more]
    program = [sys.executable, "-m", "reconciler.cli", *words]
    with subprocess.Popen(program, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip().rpartition("=")[2]
            yield Site(folder, url, world.to_json())
        finally:
            server.send_signal(signal.SIGTERM)
