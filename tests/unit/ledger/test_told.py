"""The ledger's texts, word for word."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from msgspec.structs import replace

from reconciler.ledger.interface import RunHistory
from reconciler.model import Address, ItemOutcome, ItemStatus, error
from reconciler.reports import ledger as told

from .conftest import Home
from .samples import NEW, NOW, RUN, SUMMER, call, ended, filled, item, move


def lines(text: str) -> list[str]:
    return [line.removeprefix("    ") for line in text.strip("\n").splitlines()]


def test_what_is_remembered(file_home: Home) -> None:
    ledger = file_home.open()
    filled(ledger)
    ledger.remember(NEW, None, {"name": "x"})
    assert list(told.listing(ledger.ids(), ledger.values())) == [
        "adSets.new        (id not known)",
        "adSets.summer-fr  11",
        "adSets.winter-fr  22",
        "3 resources remembered.",
    ]
    assert list(told.listing({}, {})) == ["0 resources remembered."]


def test_the_history_of_an_address(file_home: Home) -> None:
    ledger = file_home.open()
    run = filled(ledger)
    assert list(told.history(SUMMER, ledger.history(SUMMER))) == [
        f"2026-11-21 09:00:00Z  {run}  applied  bid  0.80 → 0.90  (adSets.bids.1)",
        f"2026-11-21 09:00:00Z  {run}  not sent  bid  0.80 → 0.90  (adSets.bids.2)",
        f"2026-11-21 09:00:00Z  {run}  unknown  bid  0.80 → 0.90  (adSets.bids.3)",
    ]
    assert list(told.history(SUMMER, ())) == [
        "Nothing was ever sent for adSets.summer-fr, as far as this ledger knows."
    ]


def test_the_latest_runs(file_home: Home) -> None:
    ledger = file_home.open()
    first, second = filled(ledger), ledger.begin(RUN)
    assert list(told.runs(ledger.runs(9), {})) == [
        f"{second}  apply  not finished  0 calls  commit a1b2c3d  ann@build-7  nightly https://ci.example/7",
        f"{first}  apply  exit code 6  4 calls  commit a1b2c3d  ann@build-7  nightly https://ci.example/7",
    ]
    assert list(told.runs((), {})) == ["No run is recorded."]


def test_one_run(file_home: Home) -> None:
    ledger = file_home.open()
    run = ledger.begin(replace(RUN, plan_digest="sha256:0"))
    sent = call(item(SUMMER, "11", move("trackingCode", None, "x")), item(NEW, None))
    applied, refused = ended(sent)
    refused = ItemOutcome(sent.name, refused.item, ItemStatus.REJECTED, None, (error("name-taken", "is taken"),))
    ledger.settle(ledger.intend(run, sent, at=NOW), [applied, refused], NOW)
    ledger.intend(run, call(name="adSets.bids.2"), at=NOW)
    ledger.resolve(run, "adSets.bids.2", applied=True, because="I looked", by="ann", at=NOW)
    ledger.intend(run, call(name="adSets.bids.3"), at=NOW)
    ledger.finish(run, NOW + timedelta(seconds=9), 6)
    history = ledger.run(run)
    assert history is not None
    assert (
        list(told.run(history))
        == lines(f"""
    run:      {run}
    command:  apply
    project:  ads
    started:  2026-11-21 09:00:00Z
    ended:    2026-11-21 09:00:09Z, exit code 6
    by:       ann@build-7 (pid 41)
    version:  0.1.0
    commit:   a1b2c3d
    CI:       nightly https://ci.example/7
    plan:     sha256:0

    2026-11-21 09:00:00Z  adSets.bids.1: PATCH /2026-07/ad-sets
      applied: adSets.summer-fr  id 11
          trackingCode  null → x
      rejected: adSets.new
          bid  0.80 → 0.90
          error[name-taken]: is taken

    2026-11-21 09:00:00Z  adSets.bids.2: PATCH /2026-07/ad-sets
      applied: adSets.summer-fr  id 11
          bid  0.80 → 0.90
      ann decided at 2026-11-21 09:00:00Z that it was applied: I looked

    2026-11-21 09:00:00Z  adSets.bids.3: PATCH /2026-07/ad-sets
      not settled: its outcome is unknown
      unknown: adSets.summer-fr  id 11
          bid  0.80 → 0.90
    """)[:-1]
    )


def test_forgetting() -> None:
    assert list(told.forget_message(SUMMER, known=False)) == ["adSets.summer-fr was not remembered."]
    (line,) = told.forget_message(SUMMER, known=True)
    assert line.startswith("Forgot adSets.summer-fr.")


def test_nothing_from_outside_reaches_the_terminal_raw(file_home: Home) -> None:
    ledger = file_home.open()
    evil = "\x1b[2J\n\u202e"
    address = Address("adSets", evil)
    run = ledger.begin(RUN.__class__(evil, evil, NOW, evil, evil, 1, evil, evil, evil, evil))
    sent = call(item(address, evil, move(evil, evil, (evil, Decimal(1)))), name=evil)
    outcome = ItemOutcome(evil, sent.items[0], ItemStatus.APPLIED, evil, (error(evil, evil),))
    ledger.settle(ledger.intend(run, sent, at=NOW), [outcome], NOW)
    history = ledger.run(run)
    assert isinstance(history, RunHistory)
    everything = [
        *told.listing(ledger.ids(), ledger.values()),
        *told.history(address, ledger.history(address)),
        *told.runs(ledger.runs(1), {}),
        *told.run(history),
        *told.forget_message(address, known=True),
    ]
    assert not any(re.search("[\x1b\n\u202e]", line) for line in everything)
