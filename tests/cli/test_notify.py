"""Messages about runs to a webhook: what they tell, what they hide, and that they change no run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reconciler.cli import full_cli
from reconciler.reports import notice

from ..support.chat import SECRET, Chat

CLI = full_cli()


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    here = Chat()
    monkeypatch.setenv("WEBHOOK", here.url)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield here
    here.close()


def report(**changed: Any) -> dict[str, Any]:
    amounts = {"before": {"amount": "123.45", "uncapped": 0}, "after": {"amount": "225.00", "uncapped": 1}}
    same = {"before": {"amount": "7", "uncapped": 0}, "after": {"amount": "7", "uncapped": 0}}
    return {
        "format_version": "1.0",
        "command": "plan",
        "project": "north",
        "exit_code": 0,
        "applied": False,
        "summary": {"create": 1, "update": 1200, "stop": 0, "unchanged": 3},
        "money": {
            "totals": [
                {"currency": "EUR", "what": "a day", **amounts},
                {"currency": "EUR", "what": "a week", **same},
            ]
        },
        "diagnostics": [],
        "unknown_to_this_version": [1],
        **changed,
    }


def notify(folder: Path, *reports: dict[str, Any], words: tuple[str, ...] = ()) -> Result:
    files = []
    for number, each in enumerate(reports):
        files.append(str(folder / f"{number}.json"))
        Path(files[-1]).write_text(json.dumps(each), encoding="utf-8")
    return CliRunner().invoke(CLI, ["notify", "--webhook-env", "WEBHOOK", *words, *files])


def ended(done: Result) -> int:
    """The exit code, also of a command that ends as in ``main``."""
    return getattr(done.exception, "code", done.exit_code) if done.exception else done.exit_code


def test_a_message_tells_what_is_planned_and_what_it_costs(chat: Chat, tmp_path: Path) -> None:
    done = notify(tmp_path, report())

    assert ended(done) == 0
    assert done.stdout == "Sent a message about plan of north.\n"
    ((path, told),) = chat.heard
    assert path == f"/services/{SECRET}?sig=a%2Fb%3D%3D&v=1"
    assert told["text"] == (
        "plan of north: 1 to create, 1,200 to update\nEUR a day: 123.45 → 225.00 plus 1 without a cap"
    )


@pytest.mark.parametrize(
    ("changed", "title"),
    [
        ({"summary": {"create": 0, "update": 0, "stop": 0}}, "plan of north: no changes"),
        ({"exit_code": 3}, "plan of north: 1 to create, 1,200 to update (refused by a guardrail)"),
        (
            {"command": "apply", "applied": True, "exit_code": 5, "summary": {"ended": {"applied": 12, "not_sent": 3}}},
            "apply of north: 12 applied, 3 not sent (partly applied)",
        ),
        (
            {"command": "drift", "drift": [{"state": "drifted"}, {"state": "pending"}]},
            "drift of north: 1 value was changed outside",
        ),
        ({"command": "drift", "drift": [{"state": "pending"}]}, "drift of north: no drift"),
        ({"command": "validate"}, "validate of north: the files are valid"),
        ({"command": "validate", "exit_code": 1}, "validate of north: the files are not valid (failed)"),
    ],
)
def test_the_title_says_how_the_run_ended(changed: dict[str, Any], title: str) -> None:
    found = notice.read_report(json.dumps(report(**changed)).encode())

    assert next(notice.lines(found)) == title


def test_names_from_outside_are_no_markup_no_mention_and_no_line_of_their_own(chat: Chat, tmp_path: Path) -> None:
    evil = "<!channel> @here *bold* [x](http://evil)\nforged: \x1b[31mall is well"
    said = [{"severity": "error", "code": "rejected", "message": evil, "address": "adSets.a"}]
    for style in ("text", "teams"):
        assert ended(notify(tmp_path, report(project=evil, diagnostics=said), words=("--style", style))) == 0

    text, card = (told for _, told in chat.heard)
    assert "<" not in text["text"]
    assert "@here" not in text["text"]
    assert text["mrkdwn"] is False
    assert "\x1b" not in json.dumps(text) + json.dumps(card)
    assert [line.partition(" ")[0] for line in text["text"].splitlines()] == ["plan", "EUR", "error[rejected]:"]
    body = card["attachments"][0]["content"]["body"]
    assert "\\[x\\]\\(http" in body[0]["text"]
    assert "\\*bold\\*" in body[-1]["text"]


def test_many_problems_and_reports_are_one_short_message(chat: Chat, tmp_path: Path) -> None:
    said = [{"severity": "note", "code": "n", "message": "m"}]
    said += [{"severity": "warning", "code": "w", "message": "x" * 5000}] * 100
    said += [{"severity": "error", "code": "e", "message": "the worst"}]

    assert ended(notify(tmp_path, report(diagnostics=said), report(project="south"), words=("--title", "Nightly"))) == 0

    ((_, told),) = chat.heard
    lines = told["text"].splitlines()
    assert lines[0] == "Nightly"
    assert lines[3] == "error[e]: the worst"
    assert "and 96 more problems" in lines
    assert "plan of south: 1 to create, 1,200 to update" in lines
    assert len(told["text"]) < 4000


def test_the_run_of_a_pipeline_is_linked(chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACTIONS": "true",
        "SERVER_URL": "https://github.com",
        "REPOSITORY": "a/b",
        "RUN_ID": "7",
    }.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)

    notify(tmp_path, report())
    notify(tmp_path, report(), words=("--style", "teams"))

    assert chat.heard[0][1]["text"].endswith("\nhttps://github.com/a/b/actions/runs/7")
    assert chat.heard[1][1]["attachments"][0]["content"]["actions"][0]["url"].endswith("/runs/7")


@pytest.mark.parametrize(("status", "headers"), [(403, {}), (500, {}), (302, {"Location": "http://127.0.0.1:9/x"})])
def test_a_webhook_that_refuses_is_one_error_without_its_address(
    status: int, headers: dict[str, str], chat: Chat, tmp_path: Path
) -> None:
    chat.status, chat.headers = status, headers

    done = notify(tmp_path, report())

    assert ended(done) == 1
    assert f"error[not-notified]: the webhook in WEBHOOK took no message: 127.0.0.1:{chat.server.server_port}" in (
        done.output
    )
    assert f"answered {status}" in done.output
    assert SECRET not in done.output
    assert "abcdefgh" not in done.output
    assert len(chat.heard) == 1  # it is sent once, and no redirect is followed


@pytest.mark.parametrize(
    "address",
    [
        f"http://example.com/{SECRET}",
        f"https://user:{SECRET}@example.com/x",
        SECRET,
        f"ftp://example.com/{SECRET}",
        f"https://exa mple.com/{SECRET}",
        f"https://example.com:99999/{SECRET}",
        f"https://[::1/{SECRET}",
        f"https://example.com/{SECRET}\r\nHost: evil",
    ],
)
def test_an_address_that_would_show_the_secret_is_refused_and_not_shown(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK", address)

    done = notify(tmp_path, report())

    assert ended(done) == 1
    assert "it takes https://HOST/… (http is for this machine only)" in done.output
    assert SECRET not in done.output


def test_an_address_that_nobody_serves_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK", f"http://127.0.0.1:9/{SECRET}")

    done = notify(tmp_path, report())

    assert ended(done) == 1
    assert "127.0.0.1:9 refuses connections" in done.output
    assert SECRET not in done.output


def test_without_the_variable_it_is_an_error_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK", " ")

    assert ended(notify(tmp_path, report())) != 0
    skipped = notify(tmp_path, report(), words=("--if-set",))
    assert ended(skipped) == 0
    assert skipped.stderr == "WEBHOOK is not set: no message was sent.\n"


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"format_version": "9.0"}', "[" * 100_000])
def test_what_is_no_report_is_told(content: str, chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(content)

    done = CliRunner().invoke(CLI, ["notify", "--webhook-env", "WEBHOOK", str(tmp_path / "x.json")])

    assert ended(done) == 1
    assert "error[no-report]" in done.output
    assert chat.heard == []


def test_a_real_report_can_be_told(chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quickstart = Path(__file__).parents[2] / "examples" / "quickstart"
    state, file = str(tmp_path / "state.json"), str(tmp_path / "plan.json")
    for command in ("plan", "drift", "validate"):
        words = [command, str(quickstart), "--report", f"json={file}"]
        CliRunner().invoke(CLI, words if command == "validate" else [*words, "--sandbox", state])
        assert ended(CliRunner().invoke(CLI, ["notify", "--webhook-env", "WEBHOOK", file])) == 0
    titles = [told["text"].splitlines()[0] for _, told in chat.heard]
    assert titles[0] == "plan of quickstart: 1 to create, 1 to update, 1 to stop"
    assert titles[1].startswith("drift of quickstart: ")
    assert titles[2] == "validate of quickstart: the files are valid"
