"""What the API adds to its answers changes nothing: new keys, new blocks, new words where only words are shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.commands import drift as drift_command
from reconciler.commands.session import Session
from reconciler.sandbox.encoding import encode
from reconciler.sandbox.message import Request, Response

from ..support.bench import Bench
from .accounts import distort, populate
from .portfolios import Spoken
from .test_import_is_quiet import cases, imported, stage

WORDS = frozenset({"status", "deliveryStatus", "suspensionReasons", "type", "traceId"})
"""Keys of answers whose words no plan goes by, but for one."""
INTENTS = {"unknown", "active", "paused", "draft", "scheduled", "budgethit", "nofunds", "ended", "auction", "preferred"}
DECISIVE = frozenset({"archived", *INTENTS})
"""What is archived is left out: a word that replaces it is another state of the object, and no addition. The files
hold what a line item is meant to do, and the type of a campaign of Retail Media."""
LEAVES: tuple[Any, ...] = (
    None,
    True,
    0,
    Decimal("-1.5"),
    "",
    "x" * 300,
    "夏 é \u202e",
    [],
    {},
    [None],
    {"value": None},
    {"value": {}},
)
answers = 0
"""How many have been altered, for who runs more of them."""


def altered(handle: Callable[[Request], Response], chance: Random) -> Callable[[Request], Response]:
    """The same account behind an API that has grown."""

    def grown(request: Request) -> Response:
        global answers
        response = handle(request)
        kind = response.header("content-type") or ""
        if response.status != 200 or "json" not in kind or "oauth2" in request.path or not response.body:
            return response
        answers += 1
        body = json.loads(response.body, parse_float=Decimal)
        return _with_body(response, encode(_grown(body, chance), exact=True))

    return grown


def _with_body(response: Response, body: bytes) -> Response:
    kept = tuple(each for each in response.headers if each[0] != "content-length")
    return Response(response.status, kept, body)


def _grown(value: Any, chance: Random) -> Any:
    if isinstance(value, list):
        return [_grown(each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _word(key, each, chance) for key, each in value.items()}
    for _ in range(chance.choice((0, 0, 1, 3))):
        found[f"new{chance.choice(('Key', '-block', '.dotted', ' words', 'É', ''))}{chance.randrange(99)}"] = _new(
            chance, 3
        )
    items = list(found.items())
    if chance.random() < 0.3:
        chance.shuffle(items)
    return dict(items)


def _word(key: str, value: Any, chance: Random) -> Any:
    if key in WORDS and isinstance(value, str) and value.casefold() not in DECISIVE and chance.random() < 0.5:
        return f"brandNew{chance.randrange(9)}"
    return _grown(value, chance)


def _new(chance: Random, depth: int) -> Any:
    if depth == 0 or chance.random() < 0.5:
        return chance.choice(LEAVES)
    if chance.random() < 0.5:
        return [_new(chance, depth - 1) for _ in range(chance.randrange(3))]
    return {f"{chance.choice(('id', 'value', 'name', 'errors', 'x'))}": _new(chance, depth - 1)}


@pytest.mark.parametrize("case", cases(), ids=repr)
@settings(phases=[Phase.generate], max_examples=2)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_additions_leave_plan_report_import_and_drift_as_they_were(
    case: Spoken, data: st.DataObject, seed: int
) -> None:
    with stage(case) as here:
        populate(here.world, case.name, data.draw)
        imported(here, case)
        distort(here.world, case.name, data.draw)
        seen(here, case)  # the first look is remembered
        expected = seen(here, case)
        here.handle = altered(here.world.handle, Random(seed))
        here.begin()

        for _ in range(int(os.environ.get("ADDITIONS", "1"))):
            assert seen(here, case) == expected


def seen(here: Bench, case: Spoken) -> dict[str, Any]:
    """All that a user would see of the account, with the files as they are."""
    run = here.plan()
    session = here.session()
    assert isinstance(session, Session)
    looked = drift_command.detect_drift(session, ()).run
    before = {file: file.read_bytes() for file in here.folder.rglob("*.yaml")}
    done = imported(here, case, update=True)
    after = {str(file): file.read_bytes() for file in here.folder.rglob("*.yaml")}
    for file in here.folder.rglob("*.yaml"):
        if file not in before:
            file.unlink()
    for file, content in before.items():
        file.write_bytes(content)
    return {
        "plan": [here.report(run, form, bodies=True) for form in ("json", "text", "markdown")],
        "drift": [here.report(looked, form) for form in ("json", "text")],
        "import": after,
        "left": [(each.id, each.field, each.reason) for each in done.left],
    }
