"""Judgements of guardrails on a plan."""

from datetime import datetime
from enum import Enum

from msgspec import Struct

from reconciler.model.addresses import Span
from reconciler.model.problems import Problem


class RuleLevel(Enum):
    """Effect of a guardrail violation: reported only, needs a reason, or stands until the file changes."""

    ADVISORY = "advisory"
    OVERRIDE = "override"
    HARD = "hard"


class Verdict(Enum):
    """Verdict of a guardrail on a plan."""

    IDLE = "nothing to check"
    PASSED = "passed"
    ADVISED = "advised against"
    ALLOWED = "allowed"
    REFUSED = "refused"


class Excuse(Struct, frozen=True):
    """Violations of a guardrail that a decision allows: their number, and the first ones as notes."""

    at: Span
    until: datetime
    because: str
    count: int
    problems: tuple[Problem, ...] = ()


class Judgement(Struct, frozen=True):
    """Judgement of one guardrail on a plan: its problems, and the reasons given to allow them.

    ``because`` is the reason of ``--allow``; ``excuses`` are the decisions of the files. ``limit`` is its setting in
    words; ``looked`` is false if the plan holds nothing to which the rule applies. The problems are in ``Run.problems``
    too, at their lines.
    """

    rule: str
    level: RuleLevel
    limit: str
    problems: tuple[Problem, ...] = ()
    because: str | None = None
    looked: bool = True
    excuses: tuple[Excuse, ...] = ()

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Remaining problems, then the notes of those that decisions allow."""
        return (*self.problems, *(each for excuse in self.excuses for each in excuse.problems))

    @property
    def reason(self) -> str | None:
        """Reasons for which the rule was overruled, or None."""
        reasons = [*([self.because] if self.because else []), *(each.because for each in self.excuses)]
        return "; ".join(dict.fromkeys(reasons)) or None

    @property
    def verdict(self) -> Verdict:
        if not self.problems and self.excuses:
            return Verdict.ALLOWED
        if not self.problems:
            return Verdict.PASSED if self.looked else Verdict.IDLE
        if self.level is RuleLevel.ADVISORY:
            return Verdict.ADVISED
        return Verdict.ALLOWED if self.because and self.level is RuleLevel.OVERRIDE else Verdict.REFUSED
