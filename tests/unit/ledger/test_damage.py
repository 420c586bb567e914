"""A file that is torn, altered, foreign, unsafe or full is refused with advice, and never taken for an empty ledger."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler import ledger as ledgers
from reconciler.ledger import Damaged, LedgerError, Newer, Unsafe, Unwritable
from reconciler.ledger.records import Holder
from reconciler.ledger.tables import FORMAT, MIGRATIONS

from ...support import full_disk
from .conftest import Home
from .samples import NOW, RUN, call, filled, snapshot


@pytest.fixture
def file(file_home: Home) -> Path:
    """A ledger with a little of everything, closed."""
    ledger = file_home.open()
    filled(ledger)
    ledger.close()
    return file_home.folder / ".reconciler" / "ledger.db"


def told(file: Path, *, create: bool = False) -> dict[str, Any]:
    ledger = ledgers.open(f"sqlite:{file}", file.parent, create=create)
    try:
        return snapshot(ledger)
    finally:
        ledger.close()


# --- Torn and altered -----------------------------------------------------------------------------------


def test_a_flipped_byte_is_told_or_harmless(file: Path) -> None:
    """Bytes that mean something are chosen more often than the empty space between them."""
    whole, before = file.read_bytes(), told(file)
    chance = random.Random(7)
    written = [position for position, byte in enumerate(whole) if byte]
    refused: list[LedgerError] = []
    for _ in range(150):
        position = chance.choice(written) if chance.random() < 0.9 else chance.randrange(len(whole))
        flipped = bytearray(whole)
        flipped[position] ^= chance.randrange(1, 256)
        file.write_bytes(flipped)
        try:
            assert told(file) == before, f"byte {position} was believed"
        except LedgerError as refusal:
            refused.append(refusal)
    assert len(refused) > 100
    assert all(refusal.where == str(file) and refusal.hint for refusal in refused)
    assert sum(isinstance(refusal, Damaged) for refusal in refused) > 0.95 * len(refused)


def test_a_digit_of_an_id_is_guarded(file: Path) -> None:
    """To SQLite it is as good as any other; to us it is another ad set. Opening finds it, before anybody asks."""
    connection = sqlite3.connect(file)
    connection.execute("UPDATE resources SET id = '12' WHERE id = '11'")
    connection.commit()
    connection.close()
    with pytest.raises(Damaged, match="a row of resources is not what was written"):
        ledgers.open(f"sqlite:{file}", file.parent)


def test_a_cut_file_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for length in [0, 1, 15, 16, 99, 100, *range(512, len(whole), 1536), len(whole) - 1]:
        file.write_bytes(whole[:length])
        for create in (False, True):
            with pytest.raises(Damaged):
                told(file, create=create)
        assert file.read_bytes() == whole[:length]


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"hello", b"SQLite format 3\0" + b"\xff" * 4080])
def test_what_is_no_ledger_is_refused_and_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    for create in (False, True):
        with pytest.raises(Damaged, match="restore a copy"):
            told(file, create=create)
    assert file.read_bytes() == content


def test_a_database_of_another_program_is_refused(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    file.chmod(0o600)
    with pytest.raises(Damaged, match="not a ledger"):
        told(file, create=True)


@pytest.mark.parametrize("create", [True, False])
def test_a_later_format_is_refused(file: Path, create: bool) -> None:
    connection = sqlite3.connect(file)
    connection.execute("UPDATE format SET version = ?", (FORMAT + 1,))
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(Newer, match=rf"has format {FORMAT + 1}, and this version knows {FORMAT} \(upgrade"):
        told(file, create=create)
    assert file.read_bytes() == before


def test_an_earlier_format_is_brought_to_ours(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it will be when there is a second one: a writer migrates, a reader asks for one."""
    before = told(file)
    monkeypatch.setattr("reconciler.ledger.format.FORMAT", FORMAT + 1)
    monkeypatch.setattr("reconciler.ledger.sqlite.FORMAT", FORMAT + 1)
    added = ("ALTER TABLE holders ADD COLUMN note TEXT",)
    monkeypatch.setattr("reconciler.ledger.format.MIGRATIONS", (*MIGRATIONS, added))
    with pytest.raises(LedgerError, match=f"old format {FORMAT}"):
        told(file)
    assert told(file, create=True) == before
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT version FROM format").fetchall() == [(FORMAT + 1,)]
    assert connection.execute("SELECT note FROM holders").fetchall() == []
    connection.close()


# --- Unsafe ---------------------------------------------------------------------------------------------


def as_symlink(file: Path) -> None:
    file.rename(file.with_name("other"))
    file.symlink_to("other")


def as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


UNSAFE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "symlink": (as_symlink, "symbolic link"),
    "dangling": (lambda file: (file.unlink(), file.symlink_to("nowhere")), "symbolic link"),
    "hard link": (lambda file: os.link(file, file.with_name("other")), "second name"),
    "group": (lambda file: file.chmod(0o620), "others may write"),
    "others": (lambda file: file.chmod(0o602), "others may write"),
    "folder": (lambda file: file.parent.chmod(0o777), "other users may replace"),
    "no file": (as_folder, "not a file"),
    "pipe": (lambda file: (file.unlink(), os.mkfifo(file)), "not a file"),
}


@pytest.mark.parametrize("way", UNSAFE)
@pytest.mark.parametrize("create", [True, False])
def test_what_others_could_have_put_there_is_refused(file: Path, way: str, create: bool) -> None:
    make, why = UNSAFE[way]
    make(file)
    with pytest.raises(Unsafe, match=why):
        told(file, create=create)


def test_other_users_cannot_read_it(file_home: Home) -> None:
    """Whatever the umask; SQLite gives its journal the mode of the file."""
    umask = os.umask(0)
    try:
        ledger = file_home.open()
        folder = file_home.folder / ".reconciler"
        with ledger.lock(["a"], Holder("me"), timeout=0, waiting=lambda _: None), ledger.together():
            filled(ledger)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    finally:
        os.umask(umask)
    assert {name.rpartition(".")[2] for name in modes} == {"db", "db-journal", "lock", "holder"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_reading_writes_nothing(file: Path) -> None:
    def seen() -> dict[str, tuple[int, bytes]]:
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in file.parent.iterdir()}

    before = seen()
    told(file)
    assert seen() == before


def test_no_secret_of_the_environment_gets_in(file_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = "canary-7f3a"
    for name in ("CRITEO_MS_CLIENT_SECRET", "CRITEO_RM_CLIENT_SECRET", "PGPASSWORD"):
        monkeypatch.setenv(name, canary)
    ledger = file_home.open()
    with ledger.lock(["a"], Holder("me"), timeout=0, waiting=lambda _: None):
        filled(ledger)
        files = [path.read_bytes() for path in file_home.folder.rglob("*") if path.is_file()]
    assert len(files) > 2
    assert not any(canary.encode() in content for content in files)


# --- No room, no permission -----------------------------------------------------------------------------

AS_NOBODY = """
import os, sys
from pathlib import Path
from reconciler import ledger
from reconciler.ledger.sql_ledger import SqlLedger
import reconciler.ledger.sqlite, filelock, urllib.parse  # before the mode of a home stops it
file = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
try:
    ledger.open(f"sqlite:{file}", file.parent)
    print("opened")
except ledger.Unwritable as refusal:
    print(refusal)
print(len(ledger.open(f"sqlite:{file}", file.parent, create=False).runs(9)))
"""


@pytest.mark.parametrize("way", ["file", "folder", "absent"])
def test_what_may_only_be_read_is_refused_before_any_write(file: Path, way: str) -> None:
    """As another user than root, whom no mode stops."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy = Path(shutil.copy(file, folder / "ledger.db"))
        copy.chmod(0o444 if way == "file" else 0o644)
        folder.chmod(0o555)
        if way == "absent":
            copy.unlink()
        said = subprocess.run([sys.executable, "-c", AS_NOBODY, str(copy)], capture_output=True, text=True, check=False)
        folder.chmod(0o700)
    lines = said.stdout.splitlines()
    assert lines[0].startswith(f"ledger {copy}: it "), said
    assert "make room or give permission" in lines[0]
    assert lines[1] == ("0" if way == "absent" else "1")


def test_a_full_disk_stops_before_the_next_call(tmp_path: Path) -> None:
    """Wherever in its growth the file may not grow: what was acknowledged is there, and nothing else."""
    for room in (0, 512, 1024, 4096, 6000, 8192, 20_000, 50_000):
        home = Home(ledgers.DEFAULT, tmp_path / str(room))
        ledger = home.open()
        run = ledger.begin(RUN)
        size = (home.folder / ".reconciler" / "ledger.db").stat().st_size
        kept = []
        with (  # noqa: PT012 - which of the calls it is, is not known
            full_disk.no_file_grows_past(size + room),
            pytest.raises(Unwritable, match="make room"),
        ):
            while len(kept) < 200:
                kept.append(ledger.intend(run, call(), at=NOW))
        assert [each.number for each in home.open().open_intents()] == kept
        ledger.intend(run, call(), at=NOW)
        assert len(home.open().open_intents()) == len(kept) + 1
        home.close()


def test_no_room_even_to_make_one(tmp_path: Path) -> None:
    with full_disk.no_file_grows_past(1000), pytest.raises(Unwritable):
        ledgers.open(ledgers.DEFAULT, tmp_path)
    ledgers.open(ledgers.DEFAULT, tmp_path).close()


# --- Naming one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "sqlite:", "ledger.db", "mysql://ann:canary@host/db", "postgresql:db", "canary"])
def test_what_names_no_store_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    with pytest.raises(LedgerError, match="there is no such store") as refused:
        ledgers.open(url, tmp_path)
    assert "canary" not in f"{refused.value!r} {refused.value}"
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_relative_to_the_project(tmp_path: Path) -> None:
    ledgers.open("sqlite:deep/er/my #1?.db", tmp_path).close()
    ledgers.open(f"sqlite:{tmp_path / 'absolute.db'}", tmp_path / "elsewhere").close()
    assert (tmp_path / "deep" / "er" / "my #1?.db").is_file()
    assert (tmp_path / "absolute.db").is_file()
