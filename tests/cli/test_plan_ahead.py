"""Plan and drift read what is live while they parse the files; they say and send what they would one by one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from reconciler.cli import main
from reconciler.provider.http import Api
from reconciler.sandbox.message import Request
from reconciler.sandbox.world import World

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


class Served:
    """The demo account behind a real socket, and the calls that it had."""

    def __init__(self) -> None:
        self.world, self.url = World.demo(), ""
        self.calls: Counter[str] = Counter()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        self.calls[f"{handler.command} {handler.path} {body.decode() if 'oauth2' not in handler.path else ''}"] += 1
        answer = self.world.handle(Request.of(handler.command, handler.path, dict(handler.headers), body))
        handler.send_response_only(answer.status)
        for name, value in answer.headers:
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(answer.body)))
        handler.end_headers()
        handler.wfile.write(answer.body)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    account = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            account.answer(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    shutil.copytree(QUICKSTART, tmp_path / "shop", ignore=shutil.ignore_patterns(".*"))
    monkeypatch.chdir(tmp_path / "shop")
    for product in ("MS", "RM"):
        monkeypatch.setenv(f"CRITEO_{product}_CLIENT_ID", f"sandbox-{product.lower()}")
        monkeypatch.setenv(f"CRITEO_{product}_CLIENT_SECRET", "sandbox")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        account.url = f"http://127.0.0.1:{server.server_port}"
        yield account
        server.shutdown()


def planned(
    served: Served, capsys: pytest.CaptureFixture[str], command: str = "plan"
) -> tuple[object, str, Counter[str]]:
    served.calls = Counter()
    shutil.rmtree(".reconciler", ignore_errors=True)
    with pytest.raises(SystemExit) as ended:
        main([command, "--api-url", served.url])
    return ended.value.code, capsys.readouterr().out, served.calls


def misspell() -> None:
    file = Path("ads", "prospecting.yaml")
    file.write_text(file.read_text() + "\nadSetz: {}\n")


@pytest.mark.parametrize(("command", "says"), [("plan", "Plan:"), ("drift", "Drift:")])
def test_it_says_and_sends_what_it_would_one_by_one(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, says: str
) -> None:
    ahead = planned(served, capsys, command)
    monkeypatch.setattr(Api, "read_ahead", lambda self, calls: None)
    one_by_one = planned(served, capsys, command)

    assert ahead == one_by_one
    assert says in ahead[1]
    assert max(ahead[2].values()) == 1, "a call was sent twice"


def test_an_error_in_a_file_ends_it_whatever_was_read(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    misspell()

    code, said, calls = planned(served, capsys)

    assert code == 1
    assert "adSetz" in said
    assert not any(call.startswith(("PATCH", "PUT")) for call in calls)


def test_missing_credentials_are_told_after_the_errors_of_the_files(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRITEO_MS_CLIENT_SECRET")
    monkeypatch.delenv("CRITEO_RM_CLIENT_SECRET")
    code, said, calls = planned(served, capsys)
    assert (code, "no-credentials" in said, calls) == (1, True, Counter())

    misspell()
    code, said, calls = planned(served, capsys)
    assert (code, "no-credentials" in said, "adSetz" in said, calls) == (1, False, True, Counter())


IMPORTS = Path(__file__).with_name("plan_imports.txt")
ONE = 'adSets: {fr: {name: FR prospecting, campaignId: "358313", bidding: {bidAmount: 1.10}}}\n'
RUN = r"""
import os, sys
os._exit = sys.exit
from reconciler.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
direct = {"click", "deepdiff", "filelock", "httpx", "jsonschema", "jsonschema_rs", "msgspec", "obstore", "openpyxl"}
direct |= {"orjson", "psycopg", "starlette", "tenacity", "uvicorn", "yaml"}
own = [name for name in sys.modules if name.partition(".")[0] == "reconciler"]
print("imported:", *sorted({name.partition(".")[0] for name in sys.modules} & direct), *sorted(own))
"""


def imported(*arguments: str) -> list[str]:
    """What a plan of one ad set imports: the libraries that the package names, and its own modules."""
    Path("ads", "prospecting.yaml").write_text(ONE)
    return modules("plan", *arguments)


def modules(*arguments: str) -> list[str]:
    """Return what a command imports."""
    ran = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=False)
    assert "imported: " in ran.stdout, ran.stderr
    return ran.stdout.rpartition("imported: ")[2].split()


@pytest.mark.unmeasured
def test_what_a_plan_imports_is_a_list_that_is_read_when_it_changes(
    served: Served, pytestconfig: pytest.Config
) -> None:
    """Each module costs every start. `pytest --update` writes the list; say in the commit why it grows."""
    found = imported("--api-url", served.url)
    if pytestconfig.getoption("--update"):
        IMPORTS.write_text("\n".join(found) + "\n")

    assert found == IMPORTS.read_text().split()
    assert not [name for name in found if name.startswith("reconciler.sandbox")]


@pytest.mark.unmeasured
def test_httpx_is_imported_by_a_call_and_by_nothing_else(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRITEO_MS_CLIENT_SECRET")

    assert "httpx" not in imported("--api-url", served.url)  # refused for its credentials
    assert "httpx" in IMPORTS.read_text().split()


@pytest.mark.unmeasured
def test_help_imports_the_group_and_no_command() -> None:
    cli = ["reconciler", *(f"reconciler.cli{name}" for name in ("", ".group", ".output", ".terminal"))]

    assert modules("--help") == ["click", *cli]
