"""Interpret a call's response: the outcome of every item, at the line that caused it.

An item is applied if the API names it as done, rejected if the API names it as refused, and otherwise unknown until a
read settles it. A 200 alone proves nothing (contract §2.8).
"""

import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

from reconciler.executor import evidence
from reconciler.kinds.kind import Kind
from reconciler.model import (
    Answer,
    Call,
    Delivery,
    FieldChange,
    Item,
    ItemOutcome,
    ItemStatus,
    Json,
    Live,
    Problem,
    Value,
    Values,
    error,
    warning,
)
from reconciler.provider import codec
from reconciler.provider.api_codes import find_cure

INDEX = re.compile(r"/?@?data/(\d+)(/.*)?")
CULPRITS = 3
REFUSED = "batch-refused"
"""Code of an item that is refused only because of its batch."""


def interpret_answer(
    call: Call, answer: Answer, kind: Kind, shown: Container[str] = ()
) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
    """Return one outcome per item, and the API's problems that belong to none of them.

    ``shown`` are the ids that reads begun before this sending have shown: none of them proves a create.
    """
    if answer.fate is Delivery.NOT_SENT:
        return _give_all(call, ItemStatus.NOT_SENT, error("not-sent", answer.reason)), ()
    if answer.fate is Delivery.LOST:
        return _give_all(
            call, ItemStatus.UNKNOWN, error("no-answer", f"it is not known whether this took effect: {answer.reason}")
        ), ()
    warnings = tuple(_to_problem(each, severity=warning) for each in _read_list(answer.body, "warnings"))
    errors = _list_errors(answer)
    if answer.status >= 400:
        return _judge_refused(call, answer, errors, kind), warnings
    if call.atomic:
        return _judge_whole(call, answer, errors, kind, shown), warnings
    return _judge_each(call, answer, errors, kind, warnings)


# --- Atomic calls ----------------------------------------------------------------------------------------


def _judge_whole(
    call: Call, answer: Answer, errors: Sequence[Json], kind: Kind, shown: Container[str]
) -> tuple[ItemOutcome, ...]:
    if errors:
        return _judge_refused(call, answer, errors, kind)
    ids = _read_ids(answer.body)
    if call.items and call.items[0].id is None:
        keyed = kind.create is not None and kind.create.keyed
        return _match_created(call, answer, ids, kind) if keyed else _judge_new(call, answer, ids, kind, shown)
    return tuple(ItemOutcome(call.name, item, ItemStatus.APPLIED, item.id) for item in call.items)


def _judge_new(
    call: Call, answer: Answer, ids: Sequence[str], kind: Kind, shown: Container[str]
) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a create; unknown if an id was shown before or is repeated (contract §9 rule 6)."""
    strange = [id for id in ids if not evidence.is_proved_by(id, shown)]
    if strange or len(set(ids)) != len(ids):
        twice = f"the API answered with {', '.join(strange)}, which was there before" if strange else "ids stand twice"
        return _give_all(call, ItemStatus.UNKNOWN, error("known-id", f"{twice}: that does not prove what was created"))
    return _match_created(call, answer, ids, kind)


def _match_created(call: Call, answer: Answer, ids: Sequence[str], kind: Kind) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a create with the ids; a batch has no documented order, so it is matched by content."""
    if len(call.items) == 1 and len(ids) == 1:
        return (ItemOutcome(call.name, call.items[0], ItemStatus.APPLIED, ids[0]),)
    if not call.items or len(ids) != len(call.items):
        return _give_all(
            call, ItemStatus.UNKNOWN, error("no-answer", "the answer does not name everything that was created")
        )
    rows = (
        [codec.decode_row(kind, row) for row in answer.body if isinstance(row, dict)]
        if isinstance(answer.body, list)
        else []
    )
    by_key: dict[tuple[Value, ...], list[Live]] = {}
    for row in rows:
        by_key.setdefault(_natural_key(kind, row.values), []).append(row)
    outcomes = []
    for item in call.items:
        wanted = {move.field: move.after for move in item.fields}
        alike = by_key.get(_natural_key(kind, wanted), [])
        found = next(
            (row for row in alike if all(row.values.get(name) == value for name, value in wanted.items())), None
        )
        if found is not None:
            alike.remove(found)
        outcomes.append(ItemOutcome(call.name, item, ItemStatus.APPLIED, found.id if found else None))
    return tuple(outcomes)


def _natural_key(kind: Kind, values: Values) -> tuple[Value, ...]:
    return tuple(values.get(name) for name in kind.natural_keys[0])


def _judge_refused(call: Call, answer: Answer, errors: Sequence[Json], kind: Kind) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a refused batch: the API's reasons at the items it names, the batch's at the others."""
    said = [_to_problem(each, status=answer.status) for each in errors] or [_explain_status(answer)]
    named: dict[int, list[Problem]] = {}
    for each, problem in zip(errors, said, strict=False):
        index = _read_index(each)
        if index is not None and index < len(call.items):
            named.setdefault(index, []).append(_locate(problem, call.items[index], each, kind))
    outcomes, culprits = [], _join_few([str(call.items[index].address) for index in sorted(named)])
    for index, item in enumerate(call.items):
        reasons = named.get(index)
        if reasons is None and named:
            reasons = [_place_at(error(REFUSED, f"refused with its batch because of {culprits}"), item)]
        elif reasons is None:
            reasons = [_locate(problem, item, each, kind) for each, problem in zip(errors or [{}], said, strict=True)]
        outcomes.append(ItemOutcome(call.name, item, ItemStatus.REJECTED, item.id, tuple(reasons)))
    return tuple(outcomes)


def _join_few(names: Sequence[str]) -> str:
    """Return the first names and the number of the others."""
    return ", ".join(names[:CULPRITS]) + (f" and {len(names) - CULPRITS} more" if len(names) > CULPRITS else "")


# --- Calls with an outcome per item ------------------------------------------------------------------------


def _judge_each(
    call: Call, answer: Answer, errors: Sequence[Json], kind: Kind, warnings: tuple[Problem, ...]
) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
    done = set(_read_ids(answer.body))
    refused: dict[int, list[Problem]] = {}
    loose: list[Json] = []
    for each in errors:
        index = _read_index(each)
        if index is not None and index < len(call.items):
            problem = _locate(_to_problem(each), call.items[index], each, kind)
            known = refused.setdefault(index, [])
            known += [] if problem in known else [problem]
        else:
            loose.append(each)
    outcomes = tuple(
        _judge_one(call, item, _id_in_answer(item, row), done, refused.get(index), loose, kind)
        for index, (item, row) in enumerate(zip(call.items, call.rows, strict=True))
    )
    orphaned = loose if all(outcome.status is ItemStatus.APPLIED for outcome in outcomes) else ()
    return outcomes, (*warnings, *(_to_problem(each, severity=warning) for each in orphaned))


def _judge_one(
    call: Call, item: Item, key: str, done: set[str], refused: list[Problem] | None, loose: Sequence[Json], kind: Kind
) -> ItemOutcome:
    if refused and key in done:
        doubt = _place_at(error("contradiction", "the API named it both as done and as refused"), item)
        return ItemOutcome(call.name, item, ItemStatus.UNKNOWN, item.id, (doubt, *refused))
    if refused:
        return ItemOutcome(call.name, item, ItemStatus.REJECTED, item.id, tuple(refused))
    if key in done:
        return ItemOutcome(call.name, item, ItemStatus.APPLIED, item.id)
    if loose:
        reasons = dict.fromkeys(_locate(_to_problem(each), item, each, kind) for each in loose)
        return ItemOutcome(call.name, item, ItemStatus.REJECTED, item.id, tuple(reasons))
    silent = _place_at(error("not-mentioned", "the API answered without naming this item as done or as refused"), item)
    return ItemOutcome(call.name, item, ItemStatus.UNKNOWN, item.id, (silent,))


def _id_in_answer(item: Item, row: Json) -> str:
    """Return the id by which the response names an item: its own, or that of its row (a category's)."""
    return str(row.get("id", item.id) if isinstance(row, dict) else item.id)


# --- The API's errors as problems at a line -----------------------------------------------------------------


def _list_errors(answer: Answer) -> Sequence[Json]:
    """Return the error objects of any envelope: under ``errors``, a bare list, or a single one."""
    body = answer.body
    if isinstance(body, dict) and "errors" in body:
        return _read_list(body, "errors")
    if answer.status >= 400 and isinstance(body, list):
        return body
    if answer.status >= 400 and isinstance(body, dict) and ("code" in body or "title" in body):
        return [body]
    return ()


def _read_list(body: Json, key: str) -> Sequence[Json]:
    listed = body.get(key) if isinstance(body, dict) else None
    return listed if isinstance(listed, list) else ()


def _read_ids(body: Json) -> list[str]:
    data = body.get("data") if isinstance(body, dict) and "data" in body else body
    rows = data if isinstance(data, list) else [data]
    return [str(row["id"]) for row in rows if isinstance(row, dict) and row.get("id") is not None]


def _read_index(said: Json) -> int | None:
    instance = said.get("instance") if isinstance(said, dict) else None
    found = INDEX.fullmatch(str(instance)) if instance is not None else None
    return int(found[1]) if found else None


def _explain_status(answer: Answer) -> Problem:
    """Return the problem of a refusal that names no error, by its status."""
    code = f"http-{answer.status}"
    return error(code, answer.reason or _shorten_body(answer.body), hint=find_cure(code))


def _to_problem(said: Json, severity: Any = error, status: int = 0) -> Problem:
    """Return an error object as a problem in the API's words, with its cure and its trace id for Criteo's support."""
    if not isinstance(said, dict):
        problem: Problem = severity("api-error", str(said))
        return problem
    title, detail = (str(said.get(key) or "") for key in ("title", "detail"))
    words = f"{title}: {detail}" if title and detail and detail != title else title or detail
    code = str(said.get("code") or "api-error")
    trace = said.get("traceId") or said.get("traceIdentifier")
    parts = (find_cure(code, title, status), f"trace {trace}" if trace else None)
    found: Problem = severity(code, words or code, hint="; ".join(filter(None, parts)) or None)
    return found


def _locate(problem: Problem, item: Item, said: Json, kind: Kind) -> Problem:
    """Return the problem at the line of the value it is about, or else of the resource."""
    move = _field_of(item, said if isinstance(said, Mapping) else {}, problem.code, kind)
    return _place_at(problem, item, move)


def _place_at(problem: Problem, item: Item, move: FieldChange | None = None) -> Problem:
    place = move.place if move else item.fields[0].place if len(item.fields) == 1 else item.place
    return Problem(problem.severity, problem.code, problem.message, place.span, item.address, problem.hint)


def _field_of(item: Item, said: Mapping[str, Any], code: str, kind: Kind) -> FieldChange | None:
    """Return the field of an error, by the API's path or by the name in its code or title, or None.

    Such as ``invalid-bid-amount``, ``WithInvalidEndDate``, ``Invalid name`` (balances have no documented codes).
    """
    by_name = {move.field: move for move in item.fields}
    source = said.get("source")
    paths = [str(path) for path in source.values()] if isinstance(source, dict) else []
    tail = INDEX.fullmatch(str(said.get("instance")))
    for path in (*paths, *([tail[2]] if tail and tail[2] else [])):
        name = codec.field_for_path(kind, path, by_name)
        if name is not None:
            return by_name[name]
    words = [_to_kebab(code), _to_kebab(str(said.get("title") or "").replace(" ", "-"))]
    named = (name for name in sorted(by_name, key=len, reverse=True) if any(_to_stem(name) in each for each in words))
    return next((by_name[name] for name in named), None)


def _to_stem(name: str) -> str:
    """Return the beginning of a field's name in codes: ``-campaign-id`` for campaignIds."""
    return _to_kebab(name.rpartition(".")[2]).removesuffix("s")


def _to_kebab(words: str) -> str:
    """Return words in kebab case, with a leading dash: ``-with-invalid-end-date`` for ``WithInvalidEndDate``."""
    return "-" + re.sub(r"(?<=[a-z0-9])([A-Z])", r"-\1", words).lower()


def _give_all(call: Call, status: ItemStatus, problem: Problem) -> tuple[ItemOutcome, ...]:
    return tuple(ItemOutcome(call.name, item, status, item.id, (_place_at(problem, item),)) for item in call.items)


def _shorten_body(body: Json) -> str:
    text = codec.dump_json(body).decode() if body is not None else "an empty answer"
    return text if len(text) <= 200 else text[:197] + "..."
