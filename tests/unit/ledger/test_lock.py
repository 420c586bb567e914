"""One writer to a scope: told who it is, free the moment it dies."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from reconciler.ledger import Locked, lock
from reconciler.ledger.interface import Holder

from .conftest import Home
from .samples import child

HOLDING = """
from pathlib import Path
from reconciler import ledger
from reconciler.ledger.interface import Holder
book = ledger.open(sys.argv[1], Path(sys.argv[2]), name="tests")
print("ready", flush=True)
sys.stdin.readline()
try:
    with book.lock([sys.argv[3]], Holder("ann", "build-7", 41, NOW, "nightly"), timeout=0, waiting=print):
        print("won", flush=True)
        sys.stdin.readline()
except ledger.Locked as refusal:
    print("lost", flush=True)
book.close()
"""
SCOPE = "advertiserIds:1352"
ME = Holder("me")


def never(holder: Holder) -> None:
    raise AssertionError(f"waited for {holder}")


def waiting_for_nobody(_: Holder) -> None: ...


def start(home: Home, scope: str = SCOPE) -> subprocess.Popen[str]:
    return child(HOLDING, home.url, str(home.folder), scope)


def say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def holding(home: Home) -> subprocess.Popen[str]:
    process = start(home)
    assert hear(process) == "ready"
    say(process)
    assert hear(process) == "won"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n")


def test_of_eight_processes_one_wins(home: Home) -> None:
    home.open()
    processes = [start(home) for _ in range(8)]
    assert [hear(process) for process in processes] == ["ready"] * 8
    for process in processes:
        say(process)
    assert sorted(hear(process) for process in processes) == ["lost"] * 7 + ["won"]
    for process in processes:
        end(process)


def test_a_killed_holder_holds_nothing(home: Home) -> None:
    ledger = home.open()
    process = holding(home)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with ledger.lock([SCOPE], ME, timeout=5, waiting=waiting_for_nobody):
        pass


def test_who_holds_it_is_told(home: Home) -> None:
    ledger = home.open()
    process = holding(home)
    with pytest.raises(Locked) as refused, ledger.lock([SCOPE], ME, timeout=0, waiting=never):
        pass
    end(process)
    assert refused.value.scope == SCOPE
    assert refused.value.holder == Holder("ann", "build-7", 41, datetime(2026, 11, 21, 9, tzinfo=UTC), "nightly")
    said = "advertiserIds:1352 is locked by ann@build-7 (pid 41) since 2026-11-21 09:00:00 UTC, in nightly"
    assert said in str(refused.value)


def test_a_waiting_run_is_announced_once_and_gets_the_lock(home: Home) -> None:
    ledger = home.open()
    process = holding(home)
    told: list[Holder] = []

    def waiting(holder: Holder) -> None:
        told.append(holder)
        say(process)

    with ledger.lock([SCOPE], ME, timeout=10, waiting=waiting):
        assert [each.who for each in told] == ["ann"]
    process.communicate()


def test_waiting_ends(home: Home) -> None:
    holder, other = home.open(), home.open()
    told: list[Holder] = []
    begin = time.monotonic()
    with (
        holder.lock([SCOPE], ME, timeout=0, waiting=never),
        pytest.raises(Locked),
        other.lock([SCOPE], ME, timeout=0.35, waiting=told.append),
    ):
        pass
    assert 0.35 <= time.monotonic() - begin < 10
    assert told == [ME]


def test_it_is_free_afterwards_whatever_happened(home: Home) -> None:
    holder, other = home.open(), home.open()
    with pytest.raises(ZeroDivisionError), holder.lock([SCOPE], ME, timeout=0, waiting=never):
        raise ZeroDivisionError
    with (
        other.lock([SCOPE], ME, timeout=0, waiting=never),
        pytest.raises(Locked) as refused,
        holder.lock([SCOPE], ME, timeout=0, waiting=never),
    ):
        pass
    assert refused.value.holder == ME
    with holder.lock([SCOPE], ME, timeout=0, waiting=never):
        pass


def test_scopes_that_overlap_exclude_each_other(home: Home) -> None:
    holder, other = home.open(), home.open()
    with holder.lock(["b", "a"], ME, timeout=0, waiting=never):
        with other.lock(["c", "d"], ME, timeout=0, waiting=never):
            pass
        with pytest.raises(Locked) as refused, other.lock(["0", "b"], ME, timeout=0, waiting=never):
            pass
        assert refused.value.scope == "b"
    with holder.lock(["0"], ME, timeout=0, waiting=never):  # what came before the refusal was let go
        pass


def test_one_scope_named_twice_is_one(home: Home) -> None:
    with home.open().lock([SCOPE, SCOPE], ME, timeout=0, waiting=never):
        pass


def test_without_its_note_it_is_held_all_the_same(tables_home: Home) -> None:
    """The note says who; the system says whether."""
    home = tables_home
    holder, other = home.open(), home.open()
    with holder.lock([SCOPE], ME, timeout=0, waiting=never):
        for note in home.folder.glob(".reconciler/*.holder"):
            note.write_text("{")
        if home.url.startswith("postgresql"):
            holder._backend.execute("DELETE FROM holders")  # type: ignore[attr-defined]
        with pytest.raises(Locked, match="another process"), other.lock([SCOPE], ME, timeout=0, waiting=never):
            pass


def test_who_has_just_taken_it_is_given_time_to_say_so() -> None:
    """Between taking a lock and noting whose it is lies a moment, in which others may ask."""
    notes = iter([None, None, ME])
    with pytest.raises(Locked, match="locked by me"):
        lock.wait(lambda: False, lambda: next(notes), lambda who: Locked("here", SCOPE, who), 0, never)


def test_reading_needs_no_lock(home: Home) -> None:
    with home.open().lock([SCOPE], ME, timeout=0, waiting=never):
        assert home.open(create=False).ids() == {}


def test_who_holds_it_can_be_seen_without_asking_for_it(home: Home) -> None:
    holder, other = home.open(), home.open()
    assert other.find_holders([SCOPE]) == ()
    with holder.lock([SCOPE], ME, timeout=0, waiting=never):
        assert other.find_holders([SCOPE, "another"]) == (ME,)
        assert home.open(create=False).find_holders([SCOPE]) == (ME,)
        assert other.find_holders(["another"]) == ()
    assert other.find_holders([SCOPE]) == ()


def test_the_note_of_the_dead_holds_nothing(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    dead, alive = (replace(ME, host=socket.gethostname(), pid=pid) for pid in (gone.pid, os.getpid()))
    holder, other = home.open(), home.open()
    with holder.lock([SCOPE], alive, timeout=0, waiting=never):
        assert other.find_holders([SCOPE]) == (alive,)
        note = next(home.folder.glob(".reconciler/*.holder"), None)
        left = note.read_bytes() if note else b""
    if note is not None:  # PostgreSQL knows by itself whose session is gone
        note.write_bytes(left.replace(str(alive.pid).encode(), str(dead.pid).encode()))
    assert other.find_holders([SCOPE]) == ()
