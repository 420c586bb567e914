"""Helpers for the body of a replacement: paths of its keys, and the problems that forbid sending it."""

from collections.abc import Collection, Iterator
from typing import Any

from reconciler.model import FieldChange, Item, Json, Problem, Value, error
from reconciler.model.money import format_in_sentence

Body = dict[str, Any]
UNKNOWN = "the API shows {}, which this version of the tool does not know: the write would clear it, so it is not sent"
UNREAD = "the API's read does not show {}: replaced without it, it would be cleared, so nothing is sent"
UNKEPT = "{} is {}, which cannot be sent back, and the write would change it: state {}"


def find_unknown_keys(item: Item, shown: Body, known: Collection[str]) -> Iterator[Problem]:
    for key in sorted(shown):
        if key.casefold() not in known:
            yield refuse(item, "field-not-known", UNKNOWN.format(key), None)


def report_moved(item: Item, name: str, now: Value, move: FieldChange | None) -> Problem:
    was = f"; it was {format_in_sentence(move.before)} when this was planned" if move is not None else " since the plan"
    verb = "is" if move is not None else "has moved to"
    return refuse(item, "moved-meanwhile", f"{name} {verb} {format_in_sentence(now)}{was}", name, "plan again")


def refuse(item: Item, code: str, message: str, name: str | None, hint: str | None = None) -> Problem:
    own = next((move.place for move in item.fields if move.field == name), None)
    place = own or (item.fields[0].place if len(item.fields) == 1 else item.place)
    return error(code, message, at=place, address=item.address, hint=hint)


# --- Parts of bodies --------------------------------------------------------------------------------------


def attributes_of(body: Json) -> Body | None:
    data = body.get("data") if isinstance(body, dict) else None
    held = data.get("attributes") if isinstance(data, dict) else None
    return held if isinstance(held, dict) else None


def find_path(node: Any, path: str) -> tuple[bool, Json]:
    """Return (the path is there, its value); keys are compared in any case."""
    for key in path.split("."):
        if node is None:
            return True, None
        if not isinstance(node, dict):
            return False, None
        match = key if key in node else next((other for other in node if other.casefold() == key.casefold()), None)
        if match is None:
            return False, None
        node = node[match]
    return True, node


def list_inner_paths(wire: Json, at: str = "") -> Iterator[str]:
    """Yield the paths of all keys inside a value; entries of a list have the same paths."""
    match wire:
        case dict():
            for key, value in wire.items():
                yield f"{at}{key}"
                yield from list_inner_paths(value, f"{at}{key}.")
        case list():
            for each in wire:
                yield from list_inner_paths(each, at)
        case _:
            return


def put(body: Body, path: list[str], value: Json) -> None:
    for key in path[:-1]:
        inner = body.get(key)
        body[key] = inner if isinstance(inner, dict) else {}
        body = body[key]
    body[path[-1]] = value
