"""Follows a page to the letter: writes the files that it shows, types its commands into a shell, hears what they say.

``python tests/support/follow.py PAGE [BIN]`` does it in an empty folder, with the programs of
``BIN`` first: those of a clean
virtual environment, for example. In a page, a block of YAML whose first line names a file is that file; a diff changes
a line of it; in a ``console`` block what follows a ``$ command`` is what it says. A line ``…`` there stands for any
lines.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"```(yaml|diff|console)\n(.*?)```", re.DOTALL)
NAMED = re.compile(r"# (\S+)\n")
PORT = "8765"
END = "-- the end of"
PATIENCE = 60
"""Seconds that a command may take; nothing is measured by it."""
KEPT = ("HOME", "LANG", "PYTHONPATH", "TEST_CLOCK_AHEAD", "TZ")
"""What the shell of a page has of our environment: the clock of the tests, too (see tests/support/clocks.py)."""
VARYING = (
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4,}"), "RUN"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?"), "MOMENT"),
    (re.compile(r"sha256:[0-9a-f]{12,}"), "DIGEST"),
    (re.compile(r"\S+@\S+$", re.MULTILINE), "SOMEBODY"),
)
ENDED = re.compile(r"^\S*bash: line \d+: +\d+ (Killed|Terminated).*\n", re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """A command of a page, what it is to say, and what it said."""

    command: str
    wanted: str
    said: str

    @property
    def differs(self) -> bool:
        parts = [re.escape(part) for part in re.split(r"^…\n", same(self.wanted), flags=re.MULTILINE)]
        return re.fullmatch("(?:.*\n)*?".join(parts), same(self.said)) is None


def same(text: str) -> str:
    """Without what is different each time: runs, moments, digest."""
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def follow(page: str, folder: Path, programs: str = "") -> Iterator[Step]:
    """Every command of the page with what it said."""
    path = os.pathsep.join([programs, os.environ["PATH"]]) if programs else os.environ["PATH"]
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
    port = _free()
    shell = _Shell(folder, {**kept, "PATH": path, "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"})
    try:
        for form, text in BLOCK.findall(page):
            if form == "console":
                for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                    command, _, wanted = step.partition("\n")
                    said = shell.said(command.replace(PORT, port))
                    yield Step(command, wanted, said.replace(f":{port}", f":{PORT}"))
            elif form == "diff":
                _change(folder, text)
            elif named := NAMED.match(text):
                file = folder / named[1]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    finally:
        shell.close()


class _Shell:
    """One shell for the whole page: what it exports and starts in the background stays."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )

    def said(self, command: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watch = threading.Timer(PATIENCE, self._kill)
        watch.start()
        self._process.stdin.write(f"{command}\necho '{END}' 'it'\n")
        self._process.stdin.flush()
        said = ""
        for line in self._process.stdout:
            said += line
            if said.endswith(f"{END} it\n"):
                watch.cancel()
                return ENDED.sub("", said.removesuffix(f"{END} it\n"))
        raise AssertionError(f"{command} did not end within {PATIENCE} seconds: {said}")

    def close(self) -> None:
        """What the page started in the background ends with it."""
        self._kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def _change(folder: Path, diff: str) -> None:
    name, _, lines = diff.removeprefix("--- ").partition("\n")
    old, new = ([line[1:] + "\n" for line in lines.splitlines() if line[:1] == sign] for sign in "-+")
    before = (folder / name).read_text(encoding="utf-8")
    assert before.count("".join(old)) == 1, f"{name} does not hold {''.join(old)!r} once"
    (folder / name).write_text(before.replace("".join(old), "".join(new)), encoding="utf-8")


def _free() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def updated(page: str, steps: Iterable[Step]) -> str:
    """The page with what its commands said."""
    done, rest = "", page
    for step in steps:
        before, command, after = rest.partition(f"$ {step.command}\n{step.wanted}")
        assert command, step.command
        done += before + (f"$ {step.command}\n{step.said}" if step.differs else command)
        rest = after
    return done + rest


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as empty:
        differing = 0
        for each in follow(Path(sys.argv[1]).read_text(encoding="utf-8"), Path(empty), "".join(sys.argv[2:3])):
            sys.stdout.write(f"{'DIFFERS' if each.differs else 'as told'}  $ {each.command}\n")
            if each.differs:
                sys.stdout.write(f"--- told\n{each.wanted}--- said\n{each.said}")
                differing += 1
    sys.exit(min(differing, 1))
