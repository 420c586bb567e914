"""Problem objects, envelopes and refusals (contract §2.5, §2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .call import Call
from .encoding import encode
from .message import Response

Problem = dict[str, Any]
JSON_HEADERS = (("content-type", "application/json; charset=utf-8"),)


class Refusal(Exception):
    """Raised by a handler to answer with an error; raise it before anything is stored."""

    def __init__(self, status: int, *problems: Problem, body: Any = None) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems
        self.body = body
        """Response body in place of an envelope of problems (bare families, the token endpoint)."""


def problem(
    code: str,
    title: str = "",
    detail: str | None = None,
    *,
    type: str = "validation",
    instance: str | None = None,
    source: dict[str, str] | None = None,
) -> Problem:
    """Return a problem object without trace ids; the envelope adds them in the form of its family (rule 13)."""
    told: Problem = {"type": type, "code": code}
    told["title"] = title or code.rsplit("--", 1)[-1].replace("-", " ").capitalize()
    if instance is not None:
        told["instance"] = instance
    if detail is not None:
        told["detail"] = detail
    if source is not None:
        told["source"] = source
    return told


def reply(status: int, body: Any) -> Response:
    """Return a JSON response without an envelope (family E5 and special forms)."""
    return Response(status, JSON_HEADERS, encode(body))


def envelope(
    call: Call,
    data: Any,
    *,
    status: int = 200,
    errors: Sequence[Problem] = (),
    warnings: Sequence[Problem] = (),
    family: str = "E1",
    **more: Any,
) -> Response:
    """Return a response with `data`, `errors`, `warnings` (families E1 to E3), and `metadata` after `data` if given."""
    body: dict[str, Any] = {"data": data, **more}
    body.update(problem_lists(call, errors, warnings, family))
    return reply(status, body)


def refusal(call: Call, refused: Refusal, family: str = "E1") -> Response:
    """Return the response of a call that is refused as a whole."""
    if refused.body is not None or not refused.problems:
        return reply(refused.status, {} if refused.body is None else refused.body)
    path = call.request.path
    told = [{**one, "instance": one.get("instance", path)} for one in refused.problems]
    return reply(refused.status, problem_lists(call, told, (), family))


def problem_lists(
    call: Call, errors: Iterable[Problem], warnings: Iterable[Problem], family: str = "E1"
) -> dict[str, Any]:
    """Return `errors` and `warnings` with trace ids; empty ones are omitted if the options say so (rule 12)."""
    told = {"errors": _traced(call, errors, family), "warnings": _traced(call, warnings, family)}
    if call.options.empty_problem_lists:
        return told
    return {name: problems for name, problems in told.items() if problems}


def _traced(call: Call, problems: Iterable[Problem], family: str) -> list[Problem]:
    if call.guide:
        return [{"traceIdentifier": call.trace, **one} for one in problems]
    if family == "E1":
        return [{"traceId": call.trace, "traceIdentifier": call.trace, **one} for one in problems]
    return [{"traceId": call.trace, **one} for one in problems]
