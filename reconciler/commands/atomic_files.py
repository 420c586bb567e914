"""Write files atomically: whole or not at all, and a kill leaves the old content."""

import errno
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.model import Problem, error

ANY_USER, OWNER = 0o666, 0o600
"""Permissions of a new file: limited by the umask, or readable by the owner only."""


def write_atomically(path: Path, content: bytes | Sequence[bytes], *, rights: int | None = None) -> None:
    """Replace the content of a file atomically. Without ``rights`` an existing file keeps its permissions.

    Raise :class:`OSError` if it cannot be written; nothing has changed then.
    """
    import secrets

    parts = [content] if isinstance(content, bytes) else content
    if path.exists() and not path.is_file():  # a pipe or a device is written to, not replaced
        path.write_bytes(b"".join(parts))
        return
    target = path.resolve()
    beside = target.with_name(f".{secrets.token_hex(8)}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ANY_USER if rights is None else rights)
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
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
    hint = CURES.get(trouble.errno or 0, "check its folder's permissions")
    return error("not-written", f"{path} cannot be written: {trouble.strerror}", hint=hint)


CURES = {
    errno.ENOENT: "make its folder first, or correct the path",
    errno.ENOTDIR: "a part of the path is a file: correct it",
    errno.EISDIR: "it is a folder: name a file in it",
    errno.ENAMETOOLONG: "take a shorter name",
    errno.ENOSPC: "make room on the device, or name a file on another one",
    errno.EDQUOT: "make room within the quota, or name a file elsewhere",
    errno.EROFS: "the file system is read-only: name a file elsewhere",
    errno.ELOOP: "links lead in a circle there: correct them",
}
"""What cures a file that cannot be written, by the error of the system; of any other, permissions."""


class FilesChanged(Exception):
    """Raised if a file has changed since it was read; nothing was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} changed while it was being edited")
        self.path = path


def write_all(contents: Mapping[Path, bytes], before: Mapping[Path, bytes]) -> None:
    """Replace the content of all files, or of none; ``before`` is the content that was read.

    All new texts are on the disk before the first file is replaced, so that only renames remain; if one fails, those
    done are undone. Raise :class:`OSError` or :class:`FilesChanged`; nothing has changed then.
    """
    import secrets

    staged: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for path, content in contents.items():
            target = path.resolve()
            if target.read_bytes() != before[path]:
                raise FilesChanged(path)
            beside = target.with_name(f".{secrets.token_hex(8)}.new")
            staged[target] = beside
            write_atomically(beside, content)
            shutil.copymode(target, beside)
        originals = {path.resolve(): text for path, text in before.items()}
        for target in staged:
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, "Permission denied", str(target))
        for target, beside in staged.items():
            beside.replace(target)
            done.append(target)
    except BaseException:
        for target in done:
            write_atomically(target, originals[target])
        raise
    finally:
        for beside in staged.values():
            with suppress(OSError):
                beside.unlink(missing_ok=True)


def write_together(contents: Mapping[Path, bytes], before: Mapping[Path, bytes]) -> Problem | None:
    """Write all files or none; return the problem that prevented it, or None."""
    try:
        write_all(contents, before)
    except FilesChanged as other:
        return error("file-changed", f"{other}; nothing was written", hint="run the command again")
    except OSError as trouble:
        named = trouble.filename or "a file"
        hint = "check its permissions and the space on the disk"
        return error("not-edited", f"{named} cannot be written: {trouble.strerror}; nothing was written", hint=hint)
    return None
