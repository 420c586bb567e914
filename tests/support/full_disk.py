"""A full disk: the kernel refuses every byte of a file past a size."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""What a child with such a limit needs: half of a compiled module is written without an error, and kept for all."""


def limit_files(size: int) -> None:
    """Let no file of this process grow past so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@contextmanager
def no_file_grows_past(size: int) -> Iterator[None]:
    """Let no file of this process grow past so many bytes meanwhile; no module is compiled into a file."""
    before, writes = resource.getrlimit(resource.RLIMIT_FSIZE), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        limit_files(size)
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        sys.dont_write_bytecode = writes
