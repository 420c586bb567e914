"""A project reads its own files and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.config import project_files
from reconciler.config.loader import LoadResult, load

PROJECT = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
AD_SET = 'adSets:\n  summer:\n    id: "1"\n    bidding: {bidAmount: 0.90}\n'
FOREIGN = {
    "compose.yaml": ("a Compose file", "services:\n  db: {image: postgres}\n"),
    "chart/Chart.yaml": ("a Helm chart", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
    "deploy.yaml": ("a Kubernetes object", "apiVersion: v1\nkind: Service\n---\napiVersion: v1\nkind: Pod\n"),
    "workflow.yml": ("a GitHub workflow", "name: ci\non: push\njobs: {}\n"),
    "stack.yaml": ("a CloudFormation template", "AWSTemplateFormatVersion: '2010-09-09'\nName: !Ref X\n"),
    "site.yaml": ("an Ansible playbook", "- hosts: all\n  tasks: []\n"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "reconciler.yaml", PROJECT)
    put(tmp_path, "ads.yaml", AD_SET)
    return tmp_path


def put(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="")
    return file


def told(loaded: LoadResult) -> list[tuple[str, str, str]]:
    return [(str(each.span.file), each.severity.value, each.code) for each in loaded.problems if each.span]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_of_another_tool_is_passed_over_with_a_hint(folder: Path, name: str) -> None:
    what, text = FOREIGN[name]
    put(folder, name, text)
    loaded = load(["."])
    assert told(loaded) == [(name, "warning", "other-tool")]
    assert what in loaded.problems[0].message
    assert [str(each.address) for each in loaded.desired] == ["adSets.summer"]


@pytest.mark.parametrize("name", FOREIGN)
def test_a_file_that_the_project_includes_is_judged_as_its_own(folder: Path, name: str) -> None:
    put(folder, "reconciler.yaml", PROJECT + 'include: ["**/*"]\n')
    put(folder, name, FOREIGN[name][1])
    assert ("error", True) in [(severity, file == name) for file, severity, _ in told(load(["."]))]


def test_a_misspelt_kind_is_never_taken_for_another_tool(folder: Path) -> None:
    put(folder, "ads.yaml", AD_SET.replace("adSets", "adSet"))
    assert ("ads.yaml", "error", "unknown-key") in told(load(["."]))


def test_a_file_with_one_of_our_kinds_is_ours_whatever_else_it_holds(folder: Path) -> None:
    put(folder, "ads.yaml", AD_SET + "services: {}\n")
    assert ("ads.yaml", "error", "unknown-key") in told(load(["."]))


@pytest.mark.parametrize("place", ["node_modules/x", "vendor/x", "sub/vendor", ".hidden"])
def test_what_other_tools_install_below_is_not_read(folder: Path, place: str) -> None:
    file = put(folder, f"{place}/ads.yaml", AD_SET)
    loaded = load(["."])
    assert list(loaded.documents) == ["ads.yaml"]
    assert loaded.project is not None
    assert not project_files.includes(loaded.project, file) or place == ".hidden"


def test_the_files_of_another_project_below_are_its_own(folder: Path) -> None:
    put(folder, "other/reconciler.yaml", PROJECT)
    file = put(folder, "other/deep/ads.yaml", AD_SET)
    loaded = load(["."])
    assert list(loaded.documents) == ["ads.yaml"]
    assert loaded.project is not None
    assert not project_files.includes(loaded.project, file)
    assert list(load(["other"]).documents) == ["other/deep/ads.yaml"]


@pytest.mark.parametrize("name", ["ads.yaml", "reconciler.yaml"])
def test_a_link_out_of_the_project_is_refused_and_shows_nothing(folder: Path, name: str, tmp_path: Path) -> None:
    secret = put(tmp_path.parent / f"{tmp_path.name}-outside", "secret.yaml", "password: hunter2\n")
    (folder / name).unlink()
    (folder / name).symlink_to(secret)
    loaded = load(["."])
    assert told(loaded) == [(name, "error", "link-outside")]
    assert "hunter2" not in str(loaded.problems)


def test_a_link_inside_the_project_is_read(folder: Path) -> None:
    put(folder, "parts/de.yaml", AD_SET.replace("summer", "winter").replace('"1"', '"2"'))
    (folder / "ads.yaml").unlink()
    (folder / "ads.yaml").symlink_to(folder / "parts" / "de.yaml")
    (folder / "parts" / "fr.yaml").symlink_to(folder / "ads.yaml")
    assert "link-outside" not in [code for *_, code in told(load(["."]))]


def test_a_checkout_with_other_line_ends_is_the_same_content(folder: Path) -> None:
    before = load(["."]).digest
    for name in ("ads.yaml", "reconciler.yaml"):
        put(folder, name, (folder / name).read_text(encoding="utf-8").replace("\n", "\r\n"))
    assert load(["."]).digest == before
    put(folder, "ads.yaml", AD_SET.replace("0.90", "0.91"))
    assert load(["."]).digest != before
