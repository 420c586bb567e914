"""All stores, each empty: a test that takes ``home`` runs once on a file and once on each real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import ledger
from reconciler.ledger import Ledger

from .object_server import ObjectServer
from .postgres_server import Server

NAME = "tests"
"""Of the project; on a database, its schema is ``reconciler_tests``."""


class Home:
    """Where a ledger is, and a way to open it; closes what it has opened."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self._opened: list[Ledger] = []

    def open(self, *, server: str = "", create: bool = True) -> Ledger:
        opened = ledger.open(self.url, self.folder, name=NAME, server=server, create=create)
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        for each in self._opened:
            each.close()


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """A database of the server without a ledger."""
    yield "postgres"
    server.sql("DROP SCHEMA IF EXISTS reconciler_tests CASCADE")


@pytest.fixture
def file_home(tmp_path: Path) -> Iterator[Home]:
    home = Home(ledger.DEFAULT, tmp_path)
    yield home
    home.close()


@pytest.fixture
def database_home(server: Server, database: str, tmp_path: Path) -> Iterator[Home]:
    home = Home(server.url(database), tmp_path)
    yield home
    home.close()


@pytest.fixture
def bucket_home(objects: ObjectServer, tmp_path: Path) -> Iterator[Home]:
    home = Home(objects.url(objects.prefix()), tmp_path)
    yield home
    home.close()


HOMES = {"sqlite": "file_home", "postgres": "database_home", "bucket": "bucket_home"}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres), "bucket"])
def home(request: pytest.FixtureRequest) -> Home:
    return request.getfixturevalue(HOMES[request.param])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def tables_home(request: pytest.FixtureRequest) -> Home:
    """A store whose tables a test can reach, or whose formats are older than ledgers in buckets."""
    return request.getfixturevalue(HOMES[request.param])
