"""A patch leads from one text to the other, and the work grows with the text and not with its square."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from reconciler.commands.line_diff import unified_diff

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")
lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "-d\n", "e 1\n", "e 2\n", "f 1\n", "f 2\n"]), max_size=30)


def patched(before: Sequence[str], patch: Sequence[str]) -> list[str]:
    """What `git apply` makes of a text by a patch: every line of a hunk has to be where it is told to be."""
    made: list[str] = []
    at = 0
    for line in patch[2:]:
        hunk = HUNK.fullmatch(line)
        if hunk:
            start = int(hunk[1]) - (hunk[2] != "0")
            made += before[at:start]
            at = start
            assert len(made) == int(hunk[3]) - (hunk[4] != "0")
        elif line[0] == "+":
            made.append(line[1:])
        else:
            assert before[at] == line[1:]
            made += [line[1:]] if line[0] == " " else []
            at += 1
    return [*made, *before[at:]]


@given(lines, lines)
def test_a_patch_makes_the_one_text_of_the_other(before: list[str], after: list[str]) -> None:
    assert patched(before, list(unified_diff(before, after, "a", "b"))) == after


@given(lines)
def test_equal_texts_have_no_patch(text: list[str]) -> None:
    assert list(unified_diff(text, text, "a", "b")) == []


def test_a_patch_of_one_edit_is_written_as_everywhere() -> None:
    before = [f"{number}: x\n" for number in range(20)]
    after = [*before[:9], "9: y\n", *before[10:]]

    assert list(unified_diff(before, after, "a", "b")) == list(difflib.unified_diff(before, after, "a", "b"))


def test_thousands_of_edits_among_lines_that_are_alike_change_those_lines_only() -> None:
    """Before, this took minutes: each of these lines was compared with each of those like it."""
    block = ["  name-{}:\n", "    on: true\n", "    bid: {}\n", "    type: capped\n", "    on: true\n"]
    before = [line.format(number) for number in range(5_000) for line in block]
    after = [line.replace("bid: ", "bid: 1") for line in before]

    changed = [line for line in list(unified_diff(before, after, "a", "b"))[2:] if line[0] in "+-"]

    assert len(changed) == 2 * 5_000
