"""A file is written whole or not at all, and a kill leaves the old one as it was."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from reconciler.model import Problem, error

EVERYBODY, OWNER = 0o666, 0o600
"""Rights of a new file: as the system's mask leaves them, or for its owner's eyes."""


def write_atomically(path: Path, content: bytes, *, rights: int | None = None) -> None:
    """Put content in place of a file in one step. Without ``rights`` a file that was there keeps its own.

    Raises :class:`OSError`; then nothing has changed.
    """
    import secrets

    if path.exists() and not path.is_file():  # a pipe or a device is written to, and never replaced
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
    """Why a file could not be written."""
    return error("not-written", f"{path} cannot be written: {trouble.strerror}", hint="check its folder's permissions")
