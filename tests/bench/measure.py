"""One process, measured from outside: its own CPU seconds, wall seconds and peak memory; and medians over turns."""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

NOW = datetime.now(UTC)
"""The one moment of a measurement: rows of the ledger, the clock of the account and the page tell the same."""


@dataclass(frozen=True)
class Cost:
    """What a process took: CPU is user and system time of itself and its children; memory its largest moment."""

    cpu: float
    wall: float
    kib: int
    output: str = ""


def run(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    good: Container[int] = (0, 2),
) -> Cost:
    """Run a command to its end. Exit codes 0 and 2 (there are changes) are good, unless others are."""
    read, write = os.pipe()
    start = time.monotonic()
    child = subprocess.Popen(
        command, cwd=cwd, env=dict(os.environ, **(env or {})), stdout=write, stderr=subprocess.DEVNULL
    )
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        output = pipe.read()
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in good:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{output[-2000:]}")
    # A child begins as a copy of us, so that its peak is ours at least: we stay small.
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss, output)


def alternate(contestants: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """The median of each, with the contestants taking turns, so that a busy moment hits all of them alike."""
    costs: dict[str, list[Cost]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            costs[name].append(contestant())
            say(f"  {name}: {costs[name][-1].cpu:.2f} s CPU, {costs[name][-1].wall:.2f} s")
    return {name: middle(each) for name, each in costs.items()}


def middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        median(each.cpu for each in costs),
        median(each.wall for each in costs),
        int(median(each.kib for each in costs)),
        costs[-1].output,
    )


def exponent(small: float, large: float, factor: float) -> float:
    """How time grows with the account: 1 is in proportion."""
    return math.log(large / small) / math.log(factor)


def say(line: str) -> None:
    """Where the bench is, on stderr."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
