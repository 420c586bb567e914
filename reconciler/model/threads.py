"""Run calls in flight together: threads by default; a simulation hands in its own way, one call at a time."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

Given = TypeVar("Given")
Made = TypeVar("Made")


class Threads(Struct, frozen=True):
    """What is needed of threads: locks, conditions, and a map that calls a function for several values at once."""

    lock: Callable[[], Any] = threading.RLock
    condition: Callable[[], Any] = threading.Condition

    def map(self, work: Callable[[Given], Made], values: Sequence[Given], width: int) -> Iterator[Made]:
        """Yield what ``work`` makes of each value, in their order; ``width`` of them at once."""
        if len(values) < 2 or width < 2:
            yield from map(work, values)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(width, len(values))) as pool:
            yield from pool.map(work, values)
