"""Hunts for scenarios that break the promise: `make simulate SEEDS=100000`, or one seed with its trace: `SEED=17`.

Each process plays its share of the seeds. Of what is found the first few are made small and told, with the line that
repeats them. The scenario, not the seed, is what is kept (corpus/): a seed means another one once the drawing changes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial

from . import hunt, scenario
from .breakages import BREAKAGES
from .hunt import Seen

TOLD = 3
"""How many of what is found are made small and told: the first for each law."""


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    asked.add_argument("--seed", type=int, help="play this seed only, and tell all that happens")
    asked.add_argument("--seeds", type=int, default=1000, help="how many")
    asked.add_argument("--first", type=int, default=0, help="the first of them")
    asked.add_argument("--scenario", help="play the scenario of this JSON file")
    asked.add_argument("--until-found", action="store_true", help="end with the first that is found")
    asked.add_argument(
        "--breakages", action="store_true", help="switch each rule off, and count seeds until it is found"
    )
    asked.add_argument("--rule", action="append", choices=[*BREAKAGES], help="switch off only this one, or these")
    given = asked.parse_args()
    if given.breakages or given.rule:
        return _broken_rules(given.rule or [*BREAKAGES], range(given.first, given.first + given.seeds))
    if given.scenario is not None or given.seed is not None:
        return _one(given.seed, given.scenario)
    return _many(range(given.first, given.first + given.seeds), until_found=given.until_found)


def _one(seed: int | None, file: str | None) -> int:
    if file is not None:
        with open(file, encoding="utf-8") as text:
            wanted = json.load(text)["scenario"]
    else:
        assert seed is not None
        wanted = scenario.drawn(seed)
    done, broken = hunt.tried(wanted)
    if broken:
        sys.stdout.write(hunt.told(seed, wanted, broken) + "\n")
    else:
        sys.stdout.write("\n".join([json.dumps(wanted), *done.world.trace, "the promise held", ""]))
    return int(bool(broken))


def _many(seeds: range, *, until_found: bool) -> int:
    began = time.monotonic()
    laws: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    found: list[Seen] = []
    played = excused = 0
    for seen in _played(seeds):
        played += 1
        codes.update(str(code) if code is not None else "killed" for code in seen.codes)
        statuses.update(seen.statuses)
        excused += seen.excused
        if seen.laws:
            found.append(seen)
            laws.update(set(seen.laws))
            if until_found:
                break
    found.sort(key=lambda each: each.seed)
    first_of_each = {seen.laws[0]: seen for seen in reversed(found)}
    for seen in [*first_of_each.values()][-TOLD:]:
        wanted = scenario.drawn(seen.seed)
        sys.stdout.write(hunt.told(seen.seed, wanted, hunt.tried(wanted)[1]) + "\n\n")
    spent = time.monotonic() - began
    sys.stdout.write(f"{played:,} seeds in {spent:,.0f} s, {sum(codes.values()):,} runs\n")
    sys.stdout.write(f"how runs ended: {_counts(codes)}\nwhat they told of creates and top-ups: {_counts(statuses)}\n")
    sys.stdout.write(f"doubled where no program can tell: {excused}\n")
    which = f" ({_counts(laws)}): {' '.join(str(seen.seed) for seen in found)}" if found else ""
    sys.stdout.write(f"broken: {len(found)} seeds{which}\n")
    return int(bool(found))


def _broken_rules(rules: Sequence[str], seeds: range) -> int:
    """Print after how many seeds each rule was missed."""
    missed = 0
    with multiprocessing.get_context("spawn").Pool(_workers()) as pool:
        for rule, number, laws in pool.imap_unordered(partial(hunt.found_at, seeds=seeds), rules):
            missed += number is None
            what = f"not found in {len(seeds):,} seeds" if number is None else f"found after {number:,} seeds: {laws}"
            sys.stdout.write(f"rule {rule} ({BREAKAGES[rule].rule}): {what}\n")
            sys.stdout.flush()
    return int(missed > 0)


def _workers() -> int:
    return int(os.environ.get("WORKERS", str(min(4, os.cpu_count() or 1))))


def _counts(of: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in of.most_common())


def _played(seeds: range) -> Iterator[Seen]:
    workers = _workers()
    if workers == 1:
        yield from map(hunt.seen, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=500) as pool:
        yield from pool.imap_unordered(hunt.seen, seeds, chunksize=10)


if __name__ == "__main__":
    sys.exit(main())
