"""For every injected failure: JSON, text and exit code say the same, and no secret is in any byte that is left."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from reconciler.commands import connection, session
from reconciler.engine.environment import Environment
from reconciler.provider.http import Credentials

from . import scenarios
from .inside import Desk, Ended
from .test_fault_matrix import FAULTS, FULL, Fault

SECRET = "canary-0f3a9c-do-not-print"
PATHS = ("*/ad-sets", "*/budgets", "*/add-funds", "*/me", "*/search", "*/oauth2/token")
CANARIES = {"sandbox-ms": SECRET + "-ms", "sandbox-rm": SECRET + "-rm"}


def opened(folder: Path) -> Desk:
    world = scenarios.account()
    for client, secret in CANARIES.items():
        world.state.put(
            "applications", client, {**world.state.collections["applications"][client], "clientSecret": secret}
        )
    return Desk(scenarios.everything().write(folder / "project"), world)


def echoing(here: Desk) -> None:
    """A server that shows in its errors whatever it was sent."""
    answer = here.world.handle

    def handle(request: Any) -> Any:
        from dataclasses import replace

        response = answer(request)
        if response.status < 400 or response.aborted:
            return response
        echo = f'{{"errors": [{{"code": "x", "detail": "{request.headers.get("authorization")} {SECRET}-ms"}}]}}'
        return replace(response, body=echo.encode())

    here.handle = handle


@pytest.fixture(autouse=True)
def _secrets() -> Any:
    names = {"marketingSolutions": "sandbox-ms", "retailMedia": "sandbox-rm"}
    found = {product: Credentials(client, CANARIES[client]) for product, client in names.items()}
    with patch.object(connection, "SANDBOX_CREDENTIALS", found):
        yield


@pytest.fixture(autouse=True)
def _one_call_at_a_time() -> Any:
    """The same call meets the fault in every run, and the number of items depends on which one it is."""
    with patch.object(session, "Environment", partial(Environment, in_flight=1)):
        yield


PRODUCT = [
    pytest.param(fault, path, id=f"{fault.name}-{path}".replace(" ", "-"))
    for row, fault in enumerate(FAULTS)
    for column, path in enumerate(PATHS)
    if FULL or (row + column) % 4 == 0
]


@pytest.mark.parametrize(("fault", "path"), PRODUCT)
def test_all_reports_agree_and_keep_secrets(tmp_path: Path, fault: Fault, path: str) -> None:
    seen: list[tuple[int, Counter[str]]] = []
    for form in ("json", "text"):
        here = opened(tmp_path / form)
        echoing(here)
        here.world.inject({"path": path, **fault.script})
        ended = here.run("apply", str(here.folder), "--auto-approve", "--format", form)
        seen.append((ended.code, _told(ended, form)))
        _is_free_of_secrets(here, ended)

    as_json, as_text = seen
    assert as_json == as_text
    assert "Traceback" not in ended.err


def _told(ended: Ended, form: str) -> Counter[str]:
    """How many items ended in which way, as the format tells it."""
    if form == "json":
        assert ended.report["exit_code"] == ended.code
        return Counter(ended.statuses)
    found = re.search(r"^Apply: (.*)\.$", ended.out, re.MULTILINE)
    parts = re.findall(r"(\d+) ([a-z ]+)", found[1]) if found else []
    return Counter({status: int(number) for number, status in parts})


def _is_free_of_secrets(here: Desk, ended: Ended) -> None:
    tokens = list(here.world.state.all("tokens"))
    hidden = [SECRET.encode(), *(token.encode() for token in tokens if token)]
    texts = [ended.out.encode(), ended.err.encode()]
    texts += [file.read_bytes() for file in here.folder.parent.rglob("*") if file.is_file()]
    assert [secret for secret in hidden for text in texts if secret in text] == []
