"""A run as JSON lines: one event per line, so that a program can follow a long apply.

Types: ``version``, ``diagnostic``, ``planned_change``, ``drift``, ``call_started``, ``call_ended``, ``outcome``,
``summary``. Readers must ignore unknown types and keys.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.model import Call, ItemOutcome, Run
from reconciler.model.exit_codes import exit_code
from reconciler.model.json_values import to_json
from reconciler.reports import json
from reconciler.reports.common import RenderOptions
from reconciler.reports.json import FORMAT_VERSION, Shape, dump_report


def report(run: Run, manner: RenderOptions) -> str:
    """Return the whole run, or its end if the opening events were printed before."""
    return "".join([*(opening_events(run) if manner.already_shown is None else ()), *closing_events(run, manner)])


def opening_events(run: Run) -> Iterator[str]:
    """Yield the events before the first call: version, problems, planned changes."""
    yield _event("version", format_version=FORMAT_VERSION, command=run.command, project=run.project)
    for problem in run.problems:
        yield _event("diagnostic", **json.problem(problem))
    for change in run.changes:
        yield _event("planned_change", **json.change(change))
    for each in run.drift:
        yield _event("drift", **json.drift(each))


def closing_events(run: Run, manner: RenderOptions) -> Iterator[str]:
    """Yield the events of the end: problems that were not shown yet, every outcome, and the exit code."""
    if manner.already_shown is not None:
        shown = frozenset(manner.already_shown)
        for problem in [problem for problem in run.problems if problem not in shown]:
            yield _event("diagnostic", **json.problem(problem))
    for outcome in run.outcomes:
        yield _event("outcome", **json.outcome(outcome))
    code = int(exit_code(run, detailed=manner.detailed))
    yield _event("summary", **json.summary(run), applied=run.applied, errored=run.failed, exit_code=code)


def call_event(call: Call, ended: Sequence[ItemOutcome] | None, now: datetime) -> str:
    """Return the event of a call that is about to be sent, or whose items have ended."""
    shape: Shape = {"at": to_json(now), "call": call.name, "method": call.method, "path": call.path}
    if ended is None:
        return _event("call_started", **shape, items=len(call.items))
    tally = json.tally(ended)
    return _event("call_ended", **shape, items=len(call.items), ended=tally)


def _event(type: str, **shape: object) -> str:
    return dump_report({"type": type, **shape})
