"""The command line as a user has it: a process of its own, with its own environment, and no network of ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import warm
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
    given = kept_environment() | dict(env or {})
    with tempfile.TemporaryFile() as asked, ThreadPoolExecutor(2) as readers:
        asked.write(stdin.encode())
        asked.seek(0)
        pipes = [os.pipe() for _ in range(2)]
        told = [readers.submit(_text, end) for end, _ in pipes]
        code = _run(args, at, given, [asked.fileno(), *(begin for _, begin in pipes)])
        return Ended(code, *(each.result() for each in told))


def kept_environment() -> dict[str, str]:
    """Return what a process needs of our own environment, and the width of what it prints."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
    return kept | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}


def _text(end: int) -> str:
    with open(end, encoding="utf-8") as file:
        return file.read()


def _run(args: Sequence[str], at: Path, env: Mapping[str, str], streams: Sequence[int]) -> int:
    """Run a command with these streams to its end, of which the two outputs are closed here."""
    stdin, stdout, stderr = streams
    try:
        if warm.can_start(env):
            command: warm.Warm | subprocess.Popen[bytes] = warm.start(args, at, env, streams)
        else:
            program = [sys.executable, "-m", "reconciler.cli", *args]
            command = subprocess.Popen(program, cwd=at, env=env, stdin=stdin, stdout=stdout, stderr=stderr)
    finally:
        os.close(stdout)
        os.close(stderr)
    return command.wait()


@contextmanager
def serving(words: Sequence[str], at: Path) -> Iterator[str]:
    """``reconciler sandbox serve …`` while it is needed: the address that it tells first. It is killed at the end."""
    end, begin = os.pipe()
    with open(end) as told, Path(os.devnull).open("r+b") as nothing:
        if warm.can_start(os.environ):
            server: warm.Warm | subprocess.Popen[bytes] = warm.start(
                words, at, os.environ, [nothing.fileno(), begin, nothing.fileno()]
            )
        else:
            program = [sys.executable, "-m", "reconciler.cli", *words]
            server = subprocess.Popen(program, cwd=at, stdout=begin, stderr=nothing, stdin=nothing)
        os.close(begin)
        try:
            yield next(line for line in told if "RECONCILER_API_URL=" in line).strip().rpartition("=")[2]
        finally:
            server.kill()  # at once: it may be asked to answer slowly
            server.wait()


def project(folder: Path, files: Mapping[str, str], head: str = PROJECT) -> Path:
    """A project folder with these files."""
    for name, text in ({"reconciler.yaml": head} | dict(files)).items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
