"""A kind is added by one file and one line: everything else reads its table."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from reconciler.commands import drift, import_, rollback
from reconciler.commands.session import Session
from reconciler.config import published_schemas, schema_builder, schema_errors
from reconciler.engine.environment import StateSnapshot
from reconciler.importer.account_import import ImportRequest
from reconciler.kinds.versions import v2026_07
from reconciler.model import Run
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

from ...support.bench import Bench, bench
from .toy_kind import VOUCHER

GENERATOR = Path(__file__).parents[3] / "docs" / "generate"
PATH = "/2026-07/marketing-solutions/vouchers"
FILES = """\
vouchers:
  summer: {advertiserId: "1352", title: Summer, worth: 50, open: true}
  winter: {advertiserId: "1352", title: Winter, worth: 20.5}
"""


@dataclass
class Vouchers:
    """A server of vouchers, in front of the sandbox that answers all else."""

    world: World
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(900))

    def handle(self, request: Request) -> Response:
        if not request.path.startswith(PATH):
            return self.world.handle(request)
        self.calls.append((request.method, request.path))
        data = json.loads(request.body).get("data")
        return Response(200, (("content-type", "application/json"),), json.dumps(self._answer(request, data)).encode())

    def _answer(self, request: Request, data: Any) -> dict[str, Any]:
        if request.path.endswith("/search"):
            return {"data": [self._shown(id) for id in self.held]}
        if request.method == "POST":
            id = str(next(self.ids))
            self.held[id] = data["attributes"]
            return {"data": self._shown(id)}
        for item in data:
            self.held[item["id"]] |= item["attributes"]
        return {"data": [{"type": "Voucher", "id": item["id"]} for item in data]}

    def _shown(self, id: str) -> dict[str, Any]:
        return {"type": "Voucher", "id": id, "attributes": {"isOpen": False, **self.held[id]}}


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The one line, and the schema as `reconciler schema` would then publish it."""
    monkeypatch.setitem(v2026_07.MARKETING_SOLUTIONS, VOUCHER.name, VOUCHER)
    built = {name: json.dumps(content) for name, content in schema_builder.build_schemas().items()}
    monkeypatch.setattr(published_schemas, "read_schema", built.__getitem__)
    caches = [each for each in vars(schema_errors).values() if hasattr(each, "cache_clear")]
    for each in caches:
        each.cache_clear()
    yield
    for each in caches:
        each.cache_clear()


@pytest.fixture
def here(registered: None) -> Iterator[tuple[Bench, Vouchers]]:
    with bench() as made:
        server = Vouchers(made.world)
        made.handle = server.handle
        made.begin()
        yield made, server


def session(at: Bench) -> Session:
    made = at.session()
    assert isinstance(made, Session), [each.message for each in made.problems]
    return made


def ended(run: Run) -> list[str]:
    return [each.ending for each in run.outcomes]


def test_it_is_validated_planned_and_applied_once(here: tuple[Bench, Vouchers]) -> None:
    at, server = here
    at.write({"vouchers.yaml": FILES})

    planned = at.plan()
    done = at.apply()

    assert [str(change.address) for change in planned.changes] == ["vouchers.summer", "vouchers.winter"]
    assert planned.money is not None
    assert [(each.currency, each.after) for each in planned.money.commitments] == [("EUR", 70.5)]
    assert ended(done) == ["applied", "applied"]
    assert {each["title"]: each["worth"] for each in server.held.values()} == {"Summer": 50, "Winter": 20.5}
    assert at.plan().plan.total == 0


def test_a_mistake_is_told_at_its_line(here: tuple[Bench, Vouchers]) -> None:
    at, _ = here
    at.write({"vouchers.yaml": FILES.replace("worth: 50", "worth: lots")})

    (problem,) = at.plan().problems

    assert problem.span is not None
    assert (problem.span.line, "lots" in problem.message) == (2, True)


def test_what_moved_outside_is_drift_and_a_run_can_be_undone(here: tuple[Bench, Vouchers]) -> None:
    at, server = here
    at.write({"vouchers.yaml": FILES})
    at.apply()
    at.write({"vouchers.yaml": FILES.replace("worth: 50", "worth: 70")})
    at.apply()
    with session(at).remembering(create=False) as book:
        run = book.runs(1)[0].id
    (summer,) = (each for each in server.held.values() if each["title"] == "Summer")  # creations go side by side
    summer["worth"] = 90

    (moved,) = drift.detect_drift(session(at), ()).run.drift
    summer["worth"] = 70
    undone = rollback.rollback(session(at), run)

    assert (moved.field, moved.applied, moved.live, moved.name) == ("worth", 70, 90, "Summer")
    assert [(each.field, each.before, each.after) for each in undone.run.changes[0].fields] == [("worth", 70, 50)]
    assert '+  summer: {advertiserId: "1352", title: Summer, worth: 50.00' in undone.patch


def test_an_import_writes_it_and_plans_nothing(here: tuple[Bench, Vouchers]) -> None:
    at, server = here
    server.held |= {"7": {"advertiserId": "1352", "title": "Spring", "worth": 5}}
    at.write({})

    wish = ImportRequest((VOUCHER.name,))
    done = import_.write_import(at.load(), at.outside, StateSnapshot(), wish, lambda line: None, at.world.now)

    assert [str(each.path.relative_to(at.folder)) for each in done.files] == ["vouchers/shop-a.yaml"]
    assert at.plan().plan.total == 0


def test_schema_and_reference_know_it(registered: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GENERATOR))
    monkeypatch.delitem(sys.modules, "kinds", raising=False)
    schema = schema_builder.build_schemas()["resources.schema.json"]
    page = import_module("kinds").pages()["kinds/vouchers.md"]

    assert set(schema["$defs"]["vouchers"]["properties"]) >= {"id", "title", "worth", "open"}
    assert "Vouchers of an advertiser. They belong to Marketing Solutions" in page
    assert "What it is worth." in page
