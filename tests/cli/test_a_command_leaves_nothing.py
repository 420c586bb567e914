"""A process that runs many commands, as a program that embeds the tool does, keeps nothing of those that are over."""

from __future__ import annotations

import gc
import io
import os
import weakref
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from reconciler.cli import main
from tests.crash import scenarios
from tests.crash.inside import Desk


def test_what_a_command_printed_is_not_kept() -> None:
    out = io.StringIO()
    with redirect_stdout(out), pytest.raises(SystemExit):
        main(["--help"])
    assert "plan" in out.getvalue()
    printed = weakref.ref(out)

    del out
    gc.collect()

    assert printed() is None


def test_no_file_of_a_command_stays_open() -> None:
    def run() -> int:
        with redirect_stdout(io.StringIO()), pytest.raises(SystemExit):
            main(["--help"])
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    first = run()

    assert [run() for _ in range(3)] == [first] * 3


def test_what_an_apply_loaded_is_not_kept_from_the_garbage_collector(tmp_path: Path) -> None:
    scenario = scenarios.drawn(0)
    before = gc.get_freeze_count()

    ended = Desk(scenario.write(tmp_path / "project"), scenario.world()).apply()

    assert ended.code == 0
    assert gc.get_freeze_count() <= before
