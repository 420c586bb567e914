"""A ledger in a bucket reads parts when they are asked for, and tells what a file with all rows tells."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from reconciler.ledger import Ledger
from reconciler.ledger.objects import fold, log, opening
from reconciler.ledger.objects.lease import Leases
from reconciler.model import Address, WriteEffect

from ...support.memory_bucket import MemoryBucket
from .samples import NOW, snapshot
from .test_agreement import Stores, addresses, instants

ADDRESSES = [Address("adSets", key) for key in ("summer-fr", "winter-fr", "new")]
EFFECTS = (WriteEffect.SET, WriteEffect.CREATE, WriteEffect.ADD)


def in_memory(bucket: MemoryBucket, *, create: bool = True) -> Any:
    return opening.open_over(bucket, Leases(bucket, renewing=False), create=create)


@contextmanager
def small_parts() -> Iterator[None]:
    """Parts of few rows, so that a few writes make many."""
    with (
        patch.object(fold, "AT_MOST", 1),
        patch.object(fold, "FULL", 3),
        patch.object(log, "ROLL", 300),
    ):
        yield


def told(ledger: Ledger) -> dict[str, Any]:
    """What a ledger tells, each question asked of a ledger that has just been opened would be answered alike."""
    day = timedelta(days=1)
    return {
        "counts": dict(ledger.counts()),
        "claimed": {id: ledger.find_linked("adSets", [id]) for id in ("11", "22", "33")},
        "known": dict(ledger.look_up(ADDRESSES)),
        "recall": tuple(map(dict, ledger.recall(ADDRESSES[:2]))),
        "accepted": ledger.list_accepted(),
        "since": [ledger.intents_since(NOW - day, effect) for effect in EFFECTS],
        "creates": ledger.open_creates("adSets", addresses=ADDRESSES),
        "increases": ledger.increases_since(NOW - day),
        **snapshot(ledger),
    }


class Lazy(Stores):
    """The file beside a bucket in memory, which is folded, left and opened again at any time."""

    @initialize()
    def start(self) -> None:
        super().start()
        self.bucket = MemoryBucket()
        self.stores.append(in_memory(self.bucket))

    @rule()
    def fold(self) -> None:
        self.stores[1]._store.compact()  # type: ignore[attr-defined]

    @rule()
    def leave(self) -> None:
        self.stores[1].close()
        self.stores[1] = in_memory(self.bucket)

    @precondition(lambda self: self.runs)
    @rule(address=addresses, data=st.data(), at=instants)
    def see(self, address: Address, data: Any, at: Any) -> None:
        self.each(lambda store: store.see({(address, "bids"): {"bid": 1}}, at))

    @precondition(lambda self: self.runs)
    @rule(at=instants)
    def prune(self, at: Any) -> None:
        self.each(lambda store: store.prune(at))
        kept = {run.id for run in self.stores[0].runs(1000)}
        self.runs = [run for run in self.runs if run in kept]
        left = {intent.number for run in kept for intent in self.stores[0].run(run).calls}  # type: ignore[union-attr]
        self.intents = [each for each in self.intents if each[0] in left]

    @invariant()
    def agree(self) -> None:
        if hasattr(self, "stores") and len(self.stores) == 2:
            super().agree()
            fresh = in_memory(self.bucket, create=False)
            assert told(fresh) == told(self.stores[0])
            fresh.close()


def test_the_file_and_parts_that_are_read_one_by_one_agree() -> None:
    few = settings(
        max_examples=25 if os.environ.get("FAULTS") == "full" else 3,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    with small_parts():
        run_state_machine_as_test(Lazy, settings=few)
