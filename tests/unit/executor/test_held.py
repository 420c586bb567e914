"""What a call with an unknown outcome blocks, for how long, and what a person is told of it (rules 3, 4, 14, 15)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.executor import held
from reconciler.executor.held import Accepted, Hold
from reconciler.model import Action, Address, Call, Change, Desired, Live, Origin, Severity, Value, WriteEffect

from ..planning.test_planner import PLACE, change
from .test_evidence import AD_SET, AD_SETS, BALANCES, NOW, creating, funding, item

ORIGIN = Origin(PLACE)
UNTIL = NOW + timedelta(minutes=30)
KINDS = {"adSets": AD_SETS, "balances": BALANCES}
CREATE, FUND = creating(item(AD_SET)).call, funding().call


def block(key: str, **more: Value) -> Desired:
    return Desired(Address("adSets", key), None, AD_SET | more, ORIGIN)


def hold(call: Call = CREATE, **more: Any) -> Hold:
    return replace(Hold("r7", call, UNTIL), **more)


# --- What a person is told -------------------------------------------------------------------------------------------

LINE = "reconciler resolve r7"


@pytest.mark.parametrize(
    ("told", "sentence", "hint"),
    [
        (hold(), "adSets.a was created by create of run r7; held until 2026-11-21 09:30 UTC: each apply looks",
         f"{LINE} create --applied --id ID --because TEXT; if it is not: {LINE} create --not-applied --because TEXT"
         " (before 09:30 UTC only with --certain)"),
        (hold(FUND), "balances.q4 took effect by fund of run r7; held until 2026-11-21 09:30 UTC: each apply looks",
         f"{LINE} fund --applied --because TEXT"),
        (hold(until=None), "held by this machine until a person decides", "--not-applied --because TEXT"),
        (hold(doubt="9 is like it"), "9 is like it; held until a person decides", f"{LINE} create --applied --id ID"),
        (hold(FUND, accepted=True), "was accepted, but the API does not show it for balances.q4: such a read lags; held"
         " until 2026-11-21 09:30 UTC", "nothing has to be done"),
        (hold(FUND, accepted=True, doubt="it never showed"), "it never showed; held until a person decides",
         f"{LINE} fund --applied"),
        (hold(FUND, accepted=True, until=None), "held by this machine until a person decides", "nothing has to be"),
    ],
)  # fmt: skip
def test_a_hold_says_what_is_known_until_when_and_how_to_decide(told: Hold, sentence: str, hint: str) -> None:
    about = told.call.items[0]
    assert sentence in told.sentence(about)
    assert hint in told.hint(about)
    assert told.until is not None or "--certain" not in told.hint(about)


def test_a_block_that_is_left_out_is_warned_of_at_its_line() -> None:
    call = creating(item(AD_SET), item(AD_SET, "b")).call
    warned = hold(call).warning(block("b"))
    assert (warned.severity, warned.code, warned.address) == (Severity.WARNING, "held", Address("adSets", "b"))
    assert "adSets.b was created" in warned.message
    other = hold(call).warning(block("c"))
    assert other.address == Address("adSets", "c")
    assert "adSets.a was created" in other.message


# --- Creates ---------------------------------------------------------------------------------------------------------


def test_while_a_create_is_undecided_its_address_matches_nothing() -> None:
    blocks = (block("a"), block("b"))
    kept, problems = held.select_matchable([hold()], AD_SETS, blocks)
    assert kept == blocks[1:]
    assert [str(each.address) for each in problems] == ["adSets.a"]
    assert held.select_matchable([hold(FUND)], AD_SETS, blocks) == (blocks, [])
    assert held.select_matchable([hold()], BALANCES, blocks) == (blocks, [])


def test_while_a_create_is_undecided_nothing_of_its_key_is_created() -> None:
    twin, other, there = block("b"), block("c", name="Winter"), block("d")
    live = Live("adSets", "9", AD_SET)
    pairs = ((twin, None), (other, None), (there, live))
    kept, problems = held.without_undecided_creates([hold()], AD_SETS, pairs)
    assert kept == pairs[1:]
    assert [str(each.address) for each in problems] == ["adSets.b"]
    assert held.without_undecided_creates([], AD_SETS, pairs) == (pairs, [])


@pytest.mark.parametrize(
    ("id", "shown", "kept"),
    [("9", "9", True), ("9", "10", False), (None, "10", True), (None, None, False)],
)
def test_what_was_created_a_little_while_ago_is_not_created_again_while_a_list_lags(
    id: str | None, shown: str | None, kept: bool
) -> None:
    blocks, fresh = (block("a"), block("b")), {Address("adSets", "a"): (hold(accepted=True), id)}
    live = [] if shown is None else [Live("adSets", shown, AD_SET)]
    left, problems = held.without_fresh_creates(fresh, AD_SETS, blocks, live)
    assert left == (blocks if kept else blocks[1:])
    assert [str(each.address) for each in problems] == ([] if kept else ["adSets.a"])


def test_without_a_fresh_create_every_block_is_matched() -> None:
    assert held.without_fresh_creates({}, AD_SETS, (block("a"),), []) == ((block("a"),), [])


# --- Funds -----------------------------------------------------------------------------------------------------------


def topped(before: int = 5750, *more: tuple[str, Any, Any], key: str = "q4", id: str = "9") -> Change:
    return change(key, ("deposited", Decimal(before), Decimal(6000)), *more, kind="balances", id=id)


def test_a_change_from_an_amount_that_an_accepted_top_up_contradicts_is_held() -> None:
    explained: list[Value] = []

    def explains(amount: Value) -> bool:
        explained.append(amount)
        return amount == Decimal(5700)

    accepted = {"9": Accepted(hold(FUND, accepted=True), Decimal(5750), explains)}
    found = [
        held.find_contradicted(accepted, KINDS, [each])
        for each in (topped(5750), topped(5000), topped(5700), topped(5000, id="8"))
    ]
    assert [len(each) for each in found] == [0, 1, 0, 0]
    assert explained == [Decimal(5000), Decimal(5700)]
    dates = change("q4", ("memo", "a", "b"), kind="balances", id="9")
    assert held.find_contradicted(accepted, KINDS, [dates]) == ()


def test_a_held_top_up_blocks_every_delta_of_its_object_and_of_its_address() -> None:
    same, renamed, other = topped(), topped(key="new-name"), topped(key="q5", id="8")
    again, dates = topped(id="10"), change("q4", ("memo", "a", "b"), kind="balances", id="9")
    for each, blocked in ((same, True), (renamed, True), (again, True), (other, False), (dates, False)):
        kept, problems = held.without_held_deltas([hold(FUND)], KINDS, [each])
        assert kept == ([] if blocked else [each])
        assert [problem.address for problem in problems] == ([each.address] if blocked else [])
    assert held.without_held_deltas([hold()], KINDS, [same]) == ([same], [])


def test_a_held_create_blocks_no_delta() -> None:
    """It has no id, as other new objects have none; what is of its key is left out before, with its block."""
    held_create = hold(replace(FUND, effect=WriteEffect.CREATE, items=tuple(replace(i, id=None) for i in FUND.items)))
    new = change("q6", ("deposited", None, Decimal(5)), kind="balances", id=None, action=Action.CREATE)

    for each in (new, topped()):
        assert held.without_held_deltas([held_create], KINDS, [each]) == ([each], [])


def test_what_is_no_delta_goes_on_without_it() -> None:
    both = topped(5750, ("memo", "a", "b"))
    (kept,), problems = held.without_held_deltas([hold(FUND)], KINDS, [both])
    assert [each.field for each in kept.fields] == ["memo"]
    assert kept.after == both.after | {"deposited": Decimal(5750)}
    assert len(problems) == 1
