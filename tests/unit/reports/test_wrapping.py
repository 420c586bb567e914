"""Laws of a text report on a terminal: no line is too long unless one word is, and nothing is lost or cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.reports import FORMATS, RenderOptions
from reconciler.reports.wrapping import LEAST, columns, wrap_line

from . import runs

RUNS = (runs.SMALL, runs.PARTLY, runs.INVALID, runs.REFUSED, runs.COSTLY)
LINES = sorted({line for run in RUNS for line in FORMATS["text"](run, RenderOptions()).split("\n")})
lines = st.sampled_from(LINES) | st.text('ab 0.,→%`{}[]:+"é界', max_size=200)


@given(lines, st.integers(1, 200))
def test_no_line_is_longer_than_the_terminal_unless_a_word_is(line: str, width: int) -> None:
    parts = wrap_line(line, width)

    assert "".join("".join(parts).split()) == "".join(line.split())
    for part in parts:
        assert columns(part) <= max(width, LEAST) or len(part.split()) <= 2 or re.match(r" +\d* +\| ", part)
    assert all(word in line.split(" ") for part in parts for word in part.split(" ") if word)


@given(lines)
def test_a_line_that_fits_stays_as_it_is(line: str) -> None:
    assert wrap_line(line, max(LEAST, columns(line))) == [line]


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            "  EUR per day          123.45 → 1,225.00 EUR 1,225.00",
            ["  EUR per day          123.45 → 1,225.00", "      EUR 1,225.00"],
        ),
        ("  EUR per day          123.45 →     25.00", ["  EUR per day  123.45 → 25.00"]),
        (
            "  note[looks-renamed]: is it ads/summer.yaml:12:3 you mean?",
            ["  note[looks-renamed]: is it", "      ads/summer.yaml:12:3 you mean?"],
        ),
        (
            "  hint: to list what is hidden, run `reconciler import --all`",
            ["  hint: to list what is hidden, run", "      `reconciler import --all`"],
        ),
        (
            "      countries  {operand: in, [FR]} → {operand: in, [FR, NO]}",
            ["      countries  {operand: in, [FR]}", "          → {operand: in, [FR, NO]}"],
        ),
        ("  12 | name: a line of a user's file, which is longer than that", None),
        ("  ~ adSets.a-name-that-is-longer-than-any-terminal-of-forty-columns", None),
    ],
)
def test_amounts_places_commands_and_values_are_kept_whole(line: str, parts: list[str] | None) -> None:
    assert wrap_line(line, 40) == (parts or [line])
