"""Progress: a line on a terminal that leaves nothing behind, in a log a line now and then, and nothing on stdout."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from reconciler.cli.progress_line import ERASE, ProgressLine
from reconciler.engine.progress import Activity, CallProgress, Line, LongWait, count_items, format_about, wait_message
from reconciler.model import Answer, Call, Delivery, WriteEffect
from reconciler.provider.http.rate_limiter import RateLimitHeaders, RateWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def sending(done: int, total: int = 2000) -> Activity:
    return Activity("sending", done, total, "item", 0.35, 40.0)


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


# --- In a log ------------------------------------------------------------------------------------------------------


def test_a_log_has_a_line_every_thirty_seconds(clock: Clock) -> None:
    log = io.StringIO()
    line = ProgressLine(log, now=clock)
    for second in range(100):
        clock.now = 1000.0 + second
        line.show(sending(second * 20))
        line.clear()  # as before each report: it restarts no count of seconds in a log
    assert log.getvalue().splitlines() == [
        f"sending: {done} of 2,000 items, rate limit 35 % used, about 40 s left" for done in ("600", "1,200", "1,800")
    ]


def test_a_log_has_every_long_wait_and_no_short_one(clock: Clock) -> None:
    log = io.StringIO()
    line = ProgressLine(log, now=clock)
    line.show("waiting 2 s, until 09:00:02 UTC: retry")
    line.show(LongWait("waiting 61 s, until 09:01:01 UTC: \x1b[31mthe rate limit is used up\n::error::x"))
    assert log.getvalue() == (
        "waiting 61 s, until 09:01:01 UTC: \\u001b[31mthe rate limit is used up\\u000a::error::x\n"
    )


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_erase_is_a_log(
    term: str, clock: Clock, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    line = ProgressLine(terminal, now=clock)
    for _ in range(4):
        clock.now += 10
        line.show(sending(10))
    line.clear()
    assert terminal.getvalue().count("\n") == 1
    assert "\x1b" not in terminal.getvalue()


# --- On a terminal -------------------------------------------------------------------------------------------------


def drawn(terminal: Terminal, clock: Clock, *lines: Line) -> list[str]:
    line = ProgressLine(terminal, now=clock)
    for each in lines:
        clock.now += 1
        line.show(each)
    return plain(terminal.getvalue()).split(plain(ERASE))[1:]


def test_a_terminal_shows_items_the_share_of_the_rate_limit_and_the_time_left(terminal: Terminal, clock: Clock) -> None:
    (half,) = drawn(terminal, clock, sending(1000))
    assert re.fullmatch("sending ━+[╸╺]?━+ 1,000 of 2,000 items, rate limit 35 % used, about 40 s left", half)


def test_the_line_is_drawn_anew_and_removed_at_the_end(terminal: Terminal, clock: Clock) -> None:
    line = ProgressLine(terminal, now=clock)
    for done in range(0, 2001, 10):
        clock.now += 0.01
        line.show(sending(done))
    line.clear()
    shown = terminal.getvalue()
    assert shown.count(ERASE) < 30  # ten times a second, not once a call
    assert "2,000 of 2,000" in shown
    assert shown.endswith(ERASE)
    assert "\n" not in shown
    line.clear()
    assert terminal.getvalue() == shown


def test_what_is_quick_draws_nothing(terminal: Terminal, clock: Clock) -> None:
    line = ProgressLine(terminal, now=clock)
    for done in range(0, 2001, 500):
        clock.now += 0.05
        line.show(sending(done))
    line.clear()
    assert terminal.getvalue() == ""


def test_names_are_no_markup_and_no_commands_of_the_terminal(terminal: Terminal, clock: Clock) -> None:
    shown = drawn(terminal, clock, Activity("reading [red]x[/red] :smile: \x1b[2J", 1), "waiting: [b]\x07")
    assert "reading [red]x[/red] :smile: \\u001b[2J 1 item" in shown[0]
    assert "waiting: [b]\\u0007" in shown[1]


@pytest.mark.parametrize("columns", [8, 20, 40, 80])
def test_no_line_is_wider_than_the_terminal(
    columns: int, terminal: Terminal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for line in drawn(terminal, clock, sending(1000), Activity("reading " + "x" * 200, 1), LongWait("waiting " * 40)):
        assert len(line) < columns


def test_no_color_has_no_colour(terminal: Terminal, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = ProgressLine(terminal, now=clock)
    clock.now += 1
    coloured.show(sending(1000))
    assert "\x1b[38" in terminal.getvalue() or "\x1b[3" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    bare = Terminal()
    line = ProgressLine(bare, now=clock)
    clock.now += 1
    line.show(sending(1000))
    assert set(re.findall(r"\x1b\[[0-9;]*[A-Za-z]", bare.getvalue())) == {"\x1b[K"}


def test_rich_is_imported_on_a_terminal_only() -> None:
    code = (
        "import io, sys\nfrom reconciler.cli.progress_line import ProgressLine\n"
        "from reconciler.engine.progress import LongWait\n"
        "ProgressLine(sys.stderr).show(LongWait('x'))\nassert 'rich' not in sys.modules\n"
        "ProgressLine(io.StringIO(), terminal=True).show(LongWait('x'))\nassert 'rich' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


# --- What is told --------------------------------------------------------------------------------------------------


def call(effect: WriteEffect, items: int = 0) -> Call:
    return Call("c", "adSets", "", effect, "POST", "/x", items=(None,) * items)  # type: ignore[arg-type]


def test_the_time_left_follows_the_speed_of_the_sending(clock: Clock) -> None:
    told: list[Line] = []
    calls = CallProgress(told.append, clock, lambda: 0.5, 240)
    count = count_items([call(WriteEffect.SET, 50)] * 40, 100, calls.sending)
    clock.now += 10
    count(50)
    clock.now += 10
    count(0)
    count(50)
    assert [str(each) for each in told] == [
        "sending: 0 of 2,100 items, rate limit 50 % used",
        "sending: 50 of 2,100 items, rate limit 50 % used, about 7 min left",
        "sending: 100 of 2,100 items, rate limit 50 % used, about 7 min left",
    ]


def test_the_time_left_knows_of_the_waits_for_the_rate_limit(clock: Clock) -> None:
    """260 calls at 8 a second are done after 30 s by their speed; but 20 of them wait for a minute to pass."""
    told: list[Line] = []
    calls = CallProgress(told.append, clock, lambda: 80 / 240, 240)
    count = count_items([call(WriteEffect.SET, 50)] * 260, 0, calls.sending)
    clock.now += 10
    count(80 * 50)
    assert str(told[-1]).endswith("rate limit 33 % used, about 52 s left")


def test_reads_beside_the_sending_are_not_told(clock: Clock) -> None:
    told: list[Line] = []
    calls = CallProgress(told.append, clock, lambda: None, 240)
    send = calls.reading(lambda call: Answer(Delivery.ANSWERED, 200, {"data": [Decimal(1)] * 3}))
    send(call(WriteEffect.READ))
    send(call(WriteEffect.SET))
    send(call(WriteEffect.READ))
    calls.sending(0, 2, 1)
    send(call(WriteEffect.READ))
    calls.sending(2, 2, 1)
    send(call(WriteEffect.READ))
    assert [str(each) for each in told] == [
        "reading adSets: 0 objects",
        "reading adSets: 3 objects",
        "reading adSets: 3 objects",
        "reading adSets: 6 objects",
        "sending: 0 of 2 items",
        "sending: 2 of 2 items",
        "reading adSets: 0 objects",
        "reading adSets: 3 objects",
    ]


def test_reads_after_an_interrupt_are_told(clock: Clock) -> None:
    told: list[Line] = []
    stopped: list[bool] = []
    calls = CallProgress(told.append, clock, lambda: None, 240, lambda: bool(stopped))
    send = calls.reading(lambda call: Answer(Delivery.ANSWERED, 200, {"data": [1]}))
    calls.sending(1, 2, 2)
    send(call(WriteEffect.READ))
    stopped.append(True)
    send(call(WriteEffect.READ))
    assert [str(each) for each in told] == [
        "sending: 1 of 2 items",
        "reading adSets: 0 objects",
        "reading adSets: 1 object",
    ]


def test_the_share_of_the_rate_limit_is_the_larger_of_the_servers_and_our_own() -> None:
    window = RateWindow(240, 8)
    assert window.compute_used_share(0.0) == 0.0
    window.learn(0.1, RateLimitHeaders(50, 60, 60.0, 250), scout=window.take(0.0))
    assert window.compute_used_share(0.1) == pytest.approx(0.8, abs=0.01)
    window.refuse(0.2, None, 1)
    assert window.compute_used_share(0.3) == 1.0
    assert window.compute_used_share(100.0) == 0.0


def test_durations_and_waits_are_words() -> None:
    from datetime import UTC, datetime

    assert [format_about(each) for each in (0.2, 40, 200, 3900)] == [
        "about 1 s",
        "about 40 s",
        "about 3 min",
        "about 1 h 5 min",
    ]
    assert isinstance(wait_message(61, datetime(2026, 11, 27, tzinfo=UTC), "x"), LongWait)
