"""A run as JSON for programs: a shape of its own with a version, so that what is inside may change.

Minor versions add keys; readers ignore what they do not know. Amounts are strings, to the last digit.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler import wire
from reconciler.exits import of
from reconciler.model import Action, Call, Change, FieldChange, Outcome, Problem, Run, Span, Value
from reconciler.reports.words import Manner

FORMAT_VERSION = "1.0"
Shape = dict[str, Any]
ACTIONS = {Action.CREATE: "create", Action.UPDATE: "update", Action.STOP: "stop"}


def report(run: Run, manner: Manner) -> str:
    """One JSON object and a line break."""
    shape: Shape = {
        "format_version": FORMAT_VERSION,
        "command": run.command,
        "project": run.project,
        "exit_code": int(of(run)),
        "errored": run.failed,
        "applied": run.applied,
        "summary": {
            **{name: sum(change.action is action for change in run.changes) for action, name in ACTIONS.items()},
            "unchanged": run.unchanged,
        },
        "diagnostics": [_problem(problem) for problem in run.problems],
        "resource_changes": [_change(change) for change in run.changes],
        "calls": {
            "count": run.plan.total,
            "bound": run.plan.bound,
            "now": [_call(call, manner) for call in run.plan.calls],
            "deferred_count": run.plan.deferred_calls,
            "deferred": [_change(change) for change in run.plan.deferred],
        },
        "outcomes": [_outcome(outcome) for outcome in run.outcomes],
    }
    return json.dumps(shape, indent=2, ensure_ascii=False, default=str) + "\n"


def _change(change: Change) -> Shape:
    return {
        "address": str(change.address),
        "kind": change.address.kind,
        "id": change.id,
        "action": ACTIONS[change.action],
        "fields": [_field(move) for move in change.fields],
        "range": _span(change.place.span),
    }


def _field(move: FieldChange) -> Shape:
    return {
        "field": move.field,
        "facet": move.facet,
        "before": value(move.before),
        "after": value(move.after),
        "seen": move.seen,
        "range": _span(move.place.span),
    }


def _call(call: Call, manner: Manner) -> Shape:
    shape: Shape = {
        "name": call.name,
        "method": call.method,
        "path": call.path,
        "query": [list(pair) for pair in call.query],
        "facet": call.facet,
        "effect": call.effect.value,
        "atomic": call.atomic,
        "items": [str(item.address) for item in call.items],
    }
    return shape | ({"body": wire.dump(call.body).decode()} if manner.bodies else {})


def _outcome(outcome: Outcome) -> Shape:
    return {
        "address": str(outcome.item.address),
        "call": outcome.call,
        "status": outcome.status.value,
        "id": outcome.id,
        "fields": [move.field for move in outcome.item.fields],
        "diagnostics": [_problem(problem) for problem in outcome.problems],
    }


def _problem(problem: Problem) -> Shape:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "address": str(problem.address) if problem.address else None,
        "range": _span(problem.span),
    }


def _span(span: Span | None) -> Shape | None:
    if span is None:
        return None
    return {
        "filename": span.file,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.line, "column": span.column + span.width},
    }


def value(held: Value) -> Any:
    """A canonical value as JSON: amounts and dates as text."""
    match held:
        case Decimal():
            return format(held, "f")
        case datetime():
            return held.isoformat().replace("+00:00", "Z")
        case date():
            return held.isoformat()
        case tuple():
            return [value(each) for each in held]
        case Mapping():
            return {name: value(part) for name, part in held.items()}
        case _:
            return held
