"""Differences inside a set or an object value, so that long lists need not be compared by eye.

``deepdiff`` is used here only, to explain; whether a value changes at all is decided by ``==``.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from reconciler.model import Value
from reconciler.model.text import format_value, sanitize
from reconciler.reports.common import ARROW, format_change_percent

NAMED = 10
"""Number of parts that are named; more are counted."""
SIGNS = {
    "set_item_added": "+",
    "iterable_item_added": "+",
    "dictionary_item_added": "+",
    "set_item_removed": "-",
    "iterable_item_removed": "-",
    "dictionary_item_removed": "-",
}


def describe_change(before: Value, after: Value) -> str:
    """Return the change of an amount in percent, or the changed members of a set or object: ``values: + NO, - DE``.

    An amount that is sent to keep it, since the API would move it with another, is said to stay.
    """
    if isinstance(after, Decimal) and before == after:
        return "sent so that it stays"
    return format_change_percent(before, after) or describe_inside(before, after)


def describe_inside(before: Value, after: Value) -> str:
    """Return the differences of two sets or objects; empty if that is no shorter than both values."""
    if not before or not isinstance(before, Mapping | tuple) or not isinstance(after, before.__class__):
        return ""
    parts = [*_parts(before, after)]
    if len(parts) > NAMED:
        parts = [*parts[:NAMED], f"and {len(parts) - NAMED} more"]
    said = ", ".join(parts)
    return said if len(said) < len(format_value(before)) + len(format_value(after)) - len(ARROW) else ""


def _parts(before: Value, after: Value) -> Iterator[str]:
    from deepdiff import DeepDiff  # imported here: it takes a tenth of a second

    moves: dict[str, list[str]] = {}
    found = DeepDiff(*_open_both(before, after), view="tree")
    for sort, levels in found.items():
        for level in levels:
            *path, last = level.path(output_format="list")
            named = ".".join(sanitize(step) for step in (path if sort in SIGNS else (*path, last)))
            value = level.t2 if SIGNS.get(sort) == "+" else level.t1
            gone = f"{SIGNS[sort]} {_format_member(value, last)}" if sort in SIGNS else _step(level.t1, level.t2)
            moves.setdefault(named, []).append(gone)
    for name in sorted(moves):
        steps = sorted(moves[name])
        yield f"{name}: {steps[0]}" if name else steps[0]
        yield from steps[1:]


def _format_member(value: Any, key: Any) -> str:
    """Return an added or removed member of a set, or a key with its value."""
    return format_value(value) if key is None or isinstance(key, int) else f"{sanitize(key)}: {format_value(value)}"


def _step(before: Any, after: Any) -> str:
    closed = [tuple(sorted(each, key=str)) if isinstance(each, set) else each for each in (before, after)]
    return f"{format_value(closed[0])} {ARROW} {format_value(closed[1])}"


def _open_both(before: Value, after: Value) -> tuple[Any, Any]:
    """Return two values with their tuples as sets, whose members have no order, or as lists where these are objects.

    Both are of one type in the same place: an empty tuple alone does not show which of the two it is.
    """
    match before, after:
        case tuple(), tuple():
            if not any(isinstance(each, Mapping | tuple) for each in (*before, *after)):
                return set(before), set(after)
            pairs = [_open_both(*pair) for pair in zip(before, after, strict=False)]
            both = len(pairs)
            left, right = ([_open_both(each, each)[0] for each in rest] for rest in (before[both:], after[both:]))
            return [*(one for one, _ in pairs), *left], [*(other for _, other in pairs), *right]
        case Mapping(), Mapping():
            opened = {name: _open_both(before.get(name), after.get(name)) for name in {**before, **after}}
            return {name: opened[name][0] for name in before}, {name: opened[name][1] for name in after}
        case tuple() | Mapping(), _:
            return _open_both(before, before)[0], after
        case _, tuple() | Mapping():
            return before, _open_both(after, after)[1]
        case _:
            return before, after
