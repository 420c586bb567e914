"""Several projects in one database: none ever sees, locks or writes what is another's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler import ledger as ledgers
from reconciler.ledger import Foreign, Ledger, LedgerError
from reconciler.ledger.interface import Holder

from .postgres_server import Server
from .samples import RUN, SUMMER, WINTER, filled, snapshot

pytestmark = pytest.mark.postgres
A, B = "advertiserIds:1352", "advertiserIds:99"
Open = Callable[..., Ledger]


@pytest.fixture
def place(server: Server) -> Iterator[str]:
    """A database of its own."""
    server.sql("CREATE DATABASE teams")
    yield "teams"
    server.sql("DROP DATABASE teams WITH (FORCE)")


@pytest.fixture
def project(server: Server, place: str, tmp_path: Path) -> Iterator[Open]:
    """Opens the ledger of a project by its name."""
    opened: list[Ledger] = []

    def open(name: str | None, scopes: tuple[str, ...] = (A,), *, create: bool = True, user: str = "") -> Ledger:
        url = server.url(place).replace("reconciler@", f"{user or 'reconciler'}@")
        opened.append(ledgers.open(url, tmp_path, name=name, aliases=("ads",), scopes=scopes, create=create))
        return opened[-1]

    yield open
    for each in opened:
        each.close()


def nobody(holder: Holder) -> None:
    raise AssertionError(f"waited for {holder}")


def test_two_projects_share_no_address_and_no_run(project: Open) -> None:
    one, other = project("one"), project("other")
    filled(one)
    before = snapshot(one)
    assert (other.ids(), other.runs(9), other.open_intents()) == ({}, (), ())
    other.remember(SUMMER, "77", {})
    assert snapshot(one) == before
    assert other.ids() == {SUMMER: "77"}


def test_nor_a_lock_though_their_scope_is_the_same(project: Open) -> None:
    me = Holder("me")
    with (
        project("one").lock([A], me, timeout=0, waiting=nobody),
        project("other").lock([A], me, timeout=0, waiting=nobody),
        pytest.raises(ledgers.Locked),
        project("one").lock([A], me, timeout=0, waiting=nobody),
    ):
        pass


@pytest.mark.parametrize("create", [True, False])
def test_a_copied_name_is_refused_before_anything_is_read(project: Open, create: bool) -> None:
    filled(project("one"))
    with pytest.raises(Foreign, match="taken by a project of advertiserIds:1352; this one is of advertiserIds:99"):
        project("one", (B,), create=create)
    assert project("one").runs(9)


def test_a_scope_may_move_on_one_by_one(project: Open) -> None:
    filled(project("one", (A,)))
    project("one", (A, B))
    assert project("one", (B,)).runs(9)


def test_without_a_name_there_is_none(project: Open) -> None:
    with pytest.raises(LedgerError, match="the project has no name"):
        project(None)


# --- The schema that all of them once shared ----------------------------------------------------------------


@pytest.fixture
def shared(server: Server, place: str, project: Open) -> Callable[..., None]:
    """Makes the old schema, with runs of those projects."""

    def made(*names: str) -> None:
        old = project("old", ())
        filled(old)
        for name in names:
            old.begin(replace(RUN, project=name))
        server.sql("ALTER SCHEMA reconciler_old RENAME TO reconciler", place)

    return made


def schemas(server: Server, place: str) -> list[str]:
    names = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'reconciler%' ORDER BY 1"
    return [str(name) for (name,) in server.sql(names, place)]


def test_what_only_one_project_used_becomes_its_own(server: Server, place: str, project: Open, shared: Open) -> None:
    shared()  # its runs are called after the folder: ads
    assert project("one", create=False).ids() == {SUMMER: "11", WINTER: "22"}
    assert schemas(server, place) == ["reconciler"]
    assert project("one").ids() == project("one").ids() == {SUMMER: "11", WINTER: "22"}
    assert schemas(server, place) == ["reconciler_one"]


def test_what_others_used_is_left_to_them(server: Server, place: str, project: Open, shared: Open) -> None:
    shared()
    other = ledgers.open(server.url(place), Path(), name="other", scopes=(A,))
    assert other.ids() == {}
    other.close()
    assert schemas(server, place) == ["reconciler", "reconciler_other"]


def test_what_several_used_is_for_a_person_to_part(server: Server, place: str, project: Open, shared: Open) -> None:
    shared("theirs")
    with pytest.raises(LedgerError, match=r"of others: theirs.*ALTER SCHEMA"):
        project("one")
    assert schemas(server, place) == ["reconciler"]


# --- Rights ---------------------------------------------------------------------------------------------------


def test_a_team_may_have_rights_to_its_own_schema_only(server: Server, place: str, project: Open) -> None:
    filled(project("theirs"))
    server.sql("CREATE ROLE ours LOGIN; CREATE SCHEMA reconciler_ours AUTHORIZATION ours", place)
    try:
        ours = project("ours", user="ours")
        filled(ours)
        with ours.lock([A], Holder("me"), timeout=0, waiting=nobody):
            assert len(ours.runs(9)) == 1
        with pytest.raises(LedgerError, match="may not use the schema reconciler_theirs"):
            project("theirs", user="ours")
        ours.close()
    finally:
        server.sql("DROP OWNED BY ours; DROP ROLE ours", place)
