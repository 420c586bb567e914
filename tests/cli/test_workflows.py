"""The workflows that `init` writes, played in a repository with two projects, with the steps of our own action.

The tool is installed from the checkout into a clean environment, and calls a sandbox that is served over loopback.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.chat import Chat
from ..support.commands import CREDENTIALS, project
from ..support.workflows import Ended, Runner

ROOT = Path(__file__).parents[2]
PROJECT = 'version: 1\nextends: {base}\nscope: {{advertiserIds: ["1352"]}}\n'
AD_SET = 'adSets:\n  {name}:\n    id: "{id}"\n    bidding: {{bidAmount: {bid}}}\n'
NORTH, SOUTH = "north", "teams/south shop"
SECRETS = {**CREDENTIALS, "LEDGER_PASSWORD": ""}
# Some forty commands and clones: minutes, where many processes share a core.
pytestmark = pytest.mark.timeout(1200)
GH = """#!{python}
'''The program gh, with one repository: comments in a file, and the last run that succeeded.'''
import json, os, pathlib, sys
home = pathlib.Path(os.environ["GH_HOME"])
comments = json.loads(home.joinpath("comments.json").read_text())
words = sys.argv[1:]
assert words[0] == "api" and os.environ["GH_TOKEN"]
address = next(word for word in words if word.startswith("repos/"))
body = next((pathlib.Path(word[6:]).read_text() for word in words if word.startswith("body=@")), None)
if "/runs?" in address:
    assert "/workflows/apply.yml/runs?branch=main&status=success" in address
    print(home.joinpath("applied").read_text())
elif body is None:
    print("\\n".join(id for id, text in comments.items() if text.startswith(os.environ["TAG"])))
elif "PATCH" in words:
    comments[address.rpartition("/")[2]] = body
else:
    comments[str(len(comments) + 1)] = body
home.joinpath("comments.json").write_text(json.dumps(comments))
"""


def git(at: Path, *words: str) -> str:
    identity = ("-c", "user.name=Jo", "-c", "user.email=jo@example.com")
    return subprocess.run(["git", *identity, *words], cwd=at, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the demo's account, served over HTTP."""
    words = [sys.executable, "-m", "reconciler.cli", "sandbox", "serve", "--port", "0"]
    at = tmp_path_factory.mktemp("account")
    with subprocess.Popen(words, cwd=at, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield next(line for line in server.stdout if "RECONCILER_API_URL=" in line).strip().rpartition("=")[2]
        finally:
            server.kill()


class Shop:
    """A repository with two projects and the workflows that `init` wrote, and a runner for it."""

    def __init__(self, folder: Path, account: str) -> None:
        self.chat = Chat()
        self.repository = folder / "repository"
        self.gh = folder / "gh"
        self.gh.mkdir(parents=True)
        (self.gh / "comments.json").write_text("{}")
        (self.gh / "applied").write_text("none")
        program = self.gh / "bin" / "gh"
        program.parent.mkdir()
        program.write_text(GH.format(python=sys.executable))
        program.chmod(0o755)
        (program.parent / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        self.repository.mkdir()
        git(self.repository, "init", "-q", "-b", "main")
        for name, id, base in ((NORTH, "123467", "../company.yaml"), (SOUTH, "123474", "../../company.yaml")):
            project(self.repository / name, {}, PROJECT.format(base=base))
            self.bid(name, id, "1.00")
            words = [sys.executable, "-m", "reconciler.cli", "init", name]
            subprocess.run(words, cwd=self.repository, check=True, capture_output=True)
        self.share("guardrails: {maxRaisePercent: 500}\n")
        self.commit("begin")
        # Without an index: what the tool needs is taken from the environment of the tests, the tool itself is built.
        site = sysconfig.get_path("purelib")
        # (`false` is how pip spells it: the variable sets what the option switches off.)
        pip = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "false", "PIP_NO_DEPS": "1", "PYTHONPATH": site}
        self.runner = Runner(
            self.repository,
            ROOT,
            folder / "machine",
            {"RECONCILER_API_URL": account, "GH_HOME": str(self.gh), **pip},
            {**SECRETS, "RECONCILER_WEBHOOK": self.chat.url},
            (program.parent,),
        )

    def bid(self, name: str, id: str, bid: str) -> None:
        text = AD_SET.format(name=Path(name).name.replace(" ", "-"), id=id, bid=bid)
        (self.repository / name / "ads.yaml").write_text(text)

    def share(self, text: str) -> None:
        (self.repository / "company.yaml").write_text(text)

    def commit(self, message: str) -> str:
        git(self.repository, "add", ".")
        git(self.repository, "commit", "-qm", message)
        return git(self.repository, "rev-parse", "HEAD")

    @property
    def head(self) -> str:
        return git(self.repository, "rev-parse", "HEAD")

    def pull_request(self, workflow: str, base: str, *, fork: bool = False) -> dict[str, Ended]:
        head = {"repo": {"full_name": "stranger/ads" if fork else "shop/ads"}}
        event = {"pull_request": {"number": "7", "base": {"sha": base}, "head": head}}
        return self.runner.run(workflow, {"event_name": "pull_request", "event": event})

    def push(self) -> dict[str, Ended]:
        ended = self.runner.run("apply.yml", {"event_name": "push", "event": {}})
        if all(each.result in ("success", "skipped") for each in ended.values()):
            (self.gh / "applied").write_text(self.head)
        return ended

    def comment(self, text: str) -> None:
        (self.gh / "comments.json").write_text(json.dumps({"1": text}))

    @property
    def comments(self) -> dict[str, str]:
        found: dict[str, str] = json.loads((self.gh / "comments.json").read_text())
        return found


@pytest.fixture(scope="module")
def shop(account: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    here = Shop(tmp_path_factory.mktemp("shop"), account)
    yield here
    here.chat.close()


def results(ended: dict[str, Ended]) -> dict[str, str]:
    return {name: each.result for name, each in ended.items()}


def test_a_change_from_its_pull_request_to_the_night_after(shop: Shop) -> None:
    """One story, since each of its steps begins where the one before ended."""
    # Nothing was ever applied: every project counts as changed, and both plans are approved and applied.
    first = shop.push()
    assert results(first) == dict.fromkeys(("projects", "plan", "plans", "apply"), "success"), first
    assert set(first["apply"].legs) == {NORTH, SOUTH}
    assert all("1 applied" in leg.summary for leg in first["apply"].legs.values())
    titles = sorted(told["text"].splitlines()[0] for _, told in shop.chat.heard)
    assert titles == ["apply of north: 1 applied", "apply of south shop: 1 applied"]

    # A pull request that changes one project: its plan is a comment, which is kept current.
    base = shop.head
    shop.bid(NORTH, "123467", "1.05")
    shop.commit("raise")
    shop.comment("<!-- reconciler:plan project=north -->\nof the commit before")
    valid, planned = (shop.pull_request(f"{name}.yml", base) for name in ("validate", "plan"))
    assert set(valid["project"].legs) == set(planned["project"].legs) == {NORTH}
    assert valid["validate"].result == planned["plan"].result == "success"
    assert "1.05" in planned["project"].summary
    assert list(shop.comments) == ["1"]
    assert "1.05" in shop.comments["1"]

    # It is merged: what changed since the last run that succeeded is applied, and a second run has nothing to do.
    merged = shop.push()
    assert set(merged["apply"].legs) == {NORTH}
    assert results(shop.push()) == dict.fromkeys(("plan", "plans", "apply"), "skipped") | {"projects": "success"}

    # The night: no project has drifted.
    night = shop.runner.run("drift.yml", {"event_name": "schedule", "event": {}})
    assert set(night["drift"].legs) == {NORTH, SOUTH}
    assert night["drift"].result == "success", night["drift"].said


def test_the_required_checks_report_always_and_a_refused_project_stops_no_other(shop: Shop) -> None:
    base = shop.head
    (shop.repository / "README.md").write_text("Two shops.\n")
    shop.commit("words")
    for name, check in (("validate.yml", "validate"), ("plan.yml", "plan")):
        ended = shop.pull_request(name, base)
        assert results(ended) == {"projects": "success", "project": "skipped", check: "success"}

    shop.bid(NORTH, "123467", "104.00")  # a slip of the point
    shop.bid(SOUTH, "123474", "1.03")
    shop.commit("slip")
    planned = shop.pull_request("plan.yml", base)
    assert planned["project"].legs[NORTH].result == planned["plan"].result == "failure"
    assert planned["project"].legs[SOUTH].result == "success"
    assert "maxRaisePercent" in planned["project"].legs[NORTH].summary
    assert results(shop.pull_request("plan.yml", base, fork=True)) == {
        "projects": "skipped",
        "project": "skipped",
        "plan": "success",
    }

    applied = shop.push()
    assert results(applied) == {"projects": "success", "plan": "failure", "plans": "success", "apply": "success"}
    assert set(applied["apply"].legs) == {SOUTH}

    # The refused project is not forgotten by the next push, though that changes nothing of it.
    (shop.repository / "README.md").write_text("Two shops, once more.\n")
    shop.bid(NORTH, "123467", "1.08")
    shop.commit("mend")
    (shop.repository / "README.md").write_text("Two shops, thrice.\n")
    shop.commit("words again")
    assert shop.push()["apply"].legs[NORTH].result == "success"


def test_names_from_a_pull_request_are_no_options_and_no_commands(shop: Shop) -> None:
    base = shop.head
    evil = "--api-url=http:$(touch pwned)"
    (shop.repository / evil).mkdir()
    (shop.repository / evil / "reconciler.yaml").write_text('version: 1\nscope: {advertiserIds: ["1352"]}\n')
    (shop.repository / evil / "ads.yaml").write_text('adSets: {a: {id: "1"}}\n')
    shop.commit("evil")
    try:
        valid = shop.pull_request("validate.yml", base)
        assert list(valid["project"].legs) == [evil]
        assert valid["validate"].result == "success", valid["project"].said
        assert not list(shop.runner.temporary.rglob("pwned"))
    finally:
        git(shop.repository, "reset", "-q", "--hard", base)
