"""Cases as files: what a user writes, and what they then see. ``pytest --update`` rewrites what is expected.

A case is a Markdown file. Its fenced blocks are, by the words after the backticks:

- ``yaml desired [NAME]``: a resource file; ``yaml each A-B``: a block repeated for each number, ``{n}`` in it;
- ``yaml project``: the project file, if it is not the usual one;
- ``json edits``: changes of the demo account: ``{"id": {path: value}}``, or ``{"A-B": {...}}`` to copy 123468 so often;
- ``json faults [before]``: what goes wrong while it is applied (or before it is planned), until the last plan;
- ``text plan``, ``text apply``, ``text again``: what is seen; a word after it means: from the line that begins with it,
  and ``whole`` that what every plan of the demo account says (its money, its hidden ad set) is part of it;
- ``exit``: the exit codes of plan (with --detailed-exitcode), apply, and plan again.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action, ItemStatus, Run, exit_codes
from reconciler.reports import FORMATS, RenderOptions

from ..support.bench import Bench, bench

CASES = sorted((Path(__file__).parent).glob("*.md"))
FENCE = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(text: str) -> list[tuple[str, str, str]]:
    """Language and purpose, the rest of the words, and the text of each block."""
    found = []
    for match in FENCE.finditer(text):
        words = match["info"].split(maxsplit=2)
        found.append((" ".join(words[:2]), words[2] if len(words) > 2 else "", match["body"]))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_user_sees_what_the_case_says(case: Path, request: pytest.FixtureRequest) -> None:
    text = case.read_text(encoding="utf-8")

    seen, runs = played(text)

    told = rewritten(text, seen)
    if request.config.getoption("--update"):
        case.write_text(told, encoding="utf-8")
    assert text == told
    for run in runs:
        agree(run)


def played(text: str) -> tuple[dict[str, str], list[Run]]:
    """Plan, apply, plan again; what each shows."""
    given = blocks(text)
    asks = {kind for kind, _, _ in given}
    version = next(
        (found[1] for kind, _, body in given if kind == "yaml project" and (found := speaks(body))), "2026-07"
    )
    with bench(version=version, in_flight=1) as here:  # so that ids and traces come in one order
        for kind, _, body in given:
            if kind == "json edits":
                edit(here, json.loads(body))
        write(here, given)
        here.world.inject(*faults(given, "before"))
        planned = here.plan()
        seen = {"text plan": shown(here, planned)}
        codes = [f"plan {int(exit_codes.exit_code(planned, detailed=True))}"]
        runs = [planned]
        if "text apply" in asks:
            here.world.inject(*faults(given, ""))
            applied = here.apply()
            here.world.repair()
            seen["text apply"] = shown(here, applied, told=planned)
            again = here.plan()
            seen["text again"] = shown(here, again)
            codes += [
                f"apply {int(exit_codes.exit_code(applied))}",
                f"again {int(exit_codes.exit_code(again, detailed=True))}",
            ]
            runs += [applied, again]
        seen["exit"] = "\n".join(codes) + "\n"
        return seen, runs


def faults(given: list[tuple[str, str, str]], when: str) -> list[dict[str, Any]]:
    return [one for kind, at, body in given if kind == "json faults" and at == when for one in json.loads(body)]


def speaks(project: str) -> re.Match[str] | None:
    return re.search(r'marketingSolutions: "?([\w-]+)"?', project)


def write(here: Bench, given: list[tuple[str, str, str]]) -> None:
    files = {name or "ads.yaml": body for kind, name, body in given if kind == "yaml desired"}
    for kind, span, body in given:
        if kind == "yaml each":
            lines = "".join(body.replace("{n}", str(number)) for number in numbers(span))
            files["ads.yaml"] = files.get("ads.yaml", "adSets:\n") + lines
    here.write(files)
    for kind, _, body in given:
        if kind == "yaml project":
            (here.folder / "reconciler.yaml").write_text(body, encoding="utf-8")


def edit(here: Bench, changes: dict[str, dict[str, Any]]) -> None:
    for key, paths in changes.items():
        for number in numbers(key):
            if here.world.state.get("adSets", str(number)) is None:
                record = deepcopy(here.world.state.all("adSets")["123468"])
                here.world.state.put("adSets", str(number), {**record, "id": str(number), "name": f"Ad set {number}"})
            if paths:
                here.world.edit("adSets", str(number), paths)


def numbers(span: str) -> Iterator[int]:
    first, _, last = span.partition("-")
    yield from range(int(first), int(last or first) + 1)


def shown(here: Bench, run: Run, told: Run | None = None) -> str:
    """The report as a terminal without colour has it; the folder of the test is nobody's business."""
    problems = told.problems if told is not None else None
    text = FORMATS["text"](run, RenderOptions(already_shown=problems)).replace(f"{here.folder}/", "")
    return re.sub(r"run \d{8}T\d{6}Z-\w+", "run RUN", text)


def rewritten(text: str, seen: dict[str, str]) -> str:
    """The case with what was seen in place of what is expected."""

    def replaced(match: re.Match[str]) -> str:
        words = match["info"].split(maxsplit=2)
        kind, since = " ".join(words[:2]), words[2] if len(words) > 2 else ""
        if kind not in seen:
            return match[0]
        text = seen[kind] if since == "whole" or kind == "exit" else own(seen[kind])
        return f"```{match['info']}\n{since_line(text, '' if since == 'whole' else since)}```"

    return FENCE.sub(replaced, text)


USUAL = re.compile(
    r"(^(Budgets \([^)]*\)|Guardrails):\n(  .*\n)*\n)"
    r"|(^\nnote\[cannot-expose-specific-adsets\].*\n  hint: .*\n(?=\n|\Z))"
    r"|(^note\[cannot-expose-specific-adsets\].*\n  hint: .*\n\n?)",
    re.MULTILINE,
)


def own(text: str) -> str:
    """What this case is about, without what every plan of the demo account says."""
    return USUAL.sub("", text)


def since_line(text: str, word: str) -> str:
    lines = text.splitlines(keepends=True)
    start = next((number for number, line in enumerate(lines) if word and line.lstrip().startswith(word)), 0)
    return "".join(lines[start:])


def agree(run: Run) -> None:
    """Every format tells the same of a run: whether it failed, what it counts, how it ends."""
    text, told = FORMATS["text"](run, RenderOptions()), json.loads(FORMATS["json"](run, RenderOptions()))
    assert told["exit_code"] == int(exit_codes.exit_code(run))
    assert told["errored"] == run.failed
    for action, name in ((Action.CREATE, "create"), (Action.UPDATE, "update"), (Action.STOP, "stop")):
        count = sum(change.action is action for change in run.changes)
        assert told["summary"][name] == count
        assert run.failed or not count or f"{count:,} to {name}" in text
    assert len(told["outcomes"]) == len(run.outcomes)
    for status in ItemStatus:
        count = sum(outcome.status is status for outcome in run.outcomes)
        assert sum(outcome["status"] == status.value for outcome in told["outcomes"]) == count
    for ending, count in Counter(outcome.ending for outcome in run.outcomes).items():
        assert f"{count:,} {ending}" in text
    for form in FORMATS.values():
        assert form(run, RenderOptions())
