"""A guardrail is overruled in the files, where it is reviewed: for some resources, for a time, and for all to see."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler import guardrails
from reconciler.config import allow
from reconciler.guardrails.decisions import Decision
from reconciler.model import Address, Change, Judgement, Severity, Verdict, warning
from reconciler.planfile.plan_codec import CODEC

from ..support.commands import Ended, project, reconciler
from ..unit.guardrails.proposals import SATURDAY, at, bid, proposal

REFUSED = 3
HEAD = 'version: 1\nscope: {advertiserIds: ["1352"]}\nguardrails: {maxRaisePercent: 20}\n'
ADS = "adSets:\n  fr: {id: '123467', bidding: {bidAmount: 0.90}}\n  fr-2: {id: '123468', bidding: {bidAmount: 1.25}}\n"
RAISED = ADS.replace("0.90", "1.35")
ALLOW = 'allow:\n  - {rule: maxRaisePercent, addresses: ["adSets.fr"], until: 2026-12-02, because: Black Friday}\n'
SANDBOX = ("--sandbox", "world.json")


class Repository:
    """A project in git, with one commit for each state of its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git("init", "-q")
        (folder / ".gitignore").write_text("world.json*\n.reconciler\n*.patch\nplan.json\n")
        self.commit(HEAD, ADS)

    def commit(self, head: str | None = None, ads: str | None = None) -> None:
        for name, text in (("reconciler.yaml", head), ("ads.yaml", ads)):
            if text is not None:
                (self.folder / name).write_text(text)
        self._git("add", ".")
        self._git("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "A change")

    def run(self, *words: str) -> Ended:
        return reconciler(*words, *SANDBOX, at=self.folder)

    def told(self, *words: str) -> Any:
        return json.loads(self.run("plan", "--format", "json", *words).out)

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, check=True, timeout=60)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    project(tmp_path, {})
    return Repository(tmp_path)


def codes(told: Any) -> list[str]:
    return [each["code"] for each in told["diagnostics"] if each["code"].startswith(("allow", "guardrail", "bad"))]


# --- A pull request -------------------------------------------------------------------------------------------


def test_a_pull_request_is_refused_then_allowed_in_its_files_and_applied_and_the_decision_ends(
    repository: Repository,
) -> None:
    repository.commit(ads=RAISED)
    refused = repository.run("plan")
    assert refused.code == REFUSED, refused.said
    assert "or a reviewed entry under `allow`" in refused.out

    repository.commit(head=HEAD + ALLOW)
    planned = repository.run("plan", "--out", "plan.json")
    assert planned.code == 0, planned.said
    assert (
        "allowed: maxRaisePercent (20 %), 1 problem allowed until 2026-12-03 00:00 UTC by reconciler.yaml:5:5,"
        " because Black Friday"
    ) in planned.out
    assert "allowed-in-same-commit" not in planned.out

    applied = repository.run("apply", "plan.json")
    assert applied.code == 0, applied.said
    assert "because Black Friday" in repository.run("ledger", "show", run_id(repository)).out

    repository.commit(ads=RAISED.replace("1.35", "2.70"))
    assert repository.run("plan", "--at", "2026-12-02T23:59Z").code == 0
    late = repository.run("plan", "--at", "2026-12-03T00:00Z")
    assert late.code == REFUSED, late.said
    assert "note[allow-over]: the decision to allow maxRaisePercent (Black Friday) ended at 2026-12-03" in late.out
    assert "the decision at reconciler.yaml:5:5 to allow it ended at 2026-12-03 00:00 UTC" in late.out


def run_id(repository: Repository) -> str:
    return repository.run("ledger", "runs").out.split()[0]


def test_a_decision_beside_its_change_in_one_commit_is_told(repository: Repository) -> None:
    repository.commit(HEAD + ALLOW, RAISED)

    (problem,) = [each for each in repository.told()["diagnostics"] if each["code"] == "allowed-in-same-commit"]

    assert problem["range"]["start"]["line"] == 5
    assert "was added by commit" in problem["message"]
    assert "and so was the change at ads.yaml:2:" in problem["message"]


def test_a_decision_that_is_not_committed_like_its_change_is_told(repository: Repository) -> None:
    (repository.folder / "reconciler.yaml").write_text(HEAD + ALLOW)
    (repository.folder / "ads.yaml").write_text(RAISED)

    ended = repository.run("plan")

    assert "warning[allowed-in-same-commit]: this decision to allow maxRaisePercent is not committed yet" in ended.out


def test_where_git_cannot_tell_nothing_is_said(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": RAISED}, HEAD + ALLOW)

    ended = reconciler("plan", *SANDBOX, at=folder)

    assert ended.code == 0, ended.said
    assert "allowed-in-same-commit" not in ended.said


def test_in_a_shallow_checkout_nothing_is_said(repository: Repository, tmp_path: Path) -> None:
    """Git then names the one commit that it has for every line."""
    repository.commit(HEAD + ALLOW, ADS)
    repository.commit(ads=RAISED)
    shallow = tmp_path / "shallow"
    words = ("git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", str(shallow))
    subprocess.run(words, check=True, timeout=60)

    ended = reconciler("plan", *SANDBOX, at=shallow)

    assert ended.code == 0, ended.said
    assert "allowed-in-same-commit" not in ended.said


def test_a_resource_file_may_hold_decisions_and_every_report_shows_them(repository: Repository) -> None:
    repository.commit(ads=RAISED + ALLOW)

    for form in (
        "text",
        "json",
        "json-stream",
        "markdown",
        "html",
        "github",
        "codequality",
        "sarif",
        "junit",
    ):
        words = ("--json-stream",) if form == "json-stream" else ("--format", form)
        ended = repository.run("plan", *words)
        assert ended.code == 0, (form, ended.said)
        assert "Black Friday" in ended.out, form
    (judged,) = [each for each in repository.told()["guardrails"] if each["rule"] == "maxRaisePercent"]
    assert (judged["verdict"], judged["because"]) == ("allowed", None)
    assert [(each["count"], each["until"]) for each in judged["allowed"]] == [(1, "2026-12-03T00:00:00Z")]


def test_a_decision_of_the_files_is_not_kept_alive_by_a_saved_plan(repository: Repository) -> None:
    repository.commit(HEAD + ALLOW, RAISED)
    assert repository.run("plan", "--out", "plan.json").code == 0

    assert json.loads((repository.folder / "plan.json").read_text())["allowed"] == {}


# --- What is wrong with an entry --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            "rule: maxRaise, addresses: ['*'], until: 2999-01-01, because: x",
            "5:12: error[bad-allow]: there is no guardrail",
        ),
        (
            "rule: freeze, addresses: ['*'], until: 2999-01-01, because: x",
            "warning[allow-without-effect]: allowing freeze",
        ),
        ("rule: maxRaisePercent, addresses: [no], until: 2999-01-01, because: x", "no resource matches no"),
        ("rule: maxRaisePercent, addresses: ['*'], until: 2999-02-31, because: x", "error[bad-moment]: until"),
        ("rule: maxRaisePercent, addresses: ['*'], until: 2999-01-01, zone: X, because: x", "there is no time zone"),
        ("rule: maxRaisePercent, addresses: ['*'], until: 2999-01-01, because: ' '", "no character of it can be seen"),
        ("rule: maxRaisePercent, addresses: ['*'], until: 2999-01-01", "error["),
        ("rule: maxRaisePercent, addresses: '*', until: 2999-01-01, because: x", "error[wrong-type]"),
        ("rule: maxRaisePercent, addresses: ['*'], until: 2000-01-01, because: x", "note[allow-over]"),
    ],
)
@pytest.mark.parametrize("file", ["reconciler.yaml", "ads.yaml"])
def test_what_is_wrong_with_an_entry_is_told_at_its_place(tmp_path: Path, entry: str, says: str, file: str) -> None:
    text = f"allow:\n  - {{{entry}}}\n"
    in_ads = file == "ads.yaml"
    folder = project(tmp_path, {"ads.yaml": ADS + text if in_ads else ADS}, HEAD if in_ads else HEAD + text)

    ended = reconciler("validate", at=folder)

    assert says in ended.out
    assert f"{file}:5:" in ended.out
    assert ended.code == (1 if "error[" in ended.out else 0)


def test_a_hard_rule_is_not_overruled(tmp_path: Path) -> None:
    head = HEAD.replace("20}", "20, levels: {maxRaisePercent: hard}}")
    folder = project(tmp_path, {"ads.yaml": RAISED}, head + ALLOW)

    ended = reconciler("plan", *SANDBOX, at=folder)

    assert ended.code == REFUSED
    assert "warning[allow-without-effect]: allowing maxRaisePercent decides nothing: its level is hard" in ended.out


# --- Where it applies -------------------------------------------------------------------------------------------


def decision(rule: str, *globs: str, ends: datetime = SATURDAY + timedelta(days=1)) -> Decision:
    return Decision(rule, globs, ends, "agreed", at(9))


def judged(changes: Sequence[Change], rules: dict[str, Any], *decisions: Decision) -> Judgement:
    settings = guardrails.GuardrailSettings(rules)
    name = next(iter(rules))
    found = guardrails.judge(proposal(*changes), settings, {}, decisions)
    return next(each for each in found if each.rule == name)


def test_only_the_resources_that_a_decision_names_are_excused() -> None:
    changes = [bid("1", "1.30", "a"), bid("1", "1.40", "b")]

    found = judged(changes, {"maxRaisePercent": 20}, decision("maxRaisePercent", "adSets.a"))

    assert found.verdict is Verdict.REFUSED
    assert [each.address for each in found.problems] == [Address("adSets", "b")]
    assert [each.count for each in found.excuses] == [1]
    assert {each.severity for excuse in found.excuses for each in excuse.problems} == {Severity.NOTE}


def test_two_decisions_may_cover_the_two_objections() -> None:
    changes = [bid("1", "1.30", "a"), bid("1", "1.40", "b")]
    both = [decision("maxRaisePercent", f"adSets.{name}") for name in "ab"]

    assert judged(changes, {"maxRaisePercent": 20}, *both).verdict is Verdict.ALLOWED


@pytest.mark.parametrize(
    ("globs", "verdict"),
    [(["adSets.a"], Verdict.REFUSED), (["adSets.*"], Verdict.ALLOWED), (["*.a", "*.b"], Verdict.ALLOWED)],
)
def test_an_objection_to_the_whole_plan_needs_a_decision_about_all_that_changes(
    globs: list[str], verdict: Verdict
) -> None:
    changes = [bid("1", "1.30", "a"), bid("1", "1.40", "b")]

    assert judged(changes, {"maxChanges": 1}, decision("maxChanges", *globs)).verdict is verdict


def test_a_decision_ends_at_its_instant_and_not_before() -> None:
    now = proposal(bid("1", "2")).now

    def verdict(ends: datetime) -> Verdict:
        return judged([bid("1", "2")], {"maxRaisePercent": 20}, decision("maxRaisePercent", "*", ends=ends)).verdict

    assert verdict(now + timedelta(microseconds=1)) is Verdict.ALLOWED
    assert verdict(now) is Verdict.REFUSED


def test_many_excused_objections_are_counted_and_the_first_are_kept() -> None:
    changes = [bid("1", "2", f"a{number}") for number in range(300)]

    (excuse,) = judged(changes, {"maxRaisePercent": 20}, decision("maxRaisePercent", "*")).excuses

    assert (excuse.count, len(excuse.problems)) == (300, guardrails.SHOWN)


def test_what_a_decision_excused_is_kept_in_a_saved_plan() -> None:
    found = judged([bid("1", "2")], {"maxRaisePercent": 20}, decision("maxRaisePercent", "*"))

    assert CODEC.read(json.loads(json.dumps(CODEC.write(found))), Judgement) == found


@pytest.mark.parametrize("code", ["looks-renamed", "near-name", "twin"])
def test_a_creation_that_resembles_a_live_object_can_be_meant(code: str) -> None:
    twin = warning(code, "is it a rename?", address=Address("adSets", "a"))
    other = replace(twin, address=Address("adSets", "b"))

    meant, asked = allow.excuse_twins([twin, other], [decision("nearTwin", "adSets.a")], SATURDAY)

    assert meant.severity is Severity.NOTE
    assert "allowed until" in str(meant.hint)
    assert asked == other
    assert [*allow.excuse_twins([twin], [decision("nearTwin", "*")], SATURDAY + timedelta(days=1))] == [twin]
