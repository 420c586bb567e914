"""An apply as a person sees it on a terminal: plan, question, progress, Ctrl-C, and the same once more.

``pytest --update`` rewrites the recording. The server, and not a clock, says when the key is pressed: it
holds the second write until the interrupt is told.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from reconciler.sandbox.app import app, listen
from reconciler.sandbox.world import World

from ..support.follow import same
from ..support.terminal import PATIENCE, Type, on_terminal

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
SETTINGS = {
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "CRITEO_RM_CLIENT_ID": "sandbox-rm",
    "CRITEO_RM_CLIENT_SECRET": "sandbox",
}


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


Reaction = tuple[Callable[[str], bool], Callable[[Type], object]]


class Reacts:
    """A person whose every deed waits for its turn and its condition."""

    def __init__(self, reactions: Sequence[Reaction]) -> None:
        self.left = list(reactions)

    def __call__(self, seen: str, press: Type) -> None:
        if self.left and self.left[0][0](seen):
            self.left.pop(0)[1](press)


def shown(text: str) -> str:
    """What stands on the terminal, with the last state of the progress before anything else is printed."""
    kept = []
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text.replace("\r\n", "\n")).split("\n"):
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
    yes: Reaction = (lambda seen: "Enter a value" in seen, lambda press: press("yes\n"))
    interrupt: Reaction = (
        lambda seen: world.second.is_set() and "1 of 4 items" in seen,
        lambda press: press("\x03"),
    )
    told: Reaction = (lambda seen: "Finishing requests in flight" in seen, lambda press: world.release.set())

    said, codes = "", []
    for words, reactions in (
        ("plan", []),
        ("apply", [yes, interrupt, told]),
        ("apply", [yes]),
        ("plan --detailed-exitcode", []),
    ):
        person = Reacts(reactions)
        ended = on_terminal(*words.split(), at=tmp_path, env={**SETTINGS, "RECONCILER_API_URL": url}, person=person)
        assert person.left == []
        codes.append(ended.code)
        said += f"$ reconciler {words}\n{shown(ended.out)}[exit code {ended.code}]\n\n"

    if pytestconfig.getoption("--update"):
        RECORDING.write_text(said, encoding="utf-8")
    assert said == RECORDING.read_text(encoding="utf-8")
    assert codes == [0, 130, 0, 0]
    assert world.writes == 4  # each balance was created once


TITLES = ("Spring", "Summer", "Autumn", "Winter")
