"""The command line as a user has it: a process of its own, with its own environment, and no network of ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .clocks import INHERITED

PROJECT = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
CREDENTIALS = {"CRITEO_MS_CLIENT_ID": "sandbox-ms", "CRITEO_MS_CLIENT_SECRET": "sandbox"}
KEPT = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", *INHERITED)
NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: a test that must not call anybody would be seen to wait, and fail."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


def reconciler(*args: str, at: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Ended:
    """Run a command in a folder, with nothing of our own environment but what a process needs."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler.cli", *args],
        cwd=at,
        env=kept | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "200"} | dict(env or {}),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def project(folder: Path, files: Mapping[str, str], head: str = PROJECT) -> Path:
    """A project folder with these files."""
    for name, text in ({"reconciler.yaml": head} | dict(files)).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
