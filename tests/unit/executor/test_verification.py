"""What the read after a run makes of it: lost absolute writes that are in force, accepted values that are not."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from reconciler.executor.verification import check_applied, find_object, settle_unknown
from reconciler.kinds.kind import Kind
from reconciler.kinds.versions import find_version
from reconciler.model import Address, FieldChange, Item, ItemOutcome, ItemStatus, Live, ReadBack, error

from .test_evidence import HERE

KINDS = {
    name: kind
    for family in ("marketingSolutions", "sellers", "retailMedia")
    for name, kind in find_version(family, "2026-07").kinds.items()
}
AD_SETS, BALANCES, SELLERS = KINDS["adSets"], KINDS["balances"], KINDS["sellerCampaigns"]
BID, NAME, STATUS = "bidding.bidAmount", "name", "schedule.activationStatus"
LOST = (error("no-answer", "no answer came"),)


def move(kind: Kind, field: str, before: Any, after: Any) -> FieldChange:
    return FieldChange(field, kind.field(field).facet, before, after, HERE)


def item(*moves: tuple[str, Any, Any], kind: Kind = AD_SETS, id: str | None = "7", key: str = "a") -> Item:
    return Item(Address(kind.name, key), id, tuple(move(kind, *each) for each in moves))


def ended(of: Item, status: ItemStatus = ItemStatus.APPLIED, id: str | None = None) -> ItemOutcome:
    problems = () if status is ItemStatus.APPLIED else LOST
    return ItemOutcome("call", of, status, id or of.id, problems, seen=ReadBack.NOT_READ)


def shown(kind: Kind = AD_SETS, id: str = "7", **values: Any) -> Mapping[str, Live]:
    return {id: Live(kind.name, id, {name.replace("__", "."): value for name, value in values.items()})}


# --- Lost absolute writes -------------------------------------------------------------------------------------------

RAISED = item((BID, Decimal(1), Decimal(2)))
IN_FORCE = shown(bidding__bidAmount=Decimal(2))


def test_a_lost_write_whose_value_is_in_force_was_applied() -> None:
    found = settle_unknown(ended(RAISED, ItemStatus.UNKNOWN), AD_SETS, IN_FORCE)

    assert (found.status, found.id, found.problems) == (ItemStatus.APPLIED, "7", ())


@pytest.mark.parametrize("status", [ItemStatus.APPLIED, ItemStatus.REJECTED, ItemStatus.NOT_SENT])
def test_what_is_not_unknown_stays_as_it_ended_whatever_is_in_force(status: ItemStatus) -> None:
    before = ended(RAISED, status)

    assert settle_unknown(before, AD_SETS, IN_FORCE) is before


@pytest.mark.parametrize(
    ("lost", "kind", "live"),
    [
        (RAISED, AD_SETS, shown(bidding__bidAmount=Decimal(1))),
        (RAISED, AD_SETS, shown(id="8", bidding__bidAmount=Decimal(2))),
        (item((BID, Decimal(1), Decimal(2)), (NAME, "x", "y")), AD_SETS, IN_FORCE),
        (item((BID, Decimal(1), Decimal(2)), ("categoryBids.5", None, Decimal(3))), AD_SETS, IN_FORCE),
        (item(("categoryBids.5", None, Decimal(3))), AD_SETS, IN_FORCE),
        (item(), AD_SETS, IN_FORCE),
        (
            item(("deposited", Decimal(10), Decimal(30)), kind=BALANCES),
            BALANCES,
            shown(BALANCES, deposited=Decimal(30)),
        ),
    ],
    ids=["as it was", "another object", "half of it", "with what no list shows", "only that", "no value", "a top-up"],
)
def test_a_lost_write_that_no_read_shows_as_a_whole_stays_unknown(
    lost: Item, kind: Kind, live: Mapping[str, Live]
) -> None:
    before = ended(lost, ItemStatus.UNKNOWN)

    assert settle_unknown(before, kind, live) is before


# --- Accepted values --------------------------------------------------------------------------------------------------


def read_back(*outcomes: ItemOutcome, kind: Kind = AD_SETS, live: Mapping[str, Live]) -> tuple[list[Any], list[str]]:
    checked, problems = check_applied(outcomes, kind, live)
    assert {(each.code, each.span) for each in problems} <= {("not-in-force", HERE.span)}
    return [each.seen for each in checked], [each.message for each in problems]


def test_accepted_values_are_in_force_if_the_read_shows_them() -> None:
    assert read_back(ended(RAISED), live=IN_FORCE) == ([ReadBack.IN_FORCE], [])


def test_each_accepted_value_that_is_not_shown_is_told() -> None:
    both = ended(item((BID, Decimal(1), Decimal(2)), (NAME, "x", "y")))

    assert read_back(both, live=shown(bidding__bidAmount=Decimal(1), name="y")) == (
        [ReadBack.NOT_IN_FORCE],
        [f"{BID} was accepted as 2.00, but the API still shows 1.00"],
    )
    assert read_back(both, live=shown(bidding__bidAmount=Decimal(1)))[1] == [
        f"{BID} was accepted as 2.00, but the API still shows 1.00",
        "name was accepted as y, but the API still shows nothing",
    ]
    assert read_back(both, live={})[1] == [
        f"{BID} was accepted as 2.00, but the API still shows nothing",
        "name was accepted as y, but the API still shows nothing",
    ]


@pytest.mark.parametrize("status", [ItemStatus.UNKNOWN, ItemStatus.REJECTED, ItemStatus.NOT_SENT])
def test_what_was_not_applied_is_not_read_back(status: ItemStatus) -> None:
    assert read_back(ended(RAISED, status), ended(RAISED), live=IN_FORCE) == (
        [ReadBack.NOT_READ, ReadBack.IN_FORCE],
        [],
    )


def test_outcomes_of_other_kinds_are_left_to_their_own_read() -> None:
    other = ended(item(("deposited", Decimal(1), Decimal(2)), kind=BALANCES))

    assert read_back(other, ended(RAISED), live=IN_FORCE) == ([ReadBack.NOT_READ, ReadBack.IN_FORCE], [])


def test_what_no_list_shows_is_not_missed_and_what_follows_it_is_read() -> None:
    sent = ended(item(("categoryBids.5", None, Decimal(3)), (BID, Decimal(1), Decimal(2))))

    assert read_back(sent, live=shown(bidding__bidAmount=Decimal(1)))[1] == [
        f"{BID} was accepted as 2.00, but the API still shows 1.00"
    ]


def test_of_a_value_that_moved_in_steps_the_last_one_counts_and_what_follows_it_is_read() -> None:
    first = ended(item((BID, Decimal(1), Decimal(2)), (NAME, "x", "y")))
    second = ended(item((BID, Decimal(2), Decimal(3))))

    assert read_back(first, second, live=shown(bidding__bidAmount=Decimal(3), name="x")) == (
        [ReadBack.NOT_IN_FORCE, ReadBack.IN_FORCE],
        ["name was accepted as y, but the API still shows x"],
    )


def test_of_a_new_object_only_what_a_creation_sends_is_missed() -> None:
    """An ad set is created switched off, and started by a later call."""
    started = ((STATUS, None, "on"), (NAME, None, "x"))
    live = shown(id="9", schedule__activationStatus="off", name="y")
    told = "name was accepted as x, but the API still shows y"

    assert read_back(ended(item(*started, id=None), id="9"), live=live)[1] == [told]
    assert read_back(ended(item(*started, id="9")), live=live)[1] == [
        f"{STATUS} was accepted as on, but the API still shows off",
        told,
    ]


def test_a_name_that_only_looks_the_same_is_shown_by_its_letters() -> None:
    sent = ended(item((NAME, "x", "Summer")))

    assert read_back(sent, live=shown(name="\uff33ummer"))[1] == [
        "name was accepted as Summer, but the API still shows \\uff33ummer"
    ]
    assert read_back(sent, live=shown(name="Été"))[1] == ["name was accepted as Summer, but the API still shows Été"]


# --- Which object an item is ----------------------------------------------------------------------------------------


def test_an_item_is_its_id() -> None:
    live = shown(id="7") | shown(id="8")

    assert find_object(item(id="8"), AD_SETS, live) is live["8"]
    assert find_object(item((NAME, None, "x"), id=None), AD_SETS, shown(name="x")) is None


def test_a_new_object_is_known_by_its_key_if_that_makes_its_id() -> None:
    wanted = item(("sellerId", None, "1"), ("campaignId", None, "2"), kind=SELLERS, id=None)
    live = shown(SELLERS, "1.2", sellerId="1", campaignId="2") | shown(SELLERS, "1.3", sellerId="1", campaignId="3")

    assert find_object(wanted, SELLERS, live) is live["1.2"]
    assert find_object(item(("sellerId", None, "1"), kind=SELLERS, id=None), SELLERS, live) is None
