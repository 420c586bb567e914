"""What the tests of failures share: a project, a small account, and the command line before them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.sandbox.world import World

from . import scenarios
from .inside import Desk

Open = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Open:
    """Makes a desk for a text of resources."""

    def opened(text: str, world: World | None = None, project: str = scenarios.PROJECT) -> Desk:
        folder = scenarios.Scenario(scenarios.account, text).write(tmp_path / "project")
        (folder / "reconciler.yaml").write_text(project)
        return Desk(folder, world or scenarios.account())

    return opened
