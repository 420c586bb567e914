"""Which live object a block is: by an id, or by the natural key that leaves one object; two are never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.kinds.versions import find_version
from reconciler.model import Address, Desired, FixedLocator, Live, Origin, Place, Span
from reconciler.planning import likeness
from reconciler.planning.match import match, without_ended
from reconciler.planning.near_twins import find_near_twins

BUDGETS = find_version("sellers", "2026-07").kinds["sellerBudgets"]
AD_SETS = find_version("marketingSolutions", "2026-07").kinds["adSets"]
PAID = find_version("marketingSolutions", "2026-07").kinds["campaigns"]
CAMPAIGNS = find_version("retailMedia", "2026-07").kinds["retailMediaCampaigns"]
MARCH = {
    "sellerId": "1001",
    "campaignIds": ("11",),
    "budgetType": "Capped",
    "startDate": date(2027, 3, 1),
    "endDate": date(2027, 3, 31),
    "amount": Decimal(500),
}


def block(kind: str, key: str, values: Mapping[str, Any], id: str | None = None) -> Desired:
    return Desired(Address(kind, key), id, dict(values), Origin(Place(FixedLocator(Span("a.yaml", 1, 1)), ())))


def budget(id: str, **other: Any) -> Live:
    return Live("sellerBudgets", id, {**MARCH, "status": "Current", "suspended": False, **other})


def found(live: Sequence[Live], without: str = "", **stated: Any) -> str | None:
    """Return the id of the budget that the block is: `new` for a creation, the problem's code where it is open."""
    values = {name: value for name, value in {**MARCH, **stated}.items() if name != without}
    pairs, problems = match(BUDGETS, [block("sellerBudgets", "march", values)], live, {})
    if problems:
        return problems[0].code
    return "new" if pairs[0][1] is None else pairs[0][1].id


APRIL, CHEAP = {"endDate": date(2027, 4, 30)}, {"amount": Decimal(400)}
CASES: dict[str, tuple[Sequence[Live], dict[str, Any], str]] = {
    "none has the key": ([budget("1", sellerId="1002")], {}, "new"),
    "one has the first key, another end does not matter": ([budget("1", **APRIL)], {}, "1"),
    "two have it, one has the end": ([budget("1", **APRIL), budget("2")], {}, "2"),
    "two have it and the end, one has the amount": ([budget("1", **CHEAP), budget("2")], {}, "2"),
    "three: one by its end, not by the amount of another": ([budget("1", **APRIL), budget("2", **CHEAP)], {}, "2"),
    "two have all of it": ([budget("1"), budget("2")], {}, "ambiguous"),
    "two have it, and neither the end": ([budget("1", **APRIL), budget("2", **APRIL)], {}, "ambiguous"),
    "the amount decides where the end does not": (
        [budget("1", **APRIL, **CHEAP), budget("2", **APRIL)],
        {**APRIL, **CHEAP},
        "1",
    ),
    "one of two is archived": ([budget("1", status="Archived"), budget("2")], {}, "2"),
    "one of two is suspended": ([budget("1"), budget("2", suspended=True)], {}, "1"),
    "both are suspended": ([budget("1", suspended=True), budget("2", suspended=True)], {}, "ambiguous"),
    "the only one is archived": ([budget("1", status="Archived")], {}, "1"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_budget_without_an_id_is_the_one_that_its_keys_leave(case: str) -> None:
    live, stated, expected = CASES[case]

    assert found(live, **stated) == found(live[::-1], **stated) == expected


def test_a_block_that_does_not_state_a_part_of_a_key_is_found_by_the_others() -> None:
    assert found([budget("1", **CHEAP), budget("2", **CHEAP, **APRIL)], without="amount") == "1"
    assert found([budget("1", **CHEAP), budget("2")], without="endDate") == "ambiguous"
    assert found([budget("1", endDate=None), budget("2")], without="endDate") == "ambiguous"


def test_blocks_after_one_that_is_absent_are_matched() -> None:
    blocks = [block("sellerBudgets", "gone", MARCH, id="9"), block("sellerBudgets", "march", MARCH, id="1")]

    pairs, problems = match(BUDGETS, blocks, [budget("1")], {})

    assert [(str(desired.address), live and live.id) for desired, live in pairs] == [("sellerBudgets.march", "1")]
    assert [each.code for each in problems] == ["not-found"]


def test_two_blocks_that_would_create_the_same_are_told_with_both_places() -> None:
    other = {**MARCH, "amount": Decimal(400)}
    blocks = [block("sellerBudgets", key, values) for key, values in (("a", MARCH), ("b", MARCH), ("c", other))]

    _, (problem,) = match(BUDGETS, blocks, [], {})

    assert (problem.code, str(problem.address)) == ("duplicate-claim", "sellerBudgets.b")
    assert "sellerBudgets.b and sellerBudgets.a (a.yaml:1:1) would create the same twice" in problem.message


def test_two_blocks_of_one_live_object_are_told() -> None:
    blocks = [block("sellerBudgets", "a", MARCH), block("sellerBudgets", "b", MARCH, id="1")]

    _, (problem,) = match(BUDGETS, blocks, [budget("1")], {})

    assert (problem.code, str(problem.address)) == ("duplicate-claim", "sellerBudgets.b")
    assert "are the same live object, 1" in problem.message


def test_entries_that_are_over_are_left_out_and_noted_and_the_others_stay() -> None:
    over, to_come = "dailyBudgetOverrides.2026-11-27", "dailyBudgetOverrides.2027-01-10"
    cap = {"maxDailySpend": Decimal(500), "duration": "4D"}
    tea = block("retailMediaCampaigns", "tea", {over: cap, to_come: cap})
    plain = block("retailMediaCampaigns", "plain", {to_come: cap})

    kept, notes = without_ended(CAMPAIGNS, [(tea, None), (plain, None)], lambda _: date(2026, 12, 27))

    assert [dict(desired.values) for desired, _ in kept] == [{to_come: cap}, {to_come: cap}]
    assert kept[1][0] is plain
    assert [(note.code, note.message.partition(" ")[0]) for note in notes] == [("entry-over", over)]


# --- Near twins ---------------------------------------------------------------------------------------------------

SUMMER = {"campaignId": "11", "name": "Summer", "objective": "clicks", "mediaType": "display"}


def ad_set(id: str, **other: Any) -> Live:
    return Live("adSets", id, {**SUMMER, "schedule.activationStatus": "on", **other})


def twins(live: Sequence[Live], *stated: Mapping[str, Any], managed: Sequence[Live] = ()) -> list[tuple[str, str]]:
    fresh = [(block("adSets", f"new-{number}", values), None) for number, values in enumerate(stated)]
    pairs = [*fresh, *((block("adSets", f"old-{row.id}", {}), row) for row in managed)]
    asked = find_near_twins(AD_SETS, pairs, [*live, *managed])
    return [(str(each.address), each.message.partition(", and ")[2].partition(" ")[0]) for each in asked]


RENAMED = {**SUMMER, "name": "Sommer"}


def test_a_creation_that_is_a_live_object_but_for_its_name_is_asked_about() -> None:
    assert twins([ad_set("1")], RENAMED) == [("adSets.new-0", "1")]


def test_values_that_the_api_gives_a_new_object_make_no_difference() -> None:
    assert twins([ad_set("1")], {**RENAMED, "schedule.activationStatus": "off"}) == [("adSets.new-0", "1")]


@pytest.mark.parametrize(
    "other",
    [{"campaignId": "12"}, {"objective": "visits"}, {"mediaType": "video"}, {"schedule.deliveryStatus": "archived"}],
    ids=str,
)
def test_an_object_of_another_parent_or_with_other_values_or_archived_is_no_twin(other: Mapping[str, Any]) -> None:
    assert twins([ad_set("1", **other)], RENAMED) == []


def test_an_object_that_a_block_declares_is_no_twin() -> None:
    assert twins([], RENAMED, managed=[ad_set("1")]) == []


def test_objects_of_a_kind_that_are_never_archived_may_be_twins() -> None:
    values = {"advertiserId": "7", "name": "Summer", "goal": "acquisition"}
    there = Live("campaigns", "1", values)
    wanted = block("campaigns", "new", {**values, "name": "Sommer"})

    assert [each.code for each in find_near_twins(PAID, [(wanted, None)], [there])] == ["looks-renamed"]


def test_each_object_is_the_twin_of_one_creation() -> None:
    assert twins([ad_set("1")], RENAMED, {**SUMMER, "name": "Sommer 2"}) == [("adSets.new-0", "1")]
    assert twins([ad_set("1"), ad_set("2")], RENAMED, {**SUMMER, "name": "Sommer 2"}) == [
        ("adSets.new-0", "1"),
        ("adSets.new-1", "2"),
    ]


def test_a_creation_without_a_name_and_a_kind_without_names_have_no_twins() -> None:
    assert twins([ad_set("1")], {name: value for name, value in SUMMER.items() if name != "name"}) == []
    assert not list(find_near_twins(BUDGETS, [(block("sellerBudgets", "march", MARCH), None)], [budget("1")]))


# --- Likeness -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "sent", "same"),
    [
        ("summer ", "Summer", True),
        ("summer", "winter", False),
        (None, None, True),
        ((), None, True),
        ("", None, True),
        ("x", None, False),
        (("x",), None, False),
        (None, "x", False),
        ("", "x", False),
        ((), ("x",), False),
        (Decimal(1), Decimal("1.0"), True),
    ],
    ids=str,
)
def test_a_returned_value_is_the_one_that_was_sent(shown: Any, sent: Any, same: bool) -> None:
    assert likeness.is_same(shown, sent) is same


def test_keys_as_one_text_are_equal_if_the_objects_are_near_and_else_not() -> None:
    text = likeness.join_key(BUDGETS, MARCH)

    assert text == '["1001", ["11"], "capped", "2027-03-01"]'
    assert likeness.join_key(AD_SETS, {**SUMMER, "name": " Été  "}) == '["11", "été"]'
    assert likeness.join_key(AD_SETS, {"name": "x"}) == '[null, "x"]'


def test_each_letter_that_is_no_plain_ascii_is_written_by_its_number() -> None:
    assert likeness.escape_lookalikes("a\té\uffff\U00010000") == "a\\u0009\\u00e9\\uffff\\U00010000"
