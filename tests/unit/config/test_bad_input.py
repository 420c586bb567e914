"""Bad input: a clear error at its line, exit code 1, and no call to anybody."""

from __future__ import annotations

import json
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme

from reconciler.model import exit_codes

from ...support.bench import bench
from ...support.commands import CREDENTIALS, NOBODY, Ended, project, reconciler

AD_SET = """adSets:
  fr:
    name: FR prospecting
    campaignId: "358313"
    {}
"""
BOMB = "adSets:\n  a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"  {one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
FILES = {
    "broken YAML": ("adSets:\n  fr: {name: [FR\n", "yaml-syntax", (2, 14)),
    "a tab": ("adSets:\n\tfr: {name: FR}\n", "yaml-syntax", (2, 1)),
    "a duplicate key": (AD_SET.format("name: Again"), "yaml-duplicate-key", (5, 5)),
    "an unknown key": (AD_SET.format("colour: red"), "unknown-key", (5, 5)),
    "a key that is nearly one": (AD_SET.format("biding: {bidAmount: 1}"), "unknown-key", (5, 5)),
    "a wrong word": (AD_SET.format("objective: conversion"), "bad-choice", (5, 16)),
    "five decimals": (AD_SET.format("bidding: {bidAmount: 0.12345}"), "too-many-decimals", (5, 26)),
    "five decimals of an amount": (AD_SET.format("budget: {budgetAmount: 10.12345}"), "too-many-decimals", (5, 28)),
    "an amount in quotes": (AD_SET.format('bidding: {bidAmount: "0.5"}'), "wrong-type", (5, 26)),
    "an end before its start": (
        AD_SET.format("schedule: {startDate: 2027-02-01, endDate: 2027-01-01}"),
        "end-before-start",
        (5, 48),
    ),
    "an empty geo list": (
        AD_SET.format("targeting: {geoLocation: {countries: {operand: in, values: []}}}"),
        "empty-list",
        (5, 64),
    ),
    "null where nothing can be cleared": (AD_SET.format("schedule: {startDate: null}"), "null-not-allowed", (5, 27)),
    "a version that nobody has": (AD_SET.format("objective: 7"), "bad-choice", (5, 16)),
    "a bomb of aliases": (BOMB, "yaml-alias", None),
    "a tag": ("adSets: !!python/object:os.system {}\n", "yaml-tag", (1, 9)),
    "two blocks with one id": (
        'adSets:\n  one: {id: "123467", name: A}\n  two: {id: "123467", name: B}\n',
        "duplicate-claim",
        (3, 3),
    ),
    "a block without a name": ('adSets:\n  "": {id: "123467"}\n', "bad-name", (2, 3)),
    "a block with a line break in its name": ('adSets:\n  "a\\nb": {id: "123467"}\n', "bad-name", (2, 3)),
    "a block with a space at the end of its name": ('adSets:\n  "a ": {id: "123467"}\n', "bad-name", (2, 3)),
    "an id that a spreadsheet made a fraction": ('adSets:\n  a: {id: "123467.0"}\n', "bad-id", (2, 11)),
    "text that is not UTF-8": ("adSets: {}\n# \udcff\n", "yaml-encoding", (2, 3)),
}


def refused(ended: Ended, code: str, exit_code: int = 1) -> None:
    """A refusal as users may expect it: its code, a sentence, and nothing of our insides."""
    assert ended.code == exit_code, ended.said
    assert f"error[{code}]: " in ended.out, ended.said
    assert "Traceback" not in ended.said
    assert "/reconciler/" not in ended.err


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_refused_at_its_line_before_any_call(tmp_path: Path, name: str) -> None:
    text, code, place = FILES[name]
    project(tmp_path, {})
    (tmp_path / "ads.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))

    checked = reconciler("validate", at=tmp_path)
    applied = reconciler("apply", "--auto-approve", "--api-url", NOBODY, at=tmp_path, env=CREDENTIALS)

    for ended in (checked, applied):
        refused(ended, code)
        assert ended.out.startswith("ads.yaml:" + (f"{place[0]}:{place[1]}: error[{code}]" if place else ""))


def test_a_near_name_is_told(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("objective: conversion\n    biding: {}")})

    ended = reconciler("validate", at=tmp_path)

    assert "did you mean 'conversions'?" in ended.out
    assert "did you mean 'bidding'?" in ended.out


def test_all_mistakes_of_all_files_are_told_at_once_in_their_order(tmp_path: Path) -> None:
    bad = AD_SET.format("colour: red\n    schedule: {startDate: soon}\n    bidding: {bidAmount: 0.12345}")
    project(tmp_path, {"b.yaml": bad, "a.yaml": "adSets: [\n"})

    ended = reconciler("validate", at=tmp_path)

    places = [line.partition(": error[")[0] for line in ended.out.splitlines() if ": error[" in line]
    assert places[0].startswith("a.yaml:")
    assert places[1:] == ["b.yaml:5:5", "b.yaml:6:27", "b.yaml:7:26"]


def test_a_changed_fixed_field_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("objective: clicks\n    bidding: {bidAmount: 3}")})

    ended = reconciler("apply", "--auto-approve", "--sandbox", "world.json", at=tmp_path)

    refused(ended, "fixed-field")
    assert "\nads.yaml:5:16: error[fixed-field]" in f"\n{ended.out}"
    assert written(tmp_path / "world.json") == []


def written(world: Path) -> list[str]:
    log = json.loads(world.read_text())["log"]
    return [each["path"] for each in log if each["method"] != "GET" and not each["path"].endswith(("search", "token"))]


def test_two_blocks_that_mean_one_live_object_are_refused(tmp_path: Path) -> None:
    blocks = AD_SET.format("bidding: {bidAmount: 3}") + '  same: {id: "123467", bidding: {bidAmount: 4}}\n'
    project(tmp_path, {"ads.yaml": blocks})

    ended = reconciler("apply", "--auto-approve", "--sandbox", "world.json", at=tmp_path)

    refused(ended, "duplicate-claim")
    assert written(tmp_path / "world.json") == []


def test_a_folder_without_yaml_is_refused(tmp_path: Path) -> None:
    ended = reconciler("validate", at=project(tmp_path, {}))

    refused(ended, "no-files")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    ended = reconciler("plan", "--sandbox", at=tmp_path)

    refused(ended, "no-project")


def test_files_without_resources_are_refused(tmp_path: Path) -> None:
    ended = reconciler("plan", "--sandbox", at=project(tmp_path, {"ads.yaml": "adSets: {}\n"}))

    refused(ended, "empty-project")


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    ended = reconciler("validate", "nowhere.yaml", at=project(tmp_path, {}))

    refused(ended, "no-such-file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("")})
    (tmp_path / "ads.yaml").chmod(0)

    ended = reconciler("validate", at=tmp_path)

    refused(ended, "unreadable")


def test_a_link_to_nothing_is_refused_as_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    project(tmp_path, {})
    (tmp_path / "ads.yaml").symlink_to(tmp_path / "gone.yaml")

    ended = reconciler("validate", at=tmp_path)

    refused(ended, "unreadable")
    assert ended.out.startswith("ads.yaml:1:1: ")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    project(tmp_path, {})
    os.mkfifo(tmp_path / "ads.yaml")

    ended = reconciler("validate", at=tmp_path)

    refused(ended, "unreadable")


def test_a_gigabyte_is_refused_without_being_read(tmp_path: Path) -> None:
    project(tmp_path, {})
    with (tmp_path / "ads.yaml").open("wb") as file:
        file.truncate(2**30)

    ended = reconciler("validate", at=tmp_path)

    refused(ended, "yaml-too-large")


def test_without_credentials_no_call_is_sent(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})

    ended = reconciler("plan", at=tmp_path)

    refused(ended, "no-credentials")
    assert "CRITEO_MS_CLIENT_ID" in ended.out


def test_wrong_credentials_are_told_as_not_allowed(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})
    with served() as url:
        wrong = {**CREDENTIALS, "CRITEO_MS_CLIENT_SECRET": "not the secret"}

        ended = reconciler("plan", "--api-url", url, at=tmp_path, env=wrong)

    assert ended.code == 8, ended.said
    assert "not the secret" not in ended.said
    assert "Traceback" not in ended.said


def test_a_scope_outside_the_portfolio_is_refused(tmp_path: Path) -> None:
    head = 'version: 1\nscope: {advertiserIds: ["1352", "99"]}\n'
    project(tmp_path, {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")}, head)

    ended = reconciler("apply", "--auto-approve", "--sandbox", "world.json", at=tmp_path)

    refused(ended, "out-of-portfolio")
    assert "\nreconciler.yaml:2:" in f"\n{ended.out}"
    assert written(tmp_path / "world.json") == []


def test_an_id_that_is_not_in_the_scope_is_never_created(tmp_path: Path) -> None:
    project(tmp_path, {"ads.yaml": 'adSets:\n  fr: {id: "4711", name: FR}\n'})

    ended = reconciler("apply", "--auto-approve", "--sandbox", "world.json", at=tmp_path)

    refused(ended, "not-found")
    assert "\nads.yaml:2:" in f"\n{ended.out}"
    assert written(tmp_path / "world.json") == []


@pytest.mark.parametrize("url", ["http://api.example.com", "https://user:secret@host", "ftp://host", "nonsense"])
def test_a_url_that_would_carry_the_secret_elsewhere_is_refused(tmp_path: Path, url: str) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})

    ended = reconciler("plan", "--api-url", url, at=tmp_path, env=CREDENTIALS)

    refused(ended, "api-url")
    assert "secret@" not in ended.said


# --- Servers that are none ------------------------------------------------------------------------------


class Html(BaseHTTPRequestHandler):
    """A proxy's page for every request, with a status that says all is well."""

    def answer(self) -> None:
        page = b"<!DOCTYPE html><title>Welcome to the hotel</title>"
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    do_GET = do_POST = do_PATCH = do_PUT = answer

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


class Serving:
    """A server in a thread, for the time of a test."""

    def __init__(self, server: HTTPServer, scheme: str = "http") -> None:
        self.server = server
        self.url = f"{scheme}://localhost:{server.server_address[1]}"

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self.url

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class Refusing(Html):
    """A token endpoint that knows nobody."""

    def answer(self) -> None:
        body = b'{"error": "invalid_client", "error_description": "Unknown client"}'
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer


def served() -> Serving:
    return Serving(HTTPServer(("localhost", 0), Refusing))


def test_a_server_that_answers_html_is_told_as_such() -> None:
    with bench() as here:
        here.write({"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})
        here.world.inject({"kind": "html", "count": None})

        run = here.apply()

    assert exit_codes.exit_code(run) == 1
    assert [each.code for each in run.problems] == ["unreachable"]
    assert "answered 200" in run.problems[0].message
    assert here.writes == []


def test_an_expired_certificate_is_told_and_no_secret_leaves(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    expired = authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    expired.configure_cert(context)
    server = HTTPServer(("localhost", 0), Html)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    here = project(tmp_path / "project", {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})

    with Serving(server, "https") as url:
        trusting = {**CREDENTIALS, "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
        ended = reconciler("plan", "--api-url", url, at=here, env=trusting)

    assert ended.code == 1, ended.said
    assert "certificate" in ended.out
    assert "expired" in ended.out
    assert "Traceback" not in ended.said


# --- What each mistake of the project file says ------------------------------------------------------------------


def settings(text: str) -> str:
    return f'version: 1\nscope: {{advertiserIds: ["1352"]}}\n{text}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: error[null-not-allowed]: the file is empty\n  hint: write its first key"),
        (
            'version: "1"\nscope: {}',
            "1:10: error[bad-choice]: version cannot be '1'\n  hint: write it without quotes: 1",
        ),
        (
            "version: 1\nscope: {}",
            "2:8: error[empty-block]: scope holds nothing\n  hint: write one of: advertiserIds, retailMediaAccountIds",
        ),
        (
            "version: 1\nscope: {advertiserIds: [1.5]}",
            "2:25: error[wrong-type]: advertiserIds[0] must be text or a whole number, not 1.5",
        ),
        (
            'version: 1\nscope: {advertiserIds: ["2", "1", "2"]}',
            "2:35: error[listed-twice]: advertiserIds holds '2' twice",
        ),
        (
            "version: 1\nscope: {advertiserIds: 7}",
            "2:24: error[wrong-type]: advertiserIds must be a list, not 7\n  hint: ",
        ),
        (
            settings("recovery: {lookFor: -1s}"),
            "3:21: error[bad-form]: lookFor is '-1s', which is not a length of time\n"
            "  hint: write a whole number with its unit: 120s, 2m or 1h",
        ),
        (settings("ledgerKeep: long"), "3:13: error[bad-form]: ledgerKeep is 'long', which is not a number of days"),
        (settings('currencies: {"1": eur}'), "3:19: error[bad-form]: 1 is 'eur', which is not a currency"),
        (settings("currencies: {x: EUR}"), "3:14: error[bad-id]: a key of currencies is 'x'; an id is digits only"),
        (settings("name: Shop FR"), "3:7: error[bad-form]: name is 'Shop FR', which is not a name"),
        (
            settings("guardrails: {freeze: [{days: [monday], from: '8:00', until: '09:00', zone: UTC}]}"),
            "3:46: error[bad-form]: from is '8:00', which is not a time of day",
        ),
        (
            settings("overrides: [{from: soon, until: 2026-12-01, set: {name: x}, because: y}]"),
            "3:20: error[bad-date]: from is 'soon', which is not a day or a moment",
        ),
        ("scope: {advertiserIds: [1]}", "1:1: error[missing-key]: version is missing\n  hint: write `version: 1`"),
        ("version: 1", "1:1: error[missing-key]: scope is missing\n  hint: write `scope: …`"),
        (settings("guardrails:"), "3:12: error[null-not-allowed]: guardrails is empty"),
        (settings("ledger: mysql://host/db"), "3:9: error[bad-ledger]: the ledger is in no store that is known here"),
        (settings("ledger: ledger.db"), "3:9: error[bad-ledger]: the ledger is in no store that is known here"),
    ],
)
def test_a_mistake_of_the_project_file_says_what_is_expected_there(tmp_path: Path, text: str, said: str) -> None:
    project(tmp_path, {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})
    (tmp_path / "reconciler.yaml").write_text(text)

    ended = reconciler("validate", at=tmp_path)

    assert ended.code == 1, ended.said
    assert f"reconciler.yaml:{said}" in ended.out, ended.out


@pytest.mark.parametrize("shared", ["", "- guardrails\n", "guardrails"])
def test_a_shared_file_that_holds_no_rules_is_refused(tmp_path: Path, shared: str) -> None:
    project(tmp_path / "shop", {"ads.yaml": AD_SET.format("bidding: {bidAmount: 3}")})
    (tmp_path / "shared.yaml").write_text(shared)
    (tmp_path / "shop" / "reconciler.yaml").write_text(settings("extends: ../shared.yaml"))

    ended = reconciler("validate", at=tmp_path / "shop")

    refused(ended, "wrong-type")
    assert "reconciler.yaml:3:10: " in ended.out


def test_an_empty_block_is_not_called_a_field_of_the_api(tmp_path: Path) -> None:
    ended = reconciler("validate", at=project(tmp_path, {"ads.yaml": "adSets:\n  fr:\n"}))

    assert "ads.yaml:2:6: error[null-not-allowed]: fr is empty" in ended.out


def test_a_budget_that_is_left_to_the_campaign_is_valid(tmp_path: Path) -> None:
    ended = reconciler("validate", at=project(tmp_path, {"ads.yaml": AD_SET.format("budget: null")}))

    assert ended.code == 0, ended.said
