"""The promise holds with a ledger in a bucket, in worlds that a seed draws."""

from __future__ import annotations

from ..support.file_bucket import ledgers_in_buckets
from . import hunt, scenario
from .test_seeds import first_seed

SEEDS = 30


def test_the_promise_holds_with_a_ledger_in_a_bucket() -> None:
    with ledgers_in_buckets():
        for seed in range(first_seed(), first_seed() + SEEDS):
            wanted = scenario.drawn(seed)
            broken = hunt.tried(wanted)[1]
            assert broken == [], hunt.told(seed, wanted, broken)
