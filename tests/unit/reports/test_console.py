"""How reports leave the program: on stdout, in files written whole or not at all, as a stream."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reconciler.cli import main, terminal
from reconciler.reports import FORMATS

QUICKSTART = Path(__file__).parents[3] / "examples" / "quickstart"


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    shutil.copytree(QUICKSTART, tmp_path / "ads", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path / "ads")
    return tmp_path / "ads"


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


def test_the_help_names_every_format():
    assert tuple(FORMATS) == tuple(terminal.NAMES.split(", "))


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_can_be_printed_and_written(form, capsys):
    assert run("plan", "--sandbox", "--format", form, "--report", f"{form}=report") == 0
    assert Path("report").read_text(encoding="utf-8") == capsys.readouterr().out


def test_a_report_of_a_run_that_cannot_begin_is_written_too(capsys):
    Path("ads/prospecting.yaml").write_text("adSets: {a: {nmae: x}}\n", encoding="utf-8")
    assert run("plan", "--sandbox", "--format", "json", "--report", "sarif=a.sarif", "--report", "junit=a.xml") == 1
    assert json.loads(capsys.readouterr().out)["exit_code"] == 1
    assert json.loads(Path("a.sarif").read_text())["runs"][0]["results"]
    assert Path("a.xml").exists()


@pytest.mark.parametrize("report", ["json", "nothing=x", "json=", "json=/nowhere/x", "json=ads"])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is_done(report, project):
    assert run("apply", "--sandbox", "--auto-approve", "--report", report) == 1
    assert not (project / ".reconciler").exists()


def test_a_report_that_fails_late_leaves_the_old_one_and_the_exit_code_tells(monkeypatch, capsys):
    Path("plan.md").write_text("old", encoding="utf-8")

    def full(*words: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("os.fsync", full)
    assert run("validate", "--report", "markdown=plan.md") == 1
    assert Path("plan.md").read_text(encoding="utf-8") == "old"
    assert "no space left" in capsys.readouterr().err
    assert [file.name for file in Path().iterdir() if file.name.startswith(".plan")] == []


def test_json_says_the_exit_code_that_the_process_ends_with(capsys):
    code = run("plan", "--sandbox", "--format", "json", "--detailed-exitcode")
    assert code == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == code


def test_a_stream_tells_each_call_between_the_plan_and_the_outcomes(capsys):
    assert run("apply", "--sandbox", "--auto-approve", "--json-stream") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    types = [event["type"] for event in events]
    assert types[0] == "version"
    assert types[-1] == "summary"
    assert types.count("version") == types.count("summary") == 1
    last_plan = max(at for at, type in enumerate(types) if type == "planned_change")
    started = [at for at, type in enumerate(types) if type == "call_started"]
    ended = [at for at, type in enumerate(types) if type == "call_ended"]
    assert last_plan < min(started)
    assert len(started) == len(ended) == 7
    assert max(ended) < types.index("outcome")
    for call in {events[at]["call"] for at in started}:
        assert [event["type"] for event in events if event.get("call") == call][:2] == ["call_started", "call_ended"]


def test_the_digest_of_a_saved_plan_is_in_its_reports(capsys):
    words = ("plan", "--sandbox", "--out", "plan.json", "--format", "json", "--report", "markdown=plan.md")
    assert run(*words) == 0
    digest = json.loads(Path("plan.json").read_text(encoding="utf-8"))["digest"]
    assert json.loads(capsys.readouterr().out)["digest"] == digest
    assert digest in Path("plan.md").read_text(encoding="utf-8")
