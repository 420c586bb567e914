"""A folder whose files are in memory: the ledger syncs each of its steps, and a disk takes most of a test's time."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

SHARED = Path("/dev/shm")
ENOUGH = 1 << 30
"""Bytes that must be free there: the whole suite needs a tenth of them, and containers often have 64 MiB."""


def folder() -> Path | None:
    """Return the folder if this machine has one with enough room, in which programs may be run."""
    if not SHARED.is_dir() or not os.access(SHARED, os.W_OK):
        return None
    barred = os.statvfs(SHARED).f_flag & os.ST_NOEXEC
    return None if barred or shutil.disk_usage(SHARED).free < ENOUGH else SHARED


def use() -> None:
    """Put the temporary files of this process and of its children there, unless TMPDIR says where they are to be."""
    found = folder()
    if found is not None and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = str(found)
        tempfile.tempdir = None  # asked for anew
