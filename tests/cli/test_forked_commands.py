"""The commands of the tests are forked from a process that is warm: they do what a process of its own does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ..support import warm
from ..support.commands import project, reconciler

ADS = {"ads.yaml": 'adSets: {fr: {id: "123467", bidding: {bidAmount: 1.00}}}\n'}
FRESH = {"PYTHONHASHSEED": "0"}
"""A setting that a fork cannot take over, so that a new interpreter is started."""


@pytest.mark.parametrize(
    "words",
    [("version",), ("explain", "no-such-code"), ("plan", "--sandbox", "--detailed-exitcode"), ("show", "missing.json")],
    ids=" ".join,
)
def test_a_forked_command_says_and_ends_as_a_process_of_its_own_does(words: tuple[str, ...], tmp_path: Path) -> None:
    at = project(tmp_path / "shop", ADS)

    assert warm.can_start({}) or any(name.startswith("COVERAGE_") for name in os.environ)
    assert not warm.can_start(FRESH)
    assert reconciler(*words, at=at) == reconciler(*words, at=at, env=FRESH)


def test_it_has_the_environment_and_the_folder_that_it_is_given_and_no_other(tmp_path: Path) -> None:
    at = project(tmp_path / "shop", ADS)
    script = tmp_path / "what.py"
    script.write_text("import os, sys\nprint(os.getcwd(), sorted(os.environ), sys.argv[1:])\nsys.exit(7)\n")
    ends = os.pipe()

    with Path(os.devnull).open("r+b") as nothing, open(ends[0]) as told:
        streams = [nothing.fileno(), ends[1], nothing.fileno()]
        command = warm.start(("a", "b"), at, {"ONLY": "1"}, streams, script=script)
        os.close(ends[1])
        assert told.read() == f"{at} ['ONLY'] ['a', 'b']\n"

    assert command.wait() == 7


def test_a_signal_ends_it_and_is_told_as_of_any_process(tmp_path: Path) -> None:
    script = tmp_path / "wait.py"
    script.write_text("import time\ntime.sleep(60)\n")

    with Path(os.devnull).open("r+b") as nothing:
        command = warm.start((), tmp_path, {}, [nothing.fileno()] * 3, script=script)
        assert command.poll() is None
        command.kill()

    assert command.wait() == -signal.SIGKILL
