"""What is alike is told in one line, and what sticks out of it is named."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Action
from reconciler.reports import grouping
from reconciler.reports.common import format_percent

from .runs import BID, BUDGET, changed, many, moved

LAW = settings(max_examples=60, deadline=None)


def bids(count: int, factor: str = "1.1") -> list:
    amounts = [Decimal(30 + number % 61) / 100 for number in range(count)]
    return [
        changed(f"a{number:04}", moved(BID, amount, amount * Decimal(factor))) for number, amount in enumerate(amounts)
    ]


def test_the_sentence_of_the_specification():
    (fold,) = grouping.fold_changes(bids(412))
    assert list(grouping.sentences(fold)) == ["bidding.bidAmount +10 % on 412 adSets, 0.30 → 0.33 … 0.90 → 0.99"]


def test_what_moves_furthest_is_named():
    slip = changed("slip", moved(BID, Decimal("0.50"), Decimal("50")))
    (fold,) = grouping.fold_changes([*bids(100), slip])
    (line,) = grouping.sentences(fold)
    assert line.endswith("largest change: adSets.slip 0.50 → 50.00")
    assert "+10 % … +9,900 %" in line


def test_raises_and_cuts_other_fields_and_other_actions_do_not_mix():
    groups = grouping.fold_changes([
        *bids(2), *bids(2, "0.9"),
        changed("b", moved(BUDGET, Decimal(1), Decimal(2))),
        changed("c", moved(BID, None, Decimal(2))),
        changed("d", moved(BID, Decimal(2), None)),
        changed("e", moved("schedule.activationStatus", "on", "off"), action=Action.STOP),
        changed("f", moved(BID, Decimal(1), Decimal(2)), kind="sellerCampaigns"),
    ])  # fmt: skip
    assert [len(group.changes) for group in groups] == [2, 2, 1, 1, 1, 1, 1]


def test_entries_of_a_map_count_as_one_field():
    changes = [
        changed(
            f"a{number}",
            *(
                grouping.FieldChange(f"categoryBids.{number + each}", "categoryBids", Decimal(1), Decimal(2), None)  # type: ignore[arg-type]
                for each in range(3)
            ),
        )
        for number in range(30)
    ]
    (fold,) = grouping.fold_changes(changes)
    assert list(grouping.sentences(fold)) == ["categoryBids.* +100 % on 30 adSets, 1.00 → 2.00"]


def test_values_that_are_no_amounts_are_named_if_few_and_counted_if_many():
    few = [changed(f"a{n}", moved("x", "on", "off" if n % 2 else "idle")) for n in range(30)]
    assert list(grouping.sentences(grouping.fold_changes(few)[0])) == ["x on 30 adSets, on → idle (15), on → off (15)"]
    lots = [changed(f"a{n}", moved("name", f"old {n}", f"new {n}")) for n in range(30)]
    (line,) = grouping.sentences(grouping.fold_changes(lots)[0])
    assert line == "name on 30 adSets, 30 different values, such as old 0 → new 0"


def test_few_are_told_one_by_one():
    assert grouping.split_changes(bids(20)) == (tuple(bids(20)), ())
    single, folded = grouping.split_changes(bids(21))
    assert single == ()
    assert len(folded) == 1


@LAW
@given(st.lists(st.sampled_from([*bids(60), *bids(60, "0.9"), *many(40).changes]), max_size=200))
def test_every_change_is_told_once(changes):
    single, folded = grouping.split_changes(changes)
    assert sorted(map(id, [*single, *(change for fold in folded for change in fold.changes)])) == sorted(
        map(id, changes)
    )


def test_percents_say_something():
    said = [format_percent(Decimal(each)) for each in ("10", "-9.1", "9900", "0.01", "-0.004", "0", "22.2222")]
    assert said == ["+10 %", "-9.1 %", "+9,900 %", "+0.01 %", "-0.004 %", "+0 %", "+22.2 %"]
