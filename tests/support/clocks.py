"""The clock of the machine, moved for the tests of this process and for the commands that they start."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

AHEAD = "TEST_CLOCK_AHEAD"
INHERITED = (AHEAD, "TZ")
"""What a child process must keep of the environment, so that it has the clock and the zone of its parent."""
FOLDER = str(Path(__file__).parent / "clock")


def environment(seconds: float) -> dict[str, str]:
    """Return what makes the clock of a Python child process so many seconds ahead of the real one."""
    others = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each and each != FOLDER]
    return {AHEAD: str(seconds), "PYTHONPATH": os.pathsep.join([FOLDER, *others])}


@contextmanager
def move_clocks(seconds: float) -> Iterator[None]:
    """Move the clock of this process and of its children by so many seconds, as seen from where it is."""
    import time_machine

    before = dict(os.environ)
    os.environ.update(environment(float(before.get(AHEAD, 0)) + seconds))
    try:
        with time_machine.travel(time.time() + seconds, tick=True):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)
