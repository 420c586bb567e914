"""A run as JSON lines: one event a line, so that a program can follow a long apply while it goes on.

Types: ``version``, ``diagnostic``, ``planned_change``, ``drift``, ``call_started``, ``call_ended``, ``outcome``,
``summary``. Readers ignore types and keys that they do not know.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.as_json import as_json
from reconciler.exits import of
from reconciler.model import Call, Outcome, Run
from reconciler.reports import json
from reconciler.reports.json import FORMAT_VERSION, Shape, dumped
from reconciler.reports.words import Manner


def report(run: Run, manner: Manner) -> str:
    """The whole run; or, if its opening was told when it began, how it ended."""
    return "".join([*(opening(run) if manner.told is None else ()), *closing(run, manner)])


def opening(run: Run) -> Iterator[str]:
    """What is known before the first call: the version, what is wrong, what is planned."""
    yield _event("version", format_version=FORMAT_VERSION, command=run.command, project=run.project)
    for problem in run.problems:
        yield _event("diagnostic", **json.problem(problem))
    for change in run.changes:
        yield _event("planned_change", **json.change(change))
    for each in run.drift:
        yield _event("drift", **json.drift(each))


def closing(run: Run, manner: Manner) -> Iterator[str]:
    """How it ended: what was found wrong since ``manner.told``, every item, and the exit code."""
    if manner.told is not None:
        told = frozenset(manner.told)
        for problem in [problem for problem in run.problems if problem not in told]:
            yield _event("diagnostic", **json.problem(problem))
    for outcome in run.outcomes:
        yield _event("outcome", **json.outcome(outcome))
    code = int(of(run, detailed=manner.detailed))
    yield _event("summary", **json.summary(run), applied=run.applied, errored=run.failed, exit_code=code)


def called(call: Call, ended: Sequence[Outcome] | None, now: datetime) -> str:
    """A call that is about to be sent, or one whose items have ended."""
    shape: Shape = {"at": as_json(now), "call": call.name, "method": call.method, "path": call.path}
    if ended is None:
        return _event("call_started", **shape, items=len(call.items))
    tally = json.tally(ended)
    return _event("call_ended", **shape, items=len(call.items), ended=tally)


def _event(type: str, **shape: object) -> str:
    return dumped({"type": type, **shape})
