"""A run as JSON for programs, in a versioned form that is independent of internal types.

Minor versions add keys; readers must ignore unknown ones. Amounts are strings, to the last digit. Its schema is
published: ``schemas/report.schema.json``.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC
from decimal import Decimal
from typing import Any

import orjson
from msgspec.structs import asdict

from reconciler.kinds.versions import replaced_whole
from reconciler.model import (
    Call,
    Change,
    Drift,
    FieldChange,
    ItemOutcome,
    ItemStatus,
    Judgement,
    LimitChange,
    Money,
    Problem,
    Run,
    Span,
)
from reconciler.model.exit_codes import exit_code
from reconciler.model.json_values import problem as without_position
from reconciler.model.json_values import to_json
from reconciler.model.money import Exposure, Increase, Limit
from reconciler.model.text import COMMAND, sanitize
from reconciler.provider import codec
from reconciler.reports import ceilings
from reconciler.reports.common import VERBS, RenderOptions, count_by_status, counts, tally_endings
from reconciler.reports.cost import totals

FORMAT_VERSION = "1.0"
Shape = dict[str, Any]
RANGES = ("lowest_before", "highest_before", "lowest_after", "highest_after")
WIDE = re.compile(r"[^\x00-\x7e]")


def report(run: Run, manner: RenderOptions) -> str:
    """Return the report: one JSON object and a line break."""
    shape: Shape = {
        "format_version": FORMAT_VERSION,
        "command": run.command,
        "project": run.project,
        "exit_code": int(exit_code(run, detailed=manner.detailed)),
        "digest": manner.digest,
        "errored": run.failed,
        "applied": run.applied,
        "summary": summary(run),
        "money": _money(run.money) if run.money else None,
        "guardrails": [_judgement(each) for each in run.judgements],
        "diagnostics": [problem(each) for each in run.problems],
        "resource_changes": [change(each) for each in run.changes],
        "irreversible": [
            {"address": str(each.address), "field": each.field or None, "why": each.why.value} for each in run.lasting
        ],
        "calls": {
            "count": run.plan.total,
            "bound": run.plan.bound,
            "now": [_call(call, manner) for call in run.plan.calls],
            "deferred_count": run.plan.deferred_calls,
            "deferred": [change(each) for each in run.plan.deferred],
        },
        "outcomes": [outcome(each) for each in run.outcomes],
    }
    if run.command == "drift":
        shape |= _drifts(run)
    return dump_report(shape, orjson.OPT_INDENT_2)


def dump_report(shape: Any, option: int = 0) -> str:
    """Return JSON and a line break; invisible characters, surrogates and log commands are escaped."""
    try:
        text = orjson.dumps(shape, option=option | orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:
        text = json.dumps(shape, indent=2 if option & orjson.OPT_INDENT_2 else None) + "\n"
    text = text.replace(COMMAND, "##\\u005b")
    return text if text.isascii() and "\x7f" not in text else WIDE.sub(_visible, text)


def _visible(letter: re.Match[str]) -> str:
    return letter[0] if sanitize(letter[0]) == letter[0] else json.dumps(letter[0])[1:-1]


def summary(run: Run) -> Shape:
    """Return the number of resources by change, and of items by ending."""
    ends = {ending.replace(" ", "_"): count for ending, count in count_by_status(run).items()}
    return {**counts(run), "unchanged": run.unchanged} | ({"ended": ends} if run.applied else {})


def tally(outcomes: Iterable[ItemOutcome]) -> dict[str, int]:
    """Return the number of items by ending; zero counts are left out."""
    return {ending.replace(" ", "_"): count for ending, count in tally_endings(outcomes).items()}


def change(each: Change) -> Shape:
    """Return one resource with its changed fields."""
    return {
        "address": str(each.address),
        "kind": each.address.kind,
        "id": each.id,
        "action": VERBS[each.action],
        "fields": [_field(move) for move in each.fields],
        "range": _span(each.place.span),
    }


def _field(move: FieldChange) -> Shape:
    return {
        "field": move.field,
        "facet": move.facet,
        "before": to_json(move.before),
        "after": to_json(move.after),
        "seen": move.seen,
        "range": _span(move.place.span),
    }


def _call(call: Call, manner: RenderOptions) -> Shape:
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
    whole = replaced_whole(call.kind, call.facet)
    shape |= {"replaces": whole} if whole else {}
    return shape | ({"body": codec.dump_json(call.body).decode()} if manner.bodies else {})


def outcome(each: ItemOutcome) -> Shape:
    """Return the outcome of one item of one call."""
    return {
        "address": str(each.item.address),
        "call": each.call,
        "status": each.status.value,
        "seen": each.seen.value.replace(" ", "_") if each.status is ItemStatus.APPLIED else None,
        "id": each.id,
        "fields": [move.field for move in each.item.fields],
        "diagnostics": [problem(said) for said in each.problems],
    }


def problem(each: Problem) -> Shape:
    """Return one problem with its range."""
    return {**without_position(each), "range": _span(each.span)}


def _drifts(run: Run) -> Shape:
    return {
        "drift": [drift(each) for each in run.drift],
        "unmanaged": [
            {"kind": each.kind, "id": each.id, "name": each.name, "currency": each.currency,
             "limit": _limit(each.limit)}
            for each in run.unmanaged
        ],
        "shares": [
            {"kind": each.kind, "currency": each.currency, "count": each.count,
             "held": _exposure(each.held), "total": _exposure(each.total)}
            for each in run.shares
        ],
    }  # fmt: skip


def drift(each: Drift) -> Shape:
    """Return one differing value: desired, applied and live."""
    return {
        "address": str(each.address),
        "id": each.id,
        "field": each.field or None,
        "state": each.state.value,
        "wanted": to_json(each.wanted),
        "applied": to_json(each.applied),
        "applied_known": each.known,
        "live": to_json(each.live),
        "authors": [
            {"who": author.who, "at": to_json(author.at), "memo": author.memo, "run": author.run}
            for author in each.authors
        ],
        "since": to_json(each.since),
        "until": to_json(each.until),
        "range": _span(each.place.span),
    }


def _judgement(each: Judgement) -> Shape:
    return {
        "rule": each.rule,
        "level": each.level.value,
        "limit": each.limit,
        "verdict": each.verdict.value,
        "because": each.because,
        "diagnostics": [problem(said) for said in each.problems],
        "allowed": [
            {
                "range": _span(excuse.at),
                "until": excuse.until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "because": excuse.because,
                "count": excuse.count,
                "diagnostics": [problem(said) for said in excuse.problems],
            }
            for excuse in each.excuses
        ],
    }


def _percent(percent: Decimal | None) -> Decimal | None:
    """Return a percentage with four decimals; unlike :func:`round` this takes numbers of any length."""
    return None if percent is None else Decimal(f"{percent:.4f}")


def _money(money: Money) -> Shape:
    return {
        "totals": [
            {"currency": each.currency, "what": each.word, "before": _exposure(each.before),
             "after": _exposure(each.after), "change": _exposure(each.change)}
            for each in totals(money)
        ],
        "funds": [{"currency": each.currency, "added": to_json(each.added), "taken": to_json(each.taken)}
                  for each in money.funds],
        "bids": [{**asdict(each), "percent": to_json(_percent(each.percent))}
                 | {name: to_json(getattr(each, name)) for name in RANGES} for each in money.bids],
        "dated": [
            {"currency": each.currency, "address": str(each.address), "field": each.field, "first": each.first,
             "last": each.last, "count": each.count, "before": to_json(each.before), "after": to_json(each.after),
             "adds": to_json(each.adds)}
            for each in money.dated
        ],
        "shifts": [_shift(each) for each in money.shifts],
        "increases": [_increase(each) for each in money.increases],
        "rolling": [_increase(each) for each in money.rolling],
        "running": [{"call": each.call, "currency": each.currency, "exposure": _exposure(each.exposure)}
                    for each in money.running],
        "ceilings": [{"currency": each.currency, "what": each.word, "before": _exposure(each.before),
                      "after": _exposure(each.after), "change": _exposure(each.change)}
                     for each in ceilings.rows(money)],
    }  # fmt: skip


def _exposure(each: Exposure) -> Shape:
    return {"amount": to_json(each.amount), "uncapped": each.uncapped}


def _increase(each: Increase) -> Shape:
    return {"currency": each.currency, "exposure": _exposure(each.exposure), "since": to_json(each.since)}


def _shift(each: LimitChange) -> Shape:
    return {
        "kind": each.kind,
        "id": each.id,
        "address": str(each.address) if each.address else None,
        "currency": each.currency,
        "before": _limit(each.before),
        "after": _limit(each.after),
    }


def _limit(each: Limit | None) -> Shape | None:
    return {"period": each.period.value, "amount": to_json(each.amount)} if each else None


def _span(span: Span | None) -> Shape | None:
    if span is None:
        return None
    return {
        "filename": span.file,
        "start": {"line": span.line, "column": span.column},
        "end": {"line": span.line, "column": span.column + span.width},
    }
