"""The last line of an apply counts as applied only what was seen in force, and the exit code agrees."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from reconciler.model import Problem, ReadBack, Run, Severity, error, exit_codes
from reconciler.model.exit_codes import ExitCode
from reconciler.reports import FORMATS, RenderOptions
from reconciler.reports.common import headline

from ..reports.runs import APPLIED

FIRST, *OTHERS = APPLIED.outcomes


def ending(seen: ReadBack, *problems: Problem) -> Run:
    return replace(APPLIED, outcomes=(replace(FIRST, seen=seen), *OTHERS), problems=problems)


@pytest.mark.parametrize("seen", [ReadBack.NOT_IN_FORCE, ReadBack.NOT_READ])
def test_what_is_not_seen_in_force_is_not_counted_as_applied(seen: ReadBack) -> None:
    run = ending(seen, error("not-in-force", "bidding.bidAmount was accepted", address=FIRST.item.address))

    assert headline(run) == f"Apply: 3 applied, 1 {seen.value}."
    assert exit_codes.exit_code(run) is ExitCode.PARTLY
    for form in ("text", "markdown", "html", "junit", "github"):
        told = FORMATS[form](run, RenderOptions())
        assert f"1 {seen.value}" in told, form
        assert "4 applied" not in told, form


def test_an_undecided_call_of_an_earlier_run_is_counted_and_ends_with_6() -> None:
    """Also as a warning: nothing is raised on its object now, and still nobody knows how it ended."""
    doubt = Problem(Severity.WARNING, "undecided", "nobody can tell whether balances.funds.1 took effect")

    run = replace(APPLIED, problems=(doubt,))

    assert headline(run) == "Apply: 4 applied, 1 undecided."
    assert exit_codes.exit_code(run) is ExitCode.UNKNOWN


def test_an_apply_that_is_seen_in_force_is_applied_and_ends_with_0() -> None:
    assert headline(APPLIED) == "Apply: 4 applied."
    assert exit_codes.exit_code(APPLIED) is ExitCode.DONE
