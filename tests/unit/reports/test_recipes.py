"""The recipes for pipelines: right by their schemas and a linter, and their commands do what they say."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli import main
from reconciler.commands.init import pipelines

ROOT = Path(__file__).parents[3]
GITHUB = sorted((ROOT / "reconciler" / "commands" / "init" / "recipes" / "github").glob("*.yml"))
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
GITLAB = ROOT / "reconciler" / "commands" / "init" / "recipes" / "gitlab" / ".gitlab-ci.yml"


def tool(name: str) -> str:
    """The path of a checker; without it, the test is skipped."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed")


def checked(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflows_keep_githubs_schema():
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, [*GITHUB, *OURS]))


def test_the_issue_forms_keep_githubs_schema():
    config = [file for file in FORMS if file.stem == "config"]
    forms = [file for file in FORMS if file.stem != "config"]
    assert config
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.github-issue-config", *map(str, config))
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.github-issue-forms", *map(str, forms))


def test_the_pipeline_keeps_gitlabs_schema():
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(GITLAB))


def test_a_security_linter_finds_nothing():
    checked(tool("zizmor"), "--offline", "--no-progress", *map(str, [*GITHUB, *OURS]))


def test_what_is_filled_in_for_a_folder_keeps_the_schemas_too(tmp_path):
    (tmp_path / ".git").mkdir()
    for service in ("github", "gitlab"):
        for path, text in pipelines.place_pipelines(service, tmp_path / "teams" / "shop", tmp_path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    workflows = [str(path) for path in sorted((tmp_path / ".github" / "workflows").glob("*.yml"))]
    assert len(workflows) == len(GITHUB)
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *workflows)
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / ".gitlab-ci.yml"))


def steps(file: Path) -> list[dict[str, Any]]:
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("file", [*GITHUB, *OURS], ids=lambda file: file.stem)
def test_no_expression_reaches_a_shell_and_every_action_is_pinned(file):
    for step in steps(file):
        assert "${{" not in step.get("run", "")
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"])


def test_an_apply_is_never_cancelled_and_waits_for_its_reviewers():
    workflow = yaml.safe_load((ROOT / "reconciler/commands/init/recipes/github/apply.yml").read_text(encoding="utf-8"))
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["jobs"]["apply"]["environment"] == "criteo-production"
    pipeline = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    assert pipeline["apply"]["resource_group"]
    assert pipeline["apply"]["interruptible"] is False
    assert pipeline["apply"]["rules"][0]["when"] == "manual"


def test_validate_needs_no_secret_and_no_permission():
    text = (ROOT / "reconciler/commands/init/recipes/github/validate.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def commands(text: str) -> list[list[str]]:
    found = re.findall(r"^(?:- )?(reconciler [^\n]*)$", text, re.M)
    return [shlex.split(line)[1:] for line in found]


GITHUB_COMMANDS = [
    command
    for name in ("validate", "plan", "apply", "drift")
    for step in steps(ROOT / "reconciler/commands/init/recipes/github" / f"{name}.yml")
    for command in commands(step.get("run", ""))
]
GITLAB_COMMANDS = [
    command
    for job in ("validate", "plan", "apply", "drift")
    for line in yaml.safe_load(GITLAB.read_text(encoding="utf-8"))[job]["script"]
    for command in commands(line)
]


@pytest.mark.parametrize("sequence", [GITHUB_COMMANDS, GITLAB_COMMANDS], ids=["github", "gitlab"])
def test_the_commands_of_the_recipes_run_one_after_the_other(sequence, tmp_path, monkeypatch, capsys):
    """Validate, plan, apply exactly that plan, and find no drift: on the sandbox."""
    shutil.copytree(ROOT / "examples" / "quickstart", tmp_path / "ads", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path / "ads")
    assert {command[0] for command in sequence} == {"validate", "plan", "apply", "drift"}
    for command in sequence:
        digest = json.loads(Path("plan.json").read_text())["digest"] if "$DIGEST" in command else ""
        words = [digest if word == "$DIGEST" else word for word in command]
        words += [] if command[0] == "validate" else ["--sandbox"]
        with pytest.raises(SystemExit) as ended:
            main(words)
        changed = "--detailed-exitcode" in command and "--out" in command
        assert ended.value.code == (2 if changed else 0), (words, capsys.readouterr())
        for report in (words[at + 1] for at, word in enumerate(words) if word == "--report"):
            assert Path(report.partition("=")[2]).read_text(encoding="utf-8")


def test_the_hook_is_a_command_of_ours():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"] == "reconciler validate"
    assert re.search(hook["files"], "ads/summer.yaml")
    assert hook["pass_filenames"] is False
