"""Looks for a scenario that breaks the promise, makes it small, and tells how to repeat it."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..support import memory
from . import oracle, scenario
from .breakages import BREAKAGES
from .lab import Played, played
from .oracle import Broken

CORPUS = Path(__file__).parent / "corpus"


def is_open(file: Path) -> bool:
    """Return whether the program does not keep the promise in this scenario of the corpus yet."""
    return bool(json.loads(file.read_text(encoding="utf-8")).get("open"))


@dataclass(frozen=True)
class Seen:
    """What came of one seed."""

    seed: int
    laws: tuple[str, ...]
    codes: tuple[int | None, ...]
    statuses: tuple[str, ...]
    excused: int


def tried(wanted: dict[str, Any]) -> tuple[Played, list[Broken]]:
    """Play a scenario in a folder of its own; return it and what is broken."""
    folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=memory.folder()))
    try:
        done = played(wanted, folder)
        return done, oracle.broken(done)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def shrunk(found: dict[str, Any], law: str) -> dict[str, Any]:
    """Return the smallest scenario that breaks the same law as this one does."""
    return scenario.smaller(found, lambda candidate: law in _laws(candidate))


def _laws(candidate: dict[str, Any]) -> set[str]:
    try:
        return {each.law for each in tried(candidate)[1]}
    except (AssertionError, KeyError):
        return set()  # the scenario says nothing any more


def told(seed: int | None, found: dict[str, Any], broken: list[Broken]) -> str:
    """Return how to repeat it, the small scenario, what happened, and what the oracle says."""
    small = shrunk(found, broken[0].law)
    done, broken = tried(small)
    repeat = "" if seed is None else f"repeat it: make simulate SEED={seed}\n"
    lines = "\n".join(f"  {line}" for line in done.world.trace)
    said = "\n".join(f"broken ({each.law}): {each.sentence}" for each in broken)
    return f"{repeat}scenario: {json.dumps(small)}\n{lines}\n{said}"


def seen(seed: int) -> Seen:
    """Play the scenario of a seed."""
    done, broken = tried(scenario.drawn(seed))
    return Seen(
        seed,
        tuple(each.law for each in broken),
        tuple(run.code for run in done.runs),
        tuple(told.status for run in done.runs for told in run.told),
        len(oracle.excused(done)),
    )


def found_at(rule: str, seeds: range) -> tuple[str, int | None, str]:
    """Return the rule, the number of seeds played with it switched off until a promise broke that holds with it, and
    the broken law."""
    for number, seed in enumerate(seeds, 1):
        wanted = scenario.drawn(seed)
        with BREAKAGES[rule].made():
            laws = _laws(wanted) - {"in force in the end", "no traceback"}
        if laws and not laws & _laws(wanted):
            return rule, number, ", ".join(sorted(laws))
    return rule, None, ""
