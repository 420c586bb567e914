"""No token, secret or proxy password is in any byte that a plan and its apply leave, in whatever form it is echoed."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from reconciler.commands import connection, session
from reconciler.engine.environment import Environment
from reconciler.provider.http import Credentials, Settings
from reconciler.provider.http.transport import HttpTransport
from reconciler.reports import FORMATS
from reconciler.sandbox.message import Request, Response

from . import scenarios
from .inside import Desk, Ended
from .test_fault_matrix import FULL

SECRET = "canary/se+cr&et<of>\"this\"='1'"
TOKEN = 'canary/to+ken&of<this>"=1'
PASSWORD = 'canary/pa+ss#word:&<"of">=1'
CORES = ("canary/se+cr&et<of>", "canary/to+ken&of<this>", "canary/pa+ss#word:")
"""Beginnings of the three; a part of one is told as little as all of it."""
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "URL": lambda text: quote(text, safe=""),
    "URL, lower case": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON, each character by its code": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "JSON, slashes escaped": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
    "HTML by numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML by hexadecimal numbers": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "URL in HTML": lambda text: html.escape(quote(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
}
TOGETHER = {"all forms": lambda text: " ".join(form(text) for form in FORMS.values())}
"""One message with each form: as much is searched as with one message a form, in a fifteenth of the time."""
ECHOES: dict[str, Callable[[str], str]] = TOGETHER | (FORMS if FULL else {})
HTML = (("content-type", "text/html"),)


@dataclass
class Echoing:
    """A gateway before the world that shows what it was sent: in warnings of reads, in place of answers to writes."""

    desk: Desk
    form: Callable[[str], str]
    writes: int = 0
    ways: int = 0

    def __call__(self, request: Request) -> Response:
        headers = {**request.headers, "authorization": request.headers.get("authorization", "").replace(TOKEN, "")}
        response: Response = self.desk.world.handle(replace(request, headers=headers))
        if request.path.endswith("/token"):
            granted = json.loads(response.body)
            return replace(
                response, body=json.dumps({**granted, "access_token": TOKEN + granted["access_token"]}).encode()
            )
        echo = " ".join(map(self.form, (request.headers["authorization"], SECRET, PASSWORD, f"robot:{PASSWORD}")))
        said = {"code": "echo", "title": f"sent {echo}", "detail": echo, "source": {"pointer": echo}}
        if request.method == "GET" or request.path.endswith("/search"):
            return replace(response, body=with_said(response.body, "warnings", said))
        self.writes += 1
        answers = (
            replace(response, body=with_said(response.body, "warnings", said)),
            replace(response, body=with_said(response.body, "errors", said)),
            Response(400, body=json.dumps({"errors": [said]}).encode()),
            Response(403, body=json.dumps(said).encode()),
            Response(403, HTML, f"<p>{'x' * 150} {echo}</p>".encode()),
            Response(200, HTML, f"<p>{echo}</p>".encode()),
            Response(200, body=json.dumps(said).encode()),
            Response(500, HTML, f"<pre>{echo}</pre>".encode()),
            Response(502, body=echo.encode()),
            Response(307, (("location", f"https://login.example/?{echo}"),), echo.encode()),
            Response(422, body=json.dumps([said]).encode()),
            Response(409, body=json.dumps({"message": echo}).encode()),
        )
        self.ways = len(answers)
        return answers[self.writes % len(answers)]


def with_said(body: bytes, key: str, said: dict[str, Any]) -> bytes:
    answer = json.loads(body or b"{}")
    return json.dumps({**answer, key: [said]} if isinstance(answer, dict) else answer).encode()


def plain(text: str) -> str:
    """Return the text with every escape undone, also of what was escaped twice."""
    for _ in range(3):
        text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), html.unescape(text))
        text = re.sub(r"\\+(.)", r"\1", text)
    return text


def leaks(text: str) -> list[str]:
    """Return the secrets, or longer parts of them, that a text holds in any form."""
    coded = [
        coder(start.encode()).decode().rstrip("=")[:-2]
        for start in (*CORES, f"robot:{PASSWORD}")
        for coder in (base64.b64encode, base64.urlsafe_b64encode)
    ]
    views = (text, plain(text), plain(unquote_plus(unquote_plus(text))), plain(unquote_plus(plain(text))))
    return [each for each in (*CORES, *coded) if any(each in view for view in views)]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The three canaries; the proxy is found as before a network, although the world answers in this process."""
    for name in ("NO_PROXY", "no_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://robot:{quote(PASSWORD, safe='')}@proxy.example:3128")
    names = {"marketingSolutions": "sandbox-ms", "retailMedia": "sandbox-rm"}
    found = {product: Credentials(client, SECRET) for product, client in names.items()}
    made = HttpTransport._connections

    def connections(transport: HttpTransport, kept: int) -> Any:
        transport._found_proxy()
        return made(transport, kept)

    with (
        patch.object(connection, "SANDBOX_CREDENTIALS", found),
        patch.object(HttpTransport, "_connections", connections),
        patch.object(session, "Environment", partial(Environment, in_flight=1)),
    ):
        yield


def before_a_gateway(folder: Path, form: Callable[[str], str]) -> tuple[Desk, Echoing]:
    world = scenarios.account()
    for client in ("sandbox-ms", "sandbox-rm"):
        known = world.state.collections["applications"][client]
        world.state.put("applications", client, {**known, "clientSecret": SECRET})
    here = Desk(scenarios.everything().write(folder / "project"), world, settings=Settings())
    gateway = Echoing(here, form)
    here.handle = gateway
    return here, gateway


def left(here: Desk, **ended: Ended) -> dict[str, str]:
    """Return every text that the commands left: what they printed, reports, plan file, ledger."""
    files = [file for file in here.folder.parent.rglob("*") if file.is_file()]
    texts = {file.name: file.read_bytes().decode("utf-8", "replace") for file in files}
    for name, each in ended.items():
        texts |= {f"{name}, stdout": each.out, f"{name}, stderr": each.err}
    return texts


def reports(here: Desk, name: str) -> list[str]:
    return [f"--report={form}={here.folder.parent / f'{name}.{form}'}" for form in FORMATS]


@pytest.mark.parametrize("form", ECHOES.values(), ids=ECHOES)
def test_no_secret_is_in_anything_that_is_left(form: Callable[[str], str], tmp_path: Path) -> None:
    here, gateway = before_a_gateway(tmp_path, form)
    saved = here.folder.parent / "saved.json"

    planned = here.run("plan", str(here.folder), "--full", f"--out={saved}", *reports(here, "planned"))
    applied = here.run("apply", str(saved), "--full", "--show-bodies", *reports(here, "applied"))

    texts = left(here, planned=planned, applied=applied)
    assert {name: found for name, text in texts.items() if (found := leaks(text))} == {}
    assert (planned.code, applied.code) == (0, 6)
    assert gateway.writes > gateway.ways
    assert {
        "saved.json",
        "state.ledger",
        *(f"{step}.{each}" for step in ("planned", "applied") for each in FORMATS),
    } <= set(texts)
    assert all("***" in texts[name] for name in ("applied, stdout", "applied.json", "applied.html", "state.ledger"))
