"""How near the pace comes to what is possible, over a real loopback server: printed as ratios, asserted by nobody.

``python tests/bench/bench_pace.py [--quick]``. The ideal is arithmetic: calls ÷ in flight × latency where nothing
limits, and full windows one after the other where a limit does. ``--json`` prints ratios and 429s for programs.
"""

from __future__ import annotations

import asyncio
import json
import math
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from multiprocessing.connection import Connection
from typing import Any

from reconciler.provider.http import Api, Credentials, Settings

IN_FLIGHT = 8
LATENCY = 0.1
PLENTY = 10**9
TOKEN = b'{"access_token": "bench", "token_type": "Bearer", "expires_in": 900}'


@dataclass(frozen=True)
class Case:
    """So many calls under a limit per window of seconds; ``own`` is the cap that the client gives itself.

    ``whole``: windows end with a whole second, which is all that the header can say. Where they do not, it says
    the next one, and whoever does not want to earn a 429 waits for that.
    """

    name: str
    calls: int
    limit: int = PLENTY
    window: float = 60.0
    own: int = PLENTY
    whole: bool = True

    def ideal(self, opened: list[float]) -> float:
        """From the first window to the last that is needed, and what its calls take: the first goes alone, to learn
        the window, the others eight at a time."""
        full, rest = divmod(self.calls - 1, min(self.limit, self.own))
        last = (math.ceil(rest / IN_FLIGHT) + 1) * LATENCY
        return last + (60.0 * full if self.own < PLENTY else (opened[0] + full * self.window if full else 0.0))


class Server:
    """Counts calls in fixed windows, which open with the first call after the last one closed."""

    def __init__(self, case: Case) -> None:
        self.limit, self.window, self.whole = case.limit, case.window, case.whole
        self.until, self.count, self.refused = 0.0, 0, 0
        self.times: list[float] = []
        self.short: list[float] = []
        """By how much each window was shorter than its length, as a negative number."""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            length = 0
            while (line := await reader.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            await reader.readexactly(length)
            status, body, more = (200, TOKEN, "") if b"/oauth2/token" in head else await self.answer()
            said = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            writer.write(f"{said}date: {formatdate(usegmt=True)}\r\n{more}\r\n".encode() + body)

    async def answer(self) -> tuple[int, bytes, str]:
        now = time.time()
        if now >= self.until:
            self.until, self.count = now + self.window, 0
            if self.whole:
                self.until = float(math.floor(self.until))
            self.short.append(self.until - now - self.window)
        self.count += 1
        self.times.append(now)
        left, reset = max(0, self.limit - self.count), math.ceil(self.until)
        more = f"x-ratelimit-limit: {self.limit}\r\nx-ratelimit-remaining: {left}\r\nx-ratelimit-reset: {reset}\r\n"
        if self.count > self.limit:
            self.refused += 1
            return 429, b"{}", more
        await asyncio.sleep(LATENCY)
        return 200, b'{"data": []}', more


def serve(pipe: Connection, case: Case) -> None:
    async def run() -> None:
        server = Server(case)
        listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
        pipe.send(listener.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, pipe.recv)
        pipe.send((server.refused, server.times, server.short))
        os._exit(0)

    asyncio.run(run())


def measured(case: Case) -> tuple[float, float, int, list[float]]:
    """Seconds, the ideal, how many 429 were earned, and when each call arrived."""
    pipe, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, case), daemon=True)
    server.start()
    settings = Settings(f"http://127.0.0.1:{pipe.recv()}", calls_per_minute=case.own, in_flight=IN_FLIGHT)
    api = Api({"marketingSolutions": Credentials("bench", "bench")}, settings)
    api.read("GET", "/warm", product="marketingSolutions")
    if case.limit < PLENTY:
        time.sleep(case.window + 1)  # so that the warming call is in no window of the measure
    ask: Any = lambda number: api.read("GET", f"/{number}", product="marketingSolutions")  # noqa: E731
    began = time.perf_counter()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        statuses = [answer.status for answer in pool.map(ask, range(case.calls))]
    took = time.perf_counter() - began
    assert set(statuses) == {200}
    pipe.send("done")
    refused, times, short = pipe.recv()
    server.join()
    return took, case.ideal(short[1:]), refused, times[1:]


def busiest(times: list[float], window: float) -> int:
    """The most calls in any window of that length."""
    return max(sum(start <= other < start + window for other in times) for start in times)


CASES = (
    Case("1,000 calls at 100 ms, no limit", 1000),
    Case("100 calls, 25 in 6 s", 100, limit=25, window=6.0),
    Case("the same, ends between two seconds", 100, limit=25, window=6.0, whole=False),
    Case("40 calls, 35 a minute by the server", 40, limit=35),
    Case("40 calls, 35 a minute by ourselves", 40, own=35),
)
QUICK = CASES[:2]


def main(quick: bool) -> None:
    print(f"{'':<38}{'ideal':>9}{'took':>9}{'ratio':>8}{'429':>5}{'busiest minute':>16}")  # noqa: T201
    for case in QUICK if quick else CASES:
        took, ideal, refused, times = measured(case)
        most = busiest(times, 60.0)
        print(f"{case.name:<38}{ideal:>8.2f}s{took:>8.2f}s{took / ideal:>8.3f}{refused:>5}{most:>16}")  # noqa: T201


def told() -> str:
    """The quick cases for a program: name, ratio, refused."""
    figures = ((case, *measured(case)) for case in QUICK)
    return json.dumps([(case.name, took / ideal, refused) for case, took, ideal, refused, _ in figures])


if __name__ == "__main__":
    if "--json" in sys.argv:
        print(told())  # noqa: T201
    else:
        main("--quick" in sys.argv)
