"""A ledger knows whose ids it holds: with another server they would mean other objects."""

from __future__ import annotations

import pytest

from reconciler.ledger import Foreign

from .conftest import Home
from .samples import filled, snapshot

REAL, LOCAL = "api.criteo.com", "localhost:8765"


@pytest.mark.parametrize("create", [True, False])
def test_another_server_is_refused_and_nothing_is_read_or_written(home: Home, create: bool) -> None:
    book = home.open(server=REAL)
    filled(book)
    before = snapshot(book)

    with pytest.raises(Foreign, match=f"its ids are of {REAL}, and this command talks to {LOCAL}"):
        home.open(server=LOCAL, create=create)

    assert snapshot(home.open(server=REAL, create=create)) == before


def test_the_first_to_write_says_whose_it_is_and_a_reader_does_not(home: Home) -> None:
    home.open(server=LOCAL, create=False)
    home.open()  # there is a ledger now, and it knows of no server
    home.open(server=LOCAL, create=False)
    home.open(server=REAL)
    home.open(server=REAL)

    with pytest.raises(Foreign):
        home.open(server=LOCAL)
