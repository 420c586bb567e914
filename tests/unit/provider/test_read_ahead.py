"""Reads that are sent before they are needed: what a run sees, and in which order, does not depend on them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reconciler.model import Answer, Call, Delivery, ReadCall, WriteEffect
from reconciler.model.threads import Threads
from reconciler.provider.http.messages import Reply
from reconciler.provider.http.read_ahead import MOST_BYTES, Fetched, ReadAhead


def read(path: str, **more: object) -> Call:
    return ReadCall("adSets.read", "adSets", "", WriteEffect.READ, "GET", path, product="p", **more)  # type: ignore[arg-type]


def fetched(call: Call, size: int = 2) -> Fetched:
    return Fetched(Answer(Delivery.ANSWERED, 200), Reply(200, {"path": call.path}, b"x" * size))


class ByHand:
    """Workers that a test runs itself, one after the other, when it wants them to."""

    def __init__(self) -> None:
        self.workers: list[Callable[[], None]] = []
        self.sent: list[str] = []
        self.threads = Threads(start=self.workers.append)

    def fetch(self, call: Call, halted: Callable[[], bool]) -> Fetched | None:
        self.sent.append(call.path)
        if call.path == "/raises":
            raise RuntimeError("a bug")
        return fetched(call)

    def run(self) -> None:
        while self.workers:
            self.workers.pop()()


def taken(ahead: ReadAhead, path: str) -> str | None:
    found = ahead.take(read(path))
    return None if found is None or found.reply is None else found.reply.headers["path"]


def test_an_answer_goes_to_the_call_that_asks_for_it_and_only_once() -> None:
    world = ByHand()
    ahead = ReadAhead(world.fetch, world.threads, 2)
    ahead.begin([read("/a"), read("/b"), read("/a")])
    world.run()

    assert world.sent == ["/a", "/b"]
    assert [taken(ahead, path) for path in ("/b", "/a", "/a", "/c")] == ["/b", "/a", None, None]


def test_reads_that_differ_in_anything_that_is_sent_are_not_mistaken() -> None:
    world = ByHand()
    ahead = ReadAhead(world.fetch, world.threads, 2)
    ahead.begin([read("/a", query=(("page", "0"),)), read("/a", rows=({"filters": {"advertiserIds": ["1"]}},))])
    world.run()

    assert ahead.take(read("/a")) is None
    assert ahead.take(read("/a", rows=({"filters": {"advertiserIds": ["2"]}},))) is None
    assert ahead.take(read("/a", query=(("page", "0"),))) is not None


def test_a_read_that_waits_for_its_turn_is_left_to_the_caller_who_must_not_wait_for_it() -> None:
    world = ByHand()
    ahead = ReadAhead(world.fetch, world.threads, 1)
    ahead.begin([read("/a"), read("/b")])

    assert taken(ahead, "/b") is None
    world.run()
    assert world.sent == ["/a"]


def test_trouble_in_the_background_is_met_again_by_the_caller() -> None:
    world = ByHand()
    ahead = ReadAhead(world.fetch, world.threads, 1)
    ahead.begin([read("/raises"), read("/b")])
    world.run()

    assert ahead.take(read("/raises")) is None
    assert taken(ahead, "/b") == "/b"


def test_nothing_is_sent_and_nothing_is_told_once_it_is_closed() -> None:
    world = ByHand()
    ahead = ReadAhead(world.fetch, world.threads, 1)
    ahead.begin([read("/a"), read("/b")])
    ahead.close()
    world.run()

    assert world.sent == []
    assert ahead.take(read("/a")) is None


def test_a_wait_for_a_read_in_flight_ends_with_it() -> None:
    ends = threading.Event()
    begun = threading.Event()

    def fetch(call: Call, halted: Callable[[], bool]) -> Fetched:
        begun.set()
        ends.wait(10)
        return fetched(call)

    ahead = ReadAhead(fetch, Threads(), 1)
    ahead.begin([read("/a")])
    begun.wait(10)
    threading.Timer(0.01, ends.set).start()

    assert taken(ahead, "/a") == "/a"


def test_only_so_much_is_held_before_it_is_asked_for() -> None:
    """Many answers of a large account must not lie in memory while its files are parsed."""
    sent: list[str] = []
    three = threading.Event()

    def fetch(call: Call, halted: Callable[[], bool]) -> Fetched:
        sent.append(call.path)
        if len(sent) == 3:
            three.set()
        return Fetched(Answer(Delivery.ANSWERED, 200), Reply(200, {"path": call.path}, bytes(MOST_BYTES // 2)))

    ahead = ReadAhead(fetch, Threads(), 1)
    ahead.begin([read(f"/{number}") for number in range(4)])

    assert taken(ahead, "/0") == "/0"
    assert three.wait(10)
    assert len(sent) == 3
    ahead.close()
