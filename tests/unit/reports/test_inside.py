"""A changed set or block says what came, went and moved inside it; a report never makes a reader compare two lists."""

from __future__ import annotations

import pytest

from reconciler.model import Value
from reconciler.reports.value_diff import describe_inside

FRANCE: dict[str, Value] = {"operand": "in", "values": ("FR",)}
MORNING: dict[str, Value] = {"dayOfWeek": "weekdays", "startTime": "08:00", "endTime": "12:00"}
EVENING = MORNING | {"dayOfWeek": "weekend"}
LONG = tuple(f"750{number:02}" for number in range(60))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FRANCE, {"operand": "in", "values": ("FR", "NO")}, "values: + NO"),
        (FRANCE, {"operand": "notIn", "values": ("FR",)}, "operand: in \u2192 notIn"),
        (LONG, (*LONG[1:], "13001"), "+ 13001, - 75000"),
        ({"frequency": "daily", "maximumImpressions": 3}, {"frequency": "daily"}, "- maximumImpressions: 3"),
        ((MORNING, EVENING), (MORNING,), "- {dayOfWeek: weekend, startTime: 08:00, endTime: 12:00}"),
        ((MORNING,), (EVENING,), "0.dayOfWeek: weekdays \u2192 weekend"),
        (
            {"legs": (), "zone": "UTC"},
            {"legs": (MORNING,), "zone": "UTC"},
            "legs: + {dayOfWeek: weekdays, startTime: 08:00, endTime: 12:00}",
        ),
        ((MORNING,), (), "- {dayOfWeek: weekdays, startTime: 08:00, endTime: 12:00}"),
        ({"of": None, "is": LONG}, {"of": ("FR", "DE"), "is": LONG}, "of: null \u2192 [DE, FR]"),
        (LONG, (), f"{', '.join(f'- {each}' for each in LONG[:10])}, and 50 more"),
    ],
)
def test_only_what_is_not_alike_is_named(before: Value, after: Value, said: str) -> None:
    assert describe_inside(before, after) == said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a", "b"),
        (None, ("FR",)),
        ((), (MORNING,)),
        ((), LONG),
        (("desktop",), ("mobile",)),
        (FRANCE, ("FR",)),
        (LONG, LONG),
    ],
)
def test_what_says_no_more_than_the_values_is_not_said(before: Value, after: Value) -> None:
    assert describe_inside(before, after) == ""


def test_a_name_from_outside_cannot_break_the_line() -> None:
    said = describe_inside({"values": ("FR", "NO")}, {"values": ("FR", "NO", "\x1b[2Jx")})

    assert said == "values: + \\u001b[2Jx"
