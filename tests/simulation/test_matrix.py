"""The promise where an effect lands late: a fixed sample of the matrix in which every pair of values occurs."""

from __future__ import annotations

import os
from itertools import combinations

import pytest

from . import cells, hunt, matrix

CELLS = cells.every() if os.environ.get("FAULTS") == "full" else cells.pairwise()


OPEN = any(hunt.is_open(file) for file in hunt.CORPUS.glob("a-429-*.json"))
"""Whether a 429 after the effect is still told as *not sent*, as the corpus has it."""


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_late_effect_is_made_once_and_told_truly(cell: cells.Cell) -> None:
    broken = matrix.judged(cell).broken
    if broken and OPEN and (cell.answer, cell.effect, cell.lag) == ("429", cells.BEFORE, "0"):
        pytest.xfail("known, and not mended yet")
    assert broken == ()


def test_the_sample_holds_every_possible_pair() -> None:
    def pairs(of: list[cells.Cell]) -> set[tuple[tuple[str, str], ...]]:
        return {pair for cell in of for pair in combinations(vars(cell).items(), 2)}

    assert pairs(cells.pairwise()) == pairs(cells.every())
    assert len(cells.pairwise()) < 120
