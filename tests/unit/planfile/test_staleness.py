"""What a saved plan is compared with: each condition, each call, each sum, each rule and each value that it touches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.kinds import versions as api_versions
from reconciler.model import (
    Change,
    Judgement,
    Live,
    Money,
    Plan,
    Problem,
    RuleLevel,
    Run,
)
from reconciler.model.money import Ceiling, Commitment, Funds, Period
from reconciler.planfile import plan_file
from reconciler.planfile.plan_file import PlanFile
from reconciler.planfile.staleness import compare_plans, compare_terms, context_changes, live_changes

from ..reports.runs import RAISED, SMALL
from .test_plan_file import MADE

KINDS = api_versions.find_version("marketingSolutions", "2026-07").kinds
SUMS = Money(
    commitments=(Commitment("EUR", Period.DAY, Decimal(100), Decimal(150), 2, 3),),
    ceilings=(Ceiling("EUR", None, Decimal(10), Decimal(12), 4, 5),),
    funds=(Funds("EUR", Decimal(50), Decimal(70), Decimal(20), Decimal(0), 1, 2),),
)
RULES = (Judgement("maxBid", RuleLevel.OVERRIDE, "2.00"), Judgement("protected", RuleLevel.ADVISORY, "1 address"))


def saved(run: Run = SMALL) -> PlanFile:
    parts, _ = plan_file.dump_plan(replace(run, money=SUMS, judgements=RULES), MADE)
    return plan_file.load_plan(b"".join(parts).decode(), KINDS)


def told(problems: Any) -> list[str]:
    found: list[Problem] = list(problems)
    assert {each.code for each in found} <= {"stale-plan"}
    return [each.message for each in found]


# --- Conditions -----------------------------------------------------------------------------------------------------


def test_a_plan_is_stale_from_the_moment_at_which_it_expires() -> None:
    plan, moment = saved(), timedelta(seconds=1)

    assert told(context_changes(plan, replace(MADE, created=MADE.expires - moment))) == []
    for created in (MADE.expires, MADE.expires + moment):
        assert told(context_changes(plan, replace(MADE, created=created))) == [
            "the plan expired at 2026-11-22 00:00 UTC"
        ]


@pytest.mark.parametrize(
    ("name", "now", "message"),
    [
        ("tool", "0.2.0", "the version of this tool changed since the plan was made: 0.1.0 then, 0.2.0 now"),
        ("commit", "abc", "the git commit changed since the plan was made: not set then, abc now"),
        ("config", "sha256:1", "the files changed since the plan was made: sha256:0 then, sha256:1 now"),
        ("merged", True, "the batching changed since the plan was made: False then, True now"),
        (
            "versions",
            {"marketingSolutions": "2026-01"},
            "the API versions changed since the plan was made: {marketingSolutions: 2026-07} then,"
            " {marketingSolutions: 2026-01} now",
        ),
        (
            "scope",
            {"advertiserIds": ("1",)},
            "the scope changed since the plan was made: {advertiserIds: [1352]} then, {advertiserIds: [1]} now",
        ),
    ],
)
def test_a_condition_that_changed_is_told_with_both_values(name: str, now: Any, message: str) -> None:
    assert told(context_changes(saved(), replace(MADE, **{name: now}))) == [message]


# --- Calls and changes ----------------------------------------------------------------------------------------------


def test_the_plan_of_the_files_is_not_stale() -> None:
    assert told(compare_plans(saved(), SMALL.changes, SMALL.plan)) == []


@pytest.mark.parametrize(
    ("altered", "message"),
    [
        (lambda plan: replace(plan, calls=plan.calls[1:]), "calls are not those of the files: {first}"),
        (lambda plan: replace(plan, calls=plan.calls[::-1]), "calls are not those of the files: their order"),
        (lambda plan: replace(plan, deferred=()), "deferred changes are not those of the files: {late}"),
    ],
)
def test_calls_that_differ_are_named(altered: Callable[[Plan], Plan], message: str) -> None:
    first, late = SMALL.plan.calls[0].name, SMALL.plan.deferred[0].address

    (found,) = told(compare_plans(saved(), SMALL.changes, altered(SMALL.plan)))

    assert found == "the plan's " + message.format(first=first, late=late)


def test_changes_that_differ_are_named_by_their_addresses_once() -> None:
    gone, kept = SMALL.changes[0], SMALL.changes[1:]
    other = replace(gone, id="8")

    for changes in (kept, (other, *kept)):
        (found,) = told(compare_plans(saved(), changes, SMALL.plan))
        assert found == f"the plan's changes are not those of the files: {gone.address}"
    (found,) = told(compare_plans(saved(replace(SMALL, changes=kept)), SMALL.changes, SMALL.plan))
    assert found == f"the plan's changes are not those of the files: {gone.address}"


# --- Money and rules ------------------------------------------------------------------------------------------------

MONEY_DIFFERS = "the money that the plan shows is not what its changes come to"


def shifted(row: Any, by: int, *names: str) -> Any:
    return replace(row, **{name: getattr(row, name) + by for name in names})


PARTS = {
    "commitments": ("before", "after", "uncapped_before", "uncapped_after"),
    "ceilings": ("before", "after", "open_before", "open_after"),
    "funds": ("before", "after", "uncapped_before", "uncapped_after"),
}


@pytest.mark.parametrize("part", PARTS)
def test_sums_of_the_account_may_move_and_what_the_plan_adds_may_not(part: str) -> None:
    (row,), names = getattr(SUMS, part), PARTS[part]

    for pair in (names[:2], names[2:]):
        both = replace(SUMS, **{part: (shifted(row, 7, *pair),)})
        assert told(compare_terms(saved(), both, RULES)) == []
        for name in pair:
            one = replace(SUMS, **{part: (shifted(row, 7, name),)})
            assert told(compare_terms(saved(), one, RULES)) == [MONEY_DIFFERS], name


@pytest.mark.parametrize("name", ["added", "taken"])
def test_what_is_added_and_taken_is_compared_even_if_the_sums_do_not_move(name: str) -> None:
    other = replace(SUMS, funds=(shifted(SUMS.funds[0], 7, name),))

    assert told(compare_terms(saved(), other, RULES)) == [MONEY_DIFFERS]


def test_a_row_to_which_the_plan_adds_nothing_may_come_and_go() -> None:
    still = replace(
        SUMS,
        commitments=(*SUMS.commitments, Commitment("USD", Period.DAY, Decimal(9), Decimal(9), 1, 1)),
        ceilings=(*SUMS.ceilings, Ceiling("USD", Period.DAY, Decimal(9), Decimal(9), 1, 1)),
        funds=(*SUMS.funds, Funds("USD", Decimal(9), Decimal(9))),
    )

    assert told(compare_terms(saved(), still, RULES)) == []


@pytest.mark.parametrize(
    "more",
    [
        {"commitments": Commitment("USD", Period.DAY, Decimal(9), Decimal(10))},
        {"commitments": Commitment("USD", Period.DAY, uncapped_after=1)},
        {"ceilings": Ceiling("USD", Period.DAY, Decimal(9), Decimal(10))},
        {"ceilings": Ceiling("USD", None, open_after=1)},
        {"funds": Funds("USD", added=Decimal(1))},
        {"funds": Funds("USD", taken=Decimal(1))},
        {"funds": Funds("USD", Decimal(9), Decimal(8))},
        {"funds": Funds("USD", uncapped_after=1)},
    ],
    ids=str,
)
def test_another_currency_that_the_plan_moves_is_noticed(more: dict[str, Any]) -> None:
    other = replace(SUMS, **{name: (*getattr(SUMS, name), row) for name, row in more.items()})

    assert told(compare_terms(saved(), other, RULES)) == [MONEY_DIFFERS]


def test_rules_that_differ_are_named() -> None:
    text = "the guardrails that the plan shows are not those of the project: "
    first, second = RULES

    assert told(compare_terms(saved(), SUMS, (replace(first, limit="3.00"), second))) == [f"{text}maxBid"]
    assert told(compare_terms(saved(), SUMS, (first,))) == [f"{text}protected"]
    assert told(compare_terms(saved(), SUMS, ())) == [f"{text}maxBid, protected"]
    assert told(compare_terms(saved(), SUMS, (second, first))) == [f"{text}their order"]


# --- Live values ----------------------------------------------------------------------------------------------------

FIELD = RAISED.fields[0].field
LIVE = Live("adSets", "7", {FIELD: Decimal(1), "name": "a"})
CHANGE: Change = replace(RAISED, id="7", live=LIVE, fields=(replace(RAISED.fields[0], after=Decimal(2)),))
NEW: Change = replace(CHANGE, id=None, live=None)


def now(present: Live | None, change: Change = CHANGE, *touched: str) -> list[str]:
    return told(live_changes(change, touched or (FIELD, "name"), present))


def test_a_live_object_as_it_was_is_not_stale_and_other_values_do_not_count() -> None:
    assert now(LIVE) == now(None, NEW) == []
    assert now(replace(LIVE, values={**LIVE.values, "other": 1})) == []
    assert now(replace(LIVE, values={**LIVE.values, "name": "b"}), CHANGE, FIELD) == []


def test_each_value_that_moved_is_told_with_what_was_planned() -> None:
    moved = replace(LIVE, values={FIELD: Decimal(3)})

    assert now(moved) == [
        f"{FIELD} moved: 1 when planned, 2 planned, 3 now",
        "name moved: a when planned, as it was planned, not set now",
    ]


def test_an_object_that_came_went_or_is_another_is_told() -> None:
    assert now(None) == [f"{CHANGE.address} is no longer there"]
    assert now(LIVE, NEW) == [f"{CHANGE.address} exists now, as 7"]
    assert now(replace(LIVE, id="8")) == [f"{CHANGE.address} is now 8; it was 7"]
