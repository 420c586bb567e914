"""Killed wherever the objects of a bucket or the account have changed, in plans that mix all kinds.

Here the bucket is a file of the process; how it is spoken to over HTTP is tested with the ledger, before a server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.ledger.objects import log, store

from ..support.file_bucket import ledgers_in_buckets
from . import scenarios
from .crashlab import Lab
from .test_crash_forked import bench, explored

__all__ = ["bench"]
FULL = os.environ.get("FAULTS") == "full"
HOW = "forked, bucket"
SEEDS = range(6) if FULL else range(1)


@pytest.fixture(autouse=True)
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ledgers whose log is so short that it is rolled and folded between the calls, as in a long run."""
    monkeypatch.setattr(log, "ROLL", 2_000)
    monkeypatch.setattr(store, "TOO_LONG", 2)
    with ledgers_in_buckets():
        yield


@pytest.mark.parametrize("keep", [True, False] if FULL else [True])
@pytest.mark.parametrize("seed", SEEDS)
def test_no_kill_creates_or_funds_twice_and_the_next_run_ends_the_work(seed: int, keep: bool, bench: Path) -> None:
    rows = explored(Lab(scenarios.drawn(seed), bench, keep=keep, first=1 if FULL else 6, distinct=True), HOW)

    assert len(rows) > ((50 if keep else 9) if FULL else 9)
    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.skipif(not FULL, reason="make faults")
@pytest.mark.parametrize("number", range(1, 4))
def test_a_kill_while_whole_objects_are_replaced_leaves_no_other_field_changed(number: int, bench: Path) -> None:
    rows = explored(Lab(scenarios.retail_media(number), bench, keep=True, distinct=True), HOW)

    assert len(rows) > 50
    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.skipif(not FULL, reason="make faults")
@pytest.mark.parametrize("seed", range(3))
def test_nor_does_a_second_kill_while_the_first_is_mended(seed: int, bench: Path) -> None:
    lab = Lab(scenarios.drawn(seed), bench, keep=True, first=3, depth=2, every=8, distinct=True)

    rows = explored(lab, HOW)

    assert any(row.depth == 2 for row in rows)
    assert [row for row in rows if row.violations or row.asked] == []


@pytest.mark.slow
@pytest.mark.skipif(not FULL, reason="make faults")
def test_everything_at_once(bench: Path) -> None:
    rows = explored(Lab(scenarios.everything(), bench, keep=True, distinct=True), HOW)

    assert len(rows) > 100
    assert [row for row in rows if row.violations or row.asked] == []
