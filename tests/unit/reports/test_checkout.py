"""Reports for pipelines name files from the root of the repository, wherever the command runs in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from reconciler.model import Span, error
from reconciler.reports.common import Checkout
from reconciler.reports.places import path, place, place_from_root

from ...support.commands import project, reconciler

FILES = {
    "ads/fr.yaml": """adSets:
  fr:
    id: "123467"
    bidding: {bidAmount: 1.25}
  new:
    name: New
    campaignId: "358313"
    datasetId: "6789"
    objective: conversions
    mediaType: display
    trackingCode: utm_source=criteo
    schedule: {startDate: 2090-01-01, activationStatus: on}
    bidding: {costController: maxCPC, bidAmount: 1}
    budget: {budgetStrategy: capped, budgetAmount: 10, budgetRenewal: daily, budgetDeliverySmoothing: standard}
    audienceId: "9876"
"""
}
"""A changed bid and a new ad set, of which a plan warns: it would be started without any geo filter."""
FORMATS = ("sarif", "codequality", "github", "junit")


def named_in(form: str, text: str) -> set[str]:
    """The files that a report names, in the words of its format."""
    match form:
        case "sarif":
            (run,) = json.loads(text)["runs"]
            places = [place["physicalLocation"] for each in run["results"] for place in each["locations"]]
            return {unquote(place["artifactLocation"]["uri"]) for place in places}
        case "codequality":
            return {each["location"]["path"] for each in json.loads(text)}
        case "github":
            return set(re.findall(r"^::(?:error|warning|notice) .*?file=([^,:]+)", text, re.MULTILINE))
        case _:
            return {found for case in ElementTree.fromstring(text).iter("testcase") if (found := case.get("file"))}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a project in a folder of it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "campaigns" / "shop").mkdir(parents=True)
    project(tmp_path / "campaigns" / "shop", FILES)
    return tmp_path


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("folder", "args"), [("campaigns/shop", ()), (".", ("campaigns/shop",)), ("campaigns", ("shop",))]
)
def test_a_report_for_a_pipeline_names_files_that_the_repository_has(
    repository: Path, command: str, form: str, folder: str, args: tuple[str, ...]
) -> None:
    ended = reconciler(command, *args, "--sandbox", "--format", form, at=repository / folder)

    files = named_in(form, ended.out)
    assert ended.code == 0, ended.said
    assert files
    assert all((repository / file).is_file() for file in files), files
    assert {file for file in files if file.startswith("campaigns/shop/")} == files


@pytest.mark.parametrize("command", ["plan", "drift"])
@pytest.mark.parametrize("reached", [True, False], ids=["demo world", "no credentials"])
def test_every_result_for_code_scanning_has_a_place_and_keeps_the_schema(
    repository: Path, command: str, reached: bool
) -> None:
    sarif = pytest.importorskip("sarif_pydantic")
    account = ["--sandbox"] if reached else []

    ended = reconciler(command, *account, "--format", "sarif", at=repository / "campaigns" / "shop")

    sarif.Sarif.model_validate_json(ended.out)
    (run,) = json.loads(ended.out)["runs"]
    assert run["results"]
    for each in run["results"]:
        (place,) = each["locations"]
        assert (repository / place["physicalLocation"]["artifactLocation"]["uri"]).is_file()
        assert place["physicalLocation"]["region"]["startLine"] >= 1


@pytest.mark.parametrize(
    ("code", "words"), [("unmanaged", ["drift", "--sandbox"]), ("no-credentials", ["plan"])], ids=["unmanaged", "none"]
)
def test_a_result_that_belongs_to_no_line_stands_at_the_first_of_the_projects_file(
    repository: Path, code: str, words: list[str]
) -> None:
    ended = reconciler(*words, "--format", "sarif", at=repository / "campaigns" / "shop")

    (run,) = json.loads(ended.out)["runs"]
    (place,) = next(each for each in run["results"] if each["ruleId"] == code)["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "campaigns/shop/reconciler.yaml"
    assert place["physicalLocation"]["region"]["startLine"] == 1


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_a_pipeline_says_where_its_checkout_is(tmp_path: Path, variable: str) -> None:
    folder = project(tmp_path / "mono" / "shop", FILES)  # no .git: a checkout may be an archive

    ended = reconciler(
        "drift", "--sandbox", "--format", "sarif", at=folder, env={variable: str(tmp_path), "CI": "true"}
    )

    assert named_in("sarif", ended.out) == {"mono/shop/ads/fr.yaml", "mono/shop/reconciler.yaml"}


def test_a_checkout_elsewhere_is_ignored(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """In a container the variable may hold the path of the host."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    ended = reconciler(
        "drift",
        "campaigns/shop",
        "--sandbox",
        "--format",
        "sarif",
        at=repository,
        env={"GITHUB_WORKSPACE": str(elsewhere)},
    )

    assert "campaigns/shop/ads/fr.yaml" in named_in("sarif", ended.out)


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("ads/fr.yaml", "repo/shop/ads/fr.yaml"),
        ("./ads/fr.yaml", "repo/shop/ads/fr.yaml"),
        ("../other/de.yaml", "repo/other/de.yaml"),
        ("/home/ada/repo/shop/x.yaml", "repo/shop/x.yaml"),
        ("../../../x.yaml", "/home/x.yaml"),
        ("/etc/x.yaml", "/etc/x.yaml"),
    ],
)
def test_a_path_begins_at_the_root_or_is_absolute(file: str, expected: str) -> None:
    assert path(file, Checkout("/home/ada", "/home/ada/repo/shop", "reconciler.yaml")) == expected


def test_a_problem_without_a_place_stands_in_the_projects_file() -> None:
    checkout = Checkout("/repo", "/repo/a", "../b/reconciler.yaml")

    assert place(place_from_root(error("x", "y"), checkout), checkout) == Span("b/reconciler.yaml", 1, 1)
    assert place(error("x", "y"), None) == Span("reconciler.yaml", 1, 1)
