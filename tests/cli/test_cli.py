"""The command line as a contract: exit codes, streams, prompts, and nothing hostile on a terminal or in a log."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler import ledger

from ..support.commands import CREDENTIALS, NOBODY, project, reconciler
from ..support.terminal import Answers, on_terminal

BID = 'adSets:\n  fr:\n    id: "123467"\n    bidding: {bidAmount: 1.25}\n'
SANDBOX = ("--sandbox", "world.json")


def world(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads((folder / "world.json").read_text())
    return state


def changed(folder: Path, change: Any) -> None:
    """Change the saved sandbox, as somebody else would."""
    state = world(folder)
    change(state)
    (folder / "world.json").write_text(json.dumps(state))


def writes(folder: Path) -> list[dict[str, Any]]:
    log = world(folder)["log"] if (folder / "world.json").exists() else []
    return [each for each in log if each["method"] != "GET" and not each["path"].endswith(("search", "token"))]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project of one ad set with a new bid, and a sandbox of its own."""
    return project(tmp_path, {"ads.yaml": BID})


@pytest.fixture
def started(here: Path) -> Path:
    """The same, its sandbox already there to be changed."""
    assert reconciler("plan", *SANDBOX, at=here).code == 0
    return here


def faulty(folder: Path, *faults: dict[str, Any]) -> None:
    numbered = {str(900 + n): {"nth": 1, "count": 1, "seen": 0, **fault} for n, fault in enumerate(faults)}
    changed(folder, lambda state: state["faults"].update(numbered))


# --- Exit codes --------------------------------------------------------------------------------------------


def test_changes_end_with_0_and_with_2_only_if_asked(here: Path) -> None:
    assert reconciler("plan", *SANDBOX, at=here).code == 0
    assert reconciler("plan", *SANDBOX, "--detailed-exitcode", at=here).code == 2


def test_no_changes_end_with_0_in_detail_too(here: Path) -> None:
    assert reconciler("apply", *SANDBOX, "--auto-approve", at=here).code == 0

    assert reconciler("plan", *SANDBOX, "--detailed-exitcode", at=here).code == 0


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such-option"],
        ["no-such-command"],
        ["plan", "--no-such-option"],
        ["plan", "--format", "papyrus"],
        ["apply", "--lock-timeout", "soon"],
        ["sandbox", "serve", "--port", "many"],
        ["plan", "--target"],
    ],
    ids=" ".join,
)
def test_a_misspelt_command_ends_with_1_never_with_2(here: Path, args: list[str]) -> None:
    ended = reconciler(*args, at=here)

    assert ended.code == 1, ended.said
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_a_refused_item_ends_with_5(started: Path) -> None:
    faulty(started, {"kind": "item_errors", "method": "PATCH", "path": "*/ad-sets"})

    ended = reconciler("apply", *SANDBOX, "--auto-approve", at=started)

    assert ended.code == 5, ended.said
    assert "ads.yaml:4:26: error[campaign--ad-set-update-check--invalid-bid-amount]" in ended.out


def test_an_unknown_outcome_ends_with_6(started: Path) -> None:
    faulty(started, {"kind": "item_errors", "method": "PATCH", "path": "*/ad-sets", "data": "with_failed"})

    ended = reconciler("apply", *SANDBOX, "--auto-approve", at=started)

    assert ended.code == 6, ended.said


def test_a_revoked_permission_ends_with_8(started: Path) -> None:
    changed(started, lambda state: state["applications"]["sandbox-ms"].update(permissions={}))

    ended = reconciler("plan", *SANDBOX, at=started)

    assert ended.code == 8, ended.said
    assert "error[not-allowed]" in ended.out


def test_a_version_that_is_gone_ends_with_9(started: Path) -> None:
    faulty(started, {"kind": "status", "status": 410, "path": "*/ad-sets/search", "count": None})

    ended = reconciler("plan", *SANDBOX, at=started)

    assert ended.code == 9, ended.said
    assert "error[version-gone]" in ended.out


def test_an_interrupt_ends_with_130(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler.cli", "sandbox", "serve", "--port", "0"],
        cwd=here,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "RECONCILER_API_URL" in process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)

    assert process.returncode in (0, 130)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "args",
    [
        ["plan", *SANDBOX, "--out", "no/such/folder/plan.json"],
        ["plan", *SANDBOX, "--out", "plan.json", "--valid-for", "nan"],
        ["plan", *SANDBOX, "--out", "plan.json", "--valid-for", "1e300"],
        ["plan", *SANDBOX, "--out", "plan.json", "--valid-for=-1"],
        ["apply", *SANDBOX, "--auto-approve", "--lock-timeout", "inf"],
        ["schema", "--out", "ads.yaml/schemas"],
        ["sandbox", "serve", "--port", "99999"],
        ["sandbox", "serve", "--port", "0", "--host", "nowhere.invalid"],
        ["plan", *SANDBOX, "--out", "plan.json", "--at", "9999-12-31T23:59Z"],
        ["ledger", "history", "summer", *SANDBOX],
    ],
    ids=lambda args: " ".join(args[-2:]),
)
def test_what_cannot_be_written_or_meant_is_said_in_a_sentence(here: Path, args: list[str]) -> None:
    ended = reconciler(*args, at=here)

    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert re.search("cannot be written|is not between|not in the range|cannot listen|is no (time|address)", ended.said)
    assert not (here / "plan.json").exists()
    assert writes(here) == []


def test_a_report_goes_into_a_pipe_and_does_not_take_its_place(here: Path) -> None:
    ended = reconciler("plan", *SANDBOX, "--format", "json", "--report", "gitlab=/dev/stderr", at=here)

    assert ended.code == 0
    assert json.loads(ended.err) == {"create": 0, "update": 1, "delete": 0}


def test_a_ledger_that_the_project_names_is_of_one_server(here: Path) -> None:
    (here / "reconciler.yaml").write_text('version: 1\nscope: {advertiserIds: ["1352"]}\nledger: sqlite:ours.db\n')
    ledger.open("sqlite:ours.db", here, server="localhost:8765").close()

    refused = reconciler("apply", "--auto-approve", "--api-url", NOBODY, at=here, env=CREDENTIALS)
    told = reconciler("ledger", "list", "--api-url", "http://localhost:8765", at=here)
    misspelt = reconciler("ledger", "list", "--api-url", "nonsense", at=here)

    assert (refused.code, told.code, misspelt.code) == (1, 0, 1)
    assert "its ids are of localhost:8765, and this command talks to 127.0.0.1:9" in refused.out
    assert "not a base URL" in misspelt.said


# --- Streams ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["validate"], ["plan", *SANDBOX], ["apply", *SANDBOX, "--auto-approve"]], ids=" ".join
)
@pytest.mark.parametrize("files", [{"ads.yaml": BID}, {"ads.yaml": "adSets: [\n"}, {}], ids=["right", "broken", "none"])
def test_json_is_all_there_is_on_stdout_whatever_happens(
    tmp_path: Path, command: list[str], files: dict[str, str]
) -> None:
    project(tmp_path, files)

    ended = reconciler(*command, "--format", "json", at=tmp_path)

    told = json.loads(ended.out)
    assert told["exit_code"] == ended.code
    assert told["errored"] == (ended.code == 1)
    assert ended.err == ""


@pytest.mark.parametrize(
    ("args", "env"),
    [(["--sandbox", "no/such/folder/\0"], {}), ([], {}), (["--api-url", "nonsense"], CREDENTIALS)],
    ids=["no sandbox", "no credentials", "no url"],
)
def test_json_is_all_there_is_when_nothing_can_begin(here: Path, args: list[str], env: dict[str, str]) -> None:
    if "\0" in "".join(args):
        (here / "broken.json").write_text("{")
        args = ["--sandbox", "broken.json"]

    ended = reconciler("plan", *args, "--format", "json", at=here, env=env)

    assert ended.code == 1
    assert json.loads(ended.out)["errored"] is True
    assert ended.err == ""


def test_reports_are_on_stdout_and_usage_is_on_stderr(here: Path) -> None:
    planned, misused = reconciler("plan", *SANDBOX, at=here), reconciler("plan", "--oops", at=here)

    assert planned.out.strip()
    assert planned.err == ""
    assert misused.out == ""
    assert "--oops" in misused.err


def test_without_a_terminal_there_is_no_colour_and_no_cursor_is_moved(here: Path) -> None:
    ended = reconciler("apply", *SANDBOX, "--auto-approve", at=here)

    assert "\x1b" not in ended.said
    assert "\r" not in ended.said


def test_schemas_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    assert reconciler("schema", "--out", "s", at=tmp_path).code == 0
    assert {file.name for file in (tmp_path / "s").iterdir()} == {"project.schema.json", "resources.schema.json"}


# --- Asking --------------------------------------------------------------------------------------------------


def test_without_a_terminal_no_question_is_asked_and_no_call_is_sent(here: Path) -> None:
    ended = reconciler("apply", "--api-url", NOBODY, at=here, env=CREDENTIALS, stdin="yes\n")

    assert ended.code == 1
    assert "--auto-approve" in ended.err
    assert ended.out == ""


def test_yes_sends(here: Path) -> None:
    ended = on_terminal("apply", *SANDBOX, at=here, person=Answers("yes\n"))

    assert ended.code == 0, ended.out
    assert "1 applied" in ended.out
    assert len(writes(here)) == 1


@pytest.mark.parametrize("typed", ["y\n", "YES\n", "no\n", "\n", "yes please\n", "\x04", "\x03"], ids=repr)
def test_anything_else_sends_nothing(here: Path, typed: str) -> None:
    ended = on_terminal("apply", *SANDBOX, at=here, person=Answers(typed))

    assert ended.code in (1, 130), ended.out
    assert writes(here) == []


def test_a_terminal_is_coloured_unless_no_color_is_set(here: Path) -> None:
    coloured = on_terminal("plan", *SANDBOX, at=here)
    plain = on_terminal("plan", *SANDBOX, at=here, env={"NO_COLOR": "1"})

    assert "\x1b[3" in coloured.out
    assert "\x1b[3" not in plain.out
    assert words(coloured.out) == words(plain.out)


def test_a_terminal_is_as_wide_as_the_longest_line_and_a_log_is_not_wrapped(here: Path) -> None:
    shown = on_terminal("plan", *SANDBOX, at=here, env={"NO_COLOR": "1", "COLUMNS": "50"})
    logged = reconciler("plan", *SANDBOX, at=here, env={"COLUMNS": "50"})

    lines = re.sub(r"\x1b\[K|\r[^\n]*\x1b\[K", "", shown.out).splitlines()
    assert max(len(line) for line in lines if len(line.split()) > 1) <= 50
    assert max(map(len, logged.out.splitlines())) > 80
    assert words(logged.out)[-12:] == words(shown.out)[-12:]


def words(text: str) -> list[str]:
    """Without colours, and without the progress, whose numbers differ each time."""
    text = re.sub(r"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", "", text)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).split()


# --- What is asked for ------------------------------------------------------------------------------------------


def test_a_target_limits_what_is_planned_and_sent(here: Path) -> None:
    project(here, {"ads.yaml": BID + '  other: {id: "123468", bidding: {bidAmount: 3}}\n'})

    ended = reconciler("apply", *SANDBOX, "--auto-approve", "--target", "adSets.o*", at=here)

    assert ended.code == 0, ended.said
    assert "adSets.fr" not in ended.out
    assert [item["id"] for call in writes(here) for item in call["body"]["data"]] == ["123468"]


def test_a_target_that_nothing_matches_is_an_error(here: Path) -> None:
    ended = reconciler("plan", *SANDBOX, "--target", "adSets.nobody", at=here)

    assert ended.code == 1
    assert "error[no-such-target]" in ended.out


def test_bodies_are_shown_as_they_are_sent(here: Path) -> None:
    project(here, {"ads.yaml": BID + '  other: {id: "123468", name: "Été – 2 €", bidding: {bidAmount: 0.1}}\n'})

    planned = json.loads(reconciler("plan", *SANDBOX, "--show-bodies", "--format", "json", at=here).out)
    text = reconciler("plan", *SANDBOX, "--show-bodies", at=here).out
    assert reconciler("apply", *SANDBOX, "--auto-approve", at=here).code == 0

    bodies = [call["body"] for call in planned["calls"]["now"]]
    assert sorted(map(str, map(json.loads, bodies))) == sorted(str(call["body"]) for call in writes(here))
    assert all(body in text for body in bodies)
    assert any("0.1}" in body and "0.10" not in body for body in bodies)


# --- Hostile names ---------------------------------------------------------------------------------------------

KEY = json.dumps("k\x1b[2J")
HOSTILE = {
    "a colour": "\x1b[31mred",
    "a cleared screen": "\x1b[2J\x1b[H",
    "a title": "\x1b]0;title\x07",
    "a bell and a return": "a\x07\rb",
    "a second line": "a\nPlan: 0 to create",
    "C1": "a\x9b31mb",
    "bidi": "a\u202egnp.exe\u2066",
    "nothing visible": "a\u200bb\u2060c\ufeff",
    "a line of another alphabet": "a\u2028b\u2029c\x85d",
    "a command of a pipeline": "##[error]x",
    "a workflow command": "\n::error::x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_and_does_nothing(started: Path, name: str) -> None:
    hostile = HOSTILE[name]
    changed(started, lambda state: state["adSets"]["123467"].update(name=f"x{hostile}"))
    project(started, {"ads.yaml": BID + "    name: Quiet\n"})

    ended = reconciler("plan", *SANDBOX, at=started)

    assert ended.code == 0, ended.said
    shown = ended.out.replace("\n", "")
    assert not [letter for letter in shown if not letter.isprintable()]
    assert not any(line.lstrip().startswith(("::", "##[")) for line in ended.out.splitlines())
    assert "##[" not in ended.out
    assert sum(line.startswith("Plan:") for line in ended.out.splitlines()) == 1


def test_a_hostile_name_in_a_file_is_shown_and_does_nothing(here: Path) -> None:
    named = json.dumps("x\x1b[31m\u202ey")
    project(here, {"ads.yaml": f'adSets:\n  {KEY}: {{id: "123467", name: {named}, colour: {named}}}\n'})

    ended = reconciler("validate", at=here)

    assert ended.code == 1
    assert "\x1b" not in ended.said
    assert "\u202e" not in ended.said


# --- Looking back, and going back ---------------------------------------------------------------------------------


@pytest.fixture
def applied(here: Path) -> str:
    """A run that raised the bid: its name in the ledger."""
    assert reconciler("apply", *SANDBOX, "--auto-approve", at=here).code == 0
    runs = reconciler("ledger", "runs", *SANDBOX, at=here)
    assert "apply  exit code 0  1 call" in runs.out
    return runs.out.split()[0]


def test_the_ledger_tells_what_a_run_did_and_what_became_of_an_address(here: Path, applied: str) -> None:
    shown = reconciler("ledger", "show", applied, *SANDBOX, at=here)
    past = reconciler("ledger", "history", "adSets.fr", *SANDBOX, at=here)

    assert "adSets.bids.1: PATCH /2026-07/marketing-solutions/ad-sets" in shown.out
    assert "applied: adSets.fr  id 123467\n" in shown.out
    assert f"{applied}  applied  bidding.bidAmount  0.90 → 1.25" in past.out


def test_a_run_that_is_not_in_the_ledger_is_said_to_be_none(here: Path, applied: str) -> None:
    missing = reconciler("ledger", "show", f"{applied}0", *SANDBOX, at=here)

    assert missing.code == 1
    assert f"the ledger has no run {applied}0" in missing.said
    assert "`reconciler ledger runs` lists them" in missing.said


def test_what_is_forgotten_is_found_again_by_itself(here: Path, applied: str) -> None:
    told = [reconciler("ledger", "forget", "adSets.fr", *SANDBOX, at=here).out for _ in range(2)]

    assert "Forgot adSets.fr." in told[0]
    assert told[1] == "adSets.fr was not remembered.\n"
    assert reconciler("plan", *SANDBOX, "--detailed-exitcode", at=here).code == 0


@pytest.mark.parametrize("way", ["--write", "--patch"])
def test_a_run_is_undone_by_its_plan_and_nothing_does_it_again(here: Path, applied: str, way: str) -> None:
    options = ("--write",) if way == "--write" else ("--patch", "back.diff")
    saved = ("--out", "plan.json")

    planned = reconciler("rollback", applied, *SANDBOX, *options, *saved, at=here)

    assert planned.code == 0, planned.said
    assert "bidding.bidAmount  1.25 → 0.90" in planned.out
    if way == "--patch":
        assert (here / "ads.yaml").read_text() == BID
        subprocess.run(["git", "apply", "back.diff"], cwd=here, check=True)
    assert (here / "ads.yaml").read_text() == BID.replace("1.25", "0.90")
    undone = reconciler("apply", "plan.json", *SANDBOX, at=here)
    assert undone.code == 0, undone.said
    assert "1 applied" in undone.out
    assert reconciler("plan", *SANDBOX, "--detailed-exitcode", at=here).code == 0
