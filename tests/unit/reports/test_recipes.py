"""The recipes for pipelines: right by their schemas and a linter, and their commands do what they say."""

from __future__ import annotations

import json
import os
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
ACTION = ROOT / "action.yml"
INPUT = re.compile(r"\$\[\[ inputs\.([a-z-]+) \]\]")


def tool(name: str) -> str:
    """The path of a checker; without it, the test is skipped."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    return found or pytest.skip(f"{name} is not installed")


def init(folder: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["init", str(folder)])
    assert ended.value.code in (None, 0)


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


def test_the_action_keeps_githubs_schema():
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.github-actions", str(ACTION))


def test_the_template_of_gitlab_keeps_its_schema_with_its_inputs_filled_in(tmp_path):
    (tmp_path / "header.yml").write_text(yaml.safe_dump(header()), encoding="utf-8")
    (tmp_path / "jobs.yml").write_text(yaml.safe_dump(gitlab()), encoding="utf-8")
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / "jobs.yml"))
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(tmp_path / "header.yml"))


def test_every_input_of_the_template_is_used_and_described():
    head, _, jobs = pipelines.read_template().partition("\n---\n")
    inputs = yaml.safe_load(head)["spec"]["inputs"]
    assert set(INPUT.findall(jobs)) == set(inputs)
    assert all(each["description"] for each in inputs.values())
    assert [name for name, each in inputs.items() if "default" not in each] == ["source"]


def test_the_pipeline_of_two_projects_keeps_gitlabs_schema(tmp_path):
    (tmp_path / ".git").mkdir()
    for shop in ("north", "our shop"):
        for file in pipelines.place_pipelines("gitlab", tmp_path / shop, tmp_path, None):
            file.path.parent.mkdir(parents=True, exist_ok=True)
            file.path.write_text(file.text, encoding="utf-8")
    pipeline = tmp_path / ".gitlab-ci.yml"
    assert len(yaml.safe_load(pipeline.read_text(encoding="utf-8"))["include"]) == 2
    checked(tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", str(pipeline))


def test_a_security_linter_finds_nothing():
    checked(tool("zizmor"), "--offline", "--no-progress", "--persona", "pedantic", *map(str, [*GITHUB, ACTION]))
    checked(tool("zizmor"), "--offline", "--no-progress", *map(str, OURS))


def header() -> dict[str, Any]:
    return yaml.safe_load(pipelines.read_template().partition("\n---\n")[0])


def gitlab(**given: Any) -> dict[str, Any]:
    """The jobs of the template, as GitLab makes them of the inputs."""
    inputs = {name: each.get("default") for name, each in header()["spec"]["inputs"].items()}
    inputs |= {"source": "git+https://gitlab.example/ads/reconciler@" + "a1" * 20, **given}

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {fill(key): fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [fill(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = INPUT.fullmatch(value)
        return inputs[whole[1]] if whole else INPUT.sub(lambda found: inputs[found[1]], value)

    return fill(yaml.safe_load(pipelines.read_template().partition("\n---\n")[2]))


def steps(file: Path) -> list[dict[str, Any]]:
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("file", [*GITHUB, *OURS], ids=lambda file: file.stem)
def test_no_expression_reaches_a_shell_and_every_action_is_pinned(file):
    for step in steps(file):
        assert "${{" not in step.get("run", "")
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"])


def test_the_action_reads_its_inputs_from_the_environment_and_every_input_is_used():
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    for step in action["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "uses" not in step or re.search(r"@[0-9a-f]{40}$", step["uses"])
    text = ACTION.read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(action["inputs"])
    assert set(re.findall(r'echo "([a-z-]+)=', text)) | {"digest"} == set(action["outputs"]) | {"home"}


def test_an_apply_is_never_cancelled_and_waits_for_its_reviewers():
    workflow = yaml.safe_load((ROOT / "reconciler/commands/init/recipes/github/apply.yml").read_text(encoding="utf-8"))
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["jobs"]["apply"]["environment"] == "criteo-production"
    apply = gitlab(name="shop")["shop:apply"]
    assert apply["resource_group"] == "criteo-production-shop"
    assert apply["interruptible"] is False
    assert apply["rules"][0]["when"] == "manual"


def test_validate_needs_no_secret_and_no_permission():
    text = (ROOT / "reconciler/commands/init/recipes/github/validate.yml").read_text(encoding="utf-8")
    assert "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}


def commands(text: str) -> list[list[str]]:
    found = re.findall(r"^(?:- )?(reconciler [^\n]*)$", text, re.M)
    return [shlex.split(line)[1:] for line in found]


def test_the_commands_of_gitlabs_template_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    """Validate, plan, apply exactly that plan, and find no drift: on the sandbox. GitHub's run in test_workflows.py."""
    shutil.copytree(ROOT / "examples" / "quickstart", tmp_path / "ads", ignore=shutil.ignore_patterns(".reconciler"))
    monkeypatch.chdir(tmp_path)
    jobs = gitlab(project="ads")
    scripts = [jobs[f"reconciler:{name}"]["script"] for name in ("validate", "plan", "apply", "drift")]
    for command in [command for script in scripts for line in script for command in commands(line)]:
        digest = json.loads(Path("plan.json").read_text())["digest"] if "$DIGEST" in command else ""
        values = {"$DIGEST": digest, "$RECONCILER_PROJECT": "ads"}
        words = [values.get(word, word) for word in command]
        words[1:1] = [] if command[0] == "validate" else ["--sandbox", "state.json"]
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 0, (words, capsys.readouterr())
        for report in (words[at + 1] for at, word in enumerate(words) if word == "--report"):
            assert Path(report.partition("=")[2]).read_text(encoding="utf-8")


def test_the_hook_is_a_command_of_ours():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {"id", "name", "entry", "language"} <= set(hook)
    assert hook["entry"] == "reconciler validate"
    assert re.search(hook["files"], "ads/summer.yaml")
    assert hook["pass_filenames"] is False


def test_nothing_installs_the_tool_by_a_name_that_is_not_published():
    """Until there is a release, the name may be registered by anybody: it is installed from a checkout or a commit."""
    by_name = re.compile(
        r"(?:pip|pipx|uv|uvx)\b[^\n]*\binstall\b[^\n@]*criteo-reconciler(?:\[[^]]*\])?(?![^\n]* @ )", re.I
    )
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    shown = [ROOT / name for name in files.split("\0") if name and not name.startswith("tests/")]
    found = [(file.name, by_name.findall(file.read_text("utf-8", "replace"))) for file in shown if file.is_file()]
    assert len(found) > 300
    assert [each for each in found if each[1]] == []


@pytest.mark.parametrize("absolute", [False, True])
def test_the_action_tells_its_files_from_the_root_or_as_they_were_given(tmp_path, absolute):
    run = next(step["run"] for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if step.get("id") == "run")
    init(tmp_path / "shop")
    names = {name: str(tmp_path / name) if absolute else name for name in ("plan.json", "report.md")}
    told = tmp_path / "told"
    given = dict.fromkeys(("APPROVE", "REPORTS"), "") | {
        "HOME_OF_TOOL": sys.prefix, "COMMAND": "plan", "PROJECT": ".", "DIRECTORY": "shop", "ARGUMENTS": "--sandbox",
        "PLAN": names["plan.json"], "REPORT": names["report.md"], "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_OUTPUT": str(told), "GITHUB_STEP_SUMMARY": os.devnull, "PATH": os.environ["PATH"],
    }  # fmt: skip

    subprocess.run(["bash", "-eo", "pipefail", "-c", run], cwd=tmp_path, env=given, check=True, capture_output=True)

    outputs = dict(line.split("=", 1) for line in told.read_text().splitlines())
    folder = tmp_path if absolute else Path("shop")
    assert (outputs["plan"], outputs["report"]) == (str(folder / "plan.json"), str(folder / "report.md"))
    assert (tmp_path / outputs["plan"]).exists()
