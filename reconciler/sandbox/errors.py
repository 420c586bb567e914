"""Problem objects, envelopes and refusals: how an answer says what went wrong (contract §2.5, §2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .call import Call
from .encoding import encode
from .message import Response

Problem = dict[str, Any]
JSON_HEADERS = (("content-type", "application/json; charset=utf-8"),)


class Refusal(Exception):
    """Ends a handler with an error answer. Raise it before anything is stored."""

    def __init__(self, status: int, *problems: Problem, body: Any = None) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems
        self.body = body
        """What to answer instead of an envelope of problems (bare families, the token endpoint)."""


def problem(
    code: str,
    title: str = "",
    detail: str | None = None,
    *,
    type: str = "validation",
    instance: str | None = None,
    source: dict[str, str] | None = None,
) -> Problem:
    """A problem object without trace ids: the envelope adds them, in the form of its family (rule 13)."""
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
    """A bare JSON answer (family E5, and whatever has a form of its own)."""
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
    """An answer with `data`, `errors`, `warnings` (families E1 to E3) and, if given, `metadata=…` after `data`."""
    body: dict[str, Any] = {"data": data, **more}
    body.update(problem_lists(call, errors, warnings, family))
    return reply(status, body)


def refusal(call: Call, refused: Refusal, family: str = "E1") -> Response:
    """The answer of a call that was refused as a whole."""
    if refused.body is not None or not refused.problems:
        return reply(refused.status, {} if refused.body is None else refused.body)
    path = call.request.path
    told = [{**one, "instance": one.get("instance", path)} for one in refused.problems]
    return reply(refused.status, problem_lists(call, told, (), family))


def problem_lists(
    call: Call, errors: Iterable[Problem], warnings: Iterable[Problem], family: str = "E1"
) -> dict[str, Any]:
    """`errors` and `warnings` with trace ids; left out when empty, if the options say so (rule 12)."""
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
