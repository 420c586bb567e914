"""An override may be a step from what the file states, for the resources whose files state some values."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from reconciler.model import Run, Severity
from reconciler.sandbox.clock import instant

from .nights import ADS, Night, night
from .test_terms import add, moves, turn

ADS_ONLY = {"ads.yaml": ADS}
END = "2026-11-30T23:00:00Z"
STEP = f"""\
overrides:
  - where: {{bidding.bidAmount: 1.1, schedule.activationStatus: On}}
    set: {{bidding.bidAmount: "+30 %"}}
    until: {END}
    because: Black Friday
"""


def with_terms(here: Night, text: str) -> Run:
    add(here, text)
    return here.plan()


def test_a_step_begins_at_what_the_file_states_and_ends_there() -> None:
    with night(ADS_ONLY) as here:
        add(here, STEP)

        assert moves(here.plan()) == {"adSets.de bidding.bidAmount": Decimal("1.43")}
        here.bench.apply()
        assert here.plan().changes == ()  # applied once, and not again on top of what is live
        turn(here, END)
        assert moves(here.plan()) == {"adSets.de bidding.bidAmount": Decimal("1.10")}


def test_the_plan_shows_the_step_as_what_it_is() -> None:
    with night(ADS_ONLY) as here:
        (told,) = [each for each in with_terms(here, STEP).problems if each.code == "override"]

    assert told.message.startswith("bidding.bidAmount +30 % until 2026-11-30 23:00 UTC, because Black Friday; then")
    assert "bidding.bidAmount is 1.10 again. It stays at +30 % of it until the next apply after" in told.message


def test_a_second_override_steps_from_the_file_and_not_from_the_first() -> None:
    second = STEP + STEP.partition("\n")[2].replace("+30 %", "+10 %")
    with night(ADS_ONLY) as here:
        assert moves(with_terms(here, second)) == {"adSets.de bidding.bidAmount": Decimal("1.21")}


@pytest.mark.parametrize(
    ("old", "new", "becomes"),
    [
        ("+30 %", "*1.5", "1.65"),
        ("+30 %", "-0.05", "1.05"),
        ("    until", "    max: 1.25\n    until", "1.25"),
        ("    until", "    round: 0.05\n    until", "1.45"),
        ("where: {bidding.bidAmount: 1.1, schedule.activationStatus: On}", "match: adSets.*", "1.43"),
        ("  - where:", "  - match: adSets.d*\n    where:", "1.43"),
    ],
)
def test_a_step_is_bounded_and_its_resources_are_chosen_by_address_or_by_values(
    old: str, new: str, becomes: str
) -> None:
    assert old in STEP
    with night(ADS_ONLY) as here:
        assert moves(with_terms(here, STEP.replace(old, new))) == {"adSets.de bidding.bidAmount": Decimal(becomes)}


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("bidding.bidAmount: 1.1,", "bidding.bidAmount: 1.2,", "no-match", 2),
        ("bidding.bidAmount: 1.1,", "bidding.bidAmont: 1.2,", "unknown-field", 2),
        ("schedule.activationStatus: On", "schedule.activationStatus: maybe", "bad-choice", 2),
        ("+30 %", "+30.12345 %", "too-many-decimals", 3),
        ("+30 %", "-200 %", "out-of-range", 3),
        ("+30 %", "30 %", "bad-number", 3),
        ("where: {bidding.bidAmount: 1.1, schedule.activationStatus: On}\n    ", "", "no-match", 2),
    ],
)
def test_what_is_wrong_with_a_step_is_told_at_its_place(old: str, new: str, code: str, line: int) -> None:
    assert old in STEP
    with night(ADS_ONLY) as here:
        run = with_terms(here, STEP.replace(old, new, 1))
        head = (here.bench.folder / "reconciler.yaml").read_text().split("overrides:")[0].count("\n")

    (told,) = [each for each in run.problems if each.severity is Severity.ERROR and each.code == code]
    assert told.span is not None
    assert told.span.line == head + line


def test_a_step_that_no_apply_ended_is_overdue() -> None:
    with night(ADS_ONLY) as here:
        add(here, STEP)
        here.bench.apply()
        run = here.look(at=instant(END) + timedelta(hours=1))

    (told,) = [each for each in run.problems if each.code == "override-overdue"]
    assert "bidding.bidAmount is still 1.43" in told.message
    assert "the files say 1.10" in told.message
