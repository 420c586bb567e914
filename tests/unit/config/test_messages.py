"""What a user meets in the first hour says what is wrong, where it was looked for, and what was meant."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler import guardrails
from reconciler.kinds.ad_set import AD_SET
from reconciler.model import ItemOutcome, ItemStatus, Run, Severity, error
from reconciler.model.text import format_value
from reconciler.planfile.digest import is_digest, is_of
from reconciler.provider.reader import _warnings
from reconciler.reports import FORMATS, RenderOptions

from ...support.commands import project, reconciler
from ..reports.runs import BID, NOTHING, SMALL, changed, item, many, moved

FILES = {"ads.yaml": 'adSets:\n  fr:\n    id: "123467"\n    bidding: {bidAmount: 1.25}\n'}
SANDBOX = ("--sandbox", "world.json")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path, FILES)


# --- Files and digests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["apply", "plan.json", *SANDBOX], ["show", "plan.json"]], ids=lambda words: words[0]
)
def test_a_plan_file_that_is_not_there_is_no_such_file_and_says_where_it_was_looked_for(
    here: Path, command: list[str]
) -> None:
    ended = reconciler(*command, at=here)

    assert ended.code == 1, ended.said
    assert "error[no-such-file]: there is no file plan.json" in ended.out
    assert str(here) in ended.out


def test_a_plan_that_was_made_from_another_folder_says_where_its_paths_were_looked_for(tmp_path: Path) -> None:
    project(tmp_path / "shop", FILES)
    assert reconciler("plan", "shop", *SANDBOX, "--out", "shop/plan.json", at=tmp_path).code == 0

    ended = reconciler("apply", "plan.json", *SANDBOX, at=tmp_path / "shop")

    assert ended.code == 1, ended.said
    assert "shop:1:1: error[no-such-file]: there is no such file or folder" in ended.out
    assert f"hint: paths are read from {tmp_path / 'shop'}\n" in ended.out


def test_a_digest_is_approved_by_its_first_twelve_characters(here: Path) -> None:
    assert reconciler("plan", *SANDBOX, "--out", "plan.json", at=here).code == 0
    digest = json.loads((here / "plan.json").read_text())["digest"]
    other = "0" * 12 if not digest.startswith("sha256:0") else "f" * 12

    refused = reconciler("apply", "plan.json", *SANDBOX, "--approve", other, at=here)
    short = reconciler("apply", "plan.json", *SANDBOX, "--approve", digest[:18], at=here)

    assert (refused.code, short.code) == (4, 1)
    assert "12 or more of its first characters" in short.err
    for given in (digest, digest[:19], digest.removeprefix("sha256:")[:12]):
        assert is_digest(given)
        assert is_of(given, digest)


# --- Names ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", guardrails.RULES)
def test_every_guardrail_is_explained_by_the_name_that_reports_use(tmp_path: Path, rule: str) -> None:
    if rule != next(iter(guardrails.RULES)):  # one process of its own is enough; the rest is the same table
        from reconciler.reports.problem_catalogue import problem_table

        assert guardrails.RULES[rule].code in problem_table()
        return
    ended = reconciler("explain", rule, at=tmp_path)

    assert ended.code == 0, ended.said
    assert rule in ended.out
    assert "Cause:" in ended.out


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["plna"], "plan"),
        (["ledger", "histroy"], "history"),
        (["sandbox", "server"], "serve"),
        (["explain", "decimalslip"], "decimalSlip"),
        (["plan", "--sandbox", "--target", "adSets.rf"], "adSets.fr"),
        (["plan", "--sandbox", "--allow", "decimalSlop", "--because", "x"], "decimalSlip"),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(here: Path, words: list[str], meant: str) -> None:
    ended = reconciler(*words, at=here)

    assert ended.code == 1, ended.said
    assert f"did you mean {meant!r}?" in ended.said


# --- Much of the same ----------------------------------------------------------------------------------------


def test_full_lists_every_change_that_is_folded() -> None:
    run = many(412)
    folded, full = FORMATS["text"](run, RenderOptions()), FORMATS["text"](run, RenderOptions(full=True))

    assert "--full lists every one of them" in folded
    assert "--full" not in full
    for change in run.changes:
        assert f"{change.address}  " in full
    assert sum(f"{change.address}  " in folded for change in run.changes) < 412


def test_what_an_interrupt_kept_from_being_sent_is_one_line() -> None:
    changes = [changed(f"ad-{n:03}", moved(BID, Decimal(1), Decimal(2))) for n in range(150)]
    why = error("interrupted", "not sent: the run was interrupted", hint="apply again to go on")
    placed = [replace(why, span=each.place.span, address=each.address) for each in changes]
    outcomes = tuple(
        ItemOutcome("adSets.bids.1", item(each), ItemStatus.NOT_SENT, each.id, (said,))
        for each, said in zip(changes, placed, strict=True)
    )
    run = Run("apply", "p", tuple(changes), outcomes=outcomes, problems=(why,), applied=True)

    told = FORMATS["text"](run, RenderOptions(already_shown=()))

    assert told.splitlines() == [
        "error[interrupted]: not sent: the run was interrupted",
        "  hint: apply again to go on",
        "",
        "",
        "  not sent: 150 items: adSets.ad-000, adSets.ad-001, adSets.ad-002, …",
        "Apply: 150 not sent.",
        "Exit code 130: interrupted; requests in flight were completed.",
    ]
    assert FORMATS["github"](run, RenderOptions(already_shown=())).count("::error ") == 1
    assert FORMATS["markdown"](run, RenderOptions()).count("**not sent**") == 1
    assert len(json.loads(FORMATS["json"](run, RenderOptions()))["outcomes"]) == 150


def test_what_the_api_hides_is_one_note_with_a_count_and_no_annotation() -> None:
    warned = {"code": AD_SET.hidden_code, "detail": "The configuration of some ad sets prevents their retrieval"}
    (note,) = _warnings(AD_SET, [{"data": [], "warnings": [warned, warned]}, {"data": [], "warnings": [warned]}])
    run = replace(NOTHING, problems=(note,))

    assert (note.severity, note.message) == (
        Severity.NOTE,
        "the API hides at least 3 ad sets of the scope, and names none of them",
    )
    assert "reconciler import" in (note.hint or "")
    assert FORMATS["text"](run, RenderOptions()).count("hides at least") == 1
    for form in ("sarif", "codequality"):
        assert "hides at least" not in FORMATS[form](run, RenderOptions())
    assert "::notice" not in FORMATS["github"](run, RenderOptions())


# --- Amounts ---------------------------------------------------------------------------------------------------


def test_amounts_have_separators_for_people_and_none_for_machines() -> None:
    big = changed("fr", moved("budget.budgetAmount", Decimal("1234567.5"), Decimal("7654321")))
    run = replace(SMALL, changes=(big,))

    assert format_value(Decimal("-1234567.5")) == "-1,234,567.50"
    for form in ("text", "markdown", "html", "github", "junit"):
        told = FORMATS[form](run, RenderOptions())
        assert "1,234,567.50" in told, form
        assert "1234567.5" not in told, form
    assert "1,234,567" not in FORMATS["json"](run, RenderOptions())


# --- What drift names ------------------------------------------------------------------------------------------


def test_drift_names_the_address_and_the_object_and_not_only_the_line(here: Path) -> None:
    ended = reconciler("drift", *SANDBOX, at=here)

    assert 'ads.yaml:4:26: warning[differs]: adSets.fr ("FR prospecting", id 123467): bidding.bidAmount is' in ended.out
    for form in ("markdown", "html", "sarif", "codequality", "github", "junit"):
        told = reconciler("drift", *SANDBOX, "--format", form, at=here).out
        assert "adSets.fr" in told, form
        assert "123467" in told, form
        assert "FR prospecting" in told, form
