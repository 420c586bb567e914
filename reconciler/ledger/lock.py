"""Locks on scopes, which the operating system releases when their holder dies."""

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
"""Seconds between two attempts; file locks have no queue."""
HOLDER_NOTE_GRACE = 1.0
"""Grace period in seconds for a new holder to write its note, before the holder is reported as unknown."""
MAKING = 30.0
"""Seconds to wait while another process creates the ledger."""
UNNAMED = Holder()


def wait(
    attempt: Callable[[], bool],
    holder: Callable[[], Holder | None],
    refusal: Callable[[Holder], Locked],
    timeout: float,
    waiting: Callable[[Holder], None],
) -> None:
    """Retry until the lock is taken; report each new holder, and raise the refusal after the timeout."""
    began = time.monotonic()
    told: Holder | None = None
    while not attempt():
        in_the_way = holder() or UNNAMED
        waited = time.monotonic() - began
        if in_the_way is not UNNAMED or waited >= HOLDER_NOTE_GRACE:
            if waited >= timeout:
                raise refusal(in_the_way)
            if in_the_way != told:
                waiting(in_the_way)
                told = in_the_way
        time.sleep(PAUSE)


def digest(scope: str) -> bytes:
    return blake2b(scope.encode("utf-8", "surrogatepass"), digest_size=8, person=b"reconciler").digest()


class HeldLocks(dict[Path, os.stat_result]):
    """Lock files held by this process, each with its state when it was taken."""

    def find_lost(self) -> Path | None:
        """Return a lock file that was removed or replaced, or None; another process would lock the new file."""
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
    """Hold a lock file beside the ledger for every scope, taken in sorted order."""
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
    from filelock import FileLock, Timeout  # imported here: slow to import, and a plan needs no lock

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
            if _is_still(path, taken.pop(path)):  # otherwise the note belongs to another holder by now
                note.unlink()
        lock.release()


def lock_holders(ledger: Path, scopes: Sequence[str]) -> Iterator[Holder]:
    """Yield the holders of any of the scopes according to their notes; this takes no lock."""
    for scope in sorted(set(scopes)):
        holder = _read(_note(_lock_file(ledger, scope)))
        if holder is not None and not is_dead(holder):
            yield holder


def is_dead(holder: Holder) -> bool:
    """Return True if the holder was a process of this machine and no longer exists."""
    if holder.host != socket.gethostname() or not holder.pid:
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:  # the process exists and belongs to another user
        return False
    return False


@contextmanager
def creation_lock(ledger: Path) -> Iterator[None]:
    """Serialize creation of the ledger file between processes."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(ledger.with_name(f"{ledger.name}.new.lock"), mode=0o600, timeout=MAKING):
            yield
    except Timeout:
        raise Unwritable(str(ledger), "another process has been making it for too long") from None


def _lock_file(ledger: Path, scope: str) -> Path:
    return ledger.with_name(f"{ledger.name}.{digest(scope).hex()}.lock")


def _note(path: Path) -> Path:
    """Return the path of the holder's note, a separate file because locking truncates the lock file."""
    return path.with_suffix(".holder")


def _read(note: Path) -> Holder | None:
    """Return the current lock holder.

    It may be stale if the previous holder crashed and the new one has not written its note yet.
    """
    try:
        return codec.to_holder(note.read_text("ascii"))
    except (OSError, ValueError, TypeError, json.JSONDecodeError):
        return None


def _write(note: Path, holder: Holder) -> None:
    """Write the note atomically, since another process may be reading it."""
    part = note.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(dumps(holder))
    part.replace(note)
