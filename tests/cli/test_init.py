"""The first minute: a project that validates and plans, nothing overwritten, versions and words for the shell."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler import __version__
from reconciler.cli import main
from reconciler.commands.init import pipelines
from reconciler.kinds import versions as api_versions

from ..support.commands import Ended, project

RECIPES = pipelines.RECIPES


def reconciler(*words: str, at: Path) -> Ended:
    """A command in a folder, in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(at), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(words)
        except SystemExit as left:
            code = int(left.code or 0)
    return Ended(code, out.getvalue(), err.getvalue())


# --- init ------------------------------------------------------------------------------------------------------


def test_a_new_project_validates_and_its_plan_shows_one_change(tmp_path: Path) -> None:
    begun = reconciler("init", "shop", at=tmp_path)
    valid = reconciler("validate", "shop", at=tmp_path)
    planned = reconciler("plan", "shop", "--sandbox", at=tmp_path)

    assert begun.code == 0
    assert valid.out == "Valid: 1 resource.\n"
    assert "Plan: 0 to create, 1 to update, 0 to stop." in planned.out
    assert "reconciler plan shop --sandbox" in begun.out


@pytest.mark.parametrize("words", [["--advertiser", "7"], ["--account", "8"], ["--advertiser", "7", "--account", "8"]])
def test_a_project_of_an_account_has_no_sample_of_the_sandbox(tmp_path: Path, words: list[str]) -> None:
    begun = reconciler("init", "--ci", "none", *words, at=tmp_path)

    assert begun.code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"reconciler.yaml", ".gitignore", "schemas"}
    valid = reconciler("validate", at=tmp_path)
    assert "error[no-files]" in valid.out
    assert "`reconciler import` writes what is live" in valid.out


@pytest.mark.parametrize(
    ("ci", "folder", "files"),
    [
        ("github", ".github/workflows", {"apply.yml", "drift.yml", "plan.yml", "validate.yml"}),
        ("gitlab", ".", {".gitlab-ci.yml"}),
        ("none", ".", set()),
    ],
)
def test_the_pipelines_are_the_recipes_to_the_letter(tmp_path: Path, ci: str, folder: str, files: set[str]) -> None:
    assert reconciler("init", "--ci", ci, at=tmp_path).code == 0

    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yml")}
    assert written == {f"{folder}/{name}".removeprefix("./") for name in files}
    for name in files:
        assert (tmp_path / folder / name).read_bytes() == (RECIPES / ci / name).read_bytes()


def test_the_recipes_install_this_version() -> None:
    for recipe in RECIPES.rglob("*.yml"):
        text = recipe.read_text(encoding="utf-8")
        assert f"=={__version__}" in text, recipe
        assert text.count("==") - text.count(" == ") == text.count(f"=={__version__}"), recipe


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": "adSets: {a: {id: 1}}\n", ".gitignore": "*.pyc\n"})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    begun = reconciler("init", at=tmp_path)

    assert begun.code == 0
    assert {path: path.read_bytes() for path in before} == before
    assert "  = reconciler.yaml  (was there, and is as it was)" in begun.out
    assert "Add .reconciler/ to .gitignore" in begun.out
    assert not (tmp_path / "ad-sets.yaml").exists()
    assert reconciler("validate", at=tmp_path).code == 0


def test_twice_is_once(tmp_path: Path) -> None:
    reconciler("init", at=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert "  + " not in reconciler("init", at=tmp_path).out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_git_ignores_the_ledger_and_no_resource(tmp_path: Path) -> None:
    reconciler("init", at=tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    names = [".reconciler/ledger.db", "plan.json", ".env", "plan.yaml", "ad-sets.yaml", "schemas/project.schema.json"]

    asked = subprocess.run(["git", "check-ignore", *names], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert asked.stdout.split() == names[:3]


@pytest.mark.parametrize("here", [".", "teams/shop"])
def test_below_the_root_of_a_repository_workflows_are_written_there_for_the_folder(tmp_path: Path, here: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / here).mkdir(parents=True, exist_ok=True)

    begun = reconciler("init", "teams/shop" if here == "." else ".", at=tmp_path / here)

    assert begun.code == 0
    home = tmp_path / ".github" / "workflows"
    assert {path.name for path in home.iterdir()} == {"apply.yml", "drift.yml", "plan.yml", "validate.yml"}
    assert not (tmp_path / "teams/shop/.github").exists()
    assert f"  + {os.path.relpath(home / 'plan.yml', tmp_path / here)}\n" in begun.out
    for path in home.iterdir():
        workflow = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
        assert workflow["defaults"] == {"run": {"working-directory": "teams/shop"}}
        for event in ("pull_request", "push"):
            if event in workflow["on"]:
                paths = ["teams/shop/**", f".github/workflows/{path.name}"]
                assert workflow["on"][event]["paths"] == paths
        assert workflow["concurrency"]["group"].partition("${{")[0].rstrip("-").endswith("-teams-shop")
        assert files_of(workflow) <= {
            *(f"teams/shop/{name}" for name in ("plan.json", "plan.html", "apply.xml", "drift.sarif", "drift.xml")),
            "teams/shop",
        }


def files_of(workflow: Any) -> set[str]:
    """What the steps of a workflow that are no commands name: such paths begin at the root of the repository."""
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    named = [step.get("with", {}).get(key, "") for step in steps for key in ("path", "sarif_file")]
    conditions = [found for step in steps for found in re.findall(r"hashFiles\('([^']*)'\)", step.get("if", ""))]
    return {line for each in (*named, *conditions) for line in each.split()}


def test_two_projects_of_a_repository_have_workflows_of_their_own(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for _ in range(2):
        for shop in ("north", "south"):
            assert reconciler("init", shop, at=tmp_path).code == 0

    home = tmp_path / ".github" / "workflows"
    names = ("apply", "drift", "plan", "validate")
    assert {path.name for path in home.iterdir()} == {
        *(f"{name}.yml" for name in names),
        *(f"south-{name}.yml" for name in names),
    }
    workflows = [yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader) for path in home.iterdir()]
    assert len({each["name"] for each in workflows}) == len({each["concurrency"]["group"] for each in workflows}) == 8


def test_below_the_root_of_a_repository_gitlabs_pipeline_runs_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert reconciler("init", "shop", "--ci", "gitlab", at=tmp_path).code == 0

    jobs = yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text("utf-8"))
    assert jobs["default"]["before_script"][0] == "cd shop"
    assert jobs["plan"]["artifacts"]["paths"] == ["shop/plan.json", "shop/plan.html"]
    assert jobs["plan"]["artifacts"]["reports"]["dotenv"] == "shop/plan.env"
    assert jobs["apply"]["artifacts"]["reports"] == {"junit": "shop/apply.xml"}
    assert jobs["apply"]["resource_group"] == "criteo-production-shop"
    assert all(
        rule["changes"][0] == "shop/**/*" for job in ("validate", "plan", "apply") for rule in jobs[job]["rules"]
    )
    assert "changes" not in jobs["drift"]["rules"][0]


def test_where_gitlabs_pipeline_is_of_another_project_it_says_what_to_include(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    reconciler("init", "north", "--ci", "gitlab", at=tmp_path)
    first = (tmp_path / ".gitlab-ci.yml").read_bytes()

    begun = reconciler("init", "south", "--ci", "gitlab", at=tmp_path)

    assert "include south/.gitlab-ci.yml in it" in begun.out
    assert (tmp_path / ".gitlab-ci.yml").read_bytes() == first


def test_a_folder_whose_name_needs_quotes_is_told_where_pipelines_belong(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    begun = reconciler("init", "our shop", at=tmp_path)

    assert f"Pipelines are read at the root of the repository, {tmp_path}" in begun.out
    assert (tmp_path / "our shop" / ".github" / "workflows" / "plan.yml").exists()


def test_at_the_root_of_a_repository_the_pipelines_are_the_recipes(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()

    assert reconciler("init", at=tmp_path).code == 0

    for recipe in (RECIPES / "github").iterdir():
        assert (tmp_path / ".github/workflows" / recipe.name).read_bytes() == recipe.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shop/inner"], "error[project-exists]: shop/inner lies in the project"),
        (["shop/reconciler.yaml"], "error[not-a-folder]"),
        (["--advertiser", "Shop A"], "'Shop A' is no id"),
        (["--ci", "jenkins"], "'jenkins' is not one of"),
    ],
)
def test_what_cannot_be_begun_is_refused_in_words(tmp_path: Path, words: list[str], told: str) -> None:
    project(tmp_path / "shop", {})

    ended = reconciler("init", *words, at=tmp_path)

    assert ended.code == 1
    assert told in ended.said
    assert not list(tmp_path.rglob("*.schema.json"))


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert "error[not-written]: file/shop/" in reconciler("init", "file/shop", at=tmp_path).said


# --- version -------------------------------------------------------------------------------------------------------


def test_the_versions_of_everything(tmp_path: Path) -> None:
    said = json.loads(reconciler("version", "--json", at=tmp_path).out)

    assert said["reconciler"] == __version__
    assert said["python"].split(".")[:2] == [str(part) for part in sys.version_info[:2]]
    assert {family: [each["version"] for each in api] for family, api in said["api"].items()} == {
        family: list(api_versions.version_names(family)) for family in api_versions.FAMILIES
    }
    assert said["formats"] == {"project": 1, "report": "1.0", "plan": "1.0", "ledger": 3}
    assert set(said["optional"]) == {"postgres", "socks"}
    assert reconciler("version", at=tmp_path).out.startswith(f"reconciler {__version__}\n")


# --- completion ----------------------------------------------------------------------------------------------------

DRIVER = """
eval "$(reconciler completion bash)"
complete=$(complete -p reconciler | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
offer() {
    COMP_WORDS=("$@") COMP_CWORD=$(( $# - 1 )) COMP_LINE="$*" COMPREPLY=()
    "$complete" reconciler "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
    echo "${COMPREPLY[@]}"
}
"""
OFFERED = {
    ("pl",): "plan",
    ("plan", "--det"): "--detailed-exitcode",
    ("plan", "--target", "adSets.s"): "adSets.summer-fr adSets.summer-de",
    ("plan", "--target", ""): "adSets.summer-fr adSets.summer-de adSets.winter balances.q1",
    ("ledger", "history", "bal"): "balances.q1",
    ("plan", "--allow", "remo"): "removedCap",
    ("plan", "--format", "json"): "json json-stream",
    ("explain", "yaml-m"): "yaml-merge",
    ("import", "--kind", "seller"): "sellerCampaigns sellerBudgets",
}
"""The words of a line, the last of them begun, and what is offered for it."""


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """A project of two kinds, one of its files broken, and a shell that finds the command."""
    files = {
        "ads.yaml": 'adSets:\n  summer-fr: {id: "1"}\n  summer-de: {id: "2"}\n  winter: {id: "3"}\n',
        "b.yaml": 'balances:\n  q1: {accountId: "1", id: "4"}\n',
        "broken.yaml": "adSets: {half\n",
    }
    (tmp_path / "bin").mkdir()
    script = f'#!/bin/sh\nexec {sys.executable} -m reconciler.cli "$@"\n'
    (tmp_path / "bin" / "reconciler").write_text(script)
    (tmp_path / "bin" / "reconciler").chmod(0o755)
    return project(tmp_path, files)


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(accounts: Path) -> None:
    lines = ["offer reconciler " + " ".join(f"'{word}'" for word in words) for words in OFFERED]
    path = f"{accounts / 'bin'}:{os.environ['PATH']}"

    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join([DRIVER, *lines])],
        cwd=accounts,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.stderr == ""
    assert dict(zip(OFFERED, done.stdout.splitlines(), strict=True)) == OFFERED


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    said = reconciler("completion", shell, at=tmp_path)

    assert said.code == 0
    assert "_RECONCILER_COMPLETE" in said.out


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes(accounts: Path) -> None:
    line = 'reconciler completion fish | source; complete --do-complete "reconciler plan --target adSets.s"'
    path = f"{accounts / 'bin'}:{os.environ['PATH']}"

    done = subprocess.run(
        ["fish", "--no-config", "-c", line],
        cwd=accounts,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert sorted(line.split()[0] for line in done.stdout.splitlines()) == ["adSets.summer-de", "adSets.summer-fr"]


ZSH = (
    "autoload -Uz compinit && compinit -D -u",
    'eval "$(reconciler completion zsh)"',
    'tell() { print -r -- "line=<$BUFFER>" }; zle -N tell; bindkey "^X" tell',
)
"""What stands in ~/.zshrc, and a key that tells the line as it stands."""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_completes(accounts: Path) -> None:
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        os.chdir(accounts)
        path = f"{accounts / 'bin'}:{os.environ['PATH']}"
        os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "PATH": path, "TERM": "dumb", "PS1": "> "})
    os.write(terminal, "".join(f"{line}\n" for line in ZSH).encode())
    os.write(terminal, b"reconciler plan --target adSets.w\t\x18")

    said = b""
    while not (told := re.search(rb"line=<([^$]*)>", said)):
        said += os.read(terminal, 65536)
    os.close(terminal)  # the shell is hung up on
    os.waitpid(child, 0)

    assert told[1] == b"reconciler plan --target adSets.winter "
