"""Where a run can be killed: the boundaries of its calls and of the ledger's writes, wrapped by name.

The product knows nothing of this. ``install(point)`` has ``point(boundary, operation)`` called at each.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.ledger.sql_ledger import SqlLedger
from reconciler.ledger.sqlite import SQLite
from reconciler.model import Call, WriteEffect
from tests.support.file_bucket import FileBucket

Point = Callable[[str, str], None]
BOUNDARIES = (
    "before intend",
    "inside intend",
    "after intend, before send",
    "after send, before the answer",
    "after the answer, before settle",
    "inside settle",
    "after settle",
    "other ledger writes",
)
"""In the order in which one call meets them."""
_here = threading.local()


class Still:
    """Held by whoever moves the ledger or the account: who holds it sees both as they are at one moment."""

    all = threading.RLock()


still = Still()


def operation(call: Call) -> str:
    """What a call does, in the words of the table."""
    last = call.path.rpartition("/")[2]
    name = f"{call.kind} {call.facet}"
    if last in ("start", "stop", "append", "delete"):
        return f"{name}: {last}"
    if call.effect is WriteEffect.ADD:
        move = call.items[0].fields[0]
        return f"{name}: {'up' if move.after > move.before else 'down'}"  # type: ignore[operator]
    return name


def install(point: Point, *, waits: bool = False) -> None:
    """Wrap the ledger's writes. ``waits``: also the moment at which a real connection waits for its answer."""
    _wrap_journal(point)
    _wrap_statements(point)
    _wrap_requests(point)
    if waits:
        _wrap_connection(point)


def answered(point: Point) -> None:
    """For a transport of one's own: the effect is there, and nobody has heard of it."""
    if getattr(_here, "operation", None):
        point("after send, before the answer", _here.operation)


def _wrap_journal(point: Point) -> None:
    intend, settle = SqlLedger.intend, SqlLedger.settle

    def intending(self: SqlLedger, run_id: str, call: Call, **more: Any) -> int:
        name = operation(call)
        point("before intend", name)
        _here.inside, _here.operation = "inside intend", None
        _here.named = name
        number = intend(self, run_id, call, **more)
        _here.inside, _here.operation = None, name
        point("after intend, before send", name)
        return number

    def settling(self: SqlLedger, intent: int, *more: Any, **words: Any) -> None:
        name = getattr(_here, "operation", None) or "settled later"
        _here.operation = None
        point("after the answer, before settle", name)
        _here.inside, _here.named = "inside settle", name
        settle(self, intent, *more, **words)
        _here.inside = None
        point("after settle", name)

    SqlLedger.intend, SqlLedger.settle = intending, settling  # type: ignore[method-assign]


def _at(point: Point) -> None:
    inside = getattr(_here, "inside", None)
    point(inside or "other ledger writes", _here.named if inside else "the run")


def _wrap_statements(point: Point) -> None:
    """Before and after each commit, and after each statement that writes."""
    execute, executemany, transaction = SQLite.execute, SQLite.executemany, SQLite.transaction

    @contextmanager
    def alone(self: SQLite) -> Iterator[None]:
        with still.all, transaction(self):
            yield

    def executing(self: SQLite, statement: str, parameters: Any = ()) -> Any:
        if statement == "COMMIT":
            _at(point)
        rows = execute(self, statement, parameters)
        if statement in ("COMMIT", "BEGIN IMMEDIATE"):
            _at(point)
        return rows

    def executing_many(self: SQLite, statement: str, parameters: Any) -> None:
        executemany(self, statement, parameters)
        _at(point)

    SQLite.execute, SQLite.executemany = executing, executing_many  # type: ignore[method-assign]
    SQLite.transaction = alone  # type: ignore[method-assign]


def _wrap_requests(point: Point) -> None:
    """Before and after each request that changes an object of a bucket."""

    def alone(name: str, *, changes: bool) -> Callable[..., Any]:
        request = getattr(FileBucket, name)

        def asking(self: FileBucket, *arguments: Any, **more: Any) -> Any:
            if changes:
                _at(point)
            with still.all:
                answer = request(self, *arguments, **more)
            if changes:
                _at(point)
            return answer

        return asking

    for name in ("get", "create", "replace", "delete"):
        setattr(FileBucket, name, alone(name, changes=name != "get"))


def _wrap_connection(point: Point) -> None:
    from httpcore._sync.http11 import HTTP11Connection

    receive = HTTP11Connection._receive_response_headers

    def receiving(self: HTTP11Connection, request: Any) -> Any:
        answered(point)
        return receive(self, request)

    HTTP11Connection._receive_response_headers = receiving  # type: ignore[method-assign]


__all__ = ["BOUNDARIES", "answered", "install", "operation", "still"]
