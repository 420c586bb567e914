"""What the next run makes of a call without an answer: adopted, sent once more, or asked of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.ledger.book import Book
from reconciler.sandbox.message import Response

from . import laws, scenarios
from .conftest import Open
from .inside import Desk

Q4 = "18446744073709551617"
TOPUP = f'balances:\n  q4: {{accountId: "{scenarios.ACCOUNT}", name: Q4, deposited: 5750.25}}\n'
MANAGED = TOPUP.replace("5750.25}", "5750.25, memo: ours}")
AD_SET = "adSets:\n" + scenarios.NEW_AD_SET.format(n=1, status="on")
BUDGETS = "sellerBudgets:\n" + "".join(scenarios.NEW_BUDGET.format(n=n) for n in (7, 8))
BALANCE = "balances:\n" + scenarios.NEW_BALANCE.format(n=1, account=scenarios.ACCOUNT)
CREATES = {"ad set": (AD_SET, "*/ad-sets"), "budgets": (BUDGETS, "*/budgets"), "balance": (BALANCE, "*/balances")}
NO_TOKEN = scenarios.PROJECT + "memoToken: false\n"
FUNDS = "*/add-funds"


class Killed(BaseException):
    """The process is gone, as far as this test goes."""


@contextmanager
def killed(at: str) -> Iterator[None]:
    """Whoever reaches this method of the ledger is killed there."""

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with patch.object(Book, at, die), pytest.raises(Killed):
        yield


def fault(path: str, kind: str = "lost_answer", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "method": "POST", "path": path, **more}


def deposit(here: Desk, id: str = Q4) -> Decimal:
    return Decimal(here.world.state.collections["balances"][id]["deposited"])


def topups(here: Desk) -> list[Decimal]:
    return laws.sent_funds(here.world.to_json()).get(Q4, [])


def made(here: Desk) -> list[str]:
    """New things that would be duplicates if there were two of them."""
    return list(laws.twice_created(scenarios.account().to_json(), here.world.to_json()))


# --- Found again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [0, 1, 3])
@pytest.mark.parametrize("what", CREATES)
def test_a_create_whose_answer_was_lost_is_adopted_though_it_shows_late(desk: Open, what: str, reads: int) -> None:
    text, path = CREATES[what]
    here = desk(text)
    lag = [fault(path, "lag", reads=reads)] if reads else []
    here.world.inject(fault(path), *lag)

    ended = here.apply()

    assert ended.code == 0, ended.out
    assert made(here) == []
    assert here.plan().code == 0


@pytest.mark.parametrize("what", CREATES)
def test_a_create_that_never_arrived_is_sent_once_more(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    here.world.inject(fault(path, "lost_request"))

    assert here.apply().code == 0
    assert made(here) == []


@pytest.mark.parametrize("what", CREATES)
def test_a_create_is_never_sent_a_third_time(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    here.world.inject(fault(path, "lost_request", count=None))

    ended = here.apply()

    sent = [entry for entry in here.world.log if entry.get("faults")]
    assert (len(sent), ended.code) == (2, 5)
    assert "absent" in ended.codes


def test_a_twin_that_was_there_before_is_not_mistaken_for_ours(desk: Open) -> None:
    here = desk(AD_SET)
    twin = {**here.world.state.collections["adSets"]["123467"], "id": "77", "name": "New 1", "archived": True}
    here.world.state.put("adSets", "77", twin)
    here.world.inject(fault("*/ad-sets", "lost_request"))

    assert here.apply().code == 0
    assert here.world.state.collections["adSets"]["77"] == twin
    assert [row["id"] for row in here.world.state.all("adSets").values() if row["name"] == "New 1"] == ["77", "987634"]


def test_two_new_ones_that_match_are_for_a_person_to_tell_apart(desk: Open) -> None:
    here = desk(AD_SET)
    create = here.world.handle

    def twice(request: Any) -> Any:
        response = create(request)
        if request.method == "POST" and request.path.endswith("/ad-sets"):
            create(request)  # somebody else makes the same at the same moment
        return response

    here.handle = twice
    here.world.inject(fault("*/ad-sets"))

    ended = here.apply()

    assert ended.code == 6
    assert "undecided" in ended.codes


# --- Money ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [0, 1, 3])
@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("project", [scenarios.PROJECT, NO_TOKEN], ids=["token", "no token"])
@pytest.mark.parametrize("text", [TOPUP, MANAGED], ids=["memo free", "memo managed"])
def test_a_lost_topup_is_there_once(desk: Open, text: str, project: str, arrived: bool, reads: int) -> None:
    here = desk(text, project=project)
    lag = [fault(FUNDS, "lag", reads=reads)] if reads and arrived else []
    here.world.inject(fault(FUNDS, "lost_answer" if arrived else "lost_request"), *lag)

    ended = here.apply()

    assert (ended.code, deposit(here), topups(here)) == (0, Decimal("5750.25"), [Decimal("750.25")])
    assert here.plan().code == 0


@pytest.mark.parametrize("project", [scenarios.PROJECT, NO_TOKEN], ids=["token", "no token"])
def test_somebody_elses_topup_between_is_for_a_person_to_judge(desk: Open, project: str) -> None:
    here = desk(TOPUP, project=project)
    edit = {"kind": "edit", "collection": "balances", "id": Q4, "set": {"deposited": 5020.0}, "path": FUNDS}
    here.world.inject(edit, fault(FUNDS, "lost_request"))

    ended = here.apply()
    again = here.apply()

    assert (ended.code, again.code) == (6, 6)
    assert "resolve" in str(again.report["diagnostics"])
    assert topups(here) == []

    (intent,) = _open(here)
    assert here.resolve(intent.run, intent.call.name, applied=False).code == 0
    assert here.apply().code == 0
    assert (deposit(here), topups(here)) == (Decimal("5750.25"), [Decimal("730.25")])


def test_with_a_token_the_history_tells_it_from_somebody_elses(desk: Open) -> None:
    here = desk(TOPUP)
    here.world.inject(fault(FUNDS))
    after, done = here.world.handle, []

    def meddle(request: Any) -> Any:
        response = after(request)
        if request.path.endswith("/add-funds") and not done:
            done.append(here.world.edit("balances", Q4, {"deposited": 5800}))
        return response

    here.handle = meddle

    ended = here.apply()

    assert ended.statuses == ["applied"]
    assert ended.code == 5  # applied, and not what the file says any more
    assert len(topups(here)) == 1


def test_an_equal_topup_just_before_is_not_taken_for_ours(desk: Open) -> None:
    here = desk(TOPUP, project=NO_TOKEN)
    before = deposit(here) - Decimal("750.25")
    here.world.edit("balances", Q4, {"deposited": before})
    here.world.edit("balances", Q4, {"deposited": before + Decimal("750.25")})
    here.world.inject(fault(FUNDS, "lost_request"))

    ended = here.apply()

    assert ended.code == 6  # a person sees at a glance what no read can prove
    assert topups(here) == []


def test_what_is_undecided_forbids_increases_under_any_name_and_nothing_else(desk: Open) -> None:
    here = desk(TOPUP)
    edit = {"kind": "edit", "collection": "balances", "id": Q4, "set": {"deposited": 5020.0}, "path": FUNDS}
    here.world.inject(edit, fault(FUNDS, "lost_request"))
    here.apply()

    renamed = TOPUP.replace("q4:", "renamed:")
    other = f'  spare: {{accountId: "{scenarios.ACCOUNT}", name: Spare, deposited: 1100}}\n'
    (here.folder / "mixed.yaml").write_text(renamed + other)
    assert here.apply().code == 6
    spared = here.apply("--target", "balances.spare")
    assert (spared.code, spared.report["summary"]["ended"]) == (6, {"applied": 1, "undecided": 1})
    (here.folder / "mixed.yaml").write_text(renamed.replace("5750.25", "4000") + other)
    lowered = here.apply()
    assert (lowered.code, lowered.report["summary"]["ended"]) == (6, {"applied": 1, "undecided": 1})
    assert deposit(here) == 4000
    assert deposit(here) == 4000


def test_money_stops_at_the_first_doubt_of_a_run(desk: Open) -> None:
    new = scenarios.NEW_BALANCE.format(n=1, account=scenarios.ACCOUNT)
    here = desk(TOPUP + new)
    here.world.inject(fault("*/balances"))
    answer, lost = here.world.handle, []

    def blind(request: Any) -> Any:
        if lost and request.method == "GET":
            return Response(503)
        lost.extend([request] if request.method == "POST" and request.path.endswith("/balances") else [])
        return answer(request)

    here.handle = blind

    ended = here.apply()

    assert ended.code == 6
    assert {each["call"]: each["status"] for each in ended.report["outcomes"]}["balances.funds.q4"] == "not sent"
    assert topups(here) == []


def test_what_waits_for_the_id_of_a_lost_creation_is_not_told_that_there_is_none(desk: Open) -> None:
    here = desk(AD_SET)
    here.world.inject(fault("*/ad-sets"))
    answer, lost = here.world.handle, []

    def blind(request: Any) -> Any:
        if lost and (request.method == "GET" or request.path.endswith("/search")):
            return Response(503)
        lost.extend([request] if request.method == "POST" and request.path.endswith("/ad-sets") else [])
        return answer(request)

    here.handle = blind

    ended = here.apply()

    first, *waiting = ended.report["outcomes"]
    assert first["status"] == "unknown"
    assert waiting
    for each in waiting:
        assert each["status"] == "not sent"
        assert [told["message"] for told in each["diagnostics"]] == [
            "not sent, since adSets.new-1 has no id that is known yet"
        ]


@pytest.mark.parametrize("what", ["top-up", *CREATES])
def test_a_call_that_is_still_on_its_way_is_waited_for(desk: Open, what: str) -> None:
    """The first run is gone, or has lost its lock and does not know; its call arrives a minute later."""
    text, path = CREATES.get(what, (TOPUP, FUNDS))
    here = desk(text)
    answer, sent = here.world.handle, []

    def slowly(request: Any) -> Any:
        if request.method == "POST" and fnmatch(request.path, path):
            sent.append(request)
            raise Killed
        return answer(request)

    here.handle = slowly
    with pytest.raises(Killed):
        here.apply()
    due = here.world.now + timedelta(seconds=60)

    def arriving(request: Any) -> Any:
        if sent and here.world.now >= due:
            answer(sent.pop())
        return answer(request)

    here.handle = arriving

    ended = here.apply()

    assert not sent, "it is still on its way"
    assert ended.code == 0, ended.out
    assert made(here) == []
    assert topups(here) == ([Decimal("750.25")] if what == "top-up" else [])
    assert here.plan().code == 0


@pytest.mark.parametrize("what", ["top-up", *CREATES])
def test_the_wait_for_it_is_told_and_whoever_interrupts_it_loses_nothing(desk: Open, what: str) -> None:
    text, path = CREATES.get(what, (TOPUP, FUNDS))
    here = desk(text)
    answer = here.world.handle

    def never(request: Any) -> Any:
        if request.method == "POST" and fnmatch(request.path, path):
            raise Killed
        return answer(request)

    here.handle = never
    with pytest.raises(Killed):
        here.apply()
    here.handle = None
    began, advance = here.world.now, here.world.advance

    def impatient(seconds: float) -> None:
        advance(seconds)
        if here.world.now - began > timedelta(seconds=30):  # after all its looks
            raise KeyboardInterrupt

    with patch.object(here.world, "advance", impatient):
        ended = here.apply()

    assert (ended.code, ended.report["exit_code"], ended.codes) == (130, 130, {"interrupted"})
    assert re.fullmatch(r"waiting \d+ s, until \d\d:\d\d:\d\d UTC: \S+ of run \S+ may still be on its way\n", ended.err)
    assert made(here) == topups(here) == []
    assert here.apply().code == 0
    assert made(here) == []
    assert topups(here) == ([Decimal("750.25")] if what == "top-up" else [])


@pytest.mark.parametrize("reads", [1, 3])
def test_a_read_that_is_late_after_a_kill_does_not_fund_twice(desk: Open, reads: int) -> None:
    here = desk(TOPUP)
    here.world.inject(fault(FUNDS, "lag", reads=reads))
    with patch("reconciler.apply._read_back", side_effect=Killed), pytest.raises(Killed):
        here.apply()

    assert here.apply().code == 0
    assert topups(here) == [Decimal("750.25")]


def test_an_accepted_topup_that_never_shows_is_for_a_person_to_judge(desk: Open) -> None:
    here = desk(TOPUP)
    assert here.apply().code == 0
    here.world.edit("balances", Q4, {"deposited": 5000})  # taken back by hand, after it was seen
    assert here.apply().code == 0
    here.world.inject(fault(FUNDS, "lag", seconds=300))
    here.world.edit("balances", Q4, {"deposited": 5000})
    assert here.apply().code == 5  # accepted, and not in force

    ended = here.apply()

    assert (ended.code, len(topups(here))) == (6, 3)
    (intent,) = _open(here)
    assert here.resolve(intent.run, intent.call.name, applied=True).code == 0


@pytest.mark.parametrize("lost", ["*/delete", "*/append"])
def test_a_set_that_moved_in_two_steps_is_settled_though_one_answer_was_lost(desk: Open, lost: str) -> None:
    here = desk(f'balances:\n  q4: {{accountId: "{scenarios.ACCOUNT}", name: Q4, campaignIds: ["71"]}}\n')
    here.world.inject(fault(lost, count=None))

    ended = here.apply()

    assert (ended.code, set(ended.statuses)) == (0, {"applied"}), ended.out
    assert len(ended.statuses) == 2


# --- What the API never shows ----------------------------------------------------------------------------------

LINK = 'adSets:\n  link: {{id: "123474", audienceId: "{}"}}\n'


@pytest.mark.parametrize("trouble", ["lost", "killed"])
def test_a_link_of_unknown_end_is_not_believed_to_be_the_old_one(desk: Open, trouble: str) -> None:
    here = desk(LINK.format("9877"))
    assert here.apply().code == 0
    (here.folder / "mixed.yaml").write_text(LINK.format("9876"))
    if trouble == "lost":
        here.world.inject({"kind": "lost_answer", "path": "*/audience", "count": None})
        here.apply()
        here.world.repair()
    else:
        with killed("settle"):
            here.apply()

    (here.folder / "mixed.yaml").write_text(LINK.format("9877"))
    assert here.apply().code == 0
    assert here.world.state.collections["adSets"]["123474"]["audienceId"] == "9877"


# --- The journal ----------------------------------------------------------------------------------------------


def test_calls_of_both_rounds_have_names_of_their_own(desk: Open) -> None:
    here = desk(AD_SET + scenarios.MOVED_AD_SETS[1] + '  l: {id: "123474", audienceId: "9876"}\n')

    ended = here.apply()

    starts = [each["call"] for each in ended.report["outcomes"] if "start" in each["call"]]
    assert ended.code == 0
    assert len(starts) == len(set(starts)) == 2


@pytest.mark.parametrize("kept", [True, False], ids=["ledger kept", "ledger deleted"])
@pytest.mark.parametrize("at", ["intend", "settle", "finish"])
def test_between_any_two_runs_the_ledger_may_be_lost(desk: Open, at: str, kept: bool) -> None:
    here = desk(scenarios.everything().text)
    with killed(at):
        here.apply()
    if not kept:
        here.ledger.unlink()

    assert here.apply().code == 0
    assert here.plan().code == 0
    assert made(here) == []
    assert topups(here) == [Decimal("750.25")]


def _open(here: Desk) -> tuple[Any, ...]:
    from reconciler import ledger

    book = ledger.open(f"sqlite:{here.ledger}", here.folder, create=False)
    try:
        return book.open_intents()
    finally:
        book.close()
