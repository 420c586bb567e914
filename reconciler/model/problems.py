"""Problems as values: errors, warnings and notes with a code, a position and a hint."""

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.addresses import NOWHERE, Address, Place, Span


class Severity(Enum):
    """Severity of a problem: an error stops the run before any write, the others never do."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Cause(Enum):
    """Problems that decide the exit code; the value is the stable code. Problems with other codes are only reported."""

    NOT_ALLOWED = "not-allowed"
    VERSION_GONE = "version-gone"
    LOCKED = "locked"
    STALE_PLAN = "stale-plan"
    PLAN_USED = "plan-used"
    UNDECIDED = "undecided"
    HELD = "held"
    INTERRUPTED = "interrupted"
    OVERRIDE_OVERDUE = "override-overdue"


CAUSES = {each.value: each for each in Cause}
GUARDRAIL = "guardrail-"
"""Prefix of the problem codes of guardrails."""


class Problem(Struct, frozen=True):
    """A schema error, a broken rule, a guardrail, a refusal by the API, or drift.

    ``code`` is stable once released and is the anchor in the reference. ``hint`` says what to do.
    """

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    address: Address | None = None
    hint: str | None = None

    @property
    def cause(self) -> Cause | None:
        """The cause by which the problem decides the exit code, or None."""
        return CAUSES.get(self.code)

    @property
    def is_of_guardrail(self) -> bool:
        """True if a guardrail raised the problem."""
        return self.code.startswith(GUARDRAIL)


def error(
    code: str | Cause,
    message: str,
    *,
    at: "Place | Span | None" = None,
    address: Address | None = None,
    hint: str | None = None,
) -> Problem:
    """Return an error, with its position if there is one."""
    span = None if at is NOWHERE else at.span if isinstance(at, Place) else at
    return Problem(Severity.ERROR, code.value if isinstance(code, Cause) else code, message, span, address, hint)


def warning(
    code: str | Cause,
    message: str,
    *,
    at: "Place | Span | None" = None,
    address: Address | None = None,
    hint: str | None = None,
) -> Problem:
    """Return a warning, which is shown and never stops a run."""
    return replace(error(code, message, at=at, address=address, hint=hint), severity=Severity.WARNING)
