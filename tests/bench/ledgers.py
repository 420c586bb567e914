"""What a ledger costs as it grows, in each store: the reads of a plan, and the size after many nights.

    python tests/bench/ledgers.py reads [OBJECTS] [RUNS]
    python tests/bench/ledgers.py nights [OBJECTS] [KEPT]
    python tests/bench/ledgers.py apply [CALLS]
    python tests/bench/ledgers.py failed [RUNS]

Buckets are in memory, each request 50 ms late where it says so, so that what is measured is this program.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from reconciler import ledger as ledgers
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.records import RunRecord
from reconciler.model import (
    Address,
    Call,
    FieldChange,
    FixedLocator,
    Item,
    ItemOutcome,
    ItemStatus,
    Place,
    Span,
    WriteEffect,
)
from tests.support.memory_bucket import MemoryBucket

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LATENCY = 0.05
AT_HAND = 2_000
HERE = Place(FixedLocator(Span("ads.yaml", 1, 1, 2)), ())


class SlowBucket(MemoryBucket):
    """Answers after a while, as many requests at once as are asked."""

    latency = 0.0

    def _asked(self, request: str, key: str) -> None:
        super()._asked(request, key)
        time.sleep(self.latency)

    def get_all(self, keys: Any) -> Any:
        wanted = list(keys)
        with ThreadPoolExecutor(16) as pool:
            found = dict(zip(wanted, pool.map(self.get, wanted), strict=True))
        return {key: each for key, each in found.items() if each is not None}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stores(folder: Path) -> dict[str, Callable[[bool], Any]]:
    """Return how each store is opened; PostgreSQL only where RECONCILER_BENCH_POSTGRES has the URL of a database."""
    bucket = SlowBucket()
    url = os.environ.get("RECONCILER_BENCH_POSTGRES")
    database = (
        {"postgres": lambda create: ledgers.open(url, folder, name=folder.name.lower(), create=create)} if url else {}
    )
    return {
        **database,
        "sqlite": lambda create: ledgers.open("sqlite:ledger.db", folder, create=create),
        "bucket": lambda create: opening.open_over(bucket, Leases(bucket, renewing=False), create=create),
    }


def sent(first: int, count: int, block: str = "k{:06}", first_id: int = 0) -> Call:
    items = tuple(
        Item(
            Address("adSets", block.format(at)),
            str(first_id + at),
            (FieldChange("bidding.bidAmount", "bids", "0.80", "0.90", HERE),),
            HERE,
        )
        for at in range(first, first + count)
    )
    return Call("adSets.bids.1", "adSets", "bids", WriteEffect.SET, "PATCH", "/2026-07/ad-sets", {}, items=items)


def run(ledger: Any, at: datetime, calls: list[Call], status: ItemStatus = ItemStatus.APPLIED) -> None:
    run_id = ledger.begin(RunRecord("apply", "bench", at, "0"))
    for call in calls:
        outcomes = [ItemOutcome(call.name, item, status, item.id) for item in call.items]
        ledger.settle(ledger.intend(run_id, call, at=at), outcomes, at)
    ledger.finish(run_id, at, 0)


def fill(ledger: Any, objects: int, runs: int) -> None:
    for first in range(0, objects, 10_000):
        with ledger.together():
            for at in range(first, min(first + 10_000, objects)):
                ledger.remember(Address("adSets", f"k{at:06}"), str(at), {"name": f"ad set {at}", "bidAmount": "0.80"})
    for each in range(runs):
        run(ledger, NOW + timedelta(hours=each), [sent((each * 350) % max(objects - 50, 1), 50)])


def read(open: Callable[[bool], Any]) -> float:
    """Return the CPU seconds of the reads of a plan of 2,000 addresses."""
    began = time.process_time()
    ledger = open(False)
    addresses = [Address("adSets", f"k{at:06}") for at in range(AT_HAND)]
    ids, values = ledger.recall(addresses)
    assert len(ids) == AT_HAND
    assert len(dict(values)) == AT_HAND
    ledger.open_intents(), ledger.list_accepted(), ledger.counts(), ledger.notes(["last look"])
    ledger.find_linked("adSets", ids.values())
    took = time.process_time() - began
    ledger.close()
    return took


def reads(objects: int = 100_000, runs: int = 300) -> None:
    for size, count in ((AT_HAND, 1), (objects, runs)):
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            for name, open in stores(Path(folder)).items():
                ledger = open(True)
                fill(ledger, size, count)
                ledger.compact()
                ledger.close()
                took = median(read(open) for _ in range(7))
                say(f"{name}: {size:,} objects, {count} runs: {took * 1000:.0f} ms of CPU")


def failed(runs: int = 20) -> None:
    """Read as a plan does, before and after runs whose 40 calls were all refused; one session each, as a command is."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        for name, open in stores(Path(folder)).items():
            ledger = open(True)
            fill(ledger, AT_HAND, 1)
            ledger.close()
            before = median(read(open) for _ in range(9))
            for each in range(runs):
                ledger = open(True)
                calls = [sent(first, 50) for first in range(0, AT_HAND, 50)]
                run(ledger, NOW + timedelta(hours=each), calls, ItemStatus.REJECTED)
                ledger.close()
            after = median(read(open) for _ in range(9))
            say(f"{name}: {before * 1000:.0f} ms of CPU, after {runs} failed runs {after * 1000:.0f} ms")


def nights(objects: int = 20_000, kept: int = 180) -> None:
    """Change all objects each night, keep some nights, and print the size as it goes."""
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        bucket = SlowBucket()
        opens = {
            "sqlite": lambda: ledgers.open("sqlite:ledger.db", Path(folder)),
            "bucket": lambda: opening.open_over(bucket, Leases(bucket, renewing=False), create=True),
        }
        for night in range(kept + kept // 20 + 1):
            at = NOW + timedelta(days=night)
            for name, open in opens.items():
                ledger = open()
                run(ledger, at, [sent(first, 50) for first in range(0, objects, 50)])
                ledger.prune(at - timedelta(days=kept))
                ledger.close()
                if night % (kept // 6) == 0 or night > kept:
                    files = [path.stat().st_size for path in Path(folder).iterdir()]
                    size = sum(files) if name == "sqlite" else sum(len(each.data) for each in bucket.objects.values())
                    more = f", {len(bucket.objects)} objects" if name == "bucket" else ""
                    took = f", {time.process_time():.0f} s of CPU so far"
                    say(f"night {night}: {name} {size / 1e6:.1f} MB{more}{took}")


def apply(calls: int = 400) -> None:
    """Send calls at the API's rate, eight at a time, each 200 ms; the ledger before and after each."""
    pace = 60 / 250
    for name in ("sqlite", "bucket"):
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            SlowBucket.latency = LATENCY
            ledger = stores(Path(folder))[name](True)
            run_id = ledger.begin(RunRecord("apply", "bench", NOW, "0"))
            slots, began = iter(range(calls)), time.perf_counter()
            turn = threading.Lock()

            def work(
                ledger: Any = ledger, run_id: str = run_id, slots: Any = slots, began: float = began, turn: Any = turn
            ) -> None:
                while True:
                    with turn:
                        at = next(slots, None)
                    if at is None:
                        return
                    time.sleep(max(began + at * pace - time.perf_counter(), 0))
                    call = sent(at * 50, 50)
                    number = ledger.intend(run_id, call, at=NOW)
                    time.sleep(0.2)
                    outcomes = [ItemOutcome(call.name, item, ItemStatus.APPLIED, item.id) for item in call.items]
                    ledger.settle(number, outcomes, NOW)

            workers = [threading.Thread(target=work, args=(ledger, run_id, slots, began, turn)) for _ in range(8)]
            for each in workers:
                each.start()
            for each in workers:
                each.join()
            ledger.finish(run_id, NOW, 0)
            ledger.close()
            say(f"{name}: {calls} calls in {time.perf_counter() - began:.1f} s")
    SlowBucket.latency = 0.0


if __name__ == "__main__":
    {"reads": reads, "nights": nights, "apply": apply, "failed": failed}[sys.argv[1]](*map(int, sys.argv[2:]))
