"""Write files atomically: whole or not at all, and a kill leaves the old content."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from reconciler.model import Problem, error

EVERYBODY, OWNER = 0o666, 0o600
"""Permissions of a new file: limited by the umask, or readable by the owner only."""


def write_atomically(path: Path, content: bytes, *, rights: int | None = None) -> None:
    """Replace the content of a file atomically. Without ``rights`` an existing file keeps its permissions.

    Raise :class:`OSError` if it cannot be written; nothing has changed then.
    """
    import secrets

    if path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
        path.write_bytes(content)
        return
    target = path.resolve()
    beside = target.with_name(f".{secrets.token_hex(8)}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, EVERYBODY if rights is None else rights)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if rights is None and target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise


def not_written_error(path: Path, trouble: OSError) -> Problem:
    """Return the error for a file that could not be written."""
    return error("not-written", f"{path} cannot be written: {trouble.strerror}", hint="check its folder's permissions")
