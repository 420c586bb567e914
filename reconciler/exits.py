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
    Exit.CHANGES: "there are changes (only with --detailed-exitcode)",
    Exit.REFUSED: "refused by a guardrail; nothing was written",
    Exit.STALE: "the plan is stale, expired or altered; nothing was written",
    Exit.PARTLY: "partly applied: some items were rejected or not sent, and all of them are known",
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
}
RULE = "guardrail-"
"""What the codes of guardrails begin with."""


def of(run: Run, *, detailed: bool = False) -> Exit:
    """The exit code of a run: what is worst to overlook comes first."""
    if run.applied:
        ended = {outcome.status for outcome in run.outcomes}
        if Status.UNKNOWN in ended:
            return Exit.UNKNOWN
        if ended - {Status.APPLIED} or any(problem.code == "not-in-force" for problem in run.problems):
            return Exit.PARTLY
        return Exit.DONE
    if run.failed:
        known = [BY_PROBLEM[problem.code] for problem in run.problems if problem.code in BY_PROBLEM]
        others = [each for each in run.problems if each.severity is Severity.ERROR and not each.code.startswith(RULE)]
        return known[0] if known else Exit.REFUSED if run.refused and not others else Exit.ERROR
    return Exit.CHANGES if detailed and run.changes else Exit.DONE
