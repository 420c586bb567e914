"""A bucket in memory with the conditions of a real one, for worlds whose time is not real, and for faults on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

from reconciler.ledger.objects.bucket import PATIENCE, Found, Tag

Fault = Callable[[str, str], None]
"""Called before and after each request, with its name and key; what it raises is the answer."""


class MemoryBucket:
    """Objects by name. ``requests`` counts what was asked, by name."""

    where = "s3://memory/tests"

    def __init__(self) -> None:
        self.objects: dict[str, Found] = {}
        self.requests: dict[str, int] = {}
        self.before: Fault = lambda request, key: None
        self.after: Fault = lambda request, key: None
        self._numbers = count(1)
        self._turn = threading.Lock()

    def get(self, key: str, patience: float = PATIENCE) -> Found | None:
        self._asked("get", key)
        return self.objects.get(key)

    def get_all(self, keys: Iterable[str]) -> Mapping[str, Found]:
        found = {key: self.get(key) for key in keys}
        return {key: each for key, each in found.items() if each is not None}

    def create(self, key: str, data: bytes, patience: float = PATIENCE) -> Tag | None:
        return self._put("create", key, data, lambda: key not in self.objects)

    def replace(self, key: str, data: bytes, tag: Tag, patience: float = PATIENCE) -> Tag | None:
        return self._put("replace", key, data, lambda: key in self.objects and self.objects[key].tag == tag)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._asked("delete", key)
            self.objects.pop(key, None)

    def names(self) -> Mapping[str, datetime]:
        return dict.fromkeys(self.objects, datetime(2026, 11, 21, tzinfo=UTC))

    def _put(self, request: str, key: str, data: bytes, fits: Callable[[], bool]) -> Tag | None:
        self._asked(request, key)
        with self._turn:
            tag = Tag(str(next(self._numbers))) if fits() else None
            if tag is not None:
                self.objects[key] = Found(data, tag)
        self.after(request, key)
        return tag

    def _asked(self, request: str, key: str) -> None:
        self.requests[request] = self.requests.get(request, 0) + 1
        self.before(request, key)
