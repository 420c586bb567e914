"""What the tests of failures share: a project, a small account, and the command line before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from reconciler.sandbox.world import World

from ..unit.ledger.postgres_server import Server
from . import scenarios
from .inside import Desk
from .outside import Site, served

Open = Callable[..., Desk]


@pytest.fixture
def desk(tmp_path: Path) -> Open:
    """Makes a desk for a text of resources."""

    def opened(text: str, world: World | None = None, project: str = scenarios.PROJECT) -> Desk:
        folder = scenarios.Scenario(scenarios.account, text).write(tmp_path / "project")
        (folder / "reconciler.yaml").write_text(project)
        return Desk(folder, world or scenarios.account())

    return opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A served sandbox and a project with all kinds."""
    with served(tmp_path / "site", scenarios.everything()) as here:
        yield here


NUMBERS = count(1)


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """An empty database of the server."""
    name = f"faults{next(NUMBERS)}"
    server.sql(f"CREATE DATABASE {name}")
    yield name
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")
