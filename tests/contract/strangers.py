"""The vendor's own SDKs as strangers' clients: scripts in an environment of their own, against a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(__file__).parent / "sdk"
SERVER = (
    "from reconciler.sandbox.app import serve; from reconciler.sandbox.world import World; "
    "serve(World.demo(running=False), on_ready=lambda url: print(url, flush=True))"
)


@dataclass(frozen=True)
class Visit:
    """What a script said, which calls the server saw of it, and what it holds since."""

    code: int
    output: str
    calls: list[dict[str, Any]]
    state: dict[str, Any]

    @property
    def operations(self) -> list[tuple[str, int]]:
        """Verb and status of each call but those for a token."""
        return [(call["method"], call["status"]) for call in self.calls if call["path"] != "/oauth2/token"]


def visit(script: str) -> Visit:
    """Run one script against a fresh demo server. Skips the test where the SDKs are not installed."""
    interpreter = python_of_sdk()
    with server() as url:
        ran = subprocess.run(
            [interpreter, str(SCRIPTS / script), url], capture_output=True, text=True, timeout=120, check=False
        )
        calls, state = (json.loads(urlopen(f"{url}/_sandbox/{what}").read()) for what in ("calls", "state"))
    return Visit(ran.returncode, ran.stdout + ran.stderr, calls, state)


def python_of_sdk() -> str:
    """The interpreter that has the SDKs."""
    path = Path(os.environ.get("RECONCILER_SDK_PYTHON", ROOT / ".venv-sdk" / "bin" / "python"))
    if path.exists():
        return str(path)
    text = f"no interpreter with the official SDKs at {path}: make one, or name it in RECONCILER_SDK_PYTHON"
    if os.environ.get("RECONCILER_REQUIRE_SDK") == "1":
        pytest.fail(text)
    pytest.skip(text)


@contextmanager
def server() -> Iterator[str]:
    """A sandbox in a process of its own, on a free port."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
