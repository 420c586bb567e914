"""Behind a real pooler: one that hands out sessions by transaction is refused, one by session is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.ledger import LockLost
from reconciler.ledger.records import Holder

from .conftest import Home
from .postgres_server import Server
from .samples import NOW, RUN, call

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(PGBOUNCER is None, reason="no pooler here: apt-get install pgbouncer"),
]
SETTINGS = """
[databases]
* = host={folder} user=reconciler
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}/pooler
auth_type = any
pool_mode = {mode}
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
"""
Pooled = Callable[[str], Home]


@pytest.fixture
def pooled(server: Server, database: str, tmp_path: Path) -> Iterator[Pooled]:
    """A home of the ledger behind a pooler of that mode."""
    started: list[tuple[subprocess.Popen[bytes], Home]] = []

    def start(mode: str) -> Home:
        folder = Path(server.folder) / "pooler"
        folder.mkdir()
        settings = folder / "pgbouncer.ini"
        settings.write_text(SETTINGS.format(folder=server.folder, mode=mode))
        user = ()
        if os.geteuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            user = ("runuser", "-u", "postgres", "--")
        process = subprocess.Popen([*user, str(PGBOUNCER), "-q", str(settings)], stderr=subprocess.DEVNULL, cwd="/")
        home = Home(f"postgresql://reconciler@/{database}?host={folder}&port=6432", tmp_path)
        started.append((process, home))
        for _ in range(100):
            if (folder / ".s.PGSQL.6432").exists():
                break
            time.sleep(0.05)
        return home

    yield start
    for process, home in started:
        home.close()
        process.terminate()
        process.wait()
    shutil.rmtree(Path(server.folder) / "pooler", ignore_errors=True)


def test_with_a_session_for_each_transaction_a_run_writes_no_intent_beside_another(pooled: Pooled) -> None:
    home = pooled("transaction")
    first, second = home.open(), home.open()
    written = []
    refused = []
    for number, ledger in enumerate([first, second]):
        try:
            with ledger.lock(["1352"], Holder(str(number)), timeout=0, waiting=lambda _: None):
                written.append(ledger.intend(ledger.begin(RUN), call(), at=NOW))
        except LockLost as lost:
            refused.append(lost)
    assert [each.hint for each in refused]
    assert all("a pooler in session mode" in each.hint for each in refused)
    assert len(written) < 2


def test_with_a_session_for_each_connection_the_lock_holds(pooled: Pooled) -> None:
    home = pooled("session")
    ledger = home.open()
    with ledger.lock(["1352"], Holder("me"), timeout=0, waiting=lambda _: None):
        ledger.assure(ledger.intend(ledger.begin(RUN), call(), at=NOW), NOW)
    home.close()
    again = home.open()
    with again.lock(["1352"], Holder("me"), timeout=0, waiting=lambda _: None):
        again.intend(again.begin(RUN), call(), at=NOW)
