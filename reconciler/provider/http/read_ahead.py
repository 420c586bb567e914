"""Send reads before they are needed, and hold their replies until the run asks for them.

A run decides, and in the order in which it always does: an answer is taken by the very call that would have been sent,
and is decoded then. So nothing depends on which reply came first.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from reconciler.model import Answer, Call
from reconciler.model.threads import Threads
from reconciler.provider.codec import dump_json
from reconciler.provider.http.messages import Reply

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of replies that are held before they are asked for; the next reads wait."""
Key = tuple[str, str, tuple[tuple[str, str], ...], bytes, str]


class Fetched(Struct, frozen=True):
    """Answer of a read that was sent ahead; an accepted one has its reply, not decoded yet."""

    answer: Answer
    reply: Reply | None


Fetch = Callable[[Call, Callable[[], bool]], Fetched | None]
"""Sends a read, unless the given function returns True while it waits."""


class _Read:
    """One read: waiting for its turn, in flight, or ended."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.begun = self.ended = False
        self.fetched: Fetched | None = None

    @property
    def size(self) -> int:
        return len(self.fetched.reply.body) if self.fetched is not None and self.fetched.reply is not None else 0


class ReadAhead:
    """Reads in the background. Thread-safe; its threads never keep the process from ending."""

    def __init__(self, fetch: Fetch, threads: Threads, width: int) -> None:
        self._fetch, self._threads, self._width = fetch, threads, width
        self._changed = threads.condition()
        self._reads: dict[Key, _Read] = {}
        self._waiting: list[_Read] = []
        self._workers = 0
        self._held = 0
        self._closed = False

    def begin(self, calls: Iterable[Call]) -> None:
        """Send these reads in the background, without those that were begun before."""
        with self._changed:
            for call in calls:
                if (key := _key(call)) not in self._reads:
                    read = self._reads[key] = _Read(call)
                    self._waiting.append(read)
            new = min(self._width - self._workers, len(self._waiting))
            self._workers += max(0, new)
        for _ in range(new):
            self._threads.start(self._work)

    def take(self, call: Call) -> Fetched | None:
        """Return the answer of a read that was sent ahead, once; None if the caller has to send it."""
        if not self._reads:
            return None
        with self._changed:
            read = self._reads.pop(_key(call), None)
            if read is None:
                return None
            if not read.begun:
                self._waiting.remove(read)
                return None
            while not (read.ended or self._closed):
                self._changed.wait()
            self._held -= read.size
            self._changed.notify_all()
            return None if self._closed else read.fetched

    def close(self) -> None:
        """Drop every read: those in flight end by themselves, and nothing waits for them."""
        with self._changed:
            self._closed = True
            self._reads, self._waiting = {}, []
            self._changed.notify_all()

    def _is_closed(self) -> bool:
        return self._closed

    def _work(self) -> None:
        while (read := self._next()) is not None:
            try:
                fetched = self._fetch(read.call, self._is_closed)
            except Exception:  # the caller sends it again, and meets the same trouble where it is handled
                fetched = None
            with self._changed:
                read.fetched, read.ended = fetched, True
                self._held += read.size
                self._changed.notify_all()

    def _next(self) -> _Read | None:
        """Return the next read; None if there is none. It waits while too much is held."""
        with self._changed:
            while self._waiting and self._held >= MOST_BYTES and not self._closed:
                self._changed.wait()
            if self._closed or not self._waiting:
                self._workers -= 1
                return None
            read = self._waiting.pop(0)
            read.begun = True
            return read


def _key(call: Call) -> Key:
    return call.method, call.path, call.query, dump_json(call.body), call.product
