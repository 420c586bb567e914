"""A command on a real terminal: what it prints there, and what a person types meanwhile."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from . import warm
from .commands import Ended, kept_environment

PATIENCE = 120
"""Seconds that a command may take; nothing is measured by it."""
AGAIN = 5
"""Seconds after which a person who sees nothing happen presses a key again."""
Type = Callable[[str], None]
Person = Callable[[str, Type], object]
"""Who sits before the terminal: gets all that was printed so far, several times a second, and a way to type."""


def watches(seen: str, press: Type) -> None:
    """Type nothing."""


class Answers:
    """A person who types an answer to the question of `apply`.

    A key that comes between the prompt and the read of its answer is seen with the next key only, so it is typed
    again when nothing happens.
    """

    def __init__(self, answer: str) -> None:
        self._answer = answer
        self._pressed = float("-inf")

    def __call__(self, seen: str, press: Type) -> None:
        if "Enter a value" in seen and time.monotonic() > self._pressed + AGAIN:
            self._pressed = time.monotonic()
            press(self._answer)


def on_terminal(*args: str, at: Path, env: Mapping[str, str] | None = None, person: Person = watches) -> Ended:
    """Run a command on a terminal of its own, with a person before it; lines of the terminal end with CR and LF."""
    ours, theirs = pty.openpty()
    try:
        command = _start(args, at, kept_environment() | {"TERM": "xterm-256color"} | dict(env or {}), theirs)
    finally:
        os.close(theirs)

    def press(text: str) -> None:
        with suppress(OSError):  # the command may have ended meanwhile
            os.write(ours, text.encode())

    seen, until = b"", time.monotonic() + PATIENCE
    while time.monotonic() < until:
        person(seen.decode("utf-8", "replace"), press)
        if not select.select([ours], [], [], 0.05)[0]:
            continue
        try:
            seen += os.read(ours, 65536)
        except OSError:  # the last process before the terminal has ended
            break
    os.close(ours)
    return Ended(command.wait(), seen.decode(), "")


def _start(args: Sequence[str], at: Path, env: Mapping[str, str], terminal: int) -> warm.Warm | subprocess.Popen[bytes]:
    """Start a command whose three streams are the terminal, and which a Ctrl-C there interrupts."""
    if warm.can_start(env):
        return warm.start(args, at, env, [terminal] * 3, terminal=True)

    def begin() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may have ignored it

    program = [sys.executable, "-m", "reconciler.cli", *args]
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    return subprocess.Popen(program, cwd=at, env=env, **streams, start_new_session=True, preexec_fn=begin)
