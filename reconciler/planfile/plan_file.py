"""Plan file: exactly the reviewed calls are sent, or none.

The file is readable JSON with a digest over all of it. It is not trusted: an apply derives the calls again from the
user's files and the recorded values, and they must be equal.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from msgspec import Struct, field

from reconciler.kinds.kind import Kind
from reconciler.model import (
    Action,
    Call,
    Change,
    FieldChange,
    FixedLocator,
    Item,
    Live,
    Place,
    Plan,
    Run,
    Value,
    Values,
    Verdict,
    WriteEffect,
)
from reconciler.model.json_values import read_address, read_span, to_json
from reconciler.planfile import money_codec
from reconciler.planfile.digest import digest_of
from reconciler.planfile.plan_shape import check_types, moment
from reconciler.planning.irreversible import find_irreversible
from reconciler.provider import codec

FORMAT_VERSION = "1.0"
Shape = dict[str, Any]
ACTIONS = {"create": Action.CREATE, "update": Action.UPDATE, "stop": Action.STOP}


class PlanContext(Struct, frozen=True):
    """Conditions under which a plan was made; all of them must still hold when it is applied."""

    tool: str
    commit: str | None
    config: str
    versions: Mapping[str, str]
    scope: Mapping[str, tuple[str, ...]]
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    merged: bool
    created: datetime
    expires: datetime


class PlanFile(Struct, frozen=True):
    """A plan file as read: digest, conditions, changes, and calls as JSON."""

    digest: str
    made: PlanContext
    changes: tuple[Change, ...]
    calls: tuple[Shape, ...]
    shapes: tuple[Shape, ...]
    late: tuple[Shape, ...]
    run: Run
    allowed: Mapping[str, str] = field(default_factory=dict)


class PlanFileError(ValueError):
    """Raised if the file is no plan, or was altered."""


# --- Writing --------------------------------------------------------------------------------------------


def dump_plan(run: Run, made: PlanContext) -> tuple[bytes, str]:
    """Return the plan as JSON and its digest. The same inputs give the same bytes."""
    allowed = [each for each in run.judgements if each.because and each.verdict is Verdict.ALLOWED]
    content: Shape = {
        "format_version": FORMAT_VERSION,
        "project": run.project,
        "tool": made.tool,
        "commit": made.commit,
        "config": made.config,
        "api": dict(sorted(made.versions.items())),
        "scope": {name: list(ids) for name, ids in sorted(made.scope.items())},
        "paths": list(made.paths),
        "targets": list(made.targets),
        "batching": "merged" if made.merged else "facets",
        "created": to_json(made.created),
        "expires": to_json(made.expires),
        "money": money_codec.encode_money(run.money),
        "guardrails": [money_codec.encode_judgement(each) for each in run.judgements],
        "changes": [change_shape(change) for change in run.changes],
        "unchanged": run.unchanged,
        "allowed": {each.rule: each.because for each in allowed},
        "calls": [call_shape(call) for call in run.plan.calls],
        "deferred": [change_shape(change) for change in run.plan.deferred],
        "deferred_calls": run.plan.deferred_calls,
        "bound": run.plan.bound,
    }
    digest = digest_of(content)
    shape = {"digest": digest, **content}
    try:
        return orjson.dumps(shape, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), digest
    except TypeError:  # an integer of more than 64 bits, or a lone surrogate
        return json.dumps(shape, indent=2).encode() + b"\n", digest


def call_shape(call: Call) -> Shape:
    """Return the sent part of a call as JSON: equal calls have equal results."""
    return {
        "name": call.name,
        "method": call.method,
        "path": call.path,
        "query": [list(pair) for pair in call.query],
        "facet": call.facet,
        "effect": call.effect.value,
        "product": call.product,
        "items": [str(item.address) for item in call.items],
        "body": codec.dump_json(call.body).decode(),
    }


def change_shape(change: Change) -> Shape:
    """Return a change as JSON with every known live value, since those are checked as well."""
    return {
        "address": str(change.address),
        "action": change.action.name.lower(),
        "id": change.id,
        "at": str(change.place.span),
        "live": None if change.live is None else {name: to_json(value) for name, value in change.live.values.items()},
        "refs": dict(change.live.refs) if change.live else {},
        "fields": [
            {
                "field": move.field,
                "facet": move.facet,
                "before": to_json(move.before),
                "after": to_json(move.after),
                "seen": move.seen,
                "at": str(move.place.span),
            }
            for move in change.fields
        ],
    }


# --- Reading --------------------------------------------------------------------------------------------


def read_paths(text: str) -> tuple[str, ...]:
    """Return the paths from which a plan was made. Raise :class:`PlanFileError` if it is no plan."""
    found = _content(text).get("paths")
    if not isinstance(found, list):
        raise PlanFileError("it is not a plan")
    return tuple(str(path) for path in found)


def read_versions(text: str) -> Mapping[str, str]:
    """Return the API versions of a plan. Raise :class:`PlanFileError` if it is no plan."""
    found = _content(text).get("api")
    if not isinstance(found, dict):
        raise PlanFileError("it is not a plan")
    return found


def load_plan(text: str, kinds: Mapping[str, Kind]) -> PlanFile:
    """Return the plan of a file. Raise :class:`PlanFileError` if it is no plan or was altered."""
    content = _content(text)
    digest = content.pop("digest", None)
    if digest != digest_of(content):
        raise PlanFileError("it was altered after it was written: its digest does not match")
    if content.get("format_version") != FORMAT_VERSION:
        raise PlanFileError(f"its format {content.get('format_version')} is not {FORMAT_VERSION}")
    try:
        check_types(content)
        return _saved(digest, content, kinds)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as trouble:
        raise PlanFileError(f"it is not whole: {trouble or type(trouble).__name__}") from trouble


def _content(text: str) -> Shape:
    def once(pairs: list[tuple[str, Any]]) -> Shape:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise PlanFileError("it was altered: a key stands twice")
        return found

    try:
        content = json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError as trouble:
        raise PlanFileError(f"it is not JSON (line {trouble.lineno})") from trouble
    except (ValueError, RecursionError) as trouble:  # a number with too many digits, or unclosed brackets
        raise PlanFileError("it is not JSON that a plan can be") from trouble
    if not isinstance(content, dict):
        raise PlanFileError("it is not a plan")
    return content


def _saved(digest: str, content: Shape, kinds: Mapping[str, Kind]) -> PlanFile:
    made = PlanContext(
        tool=content["tool"],
        commit=content["commit"],
        config=content["config"],
        versions=content["api"],
        scope={name: tuple(ids) for name, ids in content["scope"].items()},
        paths=tuple(content["paths"]),
        targets=tuple(content["targets"]),
        merged=content["batching"] == "merged",
        created=moment(content["created"]),
        expires=moment(content["expires"]),
    )
    changes = tuple(_read_change(each, kinds) for each in content["changes"])
    late = tuple(_read_change(each, kinds) for each in content["deferred"])
    calls = tuple(content["calls"])
    plan = Plan(tuple(_shown(each) for each in calls), late, content["deferred_calls"], content["bound"])
    judgements = tuple(money_codec.decode_judgement(each) for each in content["guardrails"])
    run = Run(
        "show",
        content["project"],
        changes,
        plan,
        problems=tuple(problem for judgement in judgements for problem in judgement.problems),
        unchanged=content["unchanged"],
        money=money_codec.decode_money(content["money"]),
        judgements=judgements,
        lasting=tuple(find_irreversible(changes, kinds)),
    )
    shapes, deferred = tuple(content["changes"]), tuple(content["deferred"])
    return PlanFile(
        digest,
        made,
        changes,
        calls,
        shapes,
        deferred,
        run,
        {str(rule): str(why) for rule, why in content["allowed"].items()},
    )


def _read_change(shape: Shape, kinds: Mapping[str, Kind]) -> Change:
    address = read_address(shape["address"])
    kind = kinds[address.kind]
    live = None
    if shape["live"] is not None:
        live = Live(kind.name, shape["id"], _values(shape["live"], kind), shape["refs"])
    fields = tuple(
        FieldChange(
            each["field"],
            each["facet"],
            _value(each["field"], each["before"], kind),
            _value(each["field"], each["after"], kind),
            Place(FixedLocator(read_span(each["at"])), ()),
            each["seen"],
        )
        for each in shape["fields"]
    )
    after = {**(live.values if live else {}), **{move.field: move.after for move in fields}}
    return Change(
        address,
        ACTIONS[shape["action"]],
        shape["id"],
        fields,
        after,
        Place(FixedLocator(read_span(shape["at"])), ()),
        live,
    )


def _shown(shape: Shape) -> Call:
    """Return a call for display; the calls to send are derived again from the files."""
    items = tuple(Item(read_address(each), None, ()) for each in shape["items"])
    query = tuple((str(name), str(value)) for name, value in shape["query"])
    body = json.loads(shape["body"], parse_float=Decimal)
    return Call(
        shape["name"],
        "",
        shape["facet"],
        WriteEffect(shape["effect"]),
        shape["method"],
        shape["path"],
        (body,),
        query,
        items,
        product=shape["product"],
    )


def _values(shapes: Mapping[str, Any], kind: Kind) -> Values:
    return {name: _value(name, value, kind) for name, value in shapes.items()}


def _value(name: str, value: Any, kind: Kind) -> Value:
    """Return the value of a stored text by the field's type; None stays None."""
    return None if value is None else kind.field(name).type.read(value)
