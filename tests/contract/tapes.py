"""Whole HTTP sessions on tape: recorded once from a server, without any secret, and replayed through the client.

A tape is a folder of ``cassettes/``: a project, ``steps.txt`` (one command a line), ``session.yaml`` (what went over
the wire) and ``expected.txt`` (what the user was told). To record one: ``python -m tests.contract.tapes NAME``, see
``docs/how-to/record-a-cassette.md``.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import vcr

from reconciler.cli import main

FOLDER = Path(__file__).parent / "cassettes"
OURS = ("session.yaml", "expected.txt", "steps.txt")
TELLING = re.compile(r"^(Plan:|API calls:|Apply:|No changes|Valid|Nothing was sent)|(error|warning)\[")
"""The lines of a report that say what was understood; its other words may change without a new recording."""
SCRUBBED = "SCRUBBED"
CREDENTIALS = ("CRITEO_MS_CLIENT_ID", "CRITEO_MS_CLIENT_SECRET", "CRITEO_RM_CLIENT_ID", "CRITEO_RM_CLIENT_SECRET")
KEPT_OF_REQUEST = {"accept", "content-type"}
KEPT_OF_RESPONSE = {
    "content-type",
    "content-length",
    "date",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
}
SECRET_FIELDS = re.compile(rb"\b(client_id|client_secret|refresh_token|access_token|code)=[^&\s]*")
SECRET_KEYS = re.compile(
    rb'"(access_token|refresh_token|id_token|client_id|clientId|client_secret|clientSecret|modifiedByUser)"\s*:\s*"[^"]*"'
)


# --- What never gets onto a tape ----------------------------------------------------------------------------


def without_secrets(text: bytes) -> bytes:
    """A body without tokens and credentials: by the names of fields and keys, and by what the environment holds."""
    text = SECRET_FIELDS.sub(rb"\1=" + SCRUBBED.encode(), text)
    text = SECRET_KEYS.sub(rb'"\1":"' + SCRUBBED.encode() + b'"', text)
    for name in CREDENTIALS:
        value = os.environ.get(name, "").encode()
        if len(value) >= 8:  # shorter ones are words, and are known by their field
            text = text.replace(value, SCRUBBED.encode())
    return text


def scrubbed_request(request: Any) -> Any:
    """A request without its token, its credentials, and the name of its server."""
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in KEPT_OF_REQUEST}
    if request.body:
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        request.body = without_secrets(body)
    request.uri = re.sub(r"^https?://[^/]+", "http://localhost", request.uri)
    return request


def scrubbed_response(response: dict[str, Any]) -> dict[str, Any]:
    """A response with the headers that the client reads, and a body without any secret."""
    kept = {name: value for name, value in response["headers"].items() if name.lower() in KEPT_OF_RESPONSE}
    body = without_secrets(response["body"]["string"])
    length = {"content-length": [str(len(body))]} if "content-length" in {name.lower() for name in kept} else {}
    kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
    return {**response, "headers": kept | length, "body": {"string": body}}


def tape(session: Path, mode: str) -> Any:
    """The tape in its machine. The host is no part of a match: a port is another each time."""
    machine = vcr.VCR(
        before_record_request=scrubbed_request,
        before_record_response=scrubbed_response,
        match_on=("method", "path", "query", "body"),
        record_mode=mode,
    )
    return machine.use_cassette(str(session), allow_playback_repeats=False)


# --- A session ---------------------------------------------------------------------------------------------------


def played(name: str, session: Path, mode: str) -> tuple[str, Any]:
    """Run the steps of a tape in a copy of its project; what the user was told, and the tape."""
    steps = (FOLDER / name / "steps.txt").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder, tape(session, mode) as cassette:
        project = Path(folder) / name
        shutil.copytree(FOLDER / name, project, ignore=shutil.ignore_patterns(*OURS))
        seen = "".join(f"$ reconciler {step}\n{ran(step, project)}" for step in steps)
    return seen, cassette


def ran(step: str, project: Path) -> str:
    """One command in this process, as far as it tells what was understood."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with inside(project), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(step.split())
        except SystemExit as left:
            code = int(left.code or 0)
    told = [line for line in (out.getvalue() + err.getvalue()).splitlines(keepends=True) if TELLING.search(line)]
    return f"{''.join(told)}[exit {code}]\n"


@contextlib.contextmanager
def inside(project: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(project)
    try:
        yield
    finally:
        os.chdir(before)


def recorded(name: str) -> None:
    """Record a tape from the server and with the credentials that the environment names."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "session.yaml"
        seen, _ = played(name, fresh, "all")
        shutil.move(fresh, FOLDER / name / "session.yaml")
    (FOLDER / name / "expected.txt").write_text(seen, encoding="utf-8")


if __name__ == "__main__":
    for named in sys.argv[1:]:
        recorded(named)
