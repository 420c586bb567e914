"""Exit codes of all commands. Each has a test that provokes it."""

from enum import IntEnum

from reconciler.model.outcomes import ItemStatus
from reconciler.model.problems import Cause, Severity
from reconciler.model.run import Run


class ExitCode(IntEnum):
    """Exit codes; the text is their entry in the reference."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    REFUSED = 3
    STALE = 4
    PARTLY = 5
    UNKNOWN = 6
    LOCKED = 7
    NOT_ALLOWED = 8
    VERSION_GONE = 9
    INTERRUPTED = 130

    @property
    def meaning(self) -> str:
        return MEANINGS[self]


MEANINGS = {
    ExitCode.DONE: "done, or no changes",
    ExitCode.ERROR: "error or wrong usage; nothing was written",
    ExitCode.CHANGES: "there are changes, or drift (only with --detailed-exitcode)",
    ExitCode.REFUSED: "refused by a guardrail; nothing was written",
    ExitCode.STALE: "the plan is stale, expired or altered; nothing was written",
    ExitCode.PARTLY: "partly applied: something was rejected, not sent, or could not be confirmed; each item is listed",
    ExitCode.UNKNOWN: "the outcome of at least one item is unknown; run again, it looks before it acts",
    ExitCode.LOCKED: "another run holds the lock; nothing was written",
    ExitCode.NOT_ALLOWED: "not allowed: credentials, consent or permissions (401, 403)",
    ExitCode.VERSION_GONE: "the API version is no longer served (410)",
    ExitCode.INTERRUPTED: "interrupted; requests in flight were completed",
}
BY_CAUSE = {
    Cause.NOT_ALLOWED: ExitCode.NOT_ALLOWED,
    Cause.VERSION_GONE: ExitCode.VERSION_GONE,
    Cause.LOCKED: ExitCode.LOCKED,
    Cause.STALE_PLAN: ExitCode.STALE,
    Cause.PLAN_USED: ExitCode.STALE,
    Cause.UNDECIDED: ExitCode.UNKNOWN,
    Cause.HELD: ExitCode.UNKNOWN,
    Cause.INTERRUPTED: ExitCode.INTERRUPTED,
}
"""Exit code by cause of an error; an expired override is no error, and counts as a change."""


def exit_code(run: Run, *, detailed: bool = False) -> ExitCode:
    """Return the exit code of a run; the most severe condition wins."""
    causes = {problem.cause for problem in run.problems}
    undecided = Cause.UNDECIDED in causes or Cause.HELD in causes
    if run.applied:
        ended = {outcome.status for outcome in run.outcomes}
        if ItemStatus.UNKNOWN in ended or undecided:
            return ExitCode.UNKNOWN
        if Cause.INTERRUPTED in causes:
            return ExitCode.INTERRUPTED
        return ExitCode.PARTLY if ended - {ItemStatus.APPLIED} or run.failed else ExitCode.DONE
    if run.failed:
        errors = [problem for problem in run.problems if problem.severity is Severity.ERROR]
        known = [BY_CAUSE[problem.cause] for problem in errors if problem.cause in BY_CAUSE]
        others = [problem for problem in errors if not problem.is_of_guardrail]
        return known[0] if known else ExitCode.REFUSED if run.refused and not others else ExitCode.ERROR
    if run.command == "apply" and undecided:  # the undecided call belongs to an earlier run
        return ExitCode.UNKNOWN
    moved = run.changes or any(each.moved_outside for each in run.drift)
    return ExitCode.CHANGES if detailed and (moved or Cause.OVERRIDE_OVERDUE in causes) else ExitCode.DONE
