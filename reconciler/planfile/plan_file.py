"""Plan file: exactly the reviewed calls are sent, or none.

The file is readable JSON with a digest over all of it. It is not trusted: an apply derives the calls again from the
user's files and the recorded values, and they must be equal.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference, PatchFields
from reconciler.model import (
    Action,
    Call,
    Change,
    FieldChange,
    Item,
    Live,
    Plan,
    Run,
    Value,
    Verdict,
)
from reconciler.planfile import plan_text
from reconciler.planfile.digest import digest_of
from reconciler.planfile.plan_codec import CODEC, Batching, Content, StoredCall, StoredChange
from reconciler.planning.irreversible import find_irreversible
from reconciler.provider import codec

FORMAT_VERSION = "1.0"
Shape = dict[str, Any]


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


def dump_plan(run: Run, made: PlanContext) -> tuple[Sequence[bytes], str]:
    """Return the parts of the plan as JSON, and its digest. The same inputs give the same bytes."""
    head: Shape = CODEC.write(
        Content(
            format_version=FORMAT_VERSION,
            project=run.project,
            tool=made.tool,
            commit=made.commit,
            config=made.config,
            api=dict(sorted(made.versions.items())),
            scope=dict(sorted(made.scope.items())),
            paths=made.paths,
            targets=made.targets,
            batching=Batching.MERGED if made.merged else Batching.FACETS,
            created=made.created,
            expires=made.expires,
            money=run.money,
            guardrails=run.judgements,
            changes=(),
            unchanged=run.unchanged,
            allowed={
                each.rule: each.because for each in run.judgements if each.because and each.verdict is Verdict.ALLOWED
            },
            calls=(),
            deferred=(),
            deferred_calls=run.plan.deferred_calls,
            bound=run.plan.bound,
        )
    )
    lists = {"changes": run.changes, "calls": run.plan.calls, "deferred": run.plan.deferred}
    return plan_text.write(head, lists, lambda each: call_shape(each) if isinstance(each, Call) else change_shape(each))


def call_shape(call: Call) -> Shape:
    """Return the sent part of a call as JSON: equal calls have equal results."""
    shape: Shape = CODEC.write(_of_call(call))
    return shape


def change_shape(change: Change) -> Shape:
    """Return a change as JSON, as it is compared with that of a plan file."""
    shape: Shape = CODEC.write(_of_change(change))
    return shape


def _of_call(call: Call) -> StoredCall:
    body = codec.dump_json(call.body).decode()
    items = tuple(item.address for item in call.items)
    return StoredCall(call.name, call.method, call.path, call.query, call.facet, call.effect, call.product, items, body)


def _of_change(change: Change) -> StoredChange:
    values, refs = (change.live.values, change.live.refs) if change.live else (None, {})
    return StoredChange(change.address, change.action, change.id, change.place, values, refs, change.fields)


# --- Reading --------------------------------------------------------------------------------------------


def read_request(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths and the targets from which a plan was made. Raise :class:`PlanFileError` if it is no plan."""
    content = _content(text)
    paths, targets = content.get("paths"), content.get("targets")
    if not isinstance(paths, list) or not isinstance(targets, list):
        raise PlanFileError("it is not a plan")
    return tuple(map(str, paths)), tuple(map(str, targets))


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
        return _read_plan(digest, content, kinds)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as trouble:
        raise PlanFileError(f"it is not whole: {trouble or type(trouble).__name__}") from trouble


def _content(text: str) -> Shape:
    def check_keys(pairs: list[tuple[str, Any]]) -> Shape:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise PlanFileError("it was altered: a key stands twice")
        return found

    try:
        content = json.loads(text, object_pairs_hook=check_keys)
    except json.JSONDecodeError as trouble:
        raise PlanFileError(f"it is not JSON (line {trouble.lineno})") from trouble
    except (ValueError, RecursionError) as trouble:  # a number with too many digits, or unclosed brackets
        raise PlanFileError("it is not JSON that a plan can be") from trouble
    if not isinstance(content, dict):
        raise PlanFileError("it is not a plan")
    return content


def _read_plan(digest: str, shape: Shape, kinds: Mapping[str, Kind]) -> PlanFile:
    content: Content = CODEC.read(shape, Content)
    made = PlanContext(
        tool=content.tool,
        commit=content.commit,
        config=content.config,
        versions=content.api,
        scope=content.scope,
        paths=content.paths,
        targets=content.targets,
        merged=content.batching is Batching.MERGED,
        created=content.created,
        expires=content.expires,
    )
    changes = tuple(_to_change(each, kinds) for each in content.changes)
    late = tuple(_to_change(each, kinds) for each in content.deferred)
    plan = Plan(tuple(_to_call(each) for each in content.calls), late, content.deferred_calls, content.bound)
    run = Run(
        "show",
        content.project,
        changes,
        plan,
        problems=tuple(problem for judgement in content.guardrails for problem in judgement.problems),
        unchanged=content.unchanged,
        money=content.money,
        judgements=content.guardrails,
        lasting=tuple(find_irreversible(changes, kinds)),
    )
    calls, shapes, deferred = (tuple(shape[name]) for name in ("calls", "changes", "deferred"))
    return PlanFile(digest, made, changes, calls, shapes, deferred, run, content.allowed)


def _to_change(stored: StoredChange, kinds: Mapping[str, Kind]) -> Change:
    """Return the change of a plan file, each value read by the type of its field."""
    kind = kinds[stored.address.kind]
    if not stored.fields:
        raise ValueError(f"{stored.address} changes and names no field")
    live = None
    if stored.live is None and stored.action is Action.CREATE and stored.id is not None:
        raise ValueError(f"{stored.address} is new and has an id")
    if stored.live is not None:
        if stored.id is None:
            raise ValueError(f"{stored.address} is live and has no id")
        values = {name: _value(name, value, kind) for name, value in stored.live.items()}
        live = Live(kind.name, stored.id, values, stored.refs)
    fields = tuple(
        replace(move, before=_value(move.field, move.before, kind), after=_value(move.field, move.after, kind))
        for move in stored.fields
    )
    for move in fields if live is not None else ():
        _check_move(stored, move, kind)
    after = {**(live.values if live else {}), **{move.field: move.after for move in fields}}
    return Change(stored.address, stored.action, stored.id, fields, after, stored.at, live)


def _check_move(stored: StoredChange, move: FieldChange, kind: Kind) -> None:
    """Raise ``ValueError`` if no call can be made of a change: by its id, or by an amount that is no number."""
    write = kind.writes.get(move.facet)
    if isinstance(write, AddDifference):
        if not isinstance(move.before, Decimal) or not isinstance(move.after, Decimal):
            raise ValueError(f"{stored.address}: {move.field} is not known before and after")
    elif isinstance(write, PatchFields) and write.envelope.id_is_number:
        int(str(stored.id))


def _to_call(stored: StoredCall) -> Call:
    """Return a call for display; the calls to send are derived again from the files."""
    return Call(
        stored.name,
        "",
        stored.facet,
        stored.effect,
        stored.method,
        stored.path,
        (json.loads(stored.body, parse_float=Decimal),),
        stored.query,
        tuple(Item(address, None, ()) for address in stored.items),
        product=stored.product,
    )


def _value(name: str, value: Any, kind: Kind) -> Value:
    """Return the value of a stored text by the field's type; None stays None."""
    return None if value is None else kind.field(name).type.read(value)
