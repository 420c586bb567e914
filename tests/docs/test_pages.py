"""Pages that can be followed to the letter, and show what the tool says. ``pytest --update`` rewrites them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..support.follow import follow, updated

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize(
    "page",
    ["tutorial/index.md", "how-to/adopt-an-existing-account.md", "how-to/move-to-a-new-api-version.md"],
)
def test_a_page_can_be_followed_to_the_letter(page: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")

    steps = list(follow(text, tmp_path, str(Path(sys.executable).parent)))

    if pytestconfig.getoption("--update"):
        (DOCS / page).write_text(updated(text, steps), encoding="utf-8")
        return
    assert len(steps) > 3
    assert [(step.command, step.said) for step in steps if step.differs] == []
