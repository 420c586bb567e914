"""A process that has imported the whole program, and forks a child for each command: ``warm_server.py FD``.

A command in a fresh interpreter spends most of its time on imports. The child of a fork has the same file descriptors,
environment, folder, signals and exit code as such a process, and none of what an earlier command did.

On the socket FD come requests with the three streams of the command; the answer to each goes to a fourth descriptor,
a socket of its own: the number of the process, then how it ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import termios
import threading
import time
import traceback
from typing import Any, NoReturn

LARGEST = 1 << 20
LAZY = ("deepdiff", "httpx", "iso4217", "jsonschema", "openpyxl", "psycopg", "uvicorn", "uvicorn.logging")
"""Libraries that commands import where they need them, and their own late imports."""


def main(descriptor: int) -> None:
    """Answer requests until the other side goes away."""
    _import_everything()
    _fill_caches()
    gc.collect()
    gc.freeze()  # what is shared with the children stays shared
    requests = socket.socket(fileno=descriptor)
    waiting: dict[int, socket.socket] = {}
    wake, woken = socket.socketpair()
    wake.setblocking(False)
    woken.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(woken.fileno())
    with selectors.DefaultSelector() as events:
        events.register(requests, selectors.EVENT_READ)
        events.register(wake, selectors.EVENT_READ)
        while True:
            for key, _ in events.select():
                if key.fileobj is wake:
                    with contextlib.suppress(BlockingIOError):
                        wake.recv(4096)
                    _report_ended(waiting)
                elif not _begin(requests, waiting):
                    return


def _import_everything() -> None:
    import reconciler

    ours = [each.name for each in pkgutil.walk_packages(reconciler.__path__, "reconciler.")]
    for name in (*ours, *LAZY):
        with contextlib.suppress(ImportError):  # a command that needs it fails by itself, as in a process of its own
            if not name.endswith("__main__"):
                importlib.import_module(name)


def _fill_caches() -> None:
    """Run a project through the program once: what is kept of the program's own tables is the same for each command."""
    from reconciler.cli import main as command

    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:
        for words in (
            ["init", folder],
            ["plan", folder, "--sandbox"],
            ["apply", folder, "--sandbox", "--auto-approve"],
        ):
            streams = contextlib.redirect_stdout(nothing), contextlib.redirect_stderr(nothing)
            with streams[0], streams[1], contextlib.suppress(SystemExit):
                command(words)
    assert threading.active_count() == 1, "a process with threads cannot be forked safely"


def _begin(requests: socket.socket, waiting: dict[int, socket.socket]) -> bool:
    """Fork the command of the next request; return False at the end of all requests."""
    text, passed, _, _ = socket.recv_fds(requests, LARGEST, 4)
    if not text:
        return False
    answer = socket.socket(fileno=passed[3])
    child = os.fork()
    if child == 0:
        _run(json.loads(text), passed[:3])
    for descriptor in passed[:3]:
        os.close(descriptor)
    waiting[child] = answer
    answer.sendall(f"{child}\n".encode())
    return True


def _report_ended(waiting: dict[int, socket.socket]) -> None:
    while waiting:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        with waiting.pop(child) as answer, contextlib.suppress(OSError):
            answer.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(wanted: dict[str, Any], streams: list[int]) -> NoReturn:
    """Become the command: its streams, folder, environment and words."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        os.closerange(3, 256)
        if wanted["terminal"]:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(wanted["cwd"])
        os.environ.clear()
        os.environ.update(wanted["env"])
        time.tzset()
        _open_streams(wanted["env"])
        sys.argv = [wanted["script"] or "reconciler", *wanted["args"]]
        gc.unfreeze()
        if wanted["first"]:
            runpy.run_path(wanted["first"]["script"], {"given": wanted["first"]["given"]})
        if wanted["script"]:
            runpy.run_path(wanted["script"], run_name="__main__")
        else:
            runpy.run_module("reconciler.cli", run_name="__main__")
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _open_streams(env: dict[str, str]) -> None:
    """Open the streams as an interpreter does at its start."""
    name, _, errors = env.get("PYTHONIOENCODING", "utf-8").partition(":")
    now = bool(env.get("PYTHONUNBUFFERED"))
    for number, mode, kind in ((0, "rb", "stdin"), (1, "wb", "stdout"), (2, "wb", "stderr")):
        raw = open(number, mode, buffering=0 if now and number else -1, closefd=False)  # noqa: SIM115 - open until the end of the process
        late = "backslashreplace" if number == 2 else errors or "strict"
        stream = io.TextIOWrapper(
            raw, name or "utf-8", late, line_buffering=number == 2 or raw.isatty(), write_through=now
        )
        setattr(sys, kind, stream)
        setattr(sys, f"__{kind}__", stream)


if __name__ == "__main__":
    main(int(sys.argv[1]))
