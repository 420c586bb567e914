"""Column formats of a ledger.

Structs and values are text (see :mod:`reconciler.model.stored_codec`); names and instants have their own forms.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.ledger.records import Holder, Resolution, RunRecord
from reconciler.model import Address, Call, ItemOutcome, ItemStatus, Value, Values
from reconciler.model.stored_codec import loads, tag, text, untag


def of_values(values: Values) -> str:
    return text(tag(values))


def to_values(stored: str) -> dict[str, Value]:
    values: dict[str, Value] = untag(json.loads(stored))
    return values


# --- Names and instants in columns ------------------------------------------------------------------


def of_name(name: str) -> str:
    """Return a name as it is, or as the inside of a JSON string if it holds characters that a database may refuse."""
    return name if name.isprintable() and "\\" not in name else json.dumps(name)[1:-1]


def to_name(stored: str) -> str:
    return str(json.loads(f'"{stored}"')) if "\\" in stored else stored


def of_instant(at: datetime) -> str:
    """Return an instant in UTC with a fixed width, so that texts sort like instants."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


# --- Structs ------------------------------------------------------------------------------------------


def to_call(stored: str) -> Call:
    return loads(stored, Call)


def to_outcomes(stored: str) -> tuple[ItemOutcome, ...]:
    return loads(stored, tuple[ItemOutcome, ...])


Moved = tuple[Address, ItemStatus, str, str, Value, Value]
"""Address, status of the call's item, field, facet, value before, value after."""


def moved_values(call: str, outcomes: str | None, positions: Sequence[Any] | None = None) -> Iterator[Moved]:
    """Yield each value that a call changed or tried to change: of all its items, or of those at ``positions``.

    Without outcomes all are unknown. Bodies and places are not decoded, which would take ten times as long.
    """
    items = json.loads(call)["items"] if outcomes is None or positions is not None else ()
    chosen = None if positions is None else [items[position]["address"] for position in positions]
    ends = [(item, ItemStatus.UNKNOWN.value) for item in items]
    if outcomes is not None:
        ends = [(shape["item"], shape["status"]) for shape in json.loads(outcomes)]
    for item, status in ends:
        if chosen is None or item["address"] in chosen:
            address, ended = Address(*item["address"]), ItemStatus(status)
            for move in item["fields"]:
                yield address, ended, move["field"], move["facet"], untag(move["before"]), untag(move["after"])


# --- Records ------------------------------------------------------------------------------------------


def to_run(stored: str) -> RunRecord:
    return loads(stored, RunRecord)


def to_resolution(stored: str) -> Resolution:
    return loads(stored, Resolution)


def to_holder(stored: str) -> Holder:
    return loads(stored, Holder)
