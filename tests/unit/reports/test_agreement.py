"""Text, JSON and exit code never contradict each other, whatever the run; nor do the other formats."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.model import Action, ItemOutcome, ItemStatus, Run, error, exit_codes, warning
from reconciler.model.money import Exposure, Increase
from reconciler.reports import FORMATS, RenderOptions

from .runs import CREATED, JUDGEMENTS, MONEY, OBJECTION, RAISED, REFUSAL, STOPPED, TELLING, item

LAW = settings(max_examples=60, deadline=None)

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "report.schema.json").read_text(encoding="utf-8"))
VALID = jsonschema.Draft202012Validator(SCHEMA)
PROBLEMS = (OBJECTION, REFUSAL, error("not-allowed", "401"), warning("odd", "odd"), error("locked", "held"))


@st.composite
def runs(draw: st.DrawFn) -> Run:
    changes = tuple(draw(st.lists(st.sampled_from([RAISED, CREATED, STOPPED]), unique_by=id)))
    applied = draw(st.booleans()) and bool(changes)
    ends = draw(st.lists(st.sampled_from(ItemStatus), min_size=len(changes), max_size=len(changes)))
    outcomes = (
        tuple(ItemOutcome("x", item(each), end) for each, end in zip(changes, ends, strict=True)) if applied else ()
    )
    return Run(
        "apply" if applied else "plan" if changes else draw(st.sampled_from(["plan", "validate"])),
        "project",
        changes,
        outcomes=outcomes,
        problems=tuple(draw(st.lists(st.sampled_from(PROBLEMS), unique=True))),
        applied=applied,
        unchanged=draw(st.integers(0, 3)),
        money=draw(st.sampled_from([None, MONEY])),
        judgements=draw(st.sampled_from([(), JUDGEMENTS])),
    )


@LAW
@given(run=runs(), detailed=st.booleans())
def test_text_json_and_exit_code_agree(run, detailed):
    manner = RenderOptions(detailed=detailed)
    text, shape, code = (
        FORMATS["text"](run, manner),
        json.loads(FORMATS["json"](run, manner)),
        exit_codes.exit_code(run, detailed=detailed),
    )
    assert shape["exit_code"] == int(code)
    assert shape["errored"] is run.failed
    if plan := re.search(r"^Plan: (\d+) to create, (\d+) to update, (\d+) to stop\.", text, re.M):
        assert [int(count) for count in plan.groups()] == [
            shape["summary"][each] for each in ("create", "update", "stop")
        ]
    assert ("No changes." in text) <= (not shape["resource_changes"])
    assert (code is exit_codes.ExitCode.CHANGES) <= bool(plan)
    if code not in (exit_codes.ExitCode.DONE, exit_codes.ExitCode.ERROR, exit_codes.ExitCode.CHANGES):
        assert f"Exit code {int(code)}: {code.meaning}." in text
    if end := re.search(r"^Apply: (.*)\.$", text, re.M):
        assert end[1] == ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in shape["summary"]["ended"].items())
    assert bool(end) is shape["applied"]
    if run.failed and not run.applied and run.command != "validate":
        assert "Nothing was sent." in text
    assert all(problem["message"] in text for problem in shape["diagnostics"])


@LAW
@given(run=runs(), detailed=st.booleans())
def test_the_stream_ends_as_the_report_does(run, detailed):
    manner = RenderOptions(detailed=detailed)
    lines = [json.loads(line) for line in FORMATS["json-stream"](run, manner).splitlines()]
    shape = json.loads(FORMATS["json"](run, manner))
    assert lines[0] == {"type": "version"} | {name: shape[name] for name in ("format_version", "command", "project")}
    assert lines[-1]["type"] == "summary"
    assert {name: lines[-1][name] for name in ("exit_code", "errored", "applied", *shape["summary"])} == {
        name: shape[name] for name in ("exit_code", "errored", "applied")
    } | shape["summary"]
    for type, name in (("planned_change", "resource_changes"), ("outcome", "outcomes"), ("diagnostic", "diagnostics")):
        assert [{k: v for k, v in line.items() if k != "type"} for line in lines if line["type"] == type] == shape[name]


@LAW
@given(run=runs(), detailed=st.booleans())
def test_other_formats_count_what_json_counts(run, detailed):
    manner = RenderOptions(detailed=detailed)
    shape = json.loads(FORMATS["json"](run, manner))
    widget = json.loads(FORMATS["gitlab"](run, manner))
    summary = shape["summary"]
    assert widget == {"create": summary["create"], "update": summary["update"], "delete": summary["stop"]}
    log = json.loads(FORMATS["sarif"](run, manner))["runs"][0]
    assert log["invocations"][0]["exitCode"] == shape["exit_code"]
    suite = ElementTree.fromstring(FORMATS["junit"](run, manner))
    bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    assert bool(bad) == (
        shape["errored"]
        or shape["exit_code"] == 2
        or bool({"rejected", "unknown"} & set(shape["summary"].get("ended", ())))
    )


@pytest.mark.parametrize("name", TELLING)
@pytest.mark.parametrize("bodies", [True, False])
def test_json_keeps_its_published_schema(name, bodies):
    report = json.loads(FORMATS["json"](TELLING[name], RenderOptions(bodies=bodies, digest="sha256:0")))
    assert [error.message for error in VALID.iter_errors(report)] == []


@LAW
@given(run=runs())
def test_any_run_keeps_the_published_schema(run):
    VALID.validate(json.loads(FORMATS["json"](run, RenderOptions())))


@pytest.mark.parametrize("form", FORMATS)
def test_an_amount_of_any_length_is_reported(form):
    huge = Decimal("9" * 400)
    bids = (replace(MONEY.bids[0], highest_after=huge, percent=huge),)
    moved = replace(RAISED, fields=tuple(replace(each, after=huge) for each in RAISED.fields))
    run = Run("plan", "p", (moved,), money=replace(MONEY, bids=bids, increases=(Increase("EUR", Exposure(0, huge)),)))
    assert FORMATS[form](run, RenderOptions()) != ""


def test_the_schema_allows_new_keys_and_refuses_lost_ones():
    VALID.check_schema(SCHEMA)
    report = json.loads(FORMATS["json"](TELLING["costly"], RenderOptions()))
    VALID.validate(report | {"later": 1})
    for name in report:
        with pytest.raises(jsonschema.ValidationError):
            VALID.validate({key: part for key, part in report.items() if key != name})


def test_each_key_of_the_report_is_in_the_schema():
    report = json.loads(FORMATS["json"](TELLING["costly"], RenderOptions(bodies=True)))
    described = {*SCHEMA["properties"], *SCHEMA["$defs"]["run"]["properties"]}
    assert set(report) == described - {"drift", "unmanaged", "shares"}  # those of a look at drift
    for name, part in (("change", report["resource_changes"][0]), ("call", report["calls"]["now"][0]),
                       ("money", report["money"]), ("judgement", report["guardrails"][0])):  # fmt: skip
        assert set(part) == set(SCHEMA["$defs"][name]["properties"]) - {"replaces"}  # that of a whole object


def test_a_plan_that_guardrails_refuse_is_shown_and_one_in_doubt_is_not():
    refused = TELLING["refused"]
    assert "Plan: 1 to create" in FORMATS["text"](refused, RenderOptions())
    doubt = replace(refused, problems=(*refused.problems, error("unread", "a page is missing")))
    for form in ("text", "markdown", "html"):
        assert "Budgets (what is asked for)" in FORMATS[form](refused, RenderOptions())
        assert not re.search("Plan:|Budgets|decimal-slip", FORMATS[form](doubt, RenderOptions()))
    assert all(change.action in Action for change in refused.changes)
