"""Who moved it and when: by the history of a balance, else between two looks; our own runs are never accused."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from reconciler.ledger.checked_rows import Rows
from reconciler.model import DriftState, Run

from .nights import BALANCE, Night, errors, night, only

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


def said(run: Run) -> str:
    """The sentence about the one thing that moved."""
    only(run)
    return next(each.message for each in run.problems if each.code in ("drifted", "conflict", "differs"))


@pytest.mark.parametrize("order", ["newest_first", "oldest_first"])
@pytest.mark.parametrize("version", ["2026-07", "2025-07"])
def test_a_top_up_in_the_interface_is_named_with_its_user_and_time(order: str, version: str) -> None:
    with night(family="retailMedia", version=version, history_order=order) as here:
        here.pass_by(hours=2)
        here.edit("balances", BALANCE, by="anna@brio.example", deposited=5250)
        at = here.world.now

        found = only(here.look())

    assert found.state is DriftState.DRIFTED
    assert [(each.who, each.at, each.run) for each in found.authors] == [("anna@brio.example", at, None)]


def test_everybody_who_led_to_the_value_is_named_oldest_first() -> None:
    with night() as here:
        here.edit("balances", BALANCE, by="anna", deposited=5250)
        here.pass_by(minutes=10)
        here.edit("balances", BALANCE, by="ben", deposited=5300)

        assert [each.who for each in only(here.look()).authors] == ["anna", "ben"]


def test_a_change_that_was_undone_names_no_author() -> None:
    with night() as here:
        for by, amount in (("anna", 5250), ("anna", 5000), ("ben", 5400)):
            here.pass_by(minutes=10)
            here.edit("balances", BALANCE, by=by, deposited=amount)

        assert [each.who for each in only(here.look()).authors] == ["ben"]


@pytest.mark.parametrize("field", [("name", {"name": "Q4 too"}), ("endDate", {"endDate": "2026-12-30"})])
def test_other_changes_of_a_balance_are_attributed_as_well(field: tuple[str, dict[str, str]]) -> None:
    with night() as here:
        here.edit("balances", BALANCE, by="anna", **field[1])

        found = only(here.look())

    assert (found.field, [each.who for each in found.authors]) == (field[0], ["anna"])


def test_our_own_top_up_is_no_drift_and_not_accused() -> None:
    with night() as here:
        top_up(here, "5100.00")

        assert here.look().drift == ()


def test_after_our_own_top_up_only_a_colleagues_is_named() -> None:
    with night() as here:
        top_up(here, "5100.00")
        here.pass_by(hours=1)
        here.edit("balances", BALANCE, by="anna", deposited=5300)

        assert [(each.who, each.run) for each in only(here.look()).authors] == [("anna", None)]


def test_without_the_ledger_our_top_up_is_known_by_the_mark_in_its_memo() -> None:
    with night() as here:
        top_up(here, "5100.00")
        for file in (here.bench.folder / ".reconciler").iterdir():
            file.unlink()
        here.rewrite("balances.yaml", "5100.00", "5000.00")

        run = here.look()

    assert [each.run is not None for each in only(run).authors] == [True]
    assert "of this tool" in said(run)


def test_elsewhere_the_window_between_two_looks_is_said_as_such() -> None:
    with night() as here:
        before = here.world.now
        here.look()
        here.pass_by(hours=24)
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        here.pass_by(hours=1)

        run = here.look()

    found = only(run)
    assert found.since is not None
    assert abs(found.since - before) < timedelta(minutes=1)
    assert found.until == here.world.now
    assert re.search(f"changed between {MOMENT} and {MOMENT}, author unknown", said(run))


def test_two_looks_within_one_minute_are_one_moment() -> None:
    with night() as here:
        here.look()
        here.edit("adSets", "123474", bidding__bidAmount=1.2)

        run = here.look()

    assert re.search(f"changed at {MOMENT}, author unknown", said(run))


def test_what_was_seen_before_keeps_the_window_in_which_it_was_found() -> None:
    with night() as here:
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        first = only(here.look())
        here.pass_by(hours=24)
        second = only(here.look())
        here.edit("adSets", "123474", bidding__bidAmount=1.3)
        here.pass_by(hours=24)
        third = only(here.look())

    assert (second.since, second.until) == (first.since, first.until)
    assert third.since == second.until + timedelta(hours=24) if second.until else False
    assert third.until == here.world.now


def test_a_window_begins_at_our_own_last_write_if_that_was_later_than_the_last_look() -> None:
    with night() as here:
        here.look()
        here.pass_by(hours=5)
        here.rewrite("ads.yaml", "bidAmount: 1.10", "bidAmount: 1.30")
        here.bench.apply()
        wrote = here.world.now
        here.pass_by(hours=5)
        here.edit("adSets", "123474", bidding__bidAmount=1.2)

        found = only(here.look())

    assert found.since is not None
    assert abs(found.since - wrote) < timedelta(minutes=1)


def test_the_ledger_is_read_as_often_for_many_as_for_one() -> None:
    files = {
        "sellers.yaml": "sellerCampaigns:\n"
        + "".join(f'  s{seller}: {{sellerId: "{seller}", campaignId: "10001", bid: 0.25}}\n' for seller in (1, 2, 3))
    }
    reads = []
    for moved in (1, 3):
        with night(files) as here:
            here.look()
            for seller in range(1, moved + 1):
                here.edit("sellerCampaigns", f"{seller}.10001", bid=0.5)
            before = Counting.reads
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Rows, "select", Counting.select)
                assert len(here.look().drift) == moved
            reads.append(Counting.reads - before)

    assert reads[0] == reads[1]


class Counting:
    """How often a table of the ledger is read."""

    reads = 0
    real = Rows.select

    def select(self: Rows, *words: str) -> list[tuple[str | int | None, ...]]:  # type: ignore[misc]
        Counting.reads += 1
        return Counting.real(self, *words)


def test_a_history_that_cannot_be_read_leaves_the_window_and_says_so() -> None:
    with night() as here:
        here.edit("balances", BALANCE, by="anna", deposited=5250)
        here.world.inject({"method": "GET", "path": "*/history", "kind": "status", "status": 403, "times": 9})

        run = here.look()

    assert only(run).authors == ()
    assert "author unknown" in said(run)
    assert "history-unread" in {each.code for each in run.problems}


def top_up(here: Night, amount: str) -> None:
    here.rewrite("balances.yaml", "5000.00", amount)
    run = here.bench.apply()
    assert errors(run) == []
    here.pass_by(hours=1)
