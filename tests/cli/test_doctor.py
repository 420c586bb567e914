"""A checkup sees what is wrong in each place, goes on elsewhere, writes nothing, and tells no secret."""

from __future__ import annotations

import json
import sqlite3
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reconciler import ledger
from reconciler.cli import main
from reconciler.commands import connection
from reconciler.commands.doctor.assumed import ASSUMPTIONS
from reconciler.ledger.interface import Holder
from reconciler.sandbox.message import Request
from reconciler.sandbox.world import World

from ..support.commands import NOBODY, project, serving
from ..unit.ledger.samples import NOW, RUN, call

BOTH = 'version: 1\nscope: {advertiserIds: ["1352"], retailMediaAccountIds: ["18446744073709551616"]}\n'
BID = 'adSets:\n  fr:\n    id: "123467"\n    bidding: {bidAmount: 1.25}\n'
SECRET = "canary-7f3a9c-secret"
ACCOUNTS = {"Accounts": "read"}
Seen = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of both products; nothing of our own environment."""
    monkeypatch.chdir(tmp_path)
    for product in connection.PREFIXES.values():
        for part in ("CLIENT_ID", "CLIENT_SECRET"):
            monkeypatch.delenv(f"{product}_{part}", raising=False)
    return project(tmp_path, {"ads.yaml": BID}, head=BOTH)


@pytest.fixture
def doctor(here: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Seen]:
    """What the command says as JSON; its exit code is that of the process."""

    def run(*words: str) -> Seen:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["doctor", "--format", "json", *words])
        said: Seen = json.loads(capsys.readouterr().out)
        assert said["exit_code"] == ended.value.code
        return said

    return run


def found(said: Seen, group: str, name: str) -> list[tuple[str, str]]:
    return [
        (each["level"], each["message"]) for each in said["checks"] if (each["group"], each["name"]) == (group, name)
    ]


def errors(said: Seen) -> list[tuple[str, str]]:
    """Each once: one permission may be asked for by several kinds."""
    return list(dict.fromkeys((each["group"], each["code"]) for each in said["checks"] if each["level"] == "error"))


# --- What is right -----------------------------------------------------------------------------------------


def test_a_healthy_account_is_told_line_by_line_and_nothing_is_written(here: Path, doctor: Callable[..., Seen]) -> None:
    said = doctor("--sandbox", "world.json")

    world = World.load(here / "world.json")
    assert {(call["method"], call["path"].rpartition("/")[2]) for call in world.log if call["method"] != "GET"} == {
        ("POST", "token"),
        ("POST", "search"),
    }
    assert not list(here.rglob("*.ledger"))
    assert said["exit_code"] == 0
    assert errors(said) == []
    assert found(said, "Marketing Solutions", "portfolio") == [("ok", 'the scope is in it: 1352 "Shop A"')]
    assert found(said, "Retail Media", "Balance, read") == [("ok", "allowed: plan, drift and import of balances")]
    assert found(said, "Retail Media", "Balance, manage")[0][0] == "unknown"
    assert found(said, "Assumptions", "rateLimit")[0][0] == "ok"


def test_each_assumption_is_looked_at_or_said_to_need_a_write(doctor: Callable[..., Seen]) -> None:
    said = doctor("--sandbox")

    looked = {each["name"]: each["level"] for each in said["checks"] if each["group"] == "Assumptions"}
    assert looked.keys() == ASSUMPTIONS.keys()
    assert set(looked.values()) == {"ok", "unknown"}


def test_people_are_told_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--sandbox"])

    said = capsys.readouterr().out
    assert "  ok       portfolio         the scope is in it: 1352" in said
    assert "  ?        Campaign, manage  only a write can show it" in said
    assert said.endswith("Nothing was written.\n")


def test_without_a_project_the_account_is_looked_at_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doctor: Callable[..., Seen]
) -> None:
    monkeypatch.chdir(tmp_path.parent)

    said = doctor("--sandbox", str(tmp_path / "world.json"))

    assert said["exit_code"] == 0
    assert found(said, "Files", "project")[0][0] == "warning"
    assert found(said, "Marketing Solutions", "portfolio") == [("ok", '1352 "Shop A"')]


def test_names_that_differ_by_capitals_show_that_the_api_tells_them_apart(
    here: Path, doctor: Callable[..., Seen]
) -> None:
    world = World.open(here / "world.json")
    world.edit("balances", "18446744073709551618", {"name": "q4"})

    assert found(doctor("--sandbox", "world.json"), "Assumptions", "balanceNames")[0][0] == "ok"


# --- What is wrong ---------------------------------------------------------------------------------------------


def refused(state: World, client: str, **changes: Any) -> None:
    state.edit("applications", client, changes)


@pytest.mark.parametrize(
    ("change", "where", "code"),
    [
        (lambda w: refused(w, "sandbox-ms", permissions={}), [("Marketing Solutions", "not-allowed")], 8),
        (
            lambda w: refused(w, "sandbox-rm", permissions={"Accounts": "read"}),
            [("Retail Media", "not-allowed")],
            8,
        ),
        (lambda w: refused(w, "sandbox-rm", permissions={}), [("Retail Media", "not-allowed")], 8),
        (lambda w: refused(w, "sandbox-ms", advertiserIds=[]), [("Marketing Solutions", "out-of-portfolio")], 1),
        (lambda w: refused(w, "sandbox-ms", clientSecret="x"), [("Marketing Solutions", "not-allowed")], 8),
        (lambda w: refused(w, "sandbox-ms", product="RetailMedia"), [("Marketing Solutions", "not-allowed")], 8),
        (
            lambda w: w.inject({"kind": "status", "status": 410, "path": "*/me"}),
            [("Marketing Solutions", "version-gone")],
            9,
        ),
        (
            lambda w: w.inject({"kind": "html", "path": "*/advertisers/me", "count": None}),
            [("Marketing Solutions", "unreachable")],
            1,
        ),
    ],
    ids=["no permission", "no balance", "nothing", "no consent", "wrong secret", "wrong product", "410", "garbage"],
)
def test_what_is_wrong_is_told_where_it_is_and_the_rest_is_looked_at(
    here: Path,
    doctor: Callable[..., Seen],
    change: Callable[[World], None],
    where: list[tuple[str, str]],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    change(World.open(here / "world.json"))

    said = doctor("--sandbox", "world.json")

    assert errors(said) == where
    assert said["exit_code"] == code
    assert all(each["hint"] for each in said["checks"] if each["code"] in ("not-allowed", "out-of-portfolio"))
    other = ({"Marketing Solutions", "Retail Media"} - {where[0][0]}).pop()
    assert found(said, other, "portfolio")[0][0] == "ok"


def test_a_version_near_its_end_is_told_with_the_days_that_are_left(here: Path, doctor: Callable[..., Seen]) -> None:
    project(here, {}, head=BOTH + 'api: {marketingSolutions: "2026-01", sellers: "2025-10"}\n')

    said = doctor("--sandbox")

    assert found(said, "Marketing Solutions", "version") == [
        ("warning", "marketingSolutions uses 2026-01, supported until 2027-01-27 (67 days)"),
        ("warning", "sellers uses 2025-10; support ended 2026-10-27"),
    ]


def test_files_with_a_mistake_do_not_keep_the_account_from_being_looked_at(
    here: Path, doctor: Callable[..., Seen]
) -> None:
    project(here, {"ads.yaml": BID.replace("bidAmount", "bidAmuont")}, head=BOTH)

    said = doctor("--sandbox")

    assert errors(said) == [("Files", "unknown-key")]
    assert found(said, "Marketing Solutions", "token") == [("ok", "granted")]


# --- The ledger ------------------------------------------------------------------------------------------------


def book_of(here: Path) -> ledger.Ledger:
    return ledger.open(f"sqlite:{here / 'world.json'}.ledger", here)


def test_a_lock_that_is_held_is_seen_and_not_asked_for(here: Path, doctor: Callable[..., Seen]) -> None:
    holder = Holder("ann", "build-7", 41, datetime(2026, 11, 21, 9, tzinfo=UTC))
    lock = ["advertiserIds:1352"]
    with closing(book_of(here)) as book, book.lock(lock, holder, timeout=0, waiting=lambda who: None):
        said = doctor("--sandbox", "world.json")

    assert found(said, "Ledger", "lock") == [
        ("error", "held by ann@build-7 (pid 41) since 2026-11-21 09:00:00 UTC"),
    ]
    assert said["exit_code"] == 7
    assert found(doctor("--sandbox", "world.json"), "Ledger", "lock") == [("ok", "free")]


def test_a_ledger_of_a_later_version_is_told(here: Path, doctor: Callable[..., Seen]) -> None:
    book_of(here).close()
    with sqlite3.connect(here / "world.json.ledger") as file:
        file.execute("UPDATE format SET version = 99")
    file.close()

    said = doctor("--sandbox", "world.json")

    assert errors(said) == [("Ledger", "ledger-newer")]
    assert said["exit_code"] == 1


def test_a_call_without_a_known_end_is_told(here: Path, doctor: Callable[..., Seen]) -> None:
    book = book_of(here)
    run = book.begin(RUN)
    book.intend(run, call(), at=NOW)
    book.close()

    said = doctor("--sandbox", "world.json")

    assert found(said, "Ledger", "open calls") == [("warning", f"1 calls have no known end: adSets.bids.1 of {run}")]
    assert found(said, "Ledger", "last run") == [("ok", f"{run}: not ended, or killed")]


# --- A real account: over HTTP, with credentials -------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(("sandbox", "serve", "--port", "0"), tmp_path_factory.mktemp("served")) as url:
        yield url


def control(url: str, what: str, body: Any) -> None:
    data = json.dumps(body).encode()
    urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/{what}", data=data, method="POST")).close()


def credentials(monkeypatch: pytest.MonkeyPatch, *products: str, secret: str = "sandbox") -> None:
    for product in products:
        monkeypatch.setenv(f"CRITEO_{product}_CLIENT_ID", f"sandbox-{product.lower()}")
        monkeypatch.setenv(f"CRITEO_{product}_CLIENT_SECRET", secret)


def test_one_product_without_credentials_does_not_hide_the_other(
    served: str, doctor: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials(monkeypatch, "MS")
    monkeypatch.setenv("CRITEO_MS_CLIENT_SECRET", "sandbox")

    said = doctor("--api-url", served)

    assert errors(said) == [("Retail Media", "no-credentials")]
    assert found(said, "Marketing Solutions", "credentials") == [
        ("ok", "CRITEO_MS_CLIENT_ID is sandbox-ms; the secret is set")
    ]
    assert found(said, "Marketing Solutions", "Campaign, read")[0][0] == "ok"
    assert said["exit_code"] == 1


def test_a_clock_that_is_off_is_told(served: str, doctor: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch, "MS", "RM")
    control(served, "clock", {"advance": 30 * 86400})
    control(served, "faults", [{"kind": "status", "status": 401, "path": "*/retail-media/me", "count": None}])

    said = doctor("--api-url", served)

    (level, message), *_ = found(said, "Clock", "this machine")
    assert level == "warning"
    assert message.endswith((" s behind", " s ahead"))
    assert errors(said) == [("Retail Media", "not-allowed")]
    assert said["exit_code"] == 8


def test_without_any_date_it_says_that_the_clock_of_this_machine_is_used(
    here: Path, monkeypatch: pytest.MonkeyPatch, doctor: Callable[..., Seen]
) -> None:
    credentials(monkeypatch, "MS", "RM")
    world = World.demo()
    with timeless(world) as url:
        (level, message), *_ = found(doctor("--api-url", url), "Clock", "this machine")

    assert level == "warning"
    assert message == "no answer had a Date, so runs go by the clock of this machine: see that it is right"


@contextmanager
def timeless(world: World) -> Iterator[str]:
    """The account behind a server whose answers have no date."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            answer = world.handle(Request.of(self.command, self.path, dict(self.headers), body))
            self.send_response_only(answer.status)
            for name, value in answer.headers:
                if name.lower() != "date":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_shown_when_it_is_refused(
    served: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    credentials(monkeypatch, "MS", "RM", secret=SECRET)

    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--api-url", served, "--format", form])

    said = "".join(capsys.readouterr())
    assert ended.value.code == 8
    assert SECRET not in said
    assert "sandbox-ms" in said


def test_a_server_that_does_not_answer_is_given_up_soon(
    doctor: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    credentials(monkeypatch, "MS", "RM")

    said = doctor("--api-url", NOBODY)

    assert errors(said) == [("Marketing Solutions", "unreachable"), ("Retail Media", "unreachable")]
    assert len(slept) == 2
