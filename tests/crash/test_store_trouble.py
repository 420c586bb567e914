"""A store of objects that fails during an apply: no call leaves without an intent that the store has, and it is mended.

What each status of a real store becomes is tested with the bucket itself; here are the four things that come of it.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.errors import Unwritable
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.bucket import Tag
from reconciler.ledger.objects.lease import Leases
from reconciler.sandbox.message import Request, Response

from ..support.file_bucket import ledgers_in_buckets
from ..support.memory_bucket import MemoryBucket
from . import crashlab, laws, scenarios
from .inside import Desk

FULL = os.environ.get("FAULTS") == "full"
FIRST, STEP = (1, 1) if FULL else (12, 20)
SETTLED = 3600
"""Seconds after which nothing is held any more: `settleAfter` is half of it."""
TROUBLES = {
    "nothing is written, and an error is the answer (503, 409 to the end, no connection)": (False, True),
    "it is written, and the answer is lost": (True, True),
    "nothing is written, and the condition is said to have failed (412)": (False, False),
    "it is written, the answer is lost, and its repetition fails by the condition": (True, False),
}
"""Whether the store has the object, and whether an error is told and not a condition."""


class Failing(MemoryBucket):
    """Has the trouble from the n-th change of an object on: once, or until it is repaired."""

    def __init__(self, number: int, trouble: str, *, lasting: bool) -> None:
        super().__init__()
        self.number, self.lasting, self.met, self.repaired = number, lasting, 0, False
        self.has_it, self.tells = TROUBLES[trouble]
        self._counting = threading.Lock()

    def _put(self, request: str, key: str, data: bytes, fits: Callable[[], bool]) -> Tag | None:
        with self._counting:
            self.met += 1
            late = self.met > self.number and self.lasting
            fails = not self.repaired and (self.met == self.number or late)
        if not fails:
            return super()._put(request, key, data, fits)
        if self.has_it:
            super()._put(request, key, data, fits)
        if self.tells:
            raise Unwritable(self.where, "the store does not answer")
        return None

    def intended(self) -> Counter[str]:
        """Count the open calls that the store has now, by what they send."""
        copy = MemoryBucket()
        copy.objects = dict(self.objects)
        book = opening.open_over(copy, Leases(copy, renewing=False), create=False)
        return Counter(f"{each.call.method} {each.call.path}" for each in book.open_intents())


class Witness:
    """The API, which looks into the store whenever a write arrives."""

    def __init__(self, world: Any, bucket: Failing) -> None:
        self.world, self.bucket = world, bucket
        self.unwritten: list[str] = []
        self.arrived = 0

    def handle(self, request: Request) -> Response:
        if request.method in laws.WRITES and not request.path.endswith(("/search", "/token")):
            self.arrived += 1
            what = f"{request.method} {request.path}"
            if not self.bucket.intended()[what]:
                self.unwritten.append(what)
        return self.world.handle(request)


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> crashlab.Goal:
    return crashlab.undisturbed(scenarios.drawn(1), tmp_path_factory.mktemp("goal"))


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_store_that_fails_stops_the_run_and_the_next_ends_the_work(
    tmp_path: Path, trouble: str, lasting: bool, goal: crashlab.Goal
) -> None:
    """The n-th change of an object fails, for every n (here: some), until a run ends without a failure."""
    number, failed = FIRST, True
    while failed:
        bucket = Failing(number, trouble, lasting=lasting)
        world = scenarios.account()
        witness = Witness(world, bucket)
        here = Desk(scenarios.drawn(1).write(tmp_path / str(number) / "project"), world, witness.handle)
        with ledgers_in_buckets(lambda path, bucket=bucket: bucket):  # type: ignore[misc]
            ended = here.apply()
            failed, bucket.repaired = bucket.met >= number, True
            assert witness.unwritten == []
            assert ended.code in (0, 1, 5, 7), ended.out
            assert ended.code != 1 or witness.arrived == 0
            assert (ended.code == 0) or not ended.err.startswith("Traceback")
            again = here.apply()
            if again.code == 6:  # an intent whose end could not be stored holds its item, as after a kill
                world.advance(SETTLED)
                again = here.apply()
            assert (again.code, here.plan().code) == (0, 0), again.out
        after = world.to_json()
        assert laws.broken(goal.before, after, goal.approved, goal.deposits) == []
        assert laws.not_reached(goal.before, after, goal.deposits) == []
        number += STEP
