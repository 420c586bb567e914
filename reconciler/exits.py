"""How a command ends, as one number that a pipeline can act on. Each has a test that provokes it."""

from enum import IntEnum

from reconciler.model import Run, Severity, Status


class Exit(IntEnum):
    """Exit codes; the text is what the reference says of each."""

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
    Exit.DONE: "done, or no changes",
    Exit.ERROR: "an error, or a command that is misspelt; nothing was written",
    Exit.CHANGES: "there are changes, or drift (only with --detailed-exitcode)",
    Exit.REFUSED: "refused by a guardrail; nothing was written",
    Exit.STALE: "the plan is stale, expired or altered; nothing was written",
    Exit.PARTLY: "partly applied: something was rejected, not sent, or could not be confirmed, and it is told what",
    Exit.UNKNOWN: "the outcome of at least one item is unknown; run again, it looks before it acts",
    Exit.LOCKED: "another run holds the lock; nothing was written",
    Exit.NOT_ALLOWED: "not allowed: credentials, consent or permissions (401, 403)",
    Exit.VERSION_GONE: "the API version is no longer served (410)",
    Exit.INTERRUPTED: "interrupted; what was in hand was finished",
}
BY_PROBLEM = {
    "not-allowed": Exit.NOT_ALLOWED,
    "version-gone": Exit.VERSION_GONE,
    "locked": Exit.LOCKED,
    "stale-plan": Exit.STALE,
    "plan-used": Exit.STALE,
    "undecided": Exit.UNKNOWN,
    "held": Exit.UNKNOWN,
    "interrupted": Exit.INTERRUPTED,
}
RULE = "guardrail-"
"""What the codes of guardrails begin with."""


def of(run: Run, *, detailed: bool = False) -> Exit:
    """The exit code of a run: what is worst to overlook comes first."""
    undecided = any(problem.code in ("undecided", "held") for problem in run.problems)
    if run.applied:
        ended = {outcome.status for outcome in run.outcomes}
        if Status.UNKNOWN in ended or undecided:
            return Exit.UNKNOWN
        if any(problem.code == "interrupted" for problem in run.problems):
            return Exit.INTERRUPTED
        return Exit.PARTLY if ended - {Status.APPLIED} or run.failed else Exit.DONE
    if run.failed:
        errors = [problem for problem in run.problems if problem.severity is Severity.ERROR]
        known = [BY_PROBLEM[problem.code] for problem in errors if problem.code in BY_PROBLEM]
        others = [problem for problem in errors if not problem.code.startswith(RULE)]
        return known[0] if known else Exit.REFUSED if run.refused and not others else Exit.ERROR
    if run.command == "apply" and undecided:  # a call of an earlier run
        return Exit.UNKNOWN
    moved = run.changes or any(each.moved_outside for each in run.drift)
    late = any(problem.code == "override-overdue" for problem in run.problems)
    return Exit.CHANGES if detailed and (moved or late) else Exit.DONE
