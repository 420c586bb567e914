"""What a run says, in the shape that tests compare: which code at which place, and how each item ended."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model import Problem, Run, Severity

MARK = "▶"
"""Stands in a test's YAML before the place that a problem must point at."""


def marked(text: str) -> tuple[str, list[str]]:
    """The YAML without its marks, and each mark's place as line and column."""
    places: list[str] = []
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        while MARK in lines[number]:
            places.append(f"{number + 1}:{lines[number].index(MARK) + 1}")
            lines[number] = lines[number].replace(MARK, "", 1)
        assert MARK not in lines[number], line
    return "".join(lines), places


def errors(run: Run) -> list[tuple[str, str]]:
    """Every error of a run, as its place and its code."""
    return located(each for each in run.problems if each.severity is Severity.ERROR)


def warnings(run: Run) -> list[tuple[str, str]]:
    """Every warning of a run, as its place and its code."""
    return located(each for each in run.problems if each.severity is Severity.WARNING)


def located(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    """Place and code of each problem; the place is line and column."""
    return [(f"{each.span.line}:{each.span.column}" if each.span else "", each.code) for each in problems]


def fates(run: Run) -> dict[str, str]:
    """How each item ended: address and facet to status."""
    return {f"{each.item.address.key} {each.call.split('.')[1]}": each.status.value for each in run.outcomes}


def reasons(run: Run, key: str) -> list[tuple[str, str]]:
    """Why the items of one address ended as they did, as places and codes."""
    return located(problem for each in run.outcomes if each.item.address.key == key for problem in each.problems)
