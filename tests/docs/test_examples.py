"""Every example runs on the sandbox as it stands: valid, planned, applied, and then nothing is left to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ..support.commands import reconciler

ROOT = Path(__file__).parents[2] / "examples"
EXAMPLES = sorted(path.parent for path in ROOT.glob("*/reconciler.yaml"))


def steps(example: Path) -> list[str]:
    """The folder itself; or, where an example is a series of numbered steps, each folder of it with files, in order."""
    folders = {file.parent.relative_to(example) for file in example.glob("[0-9]*/**/*.yaml")}
    return [str(folder) for folder in sorted(folders)] or ["."]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_it_validates_plans_applies_and_is_then_empty(example: Path, tmp_path: Path) -> None:
    here = tmp_path / example.name
    shutil.copytree(example, here, ignore=shutil.ignore_patterns(".reconciler"))

    for step in steps(example):
        valid = reconciler("validate", step, at=here)
        planned = reconciler("plan", step, "--sandbox", "--detailed-exitcode", at=here)
        applied = reconciler("apply", step, "--sandbox", "--auto-approve", at=here)
        again = reconciler("plan", step, "--sandbox", "--detailed-exitcode", at=here)

        assert valid.code == 0, valid.said
        assert planned.code == 2, planned.said
        assert applied.code == 0, applied.said
        assert "No changes." in again.out
        assert again.code == 0, again.said
