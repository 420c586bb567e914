"""An apply as a person sees it on a terminal: plan, question, progress, Ctrl-C, and the same once more.

The recording is written anew by ``pytest --update``. The server, and not a clock, says when the key is pressed: it
holds the second write until the interrupt is told.
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from reconciler.sandbox.app import app, listen
from reconciler.sandbox.world import World

from ..support.commands import KEPT
from ..support.follow import same

RECORDING = Path(__file__).parent / "recordings" / "interrupted-apply.txt"
PROJECT = """\
version: 1
scope: {retailMediaAccountIds: ["18446744073709551616"]}
recovery: {lookFor: 1s, settleAfter: 300s}
"""
BLOCK = """\
  {name}:
    accountId: "18446744073709551616"
    name: {title}
    spendType: onsite
    startDate: 2027-01-01
    endDate: 2027-03-31
    deposited: 100.00
"""
ERASE = "\r\x1b[K"
PATIENCE = 120
"""Seconds that a command may take; nothing is measured by it."""


class Held:
    """A world whose writes take long enough to be seen, and whose second one waits for its release."""

    def __init__(self) -> None:
        self.world = World.demo()
        self.writes = 0
        self.second, self.release = threading.Event(), threading.Event()

    def handle(self, request: Any) -> Any:
        response = self.world.handle(request)
        if request.method == "POST" and request.path.endswith("/balances"):
            self.writes += 1
            if self.writes == 2:
                self.second.set()
                self.release.wait(PATIENCE)
            time.sleep(1.2)  # what is quicker shows no progress
        return response


@pytest.fixture
def held() -> Iterator[tuple[Held, str]]:
    held, listening = Held(), listen("127.0.0.1", 0)
    config = uvicorn.Config(app(held), log_level="critical", lifespan="off", date_header=False)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield held, f"http://127.0.0.1:{port(listening)}"
    finally:
        held.release.set()
        server.should_exit = True
        thread.join()


def port(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


Reaction = tuple[Callable[[str], bool], Callable[[int], object]]


def on_terminal(at: Path, url: str, words: str, reactions: Sequence[Reaction]) -> tuple[int, str]:
    """What a command prints on a terminal, and its exit code; each reaction waits for its turn and its condition."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - another process
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(at)
        kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("COVERAGE_")}
        own = {"TERM": "xterm-256color", "COLUMNS": "100", "NO_COLOR": "1", "RECONCILER_API_URL": url}
        secrets = {"CRITEO_RM_CLIENT_ID": "sandbox-rm", "CRITEO_RM_CLIENT_SECRET": "sandbox"}
        os.execve(sys.executable, [sys.executable, "-m", "reconciler.cli", *words.split()], {**kept, **own, **secrets})
    seen, left, ends = b"", list(reactions), time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if left and left[0][0](seen.decode("utf-8", "replace")):
            left.pop(0)[1](terminal)
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            some = os.read(terminal, 65536)
        except OSError:
            break
        if not some:
            break
        seen += some
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert left == []
    return os.waitstatus_to_exitcode(status), seen.decode().replace("\r\n", "\n")


def shown(text: str) -> str:
    """What stands on the terminal, with the last state of the progress before anything else is printed."""
    kept = []
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n"):
        *drawn, last = line.split(ERASE)
        progress = [each for each in drawn if each.startswith("sending")]
        kept += [progress[-1]] if progress else []
        kept.append(last)
    text = re.sub(r"\d+ % used", "N % used", "\n".join(kept))
    text = re.sub(r"about \d+ (s|min) left", "about N s left", text)
    return same(re.sub(r" took \S+ s", "", text))


def test_an_apply_that_is_interrupted_and_applied_again(
    held: tuple[Held, str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    world, url = held
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    blocks = (BLOCK.format(name=f"q{number}", title=title) for number, title in enumerate(TITLES, 1))
    (tmp_path / "balances.yaml").write_text("balances:\n" + "".join(blocks))
    yes: Reaction = (lambda seen: "Enter a value" in seen, lambda terminal: os.write(terminal, b"yes\n"))
    interrupt: Reaction = (
        lambda seen: world.second.is_set() and "1 of 4 items" in seen,
        lambda terminal: os.write(terminal, b"\x03"),
    )
    told: Reaction = (lambda seen: "Finishing requests in flight" in seen, lambda terminal: world.release.set())

    said, codes = "", []
    for words, reactions in (
        ("plan", []),
        ("apply", [yes, interrupt, told]),
        ("apply", [yes]),
        ("plan --detailed-exitcode", []),
    ):
        code, printed = on_terminal(tmp_path, url, words, reactions)
        codes.append(code)
        said += f"$ reconciler {words}\n{shown(printed)}[exit code {code}]\n\n"

    if pytestconfig.getoption("--update"):
        RECORDING.write_text(said, encoding="utf-8")
    assert said == RECORDING.read_text(encoding="utf-8")
    assert codes == [0, 130, 0, 0]
    assert world.writes == 4  # each balance was created once


TITLES = ("Spring", "Summer", "Autumn", "Winter")
