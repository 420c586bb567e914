"""The door to HTTP, against a server that is a function and a clock that never waits.

The promise under test: whatever fails, a create or an add is sent at most once, and its fate is told as it is.
"""

import gzip
import heapq
import html
import json
import logging
import math
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import trustme
from msgspec import structs

from reconciler.model import Answer, Call, Delivery, WriteEffect
from reconciler.provider.http import Api, Credentials, Event, Settings, check_url
from reconciler.provider.http.messages import Message, Reply
from reconciler.provider.http.rate_limiter import RateLimitHeaders, RateWindow, read_rate_limit

SECRET = "canary+secret/1="
TOKEN = "canary-token"
EPOCH = 1_700_000_040  # a whole minute
JSON = ("content-type", "application/json")


# --- The stage ---------------------------------------------------------------------------------------


@dataclass
class Clock:
    """Time that passes only when somebody sleeps; ours is a day behind the server's."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.passed

    def time(self) -> float:
        return EPOCH - 86400 + self.passed

    def sleep(self, seconds: float, /) -> None:
        if seconds > 0:
            self.slept.append(seconds)
            self.passed += seconds


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = (JSON,)
    delay: float = 0.0
    aborted: bool = False
    cut: int | None = None


OK = Response(body=b'{"data": []}')
Act = Response | Exception


class Server:
    """Grants tokens, then plays its script; the last act is repeated for ever."""

    def __init__(self, *script: Act, grant: Act | None = None) -> None:
        self.script = deque(script or (OK,))
        self.grant = grant
        self.tokens = 0
        self.calls: list[Request] = []

    def handle(self, request: Request) -> Response:
        if request.path == "/oauth2/token":
            self.tokens += 1
            return perform(self.grant or granted(f"{TOKEN}-{self.tokens}"))
        self.calls.append(request)
        return perform(self.script.popleft() if len(self.script) > 1 else self.script[0])


def perform(act: Act) -> Response:
    if isinstance(act, Exception):
        raise act
    return act


def granted(token: str, expires_in: object = 900) -> Response:
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": expires_in, "refresh_token": None}
    return Response(body=json.dumps(answer).encode())


def metered(remaining: object, reset: object, date: int | None = EPOCH, status: int = 200) -> Response:
    headers = [JSON, ("x-ratelimit-limit", "250"), ("x-ratelimit-remaining", str(remaining))]
    headers += [] if reset is None else [("x-ratelimit-reset", str(reset))]
    headers += [] if date is None else [("date", format_datetime(datetime.fromtimestamp(date, UTC), usegmt=True))]
    return Response(status, headers=tuple(headers))


def api(
    server: Server | None = None, clock: Clock | None = None, events: list[Event] | None = None, **settings: object
) -> Api:
    return Api(
        {"marketingSolutions": Credentials("the-id", SECRET)},
        Settings(**settings),  # type: ignore[arg-type]
        handle=server.handle if server else None,
        request=Request,
        clock=clock or Clock(),
        on_event=(events if events is not None else []).append,
    )


PRODUCT = "marketingSolutions"


def call(effect: WriteEffect = WriteEffect.READ, body: object = None) -> Call:
    return Call("the call", "adSets", "settings", effect, "POST", "/2026-07/things", (body,), product=PRODUCT)  # type: ignore[arg-type]


# --- Effect × fault: how often it is sent, and what is then known --------------------------------------

ANSWERED, NOT_SENT, LOST = Delivery.ANSWERED, Delivery.NOT_SENT, Delivery.LOST
HTML = Response(body=b"<html>It works!</html>", headers=(("content-type", "text/html"),))
BOMB = Response(body=gzip.compress(b"[" + b" " * 3_000_000 + b"]"), headers=(JSON, ("content-encoding", "gzip")))
TWICE = Response(body=gzip.compress(gzip.compress(b"{}")), headers=(JSON, ("content-encoding", "gzip, gzip")))
EXPIRED = Response(401, b'{"errors": [{"code": "authorization-token-expired"}]}')


def refusal(status: int) -> Response:
    """What the API itself says when it refuses."""
    return Response(status, b'{"errors": [{"code": "no", "title": "No"}]}')


FAULTS: list[tuple[str, tuple[Act, ...], tuple[int, Delivery], tuple[int, Delivery]]] = [
    # what happens, each time                                       a read or a set   a create or an add
    ("nothing", (OK,), (1, ANSWERED), (1, ANSWERED)),
    ("created", (Response(201),), (1, ANSWERED), (1, ANSWERED)),
    ("no content", (Response(204, b"", ()),), (1, ANSWERED), (1, ANSWERED)),
    # Nothing left this machine.
    ("refused", (httpx.ConnectError("x"),), (5, NOT_SENT), (1, NOT_SENT)),
    ("no connection in time", (httpx.ConnectTimeout("x"),), (5, NOT_SENT), (1, NOT_SENT)),
    ("no free connection", (httpx.PoolTimeout("x"),), (5, NOT_SENT), (1, NOT_SENT)),
    ("refused once", (httpx.ConnectError("x"), OK), (2, ANSWERED), (1, NOT_SENT)),
    # The server says that it did nothing.
    ("400", (refusal(400),), (1, ANSWERED), (1, ANSWERED)),
    ("403", (refusal(403),), (1, ANSWERED), (1, ANSWERED)),
    ("404", (refusal(404),), (1, ANSWERED), (1, ANSWERED)),
    ("410", (refusal(410),), (1, ANSWERED), (1, ANSWERED)),
    ("413", (Response(413),), (1, ANSWERED), (1, ANSWERED)),
    ("401 once", (EXPIRED, OK), (2, ANSWERED), (1, ANSWERED)),
    ("401 always", (EXPIRED,), (2, ANSWERED), (1, ANSWERED)),
    ("a token that ended under 400", (replace(EXPIRED, status=400), OK), (2, ANSWERED), (1, ANSWERED)),
    ("429 once", (metered(0, EPOCH + 7, status=429), OK), (2, ANSWERED), (1, ANSWERED)),
    ("429 ten times", (*[metered(0, EPOCH + 7, status=429)] * 10, OK), (11, ANSWERED), (1, ANSWERED)),
    ("429 for ever", (Response(429),), (21, ANSWERED), (1, ANSWERED)),
    # Nobody can tell.
    ("dropped", (Response(aborted=True),), (5, LOST), (1, LOST)),
    ("dropped once", (Response(aborted=True), OK), (2, ANSWERED), (1, LOST)),
    ("reset in mid body", (replace(OK, cut=5),), (5, LOST), (1, LOST)),
    ("write fails", (httpx.WriteError("x"),), (5, LOST), (1, LOST)),
    ("bad header", (httpx.RemoteProtocolError("x"),), (5, LOST), (1, LOST)),
    ("too late", (replace(OK, delay=1000),), (5, LOST), (1, LOST)),
    ("500", (Response(500),), (5, LOST), (1, LOST)),
    ("502 in HTML", (replace(HTML, status=502),), (5, LOST), (1, LOST)),
    ("503", (Response(503),), (5, LOST), (1, LOST)),
    ("503 four times", (*[Response(503)] * 4, OK), (5, ANSWERED), (1, LOST)),
    ("504", (Response(504),), (5, LOST), (1, LOST)),
    ("999", (Response(999),), (5, LOST), (1, LOST)),
    ("HTML", (HTML,), (5, LOST), (1, LOST)),
    ("JSON that says it is HTML", (replace(OK, headers=HTML.headers),), (5, LOST), (1, LOST)),
    ("truncated", (Response(body=b'{"data": ['),), (5, LOST), (1, LOST)),
    ("NaN", (Response(body=b'{"data": NaN}'),), (5, LOST), (1, LOST)),
    ("nested beyond reason", (Response(body=b"[" * 200_000),), (5, LOST), (1, LOST)),
    ("empty", (Response(body=b""),), (5, LOST), (1, LOST)),
    ("bad gzip", (Response(body=b"{}", headers=BOMB.headers),), (5, LOST), (1, LOST)),
    ("gzip bomb", (BOMB,), (5, LOST), (1, LOST)),
    ("gzip in gzip", (TWICE,), (5, LOST), (1, LOST)),
    ("a coding that nobody asked for", (Response(headers=(JSON, ("content-encoding", "br"))),), (5, LOST), (1, LOST)),
    # A refusal that is not the API's own.
    ("400 in HTML", (replace(HTML, status=400),), (5, LOST), (1, LOST)),
    ("403 in HTML", (replace(HTML, status=403),), (5, LOST), (1, LOST)),
    ("400 reset in mid body", (Response(400, b'{"errors"', cut=4),), (5, LOST), (1, LOST)),
    ("400 without a code", (Response(400),), (5, LOST), (1, LOST)),
    ("401 in HTML", (replace(HTML, status=401), OK), (2, ANSWERED), (1, LOST)),
    ("408", (refusal(408),), (5, LOST), (1, LOST)),
    ("409", (refusal(409),), (5, LOST), (1, LOST)),
    ("499", (refusal(499),), (5, LOST), (1, LOST)),
    ("429 in HTML", (replace(HTML, status=429),), (5, LOST), (1, LOST)),
    ("redirect", (Response(302, b"", (("location", "https://evil.test/"),)),), (1, LOST), (1, LOST)),
]


@pytest.mark.parametrize("effect", WriteEffect)
@pytest.mark.parametrize(
    ("script", "harmless", "once_only"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_effect_by_fault(
    effect: WriteEffect, script: tuple[Act, ...], harmless: tuple[int, Delivery], once_only: tuple[int, Delivery]
) -> None:
    server = Server(*script)
    answer = api(server, largest_body=1_000_000).send(call(effect))
    if effect is WriteEffect.READ and 400 <= (answer.status or 0) < 500:
        assert answer.fate is ANSWERED  # a read has no effect that a refusal would have to disprove
        return
    assert (len(server.calls), answer.fate) == (harmless if effect.repeatable else once_only)
    if answer.fate is not ANSWERED:
        assert "api.criteo.com" in answer.reason


@pytest.mark.parametrize(
    ("script", "sends"),
    [((Response(503),), 1), ((httpx.ConnectError("x"),), 1), ((EXPIRED, OK), 2), ((Response(429), OK), 2)],
)
def test_once_is_repeated_only_after_what_had_no_effect(script: tuple[Act, ...], sends: int) -> None:
    server = Server(*script)
    api(server).send(call(WriteEffect.SET), once=True)
    assert len(server.calls) == sends


@pytest.mark.parametrize(
    "last",
    [httpx.ConnectError("x"), refusal(400), refusal(403), EXPIRED, Response(429)],
    ids=["refused", "400", "403", "401", "429"],
)
def test_what_is_kept_out_or_refused_later_does_not_unsend_what_was_sent_before(last: Act) -> None:
    answer = api(Server(Response(aborted=True), last)).send(call(WriteEffect.SET))
    assert answer.fate is LOST
    assert "dropped" in answer.reason


def test_a_read_that_is_forbidden_is_forbidden_whatever_came_before() -> None:
    answer = api(Server(Response(aborted=True), Response(403))).send(call(WriteEffect.READ))
    assert (answer.fate, answer.status) == (ANSWERED, 403)


def test_pauses_grow_and_are_told() -> None:
    clock, events = Clock(), []
    api(Server(Response(503)), clock, events).send(call())
    assert len(clock.slept) == 4
    assert all(later > 1.9 * sooner for sooner, later in zip(clock.slept[:3], clock.slept[1:], strict=False))
    assert [event.name for event in events] == ["retry"] * 4
    assert [event.seconds for event in events] == clock.slept


def test_a_server_error_keeps_its_status_and_shows_the_beginning_of_its_page_on_one_line() -> None:
    page = b"<h1>\x1b[31mBad\r\ngateway</h1>" + b"x" * 5000
    answer = api(Server(Response(502, page, HTML.headers))).send(call(WriteEffect.ADD))
    assert answer.status == 502
    assert answer.reason.startswith("api.criteo.com answered 502: <h1>�[31mBad gateway</h1>")
    assert len(answer.reason) < 300
    assert answer.reason.isprintable()


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (Response(body=b" "), "answered 200, but without the JSON that this call returns: the body is empty"),
        (HTML, "answered 200, but with text/html instead of JSON: <html>It works!</html>"),
        (Response(body=b'{"a":'), 'answered 200, but its body is not complete, valid JSON: {"a":'),
        (BOMB, "answered with more than 1,000,000 bytes"),
        (TWICE, "answered in a content coding that was not requested"),
    ],
)
def test_why_a_success_is_no_evidence(act: Response, reason: str) -> None:
    answer = api(Server(act), largest_body=1_000_000).send(call(WriteEffect.ADD))
    assert answer.reason == f"api.criteo.com {reason}"


def test_a_bug_is_raised_and_does_not_block_the_next_call() -> None:
    door = api(Server(RuntimeError("a bug"), OK))
    with pytest.raises(RuntimeError, match="a bug"):
        door.send(call())
    assert door.send(call()).status == 200


def test_amounts_are_exact_both_ways() -> None:
    server = Server(Response(body=b'{"amount": 0.10, "id": 18446744073709551616}'))
    answer = api(server).send(call(WriteEffect.SET, {"amount": Decimal("0.10"), "name": "é"}))
    assert server.calls[0].body == '{"amount":0.10,"name":"é"}'.encode()
    assert answer.body == {"amount": Decimal("0.10"), "id": 18446744073709551616}
    assert isinstance(answer.body, dict)
    assert str(answer.body["amount"]) == "0.10"


def test_what_is_sent() -> None:
    server = Server()
    api(server).read(
        "GET", "/2026-07/a b", product="marketingSolutions", query=(("limitToId", "1"), ("limitToId", "2"))
    )
    sent = server.calls[0]
    assert (sent.method, sent.path, sent.query) == ("GET", "/2026-07/a b", (("limitToId", "1"), ("limitToId", "2")))
    assert sent.headers["accept"] == "application/json"
    assert "content-type" not in sent.headers


@pytest.mark.parametrize("path", ["https://evil.test/", "//evil.test/", "@evil.test/", "evil"])
def test_a_url_is_not_a_path(path: str) -> None:
    server = Server()
    with pytest.raises(ValueError, match="not a path"):
        api(server).read("GET", path, product="marketingSolutions")
    assert server.calls == []


def test_a_product_without_credentials_is_not_called() -> None:
    answer = api(Server()).send(structs.replace(call(), product="retailMedia"))
    assert answer == Answer(NOT_SENT, reason="the call: no credentials for retailMedia", permanent=True)


def test_now_is_the_servers_clock() -> None:
    clock = Clock()
    door = api(Server(metered(9, EPOCH + 60)), clock)
    assert door.now() == datetime.fromtimestamp(EPOCH - 86400, UTC)
    door.send(call())
    clock.passed += 5
    assert door.now() == datetime.fromtimestamp(EPOCH + 5, UTC)


def test_later_dates_do_not_move_the_clock_of_a_run() -> None:
    clock = Clock()
    door = api(Server(*(metered(9, EPOCH + 60, date=EPOCH + at) for at in (0, 7200, -7200))), clock)
    for _ in range(3):
        door.send(call())
        clock.passed += 5
    assert door.now() == datetime.fromtimestamp(EPOCH + 15, UTC)
    assert door.skew == timedelta(days=-1)


def test_the_clock_of_a_run_is_learnt_with_the_token_or_by_one_read() -> None:
    dated = Server(metered(9, EPOCH + 60))
    door = api(dated)
    assert door.learn_time(call()) is None
    assert door.learn_time(call()) is None
    assert len(dated.calls) == 1
    assert door.now() == datetime.fromtimestamp(EPOCH, UTC)


def test_without_any_date_the_local_clock_is_kept() -> None:
    clock, silent = Clock(), Server(metered(9, EPOCH + 60, date=None), metered(9, EPOCH + 60))
    door = api(silent, clock)
    assert door.learn_time(call()) is None
    door.send(call())
    assert door.now() == datetime.fromtimestamp(EPOCH - 86400, UTC)
    assert door.skew is None


# --- Pace --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "seconds"),
    [
        (metered(0, EPOCH + 7, status=429), 7),
        (metered("", EPOCH + 7, status=429), 7),
        (metered(0, None, status=429), 1),
        (metered(0, "soon", status=429), 1),
        (metered(0, "nan", status=429), 1),
        (metered(0, EPOCH - 100, status=429), 1),
        (metered(0, EPOCH * 1000, status=429), 65),
        (metered(0, 10**40, status=429), 1),
        (metered(0, EPOCH + 7, date=None, status=429), 1),
        (Response(429), 1),
    ],
)
def test_a_429_waits_until_the_reset_by_the_servers_clock(refusal: Response, seconds: float) -> None:
    clock, events = Clock(), []
    answer = api(Server(refusal, OK), clock, events).send(call())
    assert answer.fate is ANSWERED
    assert clock.slept == [seconds]
    assert [(event.name, event.seconds) for event in events] == [("limit", seconds)]


@pytest.mark.parametrize("effect", [WriteEffect.SET, WriteEffect.CREATE, WriteEffect.ADD])
@pytest.mark.parametrize("when", ["before it", "in a wait for the limit", "between two attempts"])
def test_what_waits_for_its_turn_at_an_interrupt_is_not_sent(effect: WriteEffect, when: str) -> None:
    closed = metered(0, EPOCH + 30)
    script = {"before it": [OK], "in a wait for the limit": [closed, OK], "between two attempts": [Response(503), OK]}
    clock, server = Clock(), Server(*script[when])
    door = api(server, clock)
    if when == "in a wait for the limit":
        door.send(call())
    door.halted = lambda: when == "before it" or clock.passed > 1
    answer = door.send(call(effect))
    assert len(server.calls) == {"before it": 0, "in a wait for the limit": 1, "between two attempts": 1}[when]
    assert answer.fate is (LOST if when == "between two attempts" else NOT_SENT)
    assert clock.passed < 2
    assert door.send(call()).fate is ANSWERED  # what is read back is not part of what was interrupted


@pytest.mark.parametrize("effect", [WriteEffect.SET, WriteEffect.CREATE, WriteEffect.ADD])
def test_what_is_not_allowed_to_leave_does_not(effect: WriteEffect) -> None:
    server = Server()
    answer = api(server).send(call(effect), allow=lambda: "the lock is gone")
    assert (answer.fate, answer.reason, server.calls) == (NOT_SENT, "the lock is gone", [])


def test_leave_is_asked_after_every_wait() -> None:
    clock, server = Clock(), Server(metered(0, EPOCH + 30), OK)
    door = api(server, clock)
    door.send(call())
    asked: list[float] = []
    door.send(call(WriteEffect.CREATE), allow=lambda: asked.append(clock.passed))  # type: ignore[func-returns-value]
    assert asked == [30]
    door.ready(call(WriteEffect.CREATE))
    assert len(server.calls) == 2


def test_a_429_that_tells_nothing_waits_longer_each_time() -> None:
    clock = Clock()
    api(Server(*[Response(429)] * 8, OK), clock).send(call())
    assert clock.slept == [1, 2, 4, 8, 16, 32, 64, 65]


class FixedWindows:
    """A server that counts per window of its clock, as the API is taken to do."""

    def __init__(self, limit: int, width: float, already: int = 0) -> None:
        self.limit, self.width = limit, width
        self.used = {0: already}

    def arrive(self, at: float) -> tuple[bool, int, float]:
        window = int(at // self.width)
        self.used[window] = self.used.get(window, 0) + 1
        return self.used[window] <= self.limit, max(0, self.limit - self.used[window]), (window + 1) * self.width


class SlidingWindow:
    """A server that counts the calls of the last so many seconds."""

    def __init__(self, limit: int, width: float) -> None:
        self.limit, self.width = limit, width
        self.accepted: deque[float] = deque()

    def arrive(self, at: float) -> tuple[bool, int, float]:
        while self.accepted and self.accepted[0] <= at - self.width:
            self.accepted.popleft()
        allowed = len(self.accepted) < self.limit
        if allowed:
            self.accepted.append(at)
        return allowed, self.limit - len(self.accepted), math.ceil(self.accepted[0] + self.width)


@dataclass
class Simulation:
    """Workers, latency and a server in simulated time: what one run through the window cost."""

    wall: float = 0.0
    refused: int = 0
    starts: list[float] = field(default_factory=list)


def simulate(
    server: FixedWindows | SlidingWindow | None,
    calls: int,
    *,
    workers: int = 8,
    latency: float = 0.1,
    per_minute: int = 100_000,
) -> Simulation:
    window, run = RateWindow(per_minute, workers), Simulation()
    wake: list[tuple[float, int, bool | None, Reply | None]] = [(0.0, n, None, None) for n in range(workers)]
    parked: list[int] = []
    todo, ticket = calls, workers
    while wake:
        now, _, scout, reply = heapq.heappop(wake)
        if reply is not None:
            assert scout is not None
            window.give_back(scout)
            if reply.status == 429:
                run.refused, todo = run.refused + 1, todo + 1
                window.refuse(now, read_rate_limit(reply), 1)
            else:
                window.learn(now, read_rate_limit(reply), scout=scout)
            run.wall = now
            wake += [(now, ticket + n, None, None) for n in range(len(parked))]
            parked.clear()
        ticket += workers
        wait = window.wait(now) if todo else None
        if wait is None:
            parked += [ticket] if todo else []
        elif wait > 0:
            heapq.heappush(wake, (now + wait, ticket, None, None))
        else:
            scout, todo = window.take(now), todo - 1
            run.starts.append(now)
            heapq.heappush(wake, (now + latency, ticket, scout, answered(server, now + latency / 2)))
        heapq.heapify(wake)
    return run


def answered(server: FixedWindows | SlidingWindow | None, at: float) -> Reply:
    if server is None:
        return Reply(200, {}, b"")
    allowed, remaining, reset = server.arrive(at)
    date = format_datetime(datetime.fromtimestamp(EPOCH + int(at), UTC), usegmt=True)
    told = {"x-ratelimit-remaining": str(remaining), "x-ratelimit-reset": str(EPOCH + int(reset)), "date": date}
    return Reply(200 if allowed else 429, told, b"")


@pytest.mark.parametrize(("calls", "limit", "width"), [(100, 25, 6), (100, 35, 60), (600, 250, 60), (20, 250, 60)])
def test_the_window_is_used_to_the_full_and_never_overrun(calls: int, limit: int, width: float) -> None:
    run = simulate(FixedWindows(limit, width), calls)
    full = math.ceil(calls / limit) - 1
    ideal = full * width + math.ceil((calls - full * limit) / 8) * 0.1
    assert run.refused == 0
    assert run.wall <= max(1.03 * ideal, ideal + 0.1)  # a scout costs one latency


@pytest.mark.parametrize("latency", [0.02, 0.1, 0.7, 3.0])
@pytest.mark.parametrize("limit", [1, 3, 7, 35])
def test_no_429_is_earned_at_any_limit_or_latency(limit: int, latency: float) -> None:
    assert simulate(FixedWindows(limit, 6), 60, latency=latency).refused == 0
    assert simulate(SlidingWindow(limit, 6), 60, latency=latency).refused == 0


@pytest.mark.parametrize("already", [20, 24, 25])
def test_calls_of_other_clients_count(already: int) -> None:
    run = simulate(FixedWindows(25, 6, already), 40)
    assert run.refused == (1 if already == 25 else 0)  # the scout cannot know; the seven others can
    assert run.wall < 6 + 6 + 1.5


def opened_window(remaining: int, *, wait: float | None = 6.0, width: int = 8) -> RateWindow:
    """A window of which a scout has just told, at 0.1 s."""
    window = RateWindow(1000, width)
    scout = window.take(0.0)
    window.give_back(scout)
    window.learn(0.1, RateLimitHeaders(remaining, EPOCH + 6, wait), scout=scout)
    return window


def test_only_the_scout_goes_until_the_window_is_known() -> None:
    window = RateWindow(1000, 8)
    assert window.take(0.0) is True
    assert window.wait(0.0) is None


def test_the_lowest_bound_of_the_reset_holds_since_dates_are_cut_to_the_second() -> None:
    window = opened_window(2)
    window.learn(1.9, RateLimitHeaders(0, EPOCH + 6, 5.0), scout=window.take(1.0))
    assert window.wait(2.0) == pytest.approx(6.1 - 2.0)


def test_calls_by_others_are_taken_off_and_those_still_out_are_not_counted_on() -> None:
    window = opened_window(20)
    for _ in range(3):
        window.take(0.2)
    window.give_back(False)
    window.learn(0.3, RateLimitHeaders(5, EPOCH + 6, 6.0), scout=False)
    assert window.left == 5 - 2


def test_the_remaining_number_counts_even_if_the_reset_cannot_be_read() -> None:
    window = opened_window(5, wait=None)
    assert window.take(0.2) is False
    assert window.wait(0.2) == 0


def test_no_more_are_in_flight_than_asked_for() -> None:
    window = opened_window(100, width=2)
    assert [window.take(0.2), window.wait(0.2), window.take(0.2), window.wait(0.2)] == [False, 0, False, None]


def test_without_headers_our_own_cap_holds_in_any_minute() -> None:
    starts = simulate(None, 1000, per_minute=240).starts
    assert all(later - sooner > 60 - 1e-6 for sooner, later in zip(starts, starts[240:], strict=False))
    assert starts[-1] < 4 * 60 + 5


@pytest.mark.parametrize("reset", ["", "x", "0", str(EPOCH - 5), str(EPOCH * 1000), "-1", "9" * 40])
def test_a_reset_that_is_nonsense_holds_nothing_up_while_calls_remain(reset: str) -> None:
    clock = Clock()
    door = api(Server(metered(100, reset)), clock)
    for _ in range(20):
        assert door.send(call()).status == 200
    assert clock.slept == []


def test_threads_share_the_window_and_never_earn_a_429() -> None:
    clock, windows, lock = Clock(), FixedWindows(25, 6), threading.Lock()

    def handle(request: Request) -> Response:
        if request.path == "/oauth2/token":
            return granted(TOKEN)
        with lock:
            now = clock.passed
            allowed, remaining, reset = windows.arrive(now)
        return metered(remaining, EPOCH + int(reset), EPOCH + int(now), 200 if allowed else 429)

    server = Server()
    server.handle = handle  # type: ignore[method-assign]
    door = api(server, clock)
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: door.send(call()), range(100)))
    assert {answer.status for answer in answers} == {200}
    assert sum(windows.used.values()) == 100


# --- Token -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_in", "life"), [(900, 900), ("900", 900), (60, 60), (None, 900), ("soon", 900), ("nan", 900)]
)
def test_a_token_is_renewed_at_four_fifths_of_its_life(expires_in: object, life: float) -> None:
    clock, server = Clock(), Server(grant=granted(TOKEN, expires_in))
    door = api(server, clock)
    for moment, tokens in [(0, 1), (0.79 * life, 1), (0.8 * life, 2), (1.5 * life, 2), (1.6 * life, 3)]:
        clock.passed = moment
        door.send(call())
        assert server.tokens == tokens


def test_the_secret_is_encoded_and_the_new_token_is_used() -> None:
    forms: list[bytes] = []
    server = Server(EXPIRED, OK)
    play = server.handle

    def handle(request: Request) -> Response:
        forms.append(request.body)
        return play(request)

    server.handle = handle  # type: ignore[method-assign]
    api(server).send(call(WriteEffect.SET, {}))
    assert forms[0] == b"grant_type=client_credentials&client_id=the-id&client_secret=canary%2Bsecret%2F1%3D"
    assert [sent.headers["authorization"] for sent in server.calls] == [f"Bearer {TOKEN}-1", f"Bearer {TOKEN}-2"]


def test_threads_that_are_refused_together_renew_the_token_once() -> None:
    together = threading.Barrier(8)
    server = Server()

    def handle(request: Request) -> Response:
        if request.path == "/oauth2/token":
            server.tokens += 1
            return granted(f"{TOKEN}-{server.tokens}")
        if request.headers["authorization"] == f"Bearer {TOKEN}-1" and server.tokens == 1 and len(server.calls) > 0:
            together.wait(10)
            return EXPIRED
        server.calls.append(request)
        return OK

    door = Api({"marketingSolutions": Credentials("the-id", SECRET)}, handle=handle, request=Request, clock=Clock())
    door.send(call())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: door.send(call()), range(8)))
    assert {answer.status for answer in answers} == {200}
    assert server.tokens == 2


@pytest.mark.parametrize(("status", "seen"), [(400, 401), (401, 401), (403, 403)])
def test_refused_credentials_are_an_answer_and_are_not_tried_again(status: int, seen: int) -> None:
    server = Server(grant=Response(status, b'{"error": "invalid_client", "error_description": "unknown client"}'))
    door = api(server)
    for _ in range(3):
        answer = door.send(call(WriteEffect.CREATE))
        assert (answer.fate, answer.status) == (ANSWERED, seen)
        assert answer.reason == "the token endpoint of api.criteo.com refused the credentials of the-id: invalid_client"
        assert answer.body == {"error": "invalid_client", "error_description": "unknown client"}
    assert (server.tokens, server.calls) == (1, [])


@pytest.mark.parametrize(
    ("grant", "asked"),
    [
        (httpx.ConnectError("x"), 5),
        (Response(aborted=True), 5),
        (Response(503), 5),
        (Response(429), 5),
        (HTML, 2),
        (Response(404), 1),
        (Response(body=b"[]"), 1),
        (granted("two words"), 1),
        (granted("line\r\nbreak:1"), 1),
        (granted(""), 1),
    ],
)
def test_without_a_token_nothing_is_sent(grant: Act, asked: int) -> None:
    server = Server(grant=grant)
    answer = api(server).send(call(WriteEffect.ADD))
    assert (answer.fate, server.tokens, server.calls) == (NOT_SENT, asked, [])
    assert "token" in answer.reason


# --- Secrets -------------------------------------------------------------------------------------------

LEAKY = f"Authorization: Bearer {TOKEN}-1, secret {SECRET} or canary%2Bsecret%2F1%3D".encode()
LEAKS: list[Act] = [
    OK,
    EXPIRED,
    Response(500, LEAKY, HTML.headers),
    Response(400, LEAKY, HTML.headers),
    Response(403, json.dumps({"detail": LEAKY.decode()}).encode()),
    *(
        Response(status, escape(LEAKY.decode()).encode(), headers)
        for status in (200, 302, 400, 403, 404, 500)
        for headers in ((JSON,), HTML.headers, (("content-type", "text/plain"),))
        for escape in (
            str,
            html.escape,
            quote,
            lambda text: "".join(f"&#{ord(each)};" for each in text),
            lambda text: json.dumps({"errors": [{"code": "x", "detail": text}], "warnings": [{"title": text}]}),
            lambda text: '{{"errors": [{{"title": "{}"}}]}}'.format("".join(f"\\u{ord(each):04X}" for each in text)),
            lambda text: json.dumps({"errors": [{"code": "x", "detail": text}]}).replace("/", "\\/"),
        )
    ),
    httpx.ReadError(LEAKY.decode()),
    httpx.LocalProtocolError(f"Illegal header value {LEAKY!r}"),
    httpx.ConnectError(LEAKY.decode()),
    Response(429),
]


@pytest.mark.parametrize("act", LEAKS, ids=[str(at) for at in range(len(LEAKS))])
def test_no_secret_is_ever_shown(act: Act, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    door = api(Server(act), events=events)
    answer = door.send(call(WriteEffect.SET, {"a": 1}))
    shown = " ".join(map(repr, (door, vars(door), answer, events))) + caplog.text
    assert "canary" not in shown


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_secret_at_the_edge_of_an_excerpt_is_not_shown_in_part(kind: str) -> None:
    page = b"x" * 190 + LEAKY.replace(SECRET.encode(), SECRET.encode() * 50)
    answer = api(Server(Response(500, page, (("content-type", kind),)))).send(call())
    assert "can" not in answer.reason


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_grant_that_cannot_be_read_is_not_shown(kind: str) -> None:
    broken = Response(body=f'{{"access_token": "{TOKEN}", '.encode(), headers=(("content-type", kind),))
    answer = api(Server(grant=broken)).send(call())
    assert answer.fate is NOT_SENT
    assert "canary" not in repr(answer)


def test_a_secret_that_is_a_plain_word_does_not_spoil_messages() -> None:
    server = Server(Response(400, b'{"title": "no such sandbox"}'))
    door = Api(
        {"marketingSolutions": Credentials("the-id", "sandbox")}, handle=server.handle, request=Request, clock=Clock()
    )
    assert door.send(call()).body == {"title": "no such sandbox"}


def test_credentials_mask_their_secret() -> None:
    assert repr(Credentials("the-id", SECRET)) == "Credentials(client_id='the-id', secret='***')"


def test_a_request_and_a_reply_are_shown_without_headers_and_body() -> None:
    message = Message("POST", "/x", {"Authorization": f"Bearer {TOKEN}"}, (("page", "1"),), SECRET.encode())
    assert repr(message) == "Message(method='POST', path='/x', query=(('page', '1'),))"
    assert repr(Reply(200, {"set-cookie": SECRET}, TOKEN.encode())) == "Reply(status=200)"


# --- Where a secret may go -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://api.criteo.com",
        "https://api.criteo.com/",
        "https://10.0.0.1:8443",
        "http://localhost:8080",
        "http://127.0.0.2",
        "http://[::1]:9",
    ],
)
def test_a_url_that_is_safe(url: str) -> None:
    assert check_url(url) is None
    assert Settings(base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.criteo.com",
        "http://10.0.0.1",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "https://api.criteo.com@evil.test",
        "https://user:canary@api.criteo.com",
        "https://api.criteo.com:443\\@evil.test",
        "https://api.criteo.com%2eevil.test",
        "https://api.criteo.com#@evil.test",
        "https://api.criteo.com?x",
        "https://api.criteo.com/path",
        "https://api.criteo.com:99999",
        "https://api.criteo.com\n",
        "https://",
        "file:///etc/passwd",
        "api.criteo.com",
        "",
    ],
)
def test_a_url_that_is_not(url: str) -> None:
    problem = check_url(url)
    assert problem is not None
    assert "canary" not in problem
    with pytest.raises(ValueError, match=re.escape(problem)):
        Settings(base_url=url)


def test_a_proxy_never_sees_what_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving() as server:
        assert over(server.url).send(call()).status == 200


# --- Over real sockets ---------------------------------------------------------------------------------


class Loopback:
    """A server on this machine that answers each connection's requests by a function of the path."""

    def __init__(self, context: ssl.SSLContext | None, body: Callable[[socket.socket], None] | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.context, self.body = context, body
        self.connections: list[list[str]] = []
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://localhost:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self.listener.accept()
                threading.Thread(target=self.talk, args=(raw,), daemon=True).start()

    def talk(self, raw: socket.socket) -> None:
        seen: list[str] = []
        self.connections.append(seen)
        with suppress(OSError), raw:
            connection = raw if self.context is None else self.context.wrap_socket(raw, server_side=True)
            with connection, connection.makefile("rb") as lines:
                while first := lines.readline().decode():
                    seen.append(first.split()[1])
                    headers = {
                        k.lower(): v
                        for k, _, v in (line.decode().partition(":") for line in iter(lines.readline, b"\r\n"))
                    }
                    lines.read(int(headers.get("content-length", 0)))
                    if "oauth2" not in first and self.body is not None:
                        self.body(connection)
                        return
                    content = granted(TOKEN).body if "oauth2" in first else b"{}"
                    connection.sendall(head(len(content)) + content)


def head(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n".encode()


@contextmanager
def serving(
    context: ssl.SSLContext | None = None, body: Callable[[socket.socket], None] | None = None
) -> Iterator[Loopback]:
    server = Loopback(context, body)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        thread.join()


class Hurried:
    """Real time, except that a pause takes none."""

    from time import monotonic, time

    monotonic, time = staticmethod(monotonic), staticmethod(time)

    def sleep(self, seconds: float, /) -> None: ...


@contextmanager
def opened(url: str, **settings: object) -> Iterator[Api]:
    door = Api(
        {"marketingSolutions": Credentials("the-id", SECRET)}, Settings(base_url=url, **settings), clock=Hurried()
    )  # type: ignore[arg-type]
    try:
        yield door
    finally:
        door.close()


def over(url: str, **settings: object) -> "Sender":
    return Sender(url, settings)


@dataclass
class Sender:
    url: str
    settings: dict[str, object]

    def send(self, *calls: Call) -> Answer:
        with opened(self.url, **self.settings) as door:
            return [door.send(each) for each in calls][-1]


def drip(connection: socket.socket) -> None:
    connection.sendall(head(10_000))
    for _ in range(10_000):
        connection.sendall(b" ")
        threading.Event().wait(0.02)


def hang(connection: socket.socket) -> None:
    connection.recv(1)


def drip_then_hang(connection: socket.socket) -> None:
    connection.sendall(head(10_000) + b" ")
    connection.recv(1)


@pytest.mark.parametrize("body", [drip, hang, drip_then_hang])
def test_one_sending_ends_by_its_deadline_however_slow_the_server(body: Callable[[socket.socket], None]) -> None:
    with serving(body=body) as server:
        started = Hurried.monotonic()
        answer = over(server.url, total=0.3).send(call(WriteEffect.ADD))
        assert Hurried.monotonic() - started < 2
    assert (answer.fate, answer.reason) == (LOST, f"no complete answer from {server.url[7:]} within 0.3 s")


def test_reads_share_a_connection_and_a_create_has_its_own() -> None:
    with serving() as server:
        over(server.url).send(call(), call(), call(WriteEffect.CREATE), call(), call(WriteEffect.ADD))
    assert sorted(len(seen) for seen in server.connections) == [1, 1, 4]


def test_the_libraries_log_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving() as server:
        assert over(server.url).send(call()).status == 200
    assert [record for record in caplog.records if record.name.startswith("http")] == []


def test_no_server_listens() -> None:
    with serving() as server:
        url = server.url
    answer = over(url).send(call(WriteEffect.ADD))
    assert answer.fate is NOT_SENT
    assert f"{url[7:]} refuses connections: check the base URL" in answer.reason


def test_an_unknown_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    answer = over("https://api.criteo.invalid").send(call(WriteEffect.ADD))
    assert answer.fate is NOT_SENT
    assert "the name api.criteo.invalid cannot be resolved: check the base URL" in answer.reason


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        ("good", None),
        ("expired", "expired"),
        ("wrong host", "mismatch"),
        ("unknown authority", "unable to get local issuer"),
    ],
)
def test_a_certificate_that_is_not_accepted_is_never_talked_to(
    certificate: str, why: str | None, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    issuer = trustme.CA() if certificate == "unknown authority" else authority
    past = datetime(2020, 1, 1, tzinfo=UTC) if certificate == "expired" else None
    identity = "other.test" if certificate == "wrong host" else "localhost"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert(
        identity, not_before=datetime(2019, 1, 1, tzinfo=UTC) if past else None, not_after=past
    ).configure_cert(context)
    with serving(context) as server:
        answer = over(server.url).send(call(WriteEffect.ADD))
    if why is None:
        assert (answer.fate, answer.status) == (ANSWERED, 200)
        return
    assert answer.fate is NOT_SENT
    assert f"the certificate of {server.url[8:]} is not accepted" in answer.reason
    assert why in answer.reason
    assert server.connections == [[]]  # one connection: trying again would not help


def test_a_missing_file_of_certificates_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing.pem"))
    answer = over("https://localhost:1").send(call())
    assert answer.fate is NOT_SENT
    assert "the trusted certificates that SSL_CERT_FILE names cannot be read" in answer.reason


def test_nothing_heavy_is_imported_before_the_first_call() -> None:
    heavy = {"httpx", "tenacity", "ssl", "asyncio"}
    check = f"import sys, reconciler.provider.http; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
