"""The promise where an effect lands late: a fixed sample of the matrix in which every pair of values occurs."""

from __future__ import annotations

import os
from itertools import combinations

import pytest

from . import cells, matrix

CELLS = cells.every() if os.environ.get("FAULTS") == "full" else cells.pairwise()


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_late_effect_is_made_once_and_told_truly(cell: cells.Cell) -> None:
    assert matrix.judged(cell).broken == ()


def test_the_sample_holds_every_possible_pair() -> None:
    def pairs(of: list[cells.Cell]) -> set[tuple[tuple[str, str], ...]]:
        return {pair for cell in of for pair in combinations(sorted(cell.to_json().items()), 2)}

    assert pairs(cells.pairwise()) == pairs(cells.every())
    assert len(cells.pairwise()) < 120
