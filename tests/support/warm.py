"""Commands as processes of their own without the price of their imports, see ``warm_server.py``."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .clocks import AHEAD

SERVER = Path(__file__).with_name("warm_server.py")
ROOT = SERVER.parents[2]
SHARED = ("PYTHONIOENCODING", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
"""Settings of Python that a child can take over, or that are the same in all processes of a suite."""


class Warm:
    """A command that runs: what is needed of ``subprocess.Popen``."""

    def __init__(self, answer: socket.socket) -> None:
        self._answer = answer.makefile("r")
        answer.close()
        begun = self._answer.readline()
        if not begun:
            self._answer.close()
            raise RuntimeError("the process that forks the commands has ended; what it wrote to stderr says why")
        self.pid = int(begun)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code if it has ended."""
        if self.returncode is None:
            answer = select.poll()  # a number above 1,023 is too large for select
            answer.register(self._answer, select.POLLIN | select.POLLHUP)
            if answer.poll(0):
                self.wait()
        return self.returncode

    def wait(self) -> int:
        """Wait for its end; its exit code, negative after a signal."""
        if self.returncode is None:
            with self._answer:
                self.returncode = int(self._answer.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Server:
    """The process that forks them: one for each process of the suite."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = [sys.executable, str(SERVER), str(theirs.fileno())]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        }
        self._process = subprocess.Popen(program, pass_fds=[theirs.fileno()], env=environment, stdin=subprocess.DEVNULL)
        theirs.close()

    def start(self, wanted: Mapping[str, Any], streams: Sequence[int]) -> Warm:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._requests, [json.dumps(wanted).encode()], [*streams, theirs.fileno()])
        return Warm(ours)

    def stop(self) -> None:
        self._requests.close()
        self._process.wait()


_SERVERS: dict[int, Server] = {}
"""The server of this process; a forked child needs one of its own, or takes over that of its parent."""
first: dict[str, Any] = {}
"""What each command runs before it begins: ``script``, and ``given``, a value for it. It puts mutants in place."""


def take_over() -> None:
    """Use the server of the parent process, which waits until this process has ended and starts nothing meanwhile."""
    _SERVERS[os.getpid()] = _SERVERS[os.getppid()]


def begin() -> None:
    """Start the server of this process, so that children of it can take it over."""
    server = _SERVERS[os.getpid()] = Server()
    atexit.register(server.stop)


def can_start(env: Mapping[str, str]) -> bool:
    """Return True if a fork is as good as a process: not with another clock, Python setting, or under measurement."""
    special = [name for name in env if name.startswith("PYTHON") and name not in SHARED]
    return not special and AHEAD not in env and not any(name.startswith("COVERAGE_") for name in os.environ)


def start(
    args: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    streams: Sequence[int],
    *,
    script: Path | None = None,
    terminal: bool = False,
) -> Warm:
    """Start ``reconciler ARGS`` in a folder, with exactly this environment and these streams; or a script instead.

    Where the streams are a terminal, it becomes the one of the command, whose keys send it signals.
    """
    if os.getpid() not in _SERVERS:
        begin()
    wanted = {"args": list(args), "cwd": str(cwd), "env": dict(env), "script": script and str(script)}
    return _SERVERS[os.getpid()].start({**wanted, "terminal": terminal, "first": first}, streams)
