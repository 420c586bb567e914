"""Who owns a field, what holds for a time, what was renamed: under a clock that the test turns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.commands.write_session import open_writing
from reconciler.model import DriftState, Run, exit_codes
from reconciler.sandbox.clock import instant

from .nights import ADS, FILES, Night, errors, night, states

ADS_ONLY = {"ads.yaml": ADS}
ONE = """\
overrides:
  - match: adSets.de
    set: {budget.budgetAmount: 900}
    until: %s
    because: Black Friday
"""
OWNED = """\
ownership:
  - {match: adSets.*, field: bidding.bidAmount, owner: algorithm, min: 0.20, max: 1.50%s}
"""


def moves(run: Run) -> dict[str, object]:
    return {f"{change.address} {move.field}": move.after for change in run.changes for move in change.fields}


def turn(here: Night, to: str) -> None:
    here.bench.time.sleep((instant(to) - here.world.now).total_seconds())


# --- Overrides ---------------------------------------------------------------------------------------------


def test_until_its_end_an_override_stands_in_place_of_what_the_files_say() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00")

        assert moves(here.plan()) == {"adSets.de budget.budgetAmount": Decimal(900)}
        assert errors(here.bench.apply()) == []
        assert here.look().drift == ()
        assert here.plan().changes == ()


def test_the_plan_says_until_when_and_what_happens_if_no_run_comes_then() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00")
        (told,) = [each for each in here.plan().problems if each.code == "override"]

    assert "until 2026-11-30 22:59 UTC, because Black Friday; then budget.budgetAmount is 700.00 again" in told.message
    assert "stays at 900 until the next apply after 2026-11-30 22:59 UTC" in told.message
    assert told.span is not None
    assert told.span.file.endswith("reconciler.yaml")


def test_after_its_end_the_next_apply_puts_back_what_the_files_say() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00")
        here.bench.apply()
        turn(here, "2026-12-01T00:00:00Z")

        assert moves(here.plan()) == {"adSets.de budget.budgetAmount": Decimal(700)}


def test_an_override_that_was_not_ended_is_overdue_in_drift() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00")
        here.bench.apply()
        turn(here, "2026-12-01T00:00:00Z")
        run = here.look()

    (told,) = [each for each in run.problems if each.code == "override-overdue"]
    assert "budget.budgetAmount is still 900.00" in told.message
    assert "the files say 700.00" in told.message
    assert int(exit_codes.exit_code(run, detailed=True)) == 2


def test_planning_for_another_time_shows_what_the_clock_will_bring() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00" + "    from: 2026-11-27T00:00+01:00\n")

        assert here.plan().changes == ()
        assert moves(here.plan(at=datetime(2026, 11, 28, tzinfo=UTC))) == {
            "adSets.de budget.budgetAmount": Decimal(900)
        }
        assert here.plan(at=datetime(2026, 12, 1, tzinfo=UTC)).changes == ()


@pytest.mark.parametrize(
    ("until", "zone", "ends"),
    [
        ("2026-11-30T23:59+01:00", None, "2026-11-30T22:59:00Z"),
        ("2026-11-30T23:59", "Europe/Paris", "2026-11-30T22:59:00Z"),
        ("2026-11-30", "Europe/Paris", "2026-11-30T23:00:00Z"),  # midnight at the end of the day, there
        ("2026-11-30", "America/New_York", "2026-12-01T05:00:00Z"),
        ("2027-03-27", "Europe/Paris", "2027-03-27T23:00:00Z"),  # the night in which summer time begins
        ("2027-03-28", "Europe/Paris", "2027-03-28T22:00:00Z"),  # a day of 23 hours
        ("2027-10-31", "Europe/Paris", "2027-10-31T23:00:00Z"),  # and one of 25
        ("2027-10-31T02:30", "Europe/Paris", "2027-10-31T00:30:00Z"),  # twice that night: the first time
        ("2026-12-31T24:00", None, None),
        ("2026-11-30T23:59", None, None),
        ("2026-11-30T23:59", "Europe/Nowhere", None),
        ("2026-02-30", "Europe/Paris", None),
    ],
)
def test_an_end_is_that_instant_by_the_clock_of_its_zone(until: str, zone: str | None, ends: str | None) -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % until + (f"    zone: {zone}\n" if zone else ""))
        if ends is None:
            assert here.bench.plan().failed
            return
        end = instant(ends)
        before, after = here.plan(at=end - timedelta(seconds=1)), here.plan(at=end)

    assert moves(before) == {"adSets.de budget.budgetAmount": Decimal(900)}
    assert after.changes == ()


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("match: adSets.de", "match: adSets.nobody", "no-match"),
        ("budget.budgetAmount: 900", "budget.amount: 900", "unknown-field"),
        ("budget.budgetAmount: 900", "budget.budgetAmount: 9.001", "too-many-decimals"),
        ("budget.budgetAmount: 900", "schedule.deliveryStatus: on", "unknown-field"),
        ("+01:00", "", "bad-moment"),
    ],
)
def test_what_is_wrong_with_an_override_is_told_at_its_line(old: str, new: str, code: str) -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-30T23:59+01:00")
        here.rewrite("reconciler.yaml", old, new)
        run = here.plan()
        (told,) = [each for each in run.problems if each.code == code or code in each.code]

    assert run.failed
    assert told.span is not None
    assert told.span.file.endswith("reconciler.yaml")
    assert told.span.line > 4


def test_a_saved_plan_does_not_outlive_the_override_that_it_was_made_under() -> None:
    with night(ADS_ONLY) as here:
        add(here, ONE % "2026-11-21T12:00+00:00")
        file = here.bench.folder / "plan.json"
        session = here.session()
        prepared = session.plan(())
        assert not isinstance(prepared, Run)
        session.save(prepared.run, file, (), 24.0)
        turn(here, "2026-11-21T13:00:00Z")
        with open_writing(here.session(), 0) as writing:
            refused = writing.review_saved(file, None)

    assert isinstance(refused, Run)
    assert {each.code for each in refused.problems if each.severity.value == "error"} == {"stale-plan"}


# --- Ownership ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bid", [0.20, 0.9, 1.5])
def test_inside_its_bounds_a_field_is_neither_planned_nor_drift(bid: float) -> None:
    with night(ADS_ONLY, head=OWNED % "") as here:
        here.edit("adSets", "123474", bidding__bidAmount=bid, name="Theirs")

        assert states(here.look()) == {"adSets.de name": DriftState.DRIFTED}
        assert set(moves(here.plan())) == {"adSets.de name"}


@pytest.mark.parametrize(("bid", "words"), [(0.19, "0.19, below min 0.20"), (1.6, "1.60, above max 1.50")])
def test_outside_of_them_it_is_a_problem_at_the_line_of_the_bound(bid: float, words: str) -> None:
    with night(ADS_ONLY, head=OWNED % "") as here:
        here.edit("adSets", "123474", bidding__bidAmount=bid)
        seen, planned = here.look(), here.plan()

    (told,) = [each for each in seen.problems if each.code == "out-of-bounds"]
    assert words in told.message
    assert told.span is not None
    assert told.span.file.endswith("reconciler.yaml")
    assert seen.failed
    assert planned.changes == ()
    assert not planned.failed  # other changes need not wait for it


def test_after_its_end_git_owns_the_field_again() -> None:
    with night(ADS_ONLY, head=OWNED % ", until: 2026-11-30, zone: Europe/Paris") as here:
        here.edit("adSets", "123474", bidding__bidAmount=0.5)

        assert here.plan(at=instant("2026-11-30T22:59:59Z")).changes == ()
        assert moves(here.plan(at=instant("2026-11-30T23:00:00Z"))) == {"adSets.de bidding.bidAmount": Decimal("1.1")}


def test_a_step_that_is_too_large_for_a_day_is_told_and_a_slow_one_is_not() -> None:
    with night(ADS_ONLY, head=OWNED % ", maxStepPercentPerDay: 15") as here:
        here.look()
        here.pass_by(hours=25)
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        slow = here.look()
        here.pass_by(hours=25)
        here.edit("adSets", "123474", bidding__bidAmount=1.45)
        fast = here.look()

    assert errors(slow) == []
    assert [each.code for each in fast.problems if each.severity.value == "error"] == ["step-too-large"]


def test_steps_of_one_day_are_added_up() -> None:
    with night(ADS_ONLY, head=OWNED % ", maxStepPercentPerDay: 15") as here:
        here.look()
        seen = []
        for bid in (1.2, 1.3):
            here.pass_by(hours=2)
            here.edit("adSets", "123474", bidding__bidAmount=bid)
            seen.append(len(errors(here.look())))

    assert seen == [0, 1]


def test_a_new_object_begins_with_what_its_block_says() -> None:
    new = (
        "adSets:\n  at: {name: AT new, campaignId: '358313', datasetId: '6789', objective: conversions,\n"
        "    mediaType: display, trackingCode: a=b, schedule: {startDate: 2026-12-01},\n"
        "    bidding: {costController: maxCPC, bidAmount: 0.70}, budget: {budgetStrategy: uncapped}}\n"
    )
    with night(ADS_ONLY, head=OWNED % "") as here:
        here.bench.write({"ads.yaml": new})
        add(here, OWNED % "")

        assert moves(here.plan())["adSets.at bidding.bidAmount"] == Decimal("0.7")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("adSets.*", "adSets.x*", "no-match"),
        ("bidding.bidAmount", "bidding.amount", "unknown-field"),
        ("min: 0.20", "min: 2", "bad-bounds"),
    ],
)
def test_what_is_wrong_with_a_rule_of_ownership_is_told_at_its_line(old: str, new: str, code: str) -> None:
    with night(ADS_ONLY, head=OWNED % "") as here:
        here.rewrite("reconciler.yaml", old, new)
        run = here.plan()

    (told,) = [each for each in run.problems if each.severity.value == "error"]
    assert told.code == code
    assert told.span is not None
    assert told.span.line >= 5


# --- Renames -----------------------------------------------------------------------------------------------


def test_a_renamed_address_keeps_its_object_its_values_and_its_history() -> None:
    with night(ADS_ONLY) as here:
        here.rewrite("ads.yaml", 'id: "123474"', 'campaignId: "358314"')
        here.rewrite("ads.yaml", "name: Winter sale", "name: Sale")
        here.bench.apply()
        here.rewrite("ads.yaml", "  de:\n", "  winter:\n")
        here.rewrite("ads.yaml", "name: Sale", "name: Big sale")
        add(here, "moved: [{from: adSets.de, to: adSets.winter}]\n")

        run = here.bench.apply()

        assert errors(run) == []
        assert [(str(each.address), each.action.value) for each in run.changes] == [("adSets.winter", "~")]
        assert here.look().drift == ()
        assert here.plan().changes == ()


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("{from: adSets.de, to: adSets.other}", "moved-still-there"),
        ("{from: adSets.old, to: adSets.nobody}", "moved-nowhere"),
        ("{from: balances.old, to: adSets.de}", "moved-kind"),
    ],
)
def test_a_rename_that_cannot_be_is_told_at_its_line(entry: str, code: str) -> None:
    with night(ADS_ONLY) as here:
        add(here, f"moved: [{entry}]\n")
        run = here.plan()

    (told,) = [each for each in run.problems if each.severity.value == "error"]
    assert told.code == code


NAMELESS = """\
adSets:
  es: {name: %s, campaignId: "358313", datasetId: "6789", objective: conversions, mediaType: display,
    trackingCode: utm_source=criteo, schedule: {startDate: 2026-09-01},
    bidding: {costController: maxCPC, bidAmount: %s}, budget: {budgetStrategy: capped, budgetRenewal: daily,
      budgetDeliverySmoothing: standard, budgetAmount: 25}}
"""


def test_a_creation_that_looks_like_the_rename_of_something_unmanaged_is_questioned() -> None:
    with night(FILES) as here:
        here.bench.write({"ads.yaml": NAMELESS % ("ES real", "0.70")})
        run = here.plan()

    (told,) = [each for each in run.problems if each.code == "looks-renamed"]
    assert "123473 (ES test)" in told.message
    assert not run.failed


def test_a_creation_that_is_like_nothing_else_is_not_questioned() -> None:
    with night(FILES) as here:
        here.bench.write({"ads.yaml": NAMELESS % ("ES real", "0.71")})

        assert "looks-renamed" not in {each.code for each in here.plan().problems}


def add(here: Night, text: str) -> None:
    path = here.bench.folder / "reconciler.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
