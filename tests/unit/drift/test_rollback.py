"""A run undone: live is what it was, the files say so too, and what cannot be undone is told."""

from __future__ import annotations

import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from reconciler.commands import drift_accept, rollback
from reconciler.commands.connection import CommandRefused
from reconciler.commands.rollback import RollbackResult
from reconciler.commands.write_session import open_writing
from reconciler.model import Action, IrreversibleReason, ItemStatus, Run, exit_codes
from reconciler.reports.value_diff import describe_change

from ...laws.portfolios import Spoken, created, edited, section, spoken
from ...support.bench import bench
from .nights import ADS, Night, errors, night


def last_run(here: Night) -> str:
    with here.session().remembering(create=False) as book:
        return book.runs(1)[0].id


def undo(here: Night, run: str) -> RollbackResult:
    """The rollback of a run, its files written, its plan saved and applied as it was reviewed."""
    before = len(here.bench.writes)
    found = rollback.rollback(here.session(), run)
    assert here.bench.writes[before:] == []
    assert errors(found.run) == []
    assert [each.code for each in drift_accept.write_files(found.texts)] == ["rewritten"] * len(found.texts)
    if not found.run.plan.total:
        return found
    file = here.bench.folder / "plan.json"
    found.session.save(found.run, file, found.targets, 24.0)
    with open_writing(here.session(), 0) as writing:
        prepared = writing.review_saved(file, None)
        assert not isinstance(prepared, Run), errors(prepared)
        ended = writing.apply(prepared, lambda run: int(exit_codes.exit_code(run)))
    assert [
        (each.call, [p.message for p in each.problems], [(m.field, m.before, m.after) for m in each.item.fields])
        for each in ended.outcomes
        if each.status is not ItemStatus.APPLIED
    ] == []
    return found


def mistake(here: Night) -> str:
    """A run that should not have been: a bid, a budget, a date, a seller's bid, a top-up, an attachment."""
    for file, old, new in (
        ("ads.yaml", "bidAmount: 1.10", "bidAmount: 1.20"),
        ("ads.yaml", "budgetAmount: 700", "budgetAmount: 7000"),
        ("ads.yaml", "endDate: 2027-01-15T00:00:00Z", "endDate: null"),
        ("sellers.yaml", "bid: 0.25", "bid: 0.35"),
        ("sellers.yaml", "amount: 500", "amount: 900"),
        ("balances.yaml", "5000.00", "5500.00"),
        ("balances.yaml", "PO 1", "PO 2"),
        ("balances.yaml", '["73"]', '["73", "74"]'),
    ):
        here.rewrite(file, old, new)
    run = here.bench.apply()
    assert {each.status for each in run.outcomes} == {ItemStatus.APPLIED}
    return last_run(here)


def account(here: Night) -> dict[str, Any]:
    """All that is reversible of the account, asked past the tool's own ledger."""
    prepared = here.session().plan(())
    assert not isinstance(prepared, Run)
    kinds = prepared.project.kinds
    found: dict[str, Any] = {
        f"{name} {live.id}": {
            key: value
            for key, value in live.values.items()
            if key not in ("memo", "campaignIds") and kinds[name].is_changeable(kinds[name].field(key))
        }
        for name, rows in prepared.live.items()
        for live in rows
    }
    return found | {"campaigns": dict.fromkeys(sorted(here.world.state.all("attachments")), "attached")}


def test_after_a_rollback_live_and_the_files_are_what_they_were_and_nothing_is_left_to_do() -> None:
    with night() as here:
        start = account(here)
        run = mistake(here)
        assert account(here) != start

        undo(here, run)

        assert account(here) == start
        assert here.plan().changes == ()
        assert here.look().drift == ()
        assert "# agreed with Jo" in here.text("ads.yaml")


def test_the_rollback_of_the_rollback_is_the_mistake_again() -> None:
    with night() as here:
        first = mistake(here)
        wrong = account(here)
        undo(here, first)

        undo(here, last_run(here))

        assert account(here) == wrong


CASES = [each for each in spoken() if each.dialect.version == "2026-07" or repr(each) == "adSets-preview"]


@pytest.mark.parametrize("case", CASES, ids=repr)
@settings(max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_over_random_runs_live_equals_the_start_and_the_plan_is_empty(case: Spoken, data: st.DataObject) -> None:
    blocks = data.draw(created(case, most=3))
    after = data.draw(edited(case, blocks))
    with bench(guarded=False, family=case.dialect.family, version=case.dialect.version) as there:
        here = Night(there)
        there.write({"a.yaml": section(case.name, blocks)})
        assert errors(there.apply()) == []
        start = account(here)
        there.write({"a.yaml": section(case.name, after)})
        run = there.apply()
        if not run.applied:
            return
        bound = {each.code for each in rollback.rollback(here.session(), last_run(here)).run.problems}
        assume("cannot-go-back" not in bound)  # a value that the API cannot clear may hold others with it
        undo(here, last_run(here))
        end = account(here)

        assert [
            (name, value, end[each].get(name))
            for each, values in start.items()
            for name, value in values.items()
            if end[each].get(name) != value
        ] == []
        assert [move.field for change in here.plan().changes for move in change.fields if move.seen] == []


INHERITED = 'adSets:\n  fr: {{id: "123467", bidding: {{bidAmount: {0}}}, categoryBids: {{"5546|2": {1}}}}}\n'


@pytest.mark.parametrize(
    ("start", "after"),
    [
        (("1.10", "1.10"), ("1.20", "1.30")),  # inherited, then its own
        (("1.10", "1.10"), ("1.20", "1.20")),  # inherited before and after: the API alone moves it
        (("1.10", "1.10"), ("1.20", "1.10")),  # inherited, then kept
        (("1.10", "1.30"), ("1.20", "1.40")),
        (("1.10", "1.30"), ("1.20", "1.20")),
        (("1.10", "1.20"), ("1.20", "1.20")),  # its own, which the other bid came to equal
    ],
)
def test_a_bid_that_followed_another_goes_back_to_what_it_was_before_both(
    start: tuple[str, str], after: tuple[str, str]
) -> None:
    with night({"ads.yaml": INHERITED.format(*start)}) as here:
        before = account(here)
        here.bench.write({"ads.yaml": INHERITED.format(*after)})
        here.bench.apply()
        assert account(here) != before

        undo(here, last_run(here))

        assert account(here) == before
        assert here.text("ads.yaml") == INHERITED.format(*start)
        assert here.plan().changes == ()


def test_the_plan_shows_a_bid_that_follows_another_with_its_live_value() -> None:
    with night({"ads.yaml": INHERITED.format("1.10", "1.10")}) as here:
        shown = []
        for category in ("1.10", "1.20", "1.30"):
            here.bench.write({"ads.yaml": INHERITED.format("1.20", category)})
            (change,) = here.plan().changes
            _, move = change.fields
            shown.append((str(move.before), str(move.after), describe_change(move.before, move.after)))

    assert shown == [("1.10", "1.10", "sent so that it stays"), ("1.10", "1.20", "+9.1 %"), ("1.10", "1.30", "+18.2 %")]


def test_a_value_that_moved_since_is_left_and_reported() -> None:
    with night({"ads.yaml": ADS}) as here:
        here.rewrite("ads.yaml", "bidAmount: 1.10", "bidAmount: 1.20")
        here.rewrite("ads.yaml", "budgetAmount: 700", "budgetAmount: 7000")
        here.bench.apply()
        run = last_run(here)
        here.edit("adSets", "123474", bidding__bidAmount=1.4)

        found = rollback.rollback(here.session(), run)

    (told,) = [each for each in found.run.problems if each.code == "moved-since"]
    assert "the run wrote 1.20, and 1.40 is live now" in told.message
    reverted = {move.field: move.after for change in found.run.changes for move in change.fields}
    assert reverted.pop("budget.budgetAmount") == Decimal(700)


def test_what_was_created_stays_and_what_the_run_started_of_it_is_stopped() -> None:
    with night() as here:
        two = '  two: {sellerId: "1", campaignId: "10002", bid: 1}\n'
        here.rewrite("sellers.yaml", "sellerCampaigns:\n", f"sellerCampaigns:\n{two}")
        here.bench.apply()

        found = undo(here, last_run(here))

        assert "bid: 0.00}" in here.text("sellers.yaml")
        assert here.plan().changes == ()

    (told,) = [each for each in found.run.problems if each.code == "created"]
    assert str(told.address) == "sellerCampaigns.two"
    assert str(told.hint).endswith("this plan stops it with bid: 0.00")
    (change,) = found.run.changes
    assert (str(change.address), change.action) == ("sellerCampaigns.two", Action.STOP)


def test_a_new_object_that_moved_since_is_left_as_it_is() -> None:
    with night() as here:
        two = '  two: {sellerId: "1", campaignId: "10002", bid: 1}\n'
        here.rewrite("sellers.yaml", "sellerCampaigns:\n", f"sellerCampaigns:\n{two}")
        here.bench.apply()
        here.rewrite("sellers.yaml", "bid: 1}", "bid: 2}")
        run = last_run(here)
        here.bench.apply()

        found = rollback.rollback(here.session(), run)

    assert found.run.changes == ()
    assert {each.code for each in found.run.problems} >= {"created", "moved-since"}
    assert "to stop it, write bid: 0.00" in str(next(e.hint for e in found.run.problems if e.code == "created"))


def test_a_new_budget_that_the_api_starts_by_itself_is_suspended() -> None:
    with night() as here:
        new = (
            '  two: {sellerId: "7", campaignIds: ["10001"], budgetType: Capped, amount: 50,'
            " startDate: 2026-12-07, endDate: 2026-12-31}\n"
        )
        here.rewrite("sellers.yaml", "sellerBudgets:\n", f"sellerBudgets:\n{new}")
        here.bench.apply()

        found = undo(here, last_run(here))

        assert [(move.field, move.after) for each in found.run.changes for move in each.fields] == [("suspended", True)]
        assert here.plan().changes == ()


def test_the_original_plan_told_already_what_its_rollback_cannot_take_back() -> None:
    with night() as here:
        two = '  two: {sellerId: "1", campaignId: "10002", bid: 1}\n'
        here.rewrite("sellers.yaml", "sellerCampaigns:\n", f"sellerCampaigns:\n{two}")
        here.rewrite("balances.yaml", "5000.00", "5500.00")
        here.rewrite("ads.yaml", "budgetAmount: 700", "budgetAmount: 7000")
        here.rewrite("ads.yaml", "bidAmount: 1.10}", 'bidAmount: 1.20}\n    audienceId: "9876"')
        before = {(str(each.address), each.why) for each in here.plan().lasting}
        here.bench.apply()

        found = rollback.rollback(here.session(), last_run(here))

    codes = {
        IrreversibleReason.CREATED: "created",
        IrreversibleReason.FUNDED: "money-spent",
        IrreversibleReason.UNSEEN: "never-shown",
    }
    assert before == {
        ("sellerCampaigns.two", IrreversibleReason.CREATED),
        ("balances.q4", IrreversibleReason.FUNDED),
        ("adSets.de", IrreversibleReason.UNSEEN),
    }
    told = {(str(each.address), each.code) for each in found.run.problems}
    assert {(address, codes[why]) for address, why in before} <= told


def test_of_a_top_up_it_is_told_that_spent_money_stays_spent() -> None:
    with night() as here:
        found = rollback.rollback(here.session(), mistake(here))

    assert [str(each.address) for each in found.run.problems if each.code == "money-spent"] == ["balances.q4"]


def test_the_plan_is_refused_until_the_files_are_changed_too() -> None:
    with night() as here:
        found = rollback.rollback(here.session(), mistake(here))
        file = here.bench.folder / "plan.json"
        found.session.save(found.run, file, found.targets, 24.0)
        with open_writing(here.session(), 0) as writing:
            refused = writing.review_saved(file, None)

    assert isinstance(refused, Run)
    assert "stale-plan" in {each.code for each in refused.problems}


def test_the_patch_is_one_that_git_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    with night() as here:
        run = mistake(here)
        monkeypatch.chdir(here.bench.folder)
        here.bench.folder = Path()
        found = rollback.rollback(here.session(), run)
        done = subprocess.run(["git", "apply", "-"], input=found.patch, text=True, capture_output=True, check=False)

        assert done.returncode == 0, done.stderr
        assert {file: Path(file).read_bytes() for file in found.texts} == dict(found.texts)


def test_pending_changes_of_the_same_block_are_told_as_part_of_the_plan() -> None:
    with night() as here:
        run = mistake(here)
        here.rewrite("balances.yaml", "name: Q4", "name: Q4 later")

        found = rollback.rollback(here.session(), run)

    assert [str(each.address) for each in found.run.problems if each.code == "also-pending"] == ["balances.q4"]


def test_an_unknown_run_is_refused() -> None:
    with night() as here, pytest.raises(CommandRefused) as refused:
        rollback.rollback(here.session(), "20260101T000000Z-0000")

    assert [each.code for each in refused.value.run.problems] == ["no-such-run"]
