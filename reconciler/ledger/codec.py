"""Values and calls as JSON text, and back, exactly: to the last zero of an amount.

What JSON has no word for becomes an object with one key: ``{"$decimal": "0.90"}``. An object of the
user's own that could be mistaken for one is wrapped in ``{"$map": …}``. The text is ASCII, so every
store can hold it. Places are worked out here: a journal outlives the files that it speaks of.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reconciler.ledger.records import Holder, Resolution, RunRecord
from reconciler.model import (
    Address,
    Call,
    Effect,
    FieldChange,
    Item,
    Json,
    Outcome,
    Place,
    Problem,
    Severity,
    Span,
    Status,
    Value,
    Values,
    Written,
)

Shape = dict[str, Any]


def text(shape: Any) -> str:
    """JSON that every store can hold: compact, ASCII."""
    return json.dumps(shape, separators=(",", ":"), allow_nan=False)


# --- Values ---------------------------------------------------------------------------------------


def shaped(value: "Value | Json") -> Any:
    """A canonical value, or a body, as JSON."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Decimal():
            return {"$decimal": str(value)}
        case datetime():
            return {"$instant": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case tuple():
            return {"$tuple": [shaped(each) for each in value]}
        case list():
            return [shaped(each) for each in value]
        case Mapping():
            shape = {name: shaped(part) for name, part in value.items()}
            return {"$map": shape} if any(name.startswith("$") for name in shape) else shape
        case _:
            raise TypeError(f"{type(value).__name__} is not a value")


def valued(shape: Any) -> Any:
    """The value that was shaped."""
    match shape:
        case list():
            return [valued(each) for each in shape]
        case dict():
            if len(shape) == 1:
                tag, content = next(iter(shape.items()))
                if tag in _TAGS:
                    return _TAGS[tag](content)
            return {name: valued(part) for name, part in shape.items()}
        case _:
            return shape


_TAGS: Mapping[str, Callable[[Any], Any]] = {
    "$decimal": Decimal,
    "$instant": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$tuple": lambda content: tuple(valued(each) for each in content),
    "$map": lambda content: {name: valued(part) for name, part in content.items()},
}


def of_values(values: Values) -> str:
    return text(shaped(values))


def to_values(stored: str) -> dict[str, Value]:
    values = valued(json.loads(stored))
    assert isinstance(values, dict)
    return values


# --- Names and instants, as columns hold them ------------------------------------------------------


def of_name(name: str) -> str:
    """A name as it is, unless it holds what some database refuses; then as the inside of a JSON string."""
    return name if name.isprintable() and "\\" not in name else json.dumps(name)[1:-1]


def to_name(stored: str) -> str:
    return str(json.loads(f'"{stored}"')) if "\\" in stored else stored


def of_instant(at: datetime) -> str:
    """In UTC and of one width, so that the order of texts is that of instants."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def to_instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored)


# --- Places and problems -----------------------------------------------------------------------------


def _of_span(span: Span | None) -> list[str | int] | None:
    return None if span is None else [span.file, span.line, span.column, span.width]


def _to_span(shape: list[Any] | None) -> Span | None:
    return None if shape is None else Span(*shape)


def _to_place(shape: list[Any]) -> Place:
    return Place(Written(Span(*shape)), ())


def _of_address(address: Address | None) -> list[str] | None:
    return None if address is None else [address.kind, address.key]


def _of_problem(problem: Problem) -> Shape:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "span": _of_span(problem.span),
        "address": _of_address(problem.address),
        "hint": problem.hint,
    }


def _to_problem(shape: Shape) -> Problem:
    address = Address(*shape["address"]) if shape["address"] else None
    severity = Severity(shape["severity"])
    return Problem(severity, shape["code"], shape["message"], _to_span(shape["span"]), address, shape["hint"])


# --- Calls and outcomes --------------------------------------------------------------------------------


def _of_move(move: FieldChange) -> Shape:
    return {
        "field": move.field,
        "facet": move.facet,
        "before": shaped(move.before),
        "after": shaped(move.after),
        "place": _of_span(move.place.span),
        "seen": move.seen,
    }


def _to_move(shape: Shape) -> FieldChange:
    before, after = valued(shape["before"]), valued(shape["after"])
    return FieldChange(shape["field"], shape["facet"], before, after, _to_place(shape["place"]), shape["seen"])


def _of_item(item: Item) -> Shape:
    return {
        "address": _of_address(item.address),
        "id": item.id,
        "fields": [_of_move(move) for move in item.fields],
        "place": _of_span(item.place.span),
    }


def _to_item(shape: Shape) -> Item:
    moves = tuple(_to_move(move) for move in shape["fields"])
    return Item(Address(*shape["address"]), shape["id"], moves, _to_place(shape["place"]))


def of_call(call: Call) -> str:
    return text(
        {
            "name": call.name,
            "kind": call.kind,
            "facet": call.facet,
            "effect": call.effect.value,
            "method": call.method,
            "path": call.path,
            "body": shaped(call.body),
            "query": [list(pair) for pair in call.query],
            "items": [_of_item(item) for item in call.items],
            "atomic": call.atomic,
            "stage": call.stage,
            "product": call.product,
        }
    )


def to_call(stored: str) -> Call:
    shape = json.loads(stored)
    return Call(
        **{name: shape[name] for name in ("name", "kind", "facet", "method", "path", "atomic", "stage", "product")},
        effect=Effect(shape["effect"]),
        body=valued(shape["body"]),
        query=tuple((name, value) for name, value in shape["query"]),
        items=tuple(_to_item(item) for item in shape["items"]),
    )


def of_outcomes(outcomes: Sequence[Outcome]) -> str:
    return text(
        [
            {
                "call": each.call,
                "item": _of_item(each.item),
                "status": each.status.value,
                "id": each.id,
                "problems": [_of_problem(problem) for problem in each.problems],
            }
            for each in outcomes
        ]
    )


def to_outcomes(stored: str) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(
            shape["call"],
            _to_item(shape["item"]),
            Status(shape["status"]),
            shape["id"],
            tuple(_to_problem(problem) for problem in shape["problems"]),
        )
        for shape in json.loads(stored)
    )


Moved = tuple[Address, Status, str, str, Value, Value]
"""Whose value it is, how its call ended, its field and facet, what it was and what it was to become."""


def moved(call: str, outcomes: str | None, positions: Sequence[Any] | None = None) -> Iterator[Moved]:
    """Each value that a call moved, or tried to: of all its items, or of those at the positions.

    Without outcomes all are unknown. Of a thousand calls of fifty items nobody wants the bodies and the places, and
    to make them would take ten times as long.
    """
    items = json.loads(call)["items"] if outcomes is None or positions is not None else ()
    chosen = None if positions is None else [items[position]["address"] for position in positions]
    ends = [(item, Status.UNKNOWN.value) for item in items]
    if outcomes is not None:
        ends = [(shape["item"], shape["status"]) for shape in json.loads(outcomes)]
    for item, status in ends:
        if chosen is None or item["address"] in chosen:
            address, ended = Address(*item["address"]), Status(status)
            for move in item["fields"]:
                yield address, ended, move["field"], move["facet"], valued(move["before"]), valued(move["after"])


# --- Records: flat, with an instant here and there -------------------------------------------------------


def of_record(record: RunRecord | Resolution | Holder) -> str:
    return text({name: shaped(getattr(record, name)) for name in record.__dataclass_fields__})


def to_run(stored: str) -> RunRecord:
    return RunRecord(**to_values(stored))  # type: ignore[arg-type]  # written by `of_record`


def to_resolution(stored: str) -> Resolution:
    return Resolution(**to_values(stored))  # type: ignore[arg-type]  # written by `of_record`


def to_holder(stored: str) -> Holder:
    return Holder(**to_values(stored))  # type: ignore[arg-type]  # written by `of_record`
