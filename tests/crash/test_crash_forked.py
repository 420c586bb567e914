"""Killed at every boundary of plans that mix all kinds, by the thousand: what is left is never wrong."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from ..support import memory
from . import scenarios, tables
from .crashlab import Lab, Row

FULL = os.environ.get("FAULTS") == "full"
SEEDS = range(12) if FULL else range(2)


@pytest.fixture
def bench() -> Iterator[Path]:
    """A folder in memory, where there is one: thousands of commits need no real disk to be killed in."""
    with tempfile.TemporaryDirectory(dir=memory.folder(), ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def explored(lab: Lab, how: str = "forked") -> list[Row]:
    rows = lab.explore()
    tables.keep("crash", [{**asdict(row), "how": how} for row in rows])
    return rows


@pytest.mark.parametrize("keep", [True, False], ids=["ledger kept", "ledger deleted"])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_kill_creates_or_funds_twice_and_the_next_run_ends_the_work(seed: int, keep: bool, bench: Path) -> None:
    # without the ledger few moments leave another account, and each of those is tried
    few = {"distinct": True} if not keep else {"first": 10}
    lab = Lab(scenarios.drawn(seed), bench, keep=keep, **({} if FULL else few))

    rows = explored(lab)

    assert len(rows) > (60 if FULL else 10)
    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.parametrize("keep", [True, False] if FULL else [True])
@pytest.mark.parametrize("number", range(1, 4) if FULL else (1,))
def test_a_kill_while_whole_objects_are_replaced_leaves_no_other_field_changed(
    number: int, keep: bool, bench: Path
) -> None:
    rows = explored(Lab(scenarios.retail_media(number), bench, keep=keep, first=1 if FULL else 25))

    assert len(rows) > (200 if FULL else 10)
    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.parametrize("seed", SEEDS if FULL else range(1))
def test_nor_does_a_second_kill_while_the_first_is_mended(seed: int, bench: Path) -> None:
    lab = Lab(scenarios.drawn(seed), bench, keep=seed % 3 > 0, first=2 if FULL else 80, depth=2, every=17)

    rows = explored(lab)

    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="make faults")
@pytest.mark.parametrize("keep", [True, False], ids=["ledger kept", "ledger deleted"])
def test_everything_at_once(keep: bool, bench: Path) -> None:
    rows = explored(Lab(scenarios.everything(), bench, keep=keep))

    assert len(rows) > 400
    assert [row for row in rows if row.violations or row.asked] == []
