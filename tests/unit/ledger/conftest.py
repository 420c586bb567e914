"""Both stores, each empty: a test that takes ``home`` runs once on a file and once on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import ledger
from reconciler.ledger import Ledger

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


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def home(request: pytest.FixtureRequest) -> Home:
    return request.getfixturevalue("file_home" if request.param == "sqlite" else "database_home")
