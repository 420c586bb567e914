"""Bodies of the writes of Retail Media: `{"data": {"type", "id", "attributes"}}`, by tables of fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ..balances.book import strict, undeclared
from ..balances.writes import review
from ..call import Call
from ..errors import Problem, Refusal, problem
from ..state import Record
from .values import Reader


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body."""

    name: str
    read: Reader
    required: bool = False
    nullable: bool = True
    default: Any = None
    """Value of a field that is not given: a write replaces the whole object."""


def whole_object(given: Mapping[str, Any], table: Iterable[Field], zone: ZoneInfo) -> tuple[Record, list[Problem]]:
    """Return every field of the table, those not given by their defaults, and the problems of the given ones."""
    record: Record = {}
    wrong: list[Problem] = []
    for field in table:
        record[field.name] = field.default
        if field.name not in given:
            if field.required:
                wrong.append(review(field.name, "it is required"))
        elif given[field.name] is None:
            if field.required or not field.nullable:
                wrong.append(review(field.name, "it must not be null"))
        else:
            try:
                record[field.name] = field.read(given[field.name], zone)
            except ValueError as error:
                wrong.append(review(field.name, str(error)))
    return record, wrong


def data_of(call: Call) -> Mapping[str, Any]:
    """Return `data` of the body. Raise `Refusal` if it is no object."""
    data = call.body.get("data") if isinstance(call.body, Mapping) else None
    if not isinstance(data, Mapping):
        raise Refusal(400, problem("invalid", "Invalid field", "data must be an object"))
    return data


def attributes_of(call: Call) -> Mapping[str, Any]:
    """Return `data.attributes` of the body. Raise `Refusal` if it is no object."""
    attributes = data_of(call).get("attributes")
    if not isinstance(attributes, Mapping):
        raise Refusal(400, problem("invalid", "Invalid field", "data.attributes must be an object"))
    return attributes


def typed(call: Call, *also: str) -> None:
    """Raise `Refusal` unless the resource has its `type`, and each of the keys `also`, as a text."""
    data = data_of(call)
    missing = [key for key in ("type", *also) if not isinstance(data.get(key), str)]
    if missing:
        raise Refusal(400, *(review(key, "it is required beside the attributes") for key in missing))


def closed(call: Call, table: Iterable[Field]) -> None:
    """Raise `Refusal` if a closed body has a key that its schema does not declare (rule 10)."""
    attributes = {field.name: None for field in table}
    foreign = strict(call.body, {"data": {"type": None, "attributes": attributes}})
    if foreign:
        raise Refusal(call.options.strict_body_status, *undeclared(foreign))
