"""JSON types of a plan file: a value of another type is refused when the file is read."""

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct


class _Field(Struct):
    field: str
    facet: str
    before: Any
    after: Any
    seen: bool
    at: str


class _Change(Struct):
    address: str
    action: Literal["create", "update", "stop"]
    id: str | None
    at: str
    live: dict[str, Any] | None
    refs: dict[str, str]
    fields: list[_Field]


class _Call(Struct):
    name: str
    method: str
    path: str
    query: list[tuple[str, str]]
    facet: str
    effect: str
    product: str
    items: list[str]
    body: str


class _Problem(Struct):
    severity: str
    code: str
    message: str
    at: str | None
    address: str | None
    hint: str | None


class _Judgement(Struct):
    rule: str
    level: str
    limit: str
    because: str | None
    problems: list[_Problem]


class _Money(Struct):
    commitments: list[dict[str, str | int]]
    funds: list[dict[str, str | int]]
    bids: list[dict[str, str | int | None]]


class _Content(Struct):
    project: str
    tool: str
    commit: str | None
    config: str
    api: dict[str, str]
    scope: dict[str, list[str]]
    paths: list[str]
    targets: list[str]
    batching: Literal["facets", "merged"]
    created: str
    expires: str
    money: _Money | None
    guardrails: list[_Judgement]
    changes: list[_Change]
    unchanged: int
    allowed: dict[str, str]
    calls: list[_Call]
    deferred: list[_Change]
    deferred_calls: int
    bound: int


def check_types(content: Any) -> None:
    """Raise ValueError, with the path of the leaf, if a part is missing or of another type."""
    try:
        msgspec.convert(content, _Content, strict=True)
    except msgspec.ValidationError as trouble:
        raise ValueError(str(trouble)) from None


def moment(text: str) -> datetime:
    """Return an instant. Raise ValueError if it has no offset, since it could not be compared."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return found
