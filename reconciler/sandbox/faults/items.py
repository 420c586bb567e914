"""Items of a bulk write that fail, and malformed error lists (contract §11, rule 81)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ..call import Call, Handler
from ..encoding import decode, encode
from ..errors import Problem, problem, problem_lists
from ..message import Response
from ..state import Record

_INDEX = re.compile(r"@data/(\d+)")


def answer(fault: Record, call: Call, handler: Handler) -> Response:
    """Return the handler's response to the other items, with errors added for the failing ones."""
    data = call.body.get("data") if isinstance(call.body, dict) else None
    if not isinstance(data, list):
        return handler(call)
    wanted = fault.get("indices", "all")
    failed = [i for i in range(len(data)) if wanted == "all" or i in wanted]
    kept = [i for i in range(len(data)) if i not in failed]
    response = handler(replace(call, body={**call.body, "data": [data[i] for i in kept]}))
    body = decode(response.body)
    if response.status != 200 or not isinstance(body, dict) or not isinstance(body.get("data"), list):
        return response
    code = fault.get("code", "campaign--ad-set-update-check--invalid-bid-amount")
    injected = [problem(code, instance=f"@data/{i}") for i in failed]
    told = problem_lists(call, injected, ())["errors"] if injected else []
    errors = sorted([*_moved(body.get("errors") or [], kept), *told], key=_position)
    body["errors"] = _misplaced(errors, fault.get("instances", "as_is"), len(data))
    body["data"] = _miscounted(body["data"], [data[i] for i in failed], fault.get("data", "as_is"))
    return replace(response, body=encode(body))


def _moved(errors: list[Problem], kept: list[int]) -> list[Problem]:
    """Return the handler's errors with their indices converted to those of the whole request."""
    return [
        {**one, "instance": _INDEX.sub(lambda found: f"@data/{kept[int(found[1])]}", one["instance"])} for one in errors
    ]


def _position(error: Problem) -> int:
    found = _INDEX.match(error.get("instance", ""))
    return int(found[1]) if found else -1


def _misplaced(errors: list[Problem], form: str, size: int) -> list[Problem]:
    if form == "permuted":
        places = [one["instance"] for one in errors]
        if len(places) == 1:
            places = [f"@data/{(_position(errors[0]) + 1) % size}"]
        rotated = [*places[1:], *places[:1]]
        return [{**one, "instance": place} for one, place in zip(errors, rotated, strict=True)]
    if form == "repeated":
        return [one for one in errors for _ in range(2)]
    if form == "out_of_range":
        return [{**one, "instance": f"@data/{_position(one) + size}"} for one in errors]
    if form == "absent":
        return [{key: value for key, value in one.items() if key != "instance"} for one in errors]
    if form == "text":
        return [{**one, "instance": "@data/first"} for one in errors]
    return errors


def _miscounted(done: list[Any], failed: list[Any], form: str) -> list[Any]:
    if form == "with_failed":
        return [*done, *({"type": one.get("type"), "id": one.get("id")} for one in failed)]
    if form == "without_done":
        return []
    if form == "with_strangers":
        return [*done, {"type": "AdSetId", "id": "999999999"}]
    return done
