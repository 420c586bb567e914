"""Options of the whole suite, its clock, and the servers that some of it needs."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from .support import clocks, memory

if TYPE_CHECKING:
    from .unit.ledger.object_server import ObjectServer
    from .unit.ledger.postgres_server import Server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write what is now shown into the expected blocks of cases/")
    parser.addoption("--now", metavar="TIME", help="run as if it were then: 2028-02-29T12:00Z, say; commands too")


def pytest_configure(config: pytest.Config) -> None:
    """Move the clock of the suite and its temporary files; a worker of xdist is a child process, and inherits both."""
    memory.use()
    asked = config.getoption("--now")
    if asked is None or hasattr(config, "workerinput"):
        return
    to = datetime.fromisoformat(asked)
    to = to if to.tzinfo is not None else to.replace(tzinfo=UTC)
    held = ExitStack()
    held.enter_context(clocks.move_clocks(to.timestamp() - time.time()))
    config.add_cleanup(held.close)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return two workers for each core that this process may use: a test that waits leaves its core to another."""
    return 2 * len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2 * (os.cpu_count() or 1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Keep the collector of garbage away from the thousands of tests, which stay until the end."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


@pytest.fixture
def machine_clock() -> Callable[[float], AbstractContextManager[None]]:
    """Moves the clock of this machine by seconds, for the test and the commands that it runs."""
    return clocks.move_clocks


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real server. Without one, its tests are skipped, or fail where CI wants them."""
    from .unit.ledger.postgres_server import MISSING, Server, binaries

    found = binaries()
    if found is None:
        if os.environ.get("RECONCILER_REQUIRE_POSTGRES") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    running = Server(found)
    yield running
    running.remove()


@pytest.fixture(scope="session")
def objects() -> Iterator[ObjectServer]:
    """A real S3 server, which the environment of this process and of its children names."""
    from .unit.ledger.object_server import ObjectServer

    running = ObjectServer()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment.items():
            environment.setenv(name, value)
        yield running
    running.remove()
