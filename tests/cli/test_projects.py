"""The projects of a repository that a range of commits changes: what a pipeline runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli import full_cli
from reconciler.commands.projects import slug_of

from ..support.commands import project

CLI = full_cli()


def git(at: Path, *words: str) -> str:
    identity = ("-c", "user.name=Jo", "-c", "user.email=jo@example.com")
    done = subprocess.run(["git", *identity, *words], cwd=at, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects, one of which extends a shared file, and a folder that holds none."""
    project(tmp_path / "north", {"ads.yaml": "adSets: {}\n"})
    project(
        tmp_path / "teams" / "south shop",
        {"ads.yaml": "adSets: {}\n"},
        'version: 1\nextends: ../../company.yaml\nscope: {advertiserIds: ["1352"]}\n',
    )
    project(tmp_path / "node_modules" / "other", {})
    (tmp_path / "company.yaml").write_text("guardrails: {maxChanges: 50}\n")
    (tmp_path / "README.md").write_text("Two shops.\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(*words: str) -> list[str]:
    done = CliRunner().invoke(CLI, ["projects", "--format", "json", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1  # a line of an output file of a pipeline
    return [each["project"] for each in json.loads(done.stdout)]


NORTH, SOUTH = "north", "teams/south shop"


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("north/ads.yaml", [NORTH]),
        ("north/more/new.yml", [NORTH]),
        ("teams/south shop/reconciler.yaml", [SOUTH]),
        ("company.yaml", [SOUTH]),
        ("README.md", []),
        ("north/notes.md", []),
        (".github/workflows/plan.yml", [NORTH, SOUTH]),
        (".gitlab-ci.yml", [NORTH, SOUTH]),
    ],
)
def test_a_project_is_changed_by_its_files_by_what_it_extends_and_by_the_pipelines(
    file: str, changed: list[str], repository: Path
) -> None:
    (repository / file).parent.mkdir(parents=True, exist_ok=True)
    with (repository / file).open("a") as text:
        text.write("\n# changed\n")

    before = listed("--changed-since", "HEAD")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")

    assert listed() == [NORTH, SOUTH]
    assert before == listed("--changed-since", "HEAD~1") == changed


def test_a_file_that_is_removed_changes_its_project(repository: Path) -> None:
    git(repository, "mv", "north/ads.yaml", "teams/south shop/north.yaml")
    git(repository, "commit", "-qm", "moved")

    assert listed("--changed-since", "HEAD~1") == [NORTH, SOUTH]


@pytest.mark.parametrize("commit", ["0" * 40, "gone", "--output=x", ""])
def test_a_commit_that_is_not_known_changes_every_project(commit: str, repository: Path) -> None:
    done = CliRunner().invoke(CLI, ["projects", "--changed-since", commit])

    assert done.stdout.splitlines() == [NORTH, SOUTH]
    assert "every project counts as changed" in done.stderr
    assert not (repository / "x").exists()


def test_folders_limit_what_is_listed(repository: Path) -> None:
    assert listed("teams") == [SOUTH]
    assert CliRunner().invoke(CLI, ["projects", "nowhere"]).exit_code == 1


def test_a_slug_is_of_one_folder_and_plain() -> None:
    folders = [".", "root", "north", "a/b", "a-b", "a b", "été", "été ", "..", "x\ny", "A"]

    slugs = [slug_of(folder) for folder in folders]

    assert len(set(slugs)) == len(folders)
    assert all(slug.replace("-", "").replace("_", "").replace(".", "").isalnum() for slug in slugs)
    assert slugs[:3] == ["root", "root-" + slugs[1][5:], "north"]
