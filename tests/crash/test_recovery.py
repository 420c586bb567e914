"""What the next run makes of a call without an answer: adopted, sent once more, or asked of a person."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from fnmatch import fnmatch
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.ledger.records import RunRecord
from reconciler.ledger.sql_ledger import SqlLedger
from reconciler.sandbox.message import Response
from reconciler.sandbox.world import World

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

    with patch.object(SqlLedger, at, die), pytest.raises(Killed):
        yield


def fault(path: str, kind: str = "lost_answer", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "method": "POST", "path": path, **more}


SETTLE = 30 * 60
"""Seconds after which a run may take for absent what no read shows."""


def sent(here: Desk, path: str) -> int:
    """How often a POST to the path was sent."""
    return sum(entry["method"] == "POST" and fnmatch(entry["path"], path) for entry in here.world.log)


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
def test_a_create_without_an_answer_is_sent_once_more_by_the_first_run_after_settle_after(
    desk: Open, what: str
) -> None:
    text, path = CREATES[what]
    here = desk(text)
    here.world.inject(fault(path, "lost_request"))

    lost = here.apply()
    assert (lost.code, sent(here, path)) == (6, 1)
    assert "held" in lost.codes
    here.world.advance(25 * 60)
    held = here.apply()
    assert (held.code, sent(here, path)) == (6, 1), held.out
    assert here.plan().report["summary"]["create"] == 0
    here.world.advance(5 * 60)
    assert here.plan().report["summary"]["create"] > 0
    assert here.apply().code == 0
    assert sent(here, path) == 2
    assert made(here) == []
    assert here.plan().code == 0


@pytest.mark.parametrize("what", CREATES)
def test_no_run_sends_a_create_twice(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    here.world.inject(fault(path, "lost_request", count=None))

    for runs in (1, 2, 3):
        assert here.apply().code == 6
        assert sent(here, path) == runs
        here.world.advance(SETTLE)


def test_a_twin_that_was_there_before_is_not_mistaken_for_ours(desk: Open) -> None:
    here = desk(AD_SET)
    twin = {**here.world.state.collections["adSets"]["123467"], "id": "77", "name": "New 1", "archived": True}
    here.world.state.put("adSets", "77", twin)
    here.world.inject(fault("*/ad-sets", "lost_request"))

    assert here.apply().code == 6
    here.world.advance(SETTLE)
    assert here.apply().code == 0
    assert here.world.state.collections["adSets"]["77"] == twin
    assert [row["id"] for row in here.world.state.all("adSets").values() if row["name"] == "New 1"] == ["77", "987634"]


@pytest.mark.parametrize("what", ["ad set", "balance"])
def test_a_lost_create_that_was_renamed_is_not_repeated(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    collection = "adSets" if what == "ad set" else "balances"
    known = set(here.world.state.all(collection))
    answer = here.world.handle

    def renaming(request: Any) -> Any:
        response = answer(request)
        for id in set(here.world.state.all(collection)) - known:
            here.world.edit(collection, id, {"name": "Renamed"})
        return response

    here.handle = renaming
    here.world.inject(fault(path))

    lost = here.apply()
    here.world.advance(SETTLE)
    again = here.apply()

    assert (lost.code, again.code, sent(here, path)) == (6, 6, 1)
    assert "it may have been renamed" in str(again.report["diagnostics"])


def test_a_colleagues_twin_is_neither_patched_nor_taken_for_a_lost_create(desk: Open) -> None:
    here = desk(AD_SET)
    here.world.inject(fault("*/ad-sets", "lost_request"))
    assert here.apply().code == 6
    twin = {**here.world.state.collections["adSets"]["123467"], "id": "77", "name": "New 1", "campaignId": "358313"}
    here.world.state.put("adSets", "77", twin)

    for _ in range(2):
        assert here.apply().code == 6
        here.world.advance(SETTLE)

    assert here.world.state.collections["adSets"]["77"] == twin
    assert sent(here, "*/ad-sets") == 1


@pytest.mark.parametrize("what", CREATES)
def test_what_a_colleague_made_meanwhile_is_not_made_twice(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    make, done = here.world.handle, []

    def meddle(request: Any) -> Any:
        if request.method == "POST" and fnmatch(request.path, path) and not done:
            done.append(request)
            make(request)  # a colleague is faster by a moment
            return Response(429, (("content-type", "application/json"),), b"{}")
        return make(request)

    here.handle = meddle

    ended = here.apply()

    assert ended.code == 0, ended.out  # an equal object, new since the look: it cannot be told from ours
    assert made(here) == []
    assert here.apply().code == 0
    assert made(here) == []


@pytest.mark.parametrize("what", CREATES)
def test_an_id_that_was_there_before_does_not_prove_a_create(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    make = here.world.handle
    old = {"ad set": b"123467", "budgets": b"101", "balance": Q4.encode()}[what]

    def confused(request: Any) -> Any:
        response = make(request)
        if request.method != "POST" or not fnmatch(request.path, path):
            return response
        body = re.sub(rb'("(?:id|budgetId)": ?"?)\d+', rb"\g<1>" + old, response.body, count=1)
        return dataclasses.replace(response, body=body)

    here.handle = confused

    assert here.apply().code == 0
    assert made(here) == []
    here.handle = None
    assert here.plan().code == 0


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
    assert "several new ones match" in ended.out
    here.world.advance(SETTLE)
    assert here.apply().code == 6

    (intent,) = _open(here)
    assert here.resolve(intent.run, intent.call.name, True).code == 1  # without an id it would be made again
    new = max(here.world.state.all("adSets"), key=int)
    assert here.resolve(intent.run, intent.call.name, True, "--id", new).code == 0
    here.handle = None
    here.apply()
    assert sent(here, "*/ad-sets") == 2  # ours, and the colleague's


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

    if not arrived:
        assert (ended.code, here.apply().code, topups(here)) == (6, 6, [])
        assert here.plan().report["summary"]["update"] == 0
        here.world.advance(SETTLE)
        ended = here.apply()
    assert (ended.code, deposit(here), topups(here)) == (0, Decimal("5750.25"), [Decimal("750.25")])
    assert here.plan().code == 0


@pytest.mark.parametrize("project", [scenarios.PROJECT, NO_TOKEN], ids=["token", "no token"])
def test_a_colleagues_topup_between_is_left_to_a_person(desk: Open, project: str) -> None:
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


def test_with_a_token_the_history_distinguishes_our_top_up(desk: Open) -> None:
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


def test_what_is_held_forbids_every_delta_under_any_name_and_nothing_else(desk: Open) -> None:
    here = desk(TOPUP)
    edit = {"kind": "edit", "collection": "balances", "id": Q4, "set": {"deposited": 5020.0}, "path": FUNDS}
    here.world.inject(edit, fault(FUNDS, "lost_request"))
    here.apply()

    renamed = TOPUP.replace("q4:", "renamed:")
    other = f'  spare: {{accountId: "{scenarios.ACCOUNT}", name: Spare, deposited: 1100}}\n'
    (here.folder / "mixed.yaml").write_text(renamed + other)
    assert here.apply("--target", "balances.renamed").code == 6
    spared = here.apply("--target", "balances.spare")  # sent, and 6 all the same: an earlier call is undecided
    assert (spared.code, spared.report["summary"]["ended"]) == (6, {"applied": 1, "undecided": 1})
    (here.folder / "mixed.yaml").write_text(renamed.replace("5750.25", "4000, endDate: 2027-06-30") + other)
    assert here.apply().code == 6
    assert (deposit(here), topups(here)) == (Decimal(5020), [])
    assert here.world.state.collections["balances"][Q4]["endDate"] == "2027-06-30"


def test_a_person_may_decide_before_it_is_settled_by_time_only_if_certain(desk: Open) -> None:
    here = desk(TOPUP)
    here.world.inject(fault(FUNDS, "lost_request"))
    here.apply()
    (intent,) = _open(here)
    words = ("resolve", intent.run, intent.call.name, "--not-applied", "--because", "seen")

    refused = here.run(*words, "--project", str(here.folder))

    assert refused.code == 1
    assert "too-soon" in refused.out + refused.err
    assert here.run(*words, "--certain", "--project", str(here.folder)).code == 0
    assert (here.apply().code, topups(here)) == (0, [Decimal("750.25")])


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


@pytest.mark.parametrize("kept", [True, False], ids=["ledger kept", "ledger deleted"])
@pytest.mark.parametrize("late", [1, 40, 100])
@pytest.mark.parametrize("what", ["top-up", *CREATES])
def test_a_call_that_lands_after_its_run_was_killed_is_not_sent_again(
    desk: Open, what: str, late: int, kept: bool
) -> None:
    """The first run is gone, or has lost its lock and does not know; its call arrives later."""
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
    if not kept:
        here.ledger.unlink()
    due = here.world.now + timedelta(seconds=late)

    def arriving(request: Any) -> Any:
        if sent and here.world.now >= due:
            answer(sent.pop())
        return answer(request)

    here.handle = arriving

    codes = []
    for _ in range(3):
        codes.append(here.apply().code)
        here.world.advance(60)

    assert not sent, "it is still on its way"
    assert codes[-1] == 0, codes
    assert made(here) == []
    assert topups(here) == ([Decimal("750.25")] if what == "top-up" else [])
    assert here.plan().code == 0


@pytest.mark.parametrize(("lag", "others"), [(20, 0), (300, 0), (300, 30)])
@pytest.mark.parametrize("what", ["top-up", *CREATES])
def test_a_read_that_lags_after_a_good_run_sends_nothing_again(desk: Open, what: str, lag: int, others: int) -> None:
    """Nor do runs of other projects in the same ledger, however many, hide what was accepted."""
    text, _ = CREATES.get(what, (TOPUP, FUNDS))
    here = desk(text)
    before = deepcopy(here.world.to_json())
    assert here.apply().code == 0
    _pass_runs(here, others)
    answer = here.world.handle
    until = here.world.now + timedelta(seconds=lag)

    def replica(request: Any) -> Any:
        """Shows the account as it was before the run."""
        reading = request.method == "GET" or request.path.endswith("/search")
        if reading and here.world.now < until and "/me" not in request.path:
            there = World.from_json({**deepcopy(before), **{"tokens": here.world.to_json()["tokens"]}})
            return there.handle(request)
        return answer(request)

    here.handle = replica
    ended = here.apply()

    assert ended.code == 6, ended.out
    assert made(here) == []
    assert topups(here) == ([Decimal("750.25")] if what == "top-up" else [])
    here.world.advance(lag)
    assert here.apply().code == 0


@pytest.mark.parametrize("reads", [1, 3])
def test_a_read_that_is_late_after_a_kill_does_not_fund_twice(desk: Open, reads: int) -> None:
    here = desk(TOPUP)
    here.world.inject(fault(FUNDS, "lag", reads=reads))
    with patch("reconciler.engine.apply._read_back", side_effect=Killed), pytest.raises(Killed):
        here.apply()

    for _ in range(reads + 1):
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

    assert (here.apply().code, len(topups(here))) == (6, 3)
    here.world.advance(300)
    assert (here.apply().code, len(topups(here))) == (0, 3)

    row = here.world.state.collections["balances"][Q4]
    here.world.state.put("balances", Q4, {**row, "deposited": Decimal(5000)})
    for number in list(here.world.state.all("history")):
        here.world.state.remove("history", number)
    assert (here.apply().code, len(topups(here))) == (6, 3)
    here.world.advance(SETTLE)
    ended = here.apply()
    assert (ended.code, len(topups(here))) == (6, 3)
    assert "a person decides" in ended.out
    assert (here.apply().code, len(topups(here))) == (6, 3)
    (intent,) = _open(here)
    assert here.resolve(intent.run, intent.call.name, applied=False).code == 0
    assert (here.apply().code, len(topups(here))) == (0, 4)


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
def test_a_link_with_an_unknown_end_is_not_taken_for_the_old_one(desk: Open, trouble: str) -> None:
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


def _pass_runs(here: Desk, count: int) -> None:
    """Store runs of another project, which ended well and sent nothing."""
    from reconciler import ledger

    book = ledger.open(f"sqlite:{here.ledger}", here.folder)
    try:
        for _ in range(count):
            run = book.begin(RunRecord("apply", "other", here.world.now, "1"))
            book.finish(run, here.world.now, 0)
    finally:
        book.close()


# --- Without a ledger ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [1, 60, 110])
@pytest.mark.parametrize("what", ["top-up", *CREATES])
def test_a_run_without_a_ledger_looks_twice_before_it_sends_what_another_may_have_sent(
    desk: Open, what: str, late: int
) -> None:
    text, path = CREATES.get(what, (TOPUP, FUNDS))
    here = desk(text, project=scenarios.PROJECT + "ledger: none\n")
    answer, lost = here.world.handle, []

    def slowly(request: Any) -> Any:
        if request.method == "POST" and fnmatch(request.path, path):
            lost.append(request)
            raise Killed
        return answer(request)

    here.handle = slowly
    with pytest.raises(Killed):
        here.apply()
    due = here.world.now + timedelta(seconds=late)

    def arriving(request: Any) -> Any:
        if lost and here.world.now >= due:
            answer(lost.pop())
        return answer(request)

    here.handle = arriving
    first = here.apply()

    assert first.codes & {"appeared", "moved-meanwhile"}, first.out
    assert here.apply().code == 0
    assert made(here) == []
    assert topups(here) == ([Decimal("750.25")] if what == "top-up" else [])
    assert not here.ledger.exists()


# --- Saved plans -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["ad set", "balance"])
def test_a_saved_plan_is_used_once_whatever_became_of_what_it_made(desk: Open, what: str) -> None:
    text, path = CREATES[what]
    here = desk(text)
    file = here.folder.parent / "plan.json"
    assert here.plan("--out", str(file)).code == 2
    apply = ("apply", str(file), "--format", "json")
    assert here.run(*apply).code == 0
    collection = "adSets" if what == "ad set" else "balances"
    new = next(id for id, row in here.world.state.all(collection).items() if row["name"] == "New 1")
    here.world.edit(collection, new, {"name": "Renamed"})

    again = here.run(*apply)

    assert (again.code, "plan-used" in again.codes) == (4, True)
    assert "was begun by run" in str(again.report["diagnostics"])
    assert sent(here, path) == 1


def test_a_plan_whose_run_was_refused_before_its_first_call_may_be_applied(desk: Open) -> None:
    here = desk(AD_SET)
    file = here.folder.parent / "plan.json"
    assert here.plan("--out", str(file)).code == 2
    here.world.inject({"kind": "status", "status": 503, "path": "*/search", "count": None})
    assert here.run("apply", str(file), "--format", "json").code == 1
    here.world.repair()
    assert here.run("apply", str(file), "--format", "json").code == 0
