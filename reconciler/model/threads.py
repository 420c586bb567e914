"""Run calls in parallel: on threads by default; a simulation supplies its own implementation."""

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec import Struct

Given = TypeVar("Given")
Made = TypeVar("Made")


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, daemon=True).start()


class Threads(Struct, frozen=True):
    """Thread primitives: locks, conditions, a parallel map, and background work that ends with the process."""

    lock: Callable[[], Any] = threading.RLock
    condition: Callable[[], Any] = threading.Condition
    start: Callable[[Callable[[], None]], None] = _start

    def map(self, work: Callable[[Given], Made], values: Sequence[Given], width: int) -> Iterator[Made]:
        """Yield ``work(value)`` for each value, in order; ``width`` of them at once."""
        if len(values) < 2 or width < 2:
            yield from map(work, values)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(width, len(values))) as pool:
            yield from pool.map(work, values)
