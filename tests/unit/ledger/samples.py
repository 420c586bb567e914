"""Calls, outcomes and runs as the planner would make them, and a ledger that holds some of each."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from reconciler.ledger import Ledger
from reconciler.ledger.interface import RunRecord
from reconciler.model import (
    Address,
    BodyForm,
    Call,
    FieldChange,
    FixedLocator,
    Item,
    ItemOutcome,
    ItemStatus,
    Place,
    Span,
    WriteEffect,
)

from ...support import warm

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 21, 9, 0, 0, tzinfo=UTC)
RUN = RunRecord("apply", "ads", NOW, "0.1.0", "ann@build-7", 41, "a1b2c3d", "nightly", "https://ci.example/7")
SUMMER, WINTER, NEW = (Address("adSets", key) for key in ("summer-fr", "winter-fr", "new"))


def place(line: int = 1) -> Place:
    return Place(FixedLocator(Span("ads/summer.yaml", line, 3, 9)), ())


def move(field: str = "bid", before: Any = Decimal("0.80"), after: Any = Decimal("0.90")) -> FieldChange:
    return FieldChange(field, "bids", before, after, place(2))


def item(address: Address, id: str | None, *moves: FieldChange) -> Item:
    return Item(address, id, moves or (move(),), place())


def call(*items: Item, name: str = "adSets.bids.1", effect: WriteEffect = WriteEffect.SET) -> Call:
    items = items or (item(SUMMER, "11"),)
    rows: Any = tuple({"id": each.id, "attributes": {"bid": Decimal("0.90")}} for each in items)
    form = BodyForm(many=True, data=True)
    return Call(name, "adSets", "bids", effect, "PATCH", "/2026-07/ad-sets", rows, items=items, form=form)


def ended(sent: Call, status: ItemStatus = ItemStatus.APPLIED) -> tuple[ItemOutcome, ...]:
    return tuple(ItemOutcome(sent.name, each, status, each.id) for each in sent.items)


def catch_up(ledger: Any) -> None:
    """A session of a bucket reads the head when it begins to write, and not for each question."""
    if hasattr(ledger, "_store"):
        ledger._store.catch_up()


def snapshot(ledger: Ledger) -> dict[str, Any]:
    """All that a ledger tells, with what others wrote since it was opened."""
    catch_up(ledger)
    runs = ledger.runs(1000)
    return {
        "ids": dict(ledger.ids()),
        "values": dict(ledger.values()),
        "open": ledger.open_intents(),
        "runs": runs,
        "told": [ledger.run(run.id) for run in runs],
        "history": {str(each): ledger.history(each) for each in (SUMMER, WINTER, NEW)},
        "moved": ledger.increases_since(NOW - timedelta(days=1)),
        "observed": {str(each): ledger.read_observation(each) for each in (SUMMER, WINTER, NEW)},
    }


def filled(ledger: Ledger) -> str:
    """A little of everything: a settled call, a decided one, one in doubt, one that nobody saw end."""
    run = ledger.begin(RUN)
    ledger.remember(WINTER, "22", {"name": "FR winter", "trackingCode": "x"})
    ledger.observe(WINTER, {"bid": Decimal("0.10")}, NOW)
    both = call(item(SUMMER, "11"), item(WINTER, "22"))
    ledger.settle(ledger.intend(run, both, at=NOW), ended(both), NOW)
    decided = call(name="adSets.bids.2")
    ledger.intend(run, decided, at=NOW)
    ledger.resolve(run, decided.name, applied=False, because="looked in the interface", by="ann", at=NOW)
    doubtful = call(name="adSets.bids.3")
    ledger.settle(ledger.intend(run, doubtful, at=NOW), ended(doubtful, ItemStatus.UNKNOWN), NOW)
    created = call(item(NEW, None), name="adSets.create.new", effect=WriteEffect.CREATE)
    ledger.intend(run, created, at=NOW, before={str(NEW): ("11", "22")}, token="cfg:1")
    ledger.finish(run, NOW + timedelta(minutes=1), 6)
    return run


class Forked:
    """What the tests need of ``subprocess.Popen``, for a script that is run by a fork of a process that is warm."""

    def __init__(self, script: Path, arguments: Sequence[str]) -> None:
        asked, told = os.pipe(), os.pipe()
        try:
            self._process = warm.start(arguments, Path.cwd(), os.environ, [asked[0], told[1], 2], script=script)
        finally:
            os.close(asked[0])
            os.close(told[1])
        self.stdin = open(asked[1], "w")  # noqa: SIM115 - closed by communicate
        self.stdout = open(told[0])  # noqa: SIM115 - closed by communicate

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, text: str = "") -> tuple[str, None]:
        """Write the text to it, wait for its end, and return what it printed."""
        with suppress(BrokenPipeError), self.stdin:
            self.stdin.write(text)
        with self.stdout:
            said = self.stdout.read()
        self._process.wait()
        return said, None


def child(script: str, *arguments: str) -> Forked | subprocess.Popen[str]:
    """Another process of the same program, which has the samples at hand."""
    if warm.can_start(os.environ):
        return Forked(_program(script), arguments)
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, str(_program(script)), *arguments], stdin=pipe, stdout=pipe, text=True)


@cache
def _program(script: str) -> Path:
    """Return a file with the script, which is there until the tests end."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    file = Path(folder.name) / "script.py"
    begin = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom tests.unit.ledger.samples import *\n"
    file.write_text(begin + script)
    return file
