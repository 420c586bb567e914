"""No token, secret or proxy password comes back in what a server or a gateway echoes, however it escapes it."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from reconciler.model import Answer, WriteEffect
from reconciler.provider.http.redaction import Redaction

from .test_api import JSON, Response, Server, api, call, granted

SECRET = 'cana/ry+se&cr<et"é=1'
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "quoted": lambda text: quote(text, safe=""),
    "quoted, lower case": lambda text: quote(text, safe="").lower(),
    "quoted for a form": quote_plus,
    "quoted twice": lambda text: quote(quote(text, safe=""), safe=""),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "every character by its code": lambda text: "".join(f"\\u{ord(each):04X}" for each in text),
    "HTML": html.escape,
    "HTML, by numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML, by hexadecimal numbers": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "slashes escaped": lambda text: text.replace("/", "\\/"),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_taken_out_in_every_form(form: str) -> None:
    redaction = Redaction()
    redaction.hide(SECRET)
    echoed = FORMS[form](SECRET)
    assert echoed not in redaction.text(f"before {echoed} after")
    assert "***" in redaction.text(f"before {echoed} after")
    assert redaction.json({"a": [{echoed: echoed}]}) != {"a": [{echoed: echoed}]}
    assert redaction.text("before and after") == "before and after"


@pytest.mark.parametrize("status", [200, 201, 302, 400, 401, 403, 404, 500, 502])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("page", ["html", "errors", "warnings", "problem"])
def test_no_answer_tells_the_token_whatever_its_status(status: int, form: str, page: str) -> None:
    echo = FORMS[form](SECRET)
    said = {"title": f"bad header {echo}", "detail": echo, "code": "x"}
    body = {
        "html": f"<p>{'x' * 180}{echo}</p>".encode(),
        "errors": json.dumps({"data": [], "errors": [said]}).encode(),
        "warnings": json.dumps({"data": [], "warnings": [said]}).encode(),
        "problem": json.dumps(said).encode(),
    }[page]
    headers = (("content-type", "text/html"),) if page == "html" else (JSON,)
    server = Server(Response(status, body, headers), grant=granted("cana%ry-token"))
    door = api(server)
    door._redaction.hide(SECRET)  # as a token of such characters would be

    answer = door.send(call(WriteEffect.CREATE))

    if status >= 300 or page in ("errors", "warnings", "html"):
        assert _texts(answer).count(echo) == 0
        assert _texts(answer).count(SECRET) == 0


def _texts(answer: Answer) -> str:
    return f"{answer.reason} {json.dumps(answer.body, default=str, ensure_ascii=False)}"


def test_a_proxy_that_cannot_be_used_ends_in_a_sentence_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("http://ann:pa#ss-word@proxy.example:3128", "socks5://ann:pass-word@proxy.example:1080", "what://x"):
        monkeypatch.setenv("ALL_PROXY", url)
        monkeypatch.setenv("HTTPS_PROXY", url)
        answer = api(base_url="https://api.criteo.com").send(call())
        assert "ss-word" not in answer.reason
        assert "HTTPS_PROXY" in answer.reason or "proxy" in answer.reason
