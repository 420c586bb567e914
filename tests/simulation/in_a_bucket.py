"""Play a world whose ledger is in a bucket: its objects are one file, kept and put back by the lab like SQLite's."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler import ledger
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.bucket import Found
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.sql_ledger import SqlLedger

from ..support.memory_bucket import MemoryBucket


class FileBucket(MemoryBucket):
    """A bucket whose objects are in one file; each request reads and writes it whole."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def _asked(self, request: str, key: str) -> None:
        super()._asked(request, key)
        self.objects: dict[str, Found] = pickle.loads(self._path.read_bytes()) if self._path.exists() else {}
        tags = [int(each.tag.e_tag or 0) for each in self.objects.values()]
        self._numbers = iter(range(max(tags, default=0) + 1, 10**9))  # type: ignore[assignment]

    def _put(self, *arguments: Any) -> Any:
        tag = super()._put(*arguments)
        if tag is not None:
            self._path.write_bytes(pickle.dumps(self.objects))
        return tag

    def delete(self, keys: Any) -> None:
        super().delete(keys)
        self._path.write_bytes(pickle.dumps(self.objects))


class Waiting:
    """A clock that moves when somebody waits: the lease of a killed run ends, and the world's time does not pass."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def buckets() -> Iterator[None]:
    """Open each ledger of a file as one in a bucket."""
    real = ledger._opened

    def opened(url: str, folder: Path, *more: Any, create: bool, audit: bool) -> SqlLedger:
        scheme, _, path = url.partition(":")
        if scheme != "sqlite":
            return real(url, folder, *more, create=create, audit=audit)
        bucket, clock = FileBucket(folder / path), Waiting()
        leases = Leases(bucket, clock=clock, sleep=clock.sleep, renewing=False)
        return opening.over(bucket, leases, create=create)

    with patch.object(ledger, "_opened", opened):
        yield
