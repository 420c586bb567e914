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

import pytest
import yaml

from reconciler import __version__
from reconciler.cli import main
from reconciler.commands.init import pipelines, tool_source
from reconciler.kinds import versions as api_versions

from ..support.commands import Ended, project

RECIPES = pipelines.RECIPES
WORKFLOWS = {"apply", "drift", "plan", "validate"}
SOURCE = f"https://github.com/our-org/reconciler@{'a1' * 20}"


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
    ("ci", "files"),
    [
        ("github", {f".github/workflows/{name}.yml" for name in WORKFLOWS}),
        ("gitlab", {".gitlab/reconciler.yml", ".gitlab-ci.yml"}),
        ("none", set()),
    ],
)
def test_the_pipelines_are_the_recipes_and_install_the_tool_from_its_source(
    tmp_path: Path, ci: str, files: set[str]
) -> None:
    begun = reconciler("init", "--ci", ci, "--source", SOURCE, at=tmp_path)

    assert begun.code == 0
    assert "placeholder" not in begun.out
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.yml")} == files
    for name in files:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "YOUR_" not in text
        if ci == "github":
            recipe = (RECIPES / Path(name).name).read_text(encoding="utf-8")
            assert text == recipe.replace("YOUR_ORG/reconciler@" + "0" * 40, "our-org/reconciler@" + "a1" * 20)
            assert text.count("our-org/reconciler@") >= 2 - ("drift" in name)
    if ci == "gitlab":
        assert (tmp_path / ".gitlab/reconciler.yml").read_text(encoding="utf-8") == pipelines.read_template()
        assert f"git+https://github.com/our-org/reconciler@{'a1' * 20}" in (tmp_path / ".gitlab-ci.yml").read_text()


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_source_that_is_not_known_is_a_placeholder_that_no_host_has(
    tmp_path: Path, ci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.commands.init.find_source", lambda: None)

    begun = reconciler("init", "--ci", ci, at=tmp_path)

    assert "which is a placeholder: put its repository" in begun.out
    assert "0" * 40 in "".join(path.read_text("utf-8") for path in tmp_path.rglob("*.yml"))
    assert "placeholder" not in reconciler("init", "--ci", ci, at=tmp_path).out  # its files are the user's by now


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://github.com/our-org/reconciler.git", "https://github.com/our-org/reconciler"),
        ("https://jo:secret@github.com/our-org/reconciler", "https://github.com/our-org/reconciler"),
        ("git@github.com:our-org/reconciler.git", "https://github.com/our-org/reconciler"),
        ("ssh://git@gitlab.example:22/group/sub/reconciler.git", "https://gitlab.example/group/sub/reconciler"),
        ("/srv/reconciler.git", None),
        ("http://example.com/a/b", None),
        ("https://example.com/one", None),
        ("", None),
    ],
)
def test_the_source_is_that_of_the_checkout_without_any_login(url: str, source: str | None) -> None:
    found = tool_source.parse_source(f"{tool_source.without_login(url)}@{'a1' * 20}")

    assert (found.url if found else None) == source


@pytest.mark.parametrize("source", ["our-org/reconciler@main", "https://github.com/a/b@v1", "https://github.com/a/b"])
def test_a_source_without_a_whole_commit_is_refused(tmp_path: Path, source: str) -> None:
    ended = reconciler("init", "--source", source, at=tmp_path)

    assert ended.code == 1
    assert "write https://HOST/OWNER/NAME@COMMIT, with the whole commit" in ended.said
    assert not list(tmp_path.iterdir())


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


@pytest.mark.parametrize("here", [".", "teams/our shop"])
def test_below_the_root_of_a_repository_workflows_are_written_there(tmp_path: Path, here: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / here).mkdir(parents=True, exist_ok=True)

    begun = reconciler("init", "teams/our shop" if here == "." else ".", at=tmp_path / here)

    assert begun.code == 0
    home = tmp_path / ".github" / "workflows"
    assert {path.stem for path in home.iterdir()} == WORKFLOWS
    assert not (tmp_path / "teams/our shop/.github").exists()
    assert f"  + {os.path.relpath(home / 'plan.yml', tmp_path / here)}\n" in begun.out


def test_a_second_project_of_a_repository_needs_no_other_workflows(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert reconciler("init", "north", at=tmp_path).code == 0
    before = {path: path.read_bytes() for path in (tmp_path / ".github/workflows").iterdir()}

    begun = reconciler("init", "south", at=tmp_path)

    assert {path: path.read_bytes() for path in (tmp_path / ".github/workflows").iterdir()} == before
    assert "  = .github/workflows/plan.yml  (was there, and is as it was)" in begun.out


def test_workflows_of_another_tool_keep_their_names(tmp_path: Path) -> None:
    home = tmp_path / ".github" / "workflows"
    home.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (home / "plan.yml").write_text("name: terraform\n")

    assert reconciler("init", at=tmp_path).code == 0

    assert (home / "plan.yml").read_text() == "name: terraform\n"
    assert {path.stem for path in home.iterdir()} == WORKFLOWS | {"reconciler-plan"}


def test_gitlabs_pipeline_has_an_entry_for_each_project(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "company.yaml").write_text("guardrails: {maxChanges: 5}\n")
    project(tmp_path / "teams/our shop", {}, "version: 1\nextends: ../../company.yaml\nscope: {}\n")

    for folder in ("north", "teams/our shop", "north"):
        begun = reconciler("init", folder, "--ci", "gitlab", "--source", SOURCE, at=tmp_path)
        assert begun.code == 0
        assert "add this under `include`" not in begun.out

    first, second = yaml.safe_load((tmp_path / ".gitlab-ci.yml").read_text("utf-8"))["include"]
    assert first["local"] == second["local"] == ".gitlab/reconciler.yml"
    assert first["inputs"]["project"] == first["inputs"]["name"] == "north"
    assert second["inputs"]["project"] == "teams/our shop"
    assert re.fullmatch("[a-z0-9-]+", second["inputs"]["name"])
    assert second["inputs"]["changes"] == [
        "teams/our shop/**/*.yaml",
        "teams/our shop/**/*.yml",
        "company.yaml",
        ".gitlab-ci.yml",
        ".gitlab/reconciler.yml",
    ]


def test_where_gitlabs_pipeline_is_not_ours_it_says_what_to_include(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitlab-ci.yml").write_text("test: {script: [make test]}\n")

    begun = reconciler("init", "shop", "--ci", "gitlab", at=tmp_path)

    assert "add this under `include`" in begun.out
    assert '      project: "shop"\n' in begun.out
    assert (tmp_path / ".gitlab-ci.yml").read_text() == "test: {script: [make test]}\n"


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
