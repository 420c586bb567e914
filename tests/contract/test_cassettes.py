"""Recorded sessions, replayed through the real client: what a server once answered still means the same."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
import yaml

from . import tapes

TAPES = sorted(path.parent.name for path in tapes.FOLDER.glob("*/session.yaml"))
FILES = sorted(path for path in tapes.FOLDER.rglob("*") if path.is_file())
CANARY = "canary-5f1d7a60b2c94e3f"


@pytest.fixture(autouse=True)
def canaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that no server ever gave out: a replay needs none, and none of them may be seen anywhere."""
    for name in tapes.CREDENTIALS:
        monkeypatch.setenv(name, CANARY)
    monkeypatch.setenv("RECONCILER_API_URL", "http://localhost:1")


def recorded_at(session: Path) -> float:
    """Return when the first answer of a session was given."""
    first = yaml.safe_load(session.read_text(encoding="utf-8"))["interactions"][0]["response"]["headers"]
    (date,) = next(values for name, values in first.items() if name.lower() == "date")
    return parsedate_to_datetime(date).timestamp()


def left_unasked(cassette: Any) -> list[str]:
    """Return the recorded requests that were not sent.

    A read that is on the tape a second time is none of them: reads ahead are dropped, and those that were in flight or
    still waiting then are another number each time.
    """
    keys = [(each.method, each.uri, each.body) for each in cassette.requests]
    played = {keys[index] for index in cassette.play_counts}
    unasked = [index for index in range(len(keys)) if index not in cassette.play_counts]
    return [
        f"{method} {uri}"
        for method, uri, body in (keys[index] for index in unasked)
        if not (method == "GET" or uri.endswith("/search")) or (method, uri, body) not in played
    ]


@pytest.mark.dates
@pytest.mark.parametrize("name", TAPES)
def test_a_session_is_understood_as_when_it_was_recorded(name: str) -> None:
    session = tapes.FOLDER / name / "session.yaml"
    with time_machine.travel(recorded_at(session), tick=True):  # what is checked offline goes by the local clock
        seen, cassette = tapes.played(name, session, "none")

    assert seen == (tapes.FOLDER / name / "expected.txt").read_text(encoding="utf-8")
    assert left_unasked(cassette) == []


@pytest.mark.parametrize("name", TAPES)
def test_a_client_that_sends_another_body_is_not_answered(name: str, tmp_path: Path) -> None:
    whole = yaml.safe_load((tapes.FOLDER / name / "session.yaml").read_text(encoding="utf-8"))
    for each in whole["interactions"]:
        if each["request"]["method"] in ("PATCH", "POST") and "/ad-sets" in each["request"]["uri"]:
            each["request"]["body"] = '{"data":[]}'
    altered = tmp_path / "session.yaml"
    altered.write_text(yaml.safe_dump(whole), encoding="utf-8")

    with pytest.raises(Exception, match="no recorded interaction matches it"):
        tapes.played(name, altered, "none")


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(tapes.FOLDER)))
def test_nothing_secret_is_on_a_tape(file: Path) -> None:
    text = file.read_text(encoding="utf-8")

    assert CANARY not in text
    assert not re.search(r"Bearer\s+\w", text)
    assert "authorization" not in text.casefold()
    assert "cookie" not in text.casefold()
    assert set(re.findall(r"(?:client_id|client_secret|refresh_token)=([^&\s'\"]*)", text)) <= {tapes.SCRUBBED}
    assert set(re.findall(r'"(?:access_token|client_id|clientId)\\?":\s*\\?"([^"\\]*)', text)) <= {tapes.SCRUBBED}
    assert re.findall(r"\b[0-9a-f]{40,}\b", text) == []
    assert "sandbox-ms" not in text


def test_the_scrubbers_take_every_form_of_a_secret() -> None:
    said: list[Any] = [
        b"grant_type=client_credentials&client_id=abc&client_secret=d%2Fe",
        b'{"access_token": "abc", "expires_in": 900}',
        b'{"data": {"clientId":"abc"}}',
        f'{{"echo": "{CANARY}"}}'.encode(),
    ]

    kept = b"\n".join(tapes.without_secrets(text) for text in said)

    assert not re.search(rb"abc|d%2Fe|canary", kept)
    assert b"grant_type=client_credentials" in kept
    assert b'"expires_in": 900' in kept
