"""Result of the `doctor` command: one line per check, with a hint."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from reconciler.model.problems import Problem, Severity
from reconciler.model.run import Run
from reconciler.model.values import Json


class CheckLevel(Enum):
    """Result of a check. ``UNKNOWN``: it cannot be decided by reading alone."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


class Check(Struct, frozen=True):
    """Result of one check. ``facts`` holds its figures for programs."""

    group: str
    name: str
    level: CheckLevel
    said: str
    hint: str | None = None
    code: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


class DoctorReport(Struct, frozen=True):
    """All checks in order; a checkup writes nothing."""

    project: str
    checks: tuple[Check, ...]

    @property
    def run(self) -> Run:
        """A run with the errors as its problems, so that the exit codes are those of other commands."""
        found = (
            Problem(Severity.ERROR, each.code or "unhealthy", each.said)
            for each in self.checks
            if each.level is CheckLevel.ERROR
        )
        return Run("doctor", self.project, problems=tuple(found))


def check_of_problem(group: str, name: str, problem: Problem) -> Check:
    """Return a problem as the result of a check."""
    level = {Severity.ERROR: CheckLevel.ERROR, Severity.WARNING: CheckLevel.WARNING, Severity.NOTE: CheckLevel.OK}[
        problem.severity
    ]
    where = f"{problem.span}: " if problem.span else ""
    return Check(group, name, level, f"{where}{problem.message}", problem.hint, problem.code)
