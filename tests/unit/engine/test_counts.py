"""What must not grow is counted, not timed: every file is parsed and validated once, every live object decoded
once, every pair compared once, and nothing is imported that a command does not use."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.config import loader, resource_loader, schema_errors, yaml_document
from reconciler.engine import plan as plan_engine
from reconciler.engine import validate
from reconciler.engine.environment import Environment
from reconciler.engine.progress import CallProgress, Line
from reconciler.model import Answer, Call, Delivery, ReadCall
from reconciler.planning import diff
from reconciler.provider import codec

FILES, EACH = 3, 4
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PROJECT = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
BLOCK = '  {name}:\n    id: "{id}"\n    name: Summer {id}\n    bidding: {{bidAmount: 0.90}}\n'


def row(id: int, bid: float) -> dict[str, Any]:
    attributes = {"name": f"Summer {id}", "advertiserId": "1352", "bidding": {"bidAmount": bid}}
    return {"type": "ReadAdSetV26Q1", "id": str(id), "attributes": attributes}


def answer(call: Call) -> Answer:
    """A portfolio of one advertiser, whose every third bid is another; rows as the one door hands them on."""
    body: Any = {"data": []}
    if call.path.endswith("/me"):
        body = {"data": [{"id": "1352"}]} if "advertisers" in call.path else {"data": {"attributes": {}}}
    if call.path.endswith("/search"):
        rows = [row(id, 0.5 if id % 3 == 0 else 0.9) for id in range(FILES * EACH)]
        assert isinstance(call, ReadCall)
        assert call.row_hook is not None
        body = {"data": list(map(call.row_hook, rows))}
    return Answer(Delivery.ANSWERED, 200, body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    for file in range(FILES):
        blocks = (BLOCK.format(name=f"s{file * EACH + n}", id=file * EACH + n) for n in range(EACH))
        (tmp_path / f"ads-{file}.yaml").write_text("adSets:\n" + "".join(blocks))
    return tmp_path


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each step is taken, at the boundary of its module."""
    counted: Counter[str] = Counter()

    def watch(module: Any, name: str, size: Callable[..., int] = lambda *_, **__: 1) -> None:
        step = getattr(module, name)

        def watched(*args: Any, **named: Any) -> Any:
            counted[f"{module.__name__}.{name}"] += size(*args, **named)
            return step(*args, **named)

        monkeypatch.setattr(module, name, watched)

    watch(yaml_document, "parse")
    watch(schema_errors, "is_valid")
    watch(schema_errors, "problems")
    watch(codec, "decode_row")
    watch(diff, "_diff_fields")
    compare = plan_engine.diff

    def compared(kind: Any, pairs: Any, remembered: Any) -> Any:
        counted["pairs"] += len(pairs)
        return compare(kind, pairs, remembered)

    monkeypatch.setattr(plan_engine, "diff", compared)
    return counted


def test_each_step_is_taken_once(folder: Path, counts: Counter[str]) -> None:
    loaded = loader.load([str(folder)])
    prepared = plan_engine.plan(loaded, Environment(answer, lambda: NOW, lambda seconds: None), NOW)
    assert isinstance(prepared, plan_engine.PreparedPlan)
    assert len(prepared.run.changes) == FILES * EACH // 3
    assert counts == {
        "reconciler.config.yaml_document.parse": FILES + 1,  # the project's own file
        "reconciler.config.schema_errors.is_valid": FILES + 1,
        "reconciler.provider.codec.decode_row": FILES * EACH,
        "pairs": FILES * EACH,
        "reconciler.planning.diff._diff_fields": FILES * EACH // 3,  # field by field only where something differs
    }


def test_whether_files_are_always_wrong_is_found_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[loader.LoadResult] = []
    rules = validate.problems_at
    monkeypatch.setattr(validate, "problems_at", lambda loaded, now: asked.append(loaded) or rules(loaded, now))
    loaded = loader.load([str(folder)])
    assert [validate.is_always_wrong(loaded) for _ in range(3)] == [False] * 3
    assert len(asked) == 1
    (folder / "ads-0.yaml").write_text("adSets:\n  s: {id: '1', nme: x}\n")
    assert validate.is_always_wrong(loader.load([str(folder)]))
    assert not validate.is_always_wrong(loaded)


def test_what_is_as_wanted_is_held_once(folder: Path) -> None:
    prepared = plan_engine.plan(loader.load([str(folder)]), Environment(answer, lambda: NOW, lambda seconds: None), NOW)
    assert isinstance(prepared, plan_engine.PreparedPlan)
    changed = {change.address for change in prepared.run.changes}
    for desired, live in prepared.pairs["adSets"]:
        assert live is not None
        shared = getattr(live.values, "stated", None) is desired.values
        assert shared == (desired.address not in changed)
        assert {**live.values} == {
            **codec.decode_row(prepared.targets["adSets"].kind, row(int(live.id), 0.9)).values
        } | {"bidding.bidAmount": live.values["bidding.bidAmount"]}


def test_a_file_keeps_its_places_and_not_its_values(folder: Path) -> None:
    loaded = loader.load([str(folder)])
    assert all(document.value is None for document in loaded.documents.values())
    assert {desired.at("bidding.bidAmount").span.line for desired in loaded.desired} == {5, 9, 13, 17}


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("arguments", "unused"),
    [
        (["--version"], {"click", "yaml", "decimal"}),
        (["--help"], {"yaml", "jsonschema_rs", "reconciler.engine.plan"}),
        (["validate"], {"httpx", "deepdiff", "jsonschema", "asyncio", "sqlite3", "reconciler.engine.plan", "orjson"}),
        (["plan", "--sandbox"], {"deepdiff", "jsonschema", "asyncio", "rich", "reconciler.reports.html"}),
    ],
)
def test_a_command_imports_only_what_it_uses(folder: Path, arguments: list[str], unused: set[str]) -> None:
    code = f"""
import os, sys
sys.argv = ["reconciler", *{arguments!r}]
os._exit = sys.exit
from reconciler.__main__ import main
try:
    main()
finally:
    print("loaded:", *sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    loaded = set(ran.stdout.rpartition("loaded: ")[2].split())
    assert "reconciler" in loaded, ran.stderr
    assert not unused & loaded


def test_progress_costs_nothing_without_a_terminal(folder: Path) -> None:
    command = [sys.executable, "-m", "reconciler", "validate"]
    assert subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stderr == ""


def test_reads_are_told_as_they_are_sent(folder: Path) -> None:
    told: list[Line] = []
    calls = CallProgress(told.append, lambda: 0.0, lambda: 0.25, 240)
    outside = Environment(calls.reading(answer), lambda: NOW, lambda seconds: None)
    plan_engine.plan(loader.load([str(folder)]), outside, NOW)
    lines = [str(each) for each in told]
    assert lines[0] == "reading the portfolio: 0 objects, rate limit 25 % used"
    assert any(line.startswith("reading adSets: ") for line in lines)


@pytest.mark.parametrize("mistakes", [50, 500])
def test_a_block_is_judged_by_its_own_refusals_only(
    mistakes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of n wrong blocks asks for its own refusal: n looks, where a look at all of them would be n squared."""
    (tmp_path / "reconciler.yaml").write_text(PROJECT)
    wrong = (f"  s{id}:\n    name: Summer {id}\n    bidding: {{bidAmont: 1}}\n" for id in range(mistakes))
    (tmp_path / "ads.yaml").write_text("adSets:\n" + "".join(wrong))
    looks, touches = 0, resource_loader._touches

    def counted_touches(*arguments: Any) -> bool:
        nonlocal looks
        looks += 1
        return touches(*arguments)

    monkeypatch.setattr(resource_loader, "_touches", counted_touches)
    loaded = loader.load([str(tmp_path)])
    assert sum(problem.code == "unknown-key" for problem in loaded.problems) == mistakes
    assert looks <= 4 * mistakes
