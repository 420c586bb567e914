"""A bucket whose objects are in one file, kept and put back like SQLite's by tests that kill a run."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler import ledger
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.bucket import Found, Tag
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.sql_ledger import SqlLedger

from .memory_bucket import MemoryBucket


class FileBucket(MemoryBucket):
    """A bucket in one file; each request reads it whole, and writes it whole if it changes something."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._whole = threading.RLock()

    def delete(self, keys: Sequence[str]) -> None:
        with self._whole:
            for key in keys:
                super().delete([key])
                self._write()

    def _put(self, request: str, key: str, data: bytes, fits: Callable[[], bool]) -> Tag | None:
        with self._whole:
            tag = super()._put(request, key, data, fits)
            if tag is not None:
                self._write()
            return tag

    def _asked(self, request: str, key: str) -> None:
        super()._asked(request, key)
        with self._whole:
            self._read()

    def _read(self) -> None:
        self.objects = pickle.loads(self._path.read_bytes()) if self._path.exists() else dict[str, Found]()
        tags = [int(each.tag.e_tag or 0) for each in self.objects.values()]
        self._numbers = count(max(tags, default=0) + 1)

    def _write(self) -> None:
        new = self._path.with_suffix(".new")
        new.write_bytes(pickle.dumps(self.objects))
        os.replace(new, self._path)  # whole at any moment, for other threads and after a kill


class Waiting:
    """A clock that moves only while a lock is waited for: the lease of a killed run ends at once for the world.

    Those leases that the session has are renewed meanwhile, as its thread does.
    """

    def __init__(self) -> None:
        self.now, self.leases = 0.0, list[Leases]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for each in self.leases:
            each.renew()


@contextmanager
def ledgers_in_buckets(made: Callable[[Path], MemoryBucket] = FileBucket) -> Iterator[None]:
    """Open each ledger of a file as one in a bucket."""
    real = ledger._open_store

    def opened(url: str, folder: Path, *more: Any, create: bool, audit: bool) -> SqlLedger:
        scheme, _, path = url.partition(":")
        if scheme != "sqlite":
            return real(url, folder, *more, create=create, audit=audit)
        bucket, clock = made(folder / path), Waiting()
        leases = Leases(bucket, clock=clock, sleep=clock.sleep, renewing=False)
        clock.leases.append(leases)
        return opening.open_over(bucket, leases, create=create)

    with patch.object(ledger, "_open_store", opened):
        yield
