"""Who may write now: locks that the system itself releases when their holder dies."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from reconciler.ledger import codec
from reconciler.ledger.errors import Locked, Unwritable
from reconciler.ledger.records import Holder
from reconciler.model.stored_codec import dumps

PAUSE = 0.1
"""Seconds between two attempts; the locks of the system have no queue that could tell who waits."""
HOLDER_NOTE_GRACE = 1.0
"""Seconds that whoever has just taken a lock may need to say so, before it is told as nobody's."""
MAKING = 30.0
"""Seconds that somebody else may take to make the ledger."""
NOBODY = Holder()


def wait(
    attempt: Callable[[], bool],
    holder: Callable[[], Holder | None],
    refusal: Callable[[Holder], Locked],
    timeout: float,
    waiting: Callable[[Holder], None],
) -> None:
    """Attempt until it succeeds; tell who is in the way, again when that changes, and give up in the end."""
    began = time.monotonic()
    told: Holder | None = None
    while not attempt():
        in_the_way = holder() or NOBODY
        waited = time.monotonic() - began
        if in_the_way is not NOBODY or waited >= HOLDER_NOTE_GRACE:
            if waited >= timeout:
                raise refusal(in_the_way)
            if in_the_way != told:
                waiting(in_the_way)
                told = in_the_way
        time.sleep(PAUSE)


def digest(scope: str) -> bytes:
    return blake2b(scope.encode("utf-8", "surrogatepass"), digest_size=8, person=b"reconciler").digest()


class HeldLocks(dict[Path, os.stat_result]):
    """The lock files that this process holds, each as it was when it was taken."""

    def lost(self) -> Path | None:
        """One that somebody has removed, or put another in its place of: the next to come locks that one."""
        return next((path for path, file in self.items() if not _is_still(path, file)), None)


def _is_still(path: Path, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), file)
    except OSError:
        return False


@contextmanager
def files(
    ledger: Path,
    scopes: Sequence[str],
    holder: Holder,
    *,
    timeout: float,
    waiting: Callable[[Holder], None],
    taken: HeldLocks,
) -> Iterator[None]:
    """Hold every scope by a file of its own beside the ledger, taken in one order by everybody."""
    with ExitStack() as held:
        for scope in sorted(set(scopes)):
            path = _lock_file(ledger, scope)
            held.enter_context(_file(ledger, path, scope, holder, timeout, waiting, taken))
        yield


@contextmanager
def _file(
    ledger: Path,
    path: Path,
    scope: str,
    holder: Holder,
    timeout: float,
    waiting: Callable[[Holder], None],
    taken: HeldLocks,
) -> Iterator[None]:
    from filelock import FileLock, Timeout  # heavy, and a plan needs no lock

    note = _note(path)
    lock = FileLock(path, mode=0o600, thread_local=False)

    def attempt() -> bool:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    try:
        wait(attempt, lambda: _read(note), lambda who: Locked(str(ledger), scope, who), timeout, waiting)
        taken[path] = path.stat()
        _write(note, holder)
    except OSError as trouble:
        lock.release()
        raise Unwritable(str(ledger), f"its lock cannot be taken: {trouble.strerror}") from None
    try:
        yield
    finally:
        with suppress(OSError):
            if _is_still(path, taken.pop(path)):  # else it is another's note by now
                note.unlink()
        lock.release()


def lock_holders(ledger: Path, scopes: Sequence[str]) -> Iterator[Holder]:
    """Who holds any of the scopes, as far as their notes tell: to look takes no lock, and is in nobody's way."""
    for scope in sorted(set(scopes)):
        holder = _read(_note(_lock_file(ledger, scope)))
        if holder is not None and not is_dead(holder):
            yield holder


def is_dead(holder: Holder) -> bool:
    """Whether the process was of this machine, and is no more; its lock went with it."""
    if holder.host != socket.gethostname() or not holder.pid:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it is there, and somebody else's
        return False
    return False


@contextmanager
def creation_lock(ledger: Path) -> Iterator[None]:
    """Hold the making of a ledger: the second to come finds it made."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(ledger.with_name(f"{ledger.name}.new.lock"), mode=0o600, timeout=MAKING):
            yield
    except Timeout:
        raise Unwritable(str(ledger), "another process has been making it for too long") from None


def _lock_file(ledger: Path, scope: str) -> Path:
    return ledger.with_name(f"{ledger.name}.{digest(scope).hex()}.lock")


def _note(path: Path) -> Path:
    """Who holds the lock; apart from it, since taking a lock file empties it."""
    return path.with_suffix(".holder")


def _read(note: Path) -> Holder | None:
    """Who holds the lock. Between a death and the next holder's note, it names the dead."""
    try:
        return codec.to_holder(note.read_text("ascii"))
    except (OSError, ValueError, TypeError, json.JSONDecodeError):
        return None


def _write(note: Path, holder: Holder) -> None:
    """Whole or not at all: somebody may be reading."""
    part = note.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(dumps(holder))
    part.replace(note)
