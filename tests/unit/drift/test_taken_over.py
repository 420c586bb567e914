"""What to do about drift: live into the files, comments kept, or back to the files by a plan; and how it is told."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.commands import drift as drift_command
from reconciler.model import DriftState, Run, exit_codes
from reconciler.reports import FORMATS, RenderOptions

from .nights import ADS, BALANCE, Night, errors, night, states

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))


def moved(here: Night) -> None:
    """One value drifts, another is pending in the same block."""
    here.edit("adSets", "123474", bidding__bidAmount=1.2)
    here.rewrite("ads.yaml", "budgetAmount: 700", "budgetAmount: 650")


def test_accept_live_writes_the_value_at_its_line_and_not_a_letter_more() -> None:
    with night() as here:
        moved(here)
        before = here.text("ads.yaml")

        run = here.accept_live()

        assert errors(run) == []
        assert [each.hint for each in run.problems if each.code == "drifted"] == [None]  # it is decided
        assert here.text("ads.yaml") == before.replace("{bidAmount: 1.10} # agreed", "{bidAmount: 1.20} # agreed")
        assert states(here.look()) == {"adSets.de budget.budgetAmount": DriftState.PENDING}


def test_accept_live_of_a_value_from_the_defaults_leaves_who_did_not_move() -> None:
    files = {
        "ads.yaml": "defaults:\n  adSets: {budget: {budgetAmount: 80}} # all alike\nadSets:\n"
        '  a: {id: "123468"}\n  b: {id: "123473", budget: {budgetAmount: 25}}\n  c: {id: "123467"}\n'
    }
    with night(files) as here:
        here.edit("adSets", "123468", budget__budgetAmount=90)

        here.accept_live()

        assert here.plan().changes == ()
        assert "# all alike" in here.text("ads.yaml")


OVERRIDE = """\
overrides:
  - {match: adSets.de, set: {budget.budgetAmount: 900}, until: 2026-11-30T23:59+01:00, because: Black Friday}
"""
OWNED = "ownership:\n  - {match: adSets.*, field: bidding.bidAmount, owner: algorithm, max: 1.50}\n"


@pytest.mark.parametrize(
    ("head", "edit", "line"),
    [(OVERRIDE, {"budget__budgetAmount": 800}, "set: {budget"), (OWNED, {"bidding__bidAmount": 1.6}, "max: 1.50")],
    ids=["override", "ownership"],
)
def test_what_something_above_the_file_sets_is_not_written_there_and_named(
    head: str, edit: dict[str, float], line: str
) -> None:
    with night(head=head) as here:
        here.edit("adSets", "123474", name="Theirs", **edit)
        before = here.text("ads.yaml")

        run = here.accept_live()

        (told,) = [each for each in run.problems if each.code == "not-accepted"]
        assert told.span is not None
        assert line in here.text("reconciler.yaml").splitlines()[told.span.line - 1]
        assert str(told.address) == "adSets.de"
        assert here.text("ads.yaml") == before.replace("Winter sale", "Theirs")


def test_accept_files_plans_back_exactly_what_moved_outside() -> None:
    with night() as here:
        here.edit("adSets", "123474", bidding__bidAmount=1.2)
        here.rewrite("balances.yaml", "PO 1", "PO 7")
        looked = drift_command.detect_drift(here.session())

        run = drift_command.plan_back(here.session(), drift_command.drifted_addresses(looked.run), {})

    assert [(str(change.address), move.field, move.after) for change in run.changes for move in change.fields] == [
        ("adSets.de", "bidding.bidAmount", Decimal("1.1"))
    ]


def test_without_drift_there_is_nothing_to_plan_back() -> None:
    with night() as here:
        here.rewrite("balances.yaml", "PO 1", "PO 7")
        looked = drift_command.detect_drift(here.session())

        assert drift_command.plan_back(here.session(), drift_command.drifted_addresses(looked.run), {}).changes == ()


def test_a_target_looks_at_that_and_at_nothing_else() -> None:
    with night() as here:
        moved(here)
        here.edit("balances", BALANCE, deposited=5250)

        run = here.look("balances.*")

    assert set(states(run)) == {"balances.q4 deposited"}
    assert run.unmanaged == ()


def test_unmanaged_objects_are_told_with_the_share_that_they_hold() -> None:
    with night({"ads.yaml": ADS}) as here:
        run = here.look()

    (share,) = run.shares
    assert {each.id for each in run.unmanaged} == {"123467", "123468", "123470", "123471", "123473"}
    assert share.count == len(run.unmanaged)
    assert share.held.uncapped == 1  # DE always on
    assert share.total.amount - share.held.amount == Decimal(700)
    told = next(each.message for each in run.problems if each.code == "unmanaged")
    assert "of them uncapped" in told
    assert "EUR" in told


@pytest.mark.parametrize(
    ("state", "code"), [("drifted", 2), ("pending", 0), ("nothing", 0)], ids=["drifted", "pending", "nothing"]
)
def test_the_exit_code_tells_drift_and_nothing_else(state: str, code: int) -> None:
    with night() as here:
        if state == "drifted":
            here.edit("adSets", "123474", bidding__bidAmount=1.2)
        elif state == "pending":
            here.rewrite("balances.yaml", "PO 1", "PO 7")
        run = here.look()

    assert int(exit_codes.exit_code(run, detailed=True)) == code
    assert int(exit_codes.exit_code(run)) == 0


@pytest.fixture(scope="module")
def told() -> Run:
    with night() as here:
        here.edit("adSets", "123474", bidding__bidAmount=1.2, name="<b>theirs</b>")
        here.edit("balances", BALANCE, by="anna", deposited=5250)
        return here.look()


def test_a_table_has_all_three_sides_of_a_drift_and_unmanaged_objects(told: Run) -> None:
    row = [" `bidding.bidAmount` ", " `1.10` ", " `1.10` ", " `1.20` "]

    markdown, html = (FORMATS[form](told, RenderOptions()) for form in ("markdown", "html"))

    assert "|".join(row) in markdown
    assert (
        "**Problems**" not in markdown.replace("cannot-expose", "")
        or "drifted" not in markdown.split("**Problems**")[1]
    )
    assert re.search(
        r"<code>bidding.<wbr>bidAmount</code></td><td[^>]*>1.10</td><td[^>]*>1.10</td><td[^>]*>1.20<", html
    )
    assert "&lt;b&gt;theirs" in html
    assert "<h2>Not managed</h2>" in html


def test_a_nightly_look_fails_the_test_case_of_what_moved(told: Run) -> None:
    assert 'failures="0"' in FORMATS["junit"](told, RenderOptions())
    assert 'failures="2"' in FORMATS["junit"](told, RenderOptions(detailed=True))
    assert json.loads(FORMATS["gitlab"](told, RenderOptions()))["update"] == 2


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"gitlab"}))  # gitlab's holds three numbers
def test_each_format_tells_what_moved(form: str, told: Run) -> None:
    text = FORMATS[form](told, RenderOptions()).replace("<wbr>", "")

    assert "bidding.bidAmount" in text
    assert "anna" in text
    assert "No changes" not in text


def test_the_json_report_of_a_look_holds_to_its_schema(told: Run) -> None:
    shape = json.loads(FORMATS["json"](told, RenderOptions()))

    Draft202012Validator(SCHEMA).validate(shape)
    assert {each["state"] for each in shape["drift"]} == {"drifted"}
    assert {each["field"] for each in shape["drift"]} == {"bidding.bidAmount", "name", "deposited"}


def test_the_text_report_ends_with_the_count() -> None:
    with night() as here:
        moved(here)
        text = FORMATS["text"](here.look(), RenderOptions())

    assert text.splitlines()[-1].startswith("Drift: 1 drifted, 1 pending. ")
