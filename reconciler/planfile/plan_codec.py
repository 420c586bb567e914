"""Content of a plan file and its codec: plain JSON with the position of each change in the user's files."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from msgspec import Struct

from reconciler.model import (
    Action,
    Address,
    Excuse,
    FieldChange,
    FixedLocator,
    Judgement,
    Money,
    Place,
    Problem,
    Value,
    WriteEffect,
)
from reconciler.model.codec import Codec, Form, Layout
from reconciler.model.json_values import FORMS, PROBLEM_KEYS, read_span
from reconciler.model.money import Period


class Batching(Enum):
    """Number of calls for one resource: one a facet, or as few as possible."""

    FACETS = "facets"
    MERGED = "merged"


class StoredCall(Struct, frozen=True):
    """The sent part of a call."""

    name: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    facet: str
    effect: WriteEffect
    product: str
    items: tuple[Address, ...]
    body: str


class StoredChange(Struct, frozen=True):
    """A change with every known live value, since those are checked as well."""

    address: Address
    action: Action
    id: str | None
    at: Place
    live: Mapping[str, Value] | None
    refs: Mapping[str, str]
    fields: tuple[FieldChange, ...]


class Content(Struct, frozen=True):
    """Content of a plan file, without its digest."""

    format_version: str
    project: str
    tool: str
    commit: str | None
    config: str
    api: Mapping[str, str]
    scope: Mapping[str, tuple[str, ...]]
    paths: tuple[str, ...]
    targets: tuple[str, ...]
    batching: Batching
    created: datetime
    expires: datetime
    money: Money | None
    guardrails: tuple[Judgement, ...]
    changes: tuple[StoredChange, ...]
    unchanged: int
    allowed: Mapping[str, str]
    calls: tuple[StoredCall, ...]
    deferred: tuple[StoredChange, ...]
    deferred_calls: int
    bound: int


# --- Codec ---------------------------------------------------------------------------------------------

ACTIONS = {action.name.lower(): action for action in Action}


def _keys(*same: str, **other: str) -> dict[str, str]:
    """Return the keys of fields: the same as the name, then ``name=key``."""
    return {**{name: name for name in same}, **other}


_FORMS = {
    **FORMS,
    Place: Form(lambda place: str(place.span), lambda shape: Place(FixedLocator(read_span(shape)), ())),
    Action: Form(lambda action: action.name.lower(), ACTIONS.__getitem__),
    Period: Form(lambda period: period.name, Period.__getitem__),
}
_LAYOUTS: Mapping[type[Struct], Layout] = {
    FieldChange: Layout(_keys("field", "facet", "before", "after", "seen", place="at")),
    Problem: Layout({**PROBLEM_KEYS, "span": "at"}),
    Excuse: Layout(_keys("at", "until", "because", "count", "problems")),
    Judgement: Layout(
        _keys("rule", "level", "limit", "because", "looked", "problems", "excuses"),
        later=frozenset(("looked",)),
        if_any=frozenset(("excuses",)),
    ),
    # everything else of the money is computed again when the plan is applied
    Money: Layout(_keys("commitments", "funds", "bids", "ceilings", "dated"), later=frozenset(("ceilings", "dated"))),
}
CODEC = Codec(_FORMS, _LAYOUTS)
"""Codec of plan files. A field that an earlier plan file lacks is in ``later`` of its layout."""
