"""An import of a large, random account and a look at it keep their laws in every generation of the API."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from .import_figures import GENERATIONS, measured

FULL = os.environ.get("FAULTS") == "full"
LARGE = 20_000 if FULL else 2_000
"""Objects of the large account: all of them where the full suites run, and there in every generation."""
QUIET = {
    "invalid": 0,
    "planned changes": 0,
    "bytes changed": 0,
    "drifted at the first look": 0,
    "drifted at the quiet look": 0,
    "drifted at the look after 100 edits": 100,
}


def generation(versions: Mapping[str, str]) -> str:
    return versions["marketingSolutions"]


@pytest.mark.parametrize("versions", GENERATIONS, ids=generation)
def test_an_import_of_all_kinds_is_valid_and_quiet(versions: Mapping[str, str], tmp_path: Path) -> None:
    figures = measured(300, versions, tmp_path, seed=11)

    assert figures["resources"] > 300
    assert {name: figures[name] for name in QUIET} == QUIET


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.parametrize("versions", GENERATIONS if FULL else GENERATIONS[:1], ids=generation)
def test_so_is_a_large_one(versions: Mapping[str, str], tmp_path: Path) -> None:
    figures = measured(LARGE, versions, tmp_path)

    assert figures["resources"] > LARGE
    assert {name: figures[name] for name in QUIET} == QUIET
