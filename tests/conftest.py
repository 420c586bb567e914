"""Options of the whole suite, and the PostgreSQL server that some of it needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .ledger.postgres_server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what is now shown into the expected blocks of cases/")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real server. Without one, its tests are skipped, or fail where CI wants them."""
    from .ledger.postgres_server import MISSING, Server, binaries

    found = binaries()
    if found is None:
        if os.environ.get("RECONCILER_REQUIRE_POSTGRES") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    running = Server(found)
    yield running
    running.remove()
