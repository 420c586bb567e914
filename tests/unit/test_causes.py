"""A cause decides the exit code: each has one, and no wording does."""

from __future__ import annotations

import pytest

from reconciler.model import Cause, Problem, Run, Severity, error
from reconciler.model.exit_codes import BY_CAUSE, ExitCode, exit_code

ERRORS = [cause for cause in Cause if cause is not Cause.OVERRIDE_OVERDUE]


@pytest.mark.parametrize("cause", ERRORS)
def test_an_error_of_a_cause_ends_with_its_code(cause: Cause) -> None:
    """Whatever its message says, and after a round trip through a text that kept its code alone."""
    made = error(cause, "any words")
    read = Problem(Severity.ERROR, made.code, "other words")

    assert [exit_code(Run("apply", "shop", problems=(each,))) for each in (made, read)] == [BY_CAUSE[cause]] * 2


def test_an_error_of_no_cause_is_an_error() -> None:
    assert exit_code(Run("apply", "shop", problems=(error("bad-text", "stale-plan"),))) is ExitCode.ERROR
