"""What a checkup finds: one line for each thing that was looked at, and what to do about it."""

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from reconciler.model import Json, Problem, Run, Severity


class CheckLevel(Enum):
    """How a check ended. ``UNKNOWN``: reading alone cannot tell."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARNING = "warning"
    ERROR = "error"


class Check(Struct, frozen=True):
    """One thing that was looked at. ``facts`` are its figures, for programs."""

    group: str
    name: str
    level: CheckLevel
    said: str
    hint: str | None = None
    code: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)


class DoctorReport(Struct, frozen=True):
    """All checks in their order; nothing was written."""

    project: str
    checks: tuple[Check, ...]

    @property
    def run(self) -> Run:
        """Its errors as a run that never began: they have the exit codes of any other command."""
        found = (
            Problem(Severity.ERROR, each.code or "unhealthy", each.said)
            for each in self.checks
            if each.level is CheckLevel.ERROR
        )
        return Run("doctor", self.project, problems=tuple(found))


def check_of_problem(group: str, name: str, problem: Problem) -> Check:
    """A problem that any command would show, as the end of a check."""
    level = {Severity.ERROR: CheckLevel.ERROR, Severity.WARNING: CheckLevel.WARNING, Severity.NOTE: CheckLevel.OK}[
        problem.severity
    ]
    where = f"{problem.span}: " if problem.span else ""
    return Check(group, name, level, f"{where}{problem.message}", problem.hint, problem.code)
