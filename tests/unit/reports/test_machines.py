"""The formats that other programs read keep those programs' shapes."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from reconciler.model import Problem, Run, Severity, Span, error
from reconciler.reports import FORMATS, RenderOptions
from reconciler.reports.places import uri, with_fingerprints

from .runs import INVALID, SMALL, TELLING


@pytest.mark.parametrize("name", TELLING)
def test_sarif_is_sarif(name):
    sarif = pytest.importorskip("sarif_pydantic")
    text = FORMATS["sarif"](TELLING[name], RenderOptions())
    log = sarif.Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert log.version == "2.1.0"
    assert len(set(rules)) == len(rules)
    assert run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        (place,) = result["locations"]  # code scanning refuses a file in which one result has none
        assert not place["physicalLocation"]["artifactLocation"]["uri"].startswith("/")
        assert place["physicalLocation"]["region"]["startLine"] >= 1


def test_paths_are_relative_uris():
    assert uri("ads/été 1#?.yaml") == "ads/%C3%A9t%C3%A9%201%23%3F.yaml"
    assert uri("/home/ada/ads.yaml") == "file:///home/ada/ads.yaml"


@pytest.mark.parametrize("name", TELLING)
def test_junit_counts_what_it_holds(name):
    suites = ElementTree.fromstring(FORMATS["junit"](TELLING[name], RenderOptions()))
    cases = list(suites.iter("testcase"))
    assert len({case.get("name") for case in cases}) == len(cases) == int(suites.get("tests", ""))
    for tag, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert sum(case.find(tag) is not None for case in cases) == int(suites.get(count, ""))
    assert all(len({child.tag for child in case} - {"system-out"}) <= 1 for case in cases)


def test_junit_calls_a_planned_change_drift_when_changes_have_an_exit_code():
    quiet = ElementTree.fromstring(FORMATS["junit"](SMALL, RenderOptions()))
    drift = ElementTree.fromstring(FORMATS["junit"](SMALL, RenderOptions(detailed=True)))
    assert quiet.get("failures") == "0"
    assert {failure.get("type") for failure in drift.iter("failure")} == {"drift"}
    assert drift.get("failures") == "3"


@pytest.mark.parametrize("name", TELLING)
def test_code_quality_has_all_that_gitlab_asks_for(name):
    entries = json.loads(FORMATS["codequality"](TELLING[name], RenderOptions()))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    for entry in entries:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert not entry["location"]["path"].startswith(("/", "./"))
        assert entry["location"]["lines"]["begin"] >= 1


def test_a_fingerprint_survives_when_lines_move_and_tells_equal_problems_apart():
    def marks(line: int) -> list[str]:
        problems = [error("x", "the same", at=Span("a.yaml", line + each, 1)) for each in (0, 5)]
        return [mark for _, mark in with_fingerprints(problems)]

    assert marks(1) == marks(100)
    assert len(set(marks(1))) == 2


def test_the_widget_calls_a_stop_a_deletion():
    assert json.loads(FORMATS["gitlab"](SMALL, RenderOptions())) == {"create": 1, "update": 1, "delete": 1}


def test_github_shows_ten_of_a_kind_and_counts_the_rest():
    problems = [
        Problem(severity, "x", f"{severity.value} {number}", Span("a.yaml", number + 1, 1))
        for number in range(12)
        for severity in reversed(Severity)
    ]
    lines = FORMATS["github"](Run("validate", "p", problems=tuple(problems)), RenderOptions()).splitlines()
    kinds = [found[1] for line in lines if (found := re.match(r"::(error|warning|notice) ", line))]
    assert kinds == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert "::notice title=reconciler::7 more problems: see the job summary or the log" in lines


def test_github_says_where():
    first = FORMATS["github"](INVALID, RenderOptions()).splitlines()[0]
    assert first == (
        "::error title=unknown-key,file=ads/summer.yaml,line=12,col=5,endLine=12,endColumn=11"
        "::adSets.summer-fr: Unknown key 'biding'%0ADid you mean 'bidding'?"
    )
    odd = replace(INVALID, problems=(error("a:b,c", "100 % : , \n", at=Span("a:b,c%.yaml", 1, 1)),))
    line = FORMATS["github"](odd, RenderOptions()).splitlines()[0]
    assert "title=a%3Ab%2Cc,file=a%3Ab%2Cc%25.yaml," in line
    assert line.endswith("::100 %25 : , \\u000a")
