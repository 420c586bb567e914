"""Result of one command."""

from msgspec import Struct, field

from reconciler.model.calls import Plan
from reconciler.model.changes import Change, Irreversible
from reconciler.model.drift import Drift, Unmanaged, UnmanagedShare
from reconciler.model.judgements import Judgement, Verdict
from reconciler.model.money import Money
from reconciler.model.outcomes import ItemOutcome
from reconciler.model.problems import Problem, Severity


class Run(Struct, frozen=True):
    """Result of one command: everything that a report shows."""

    command: str
    project: str
    changes: tuple[Change, ...] = ()
    plan: Plan = field(default_factory=lambda: Plan(()))
    outcomes: tuple[ItemOutcome, ...] = ()
    problems: tuple[Problem, ...] = ()
    applied: bool = False
    unchanged: int = 0
    money: Money | None = None
    judgements: tuple[Judgement, ...] = ()
    lasting: tuple[Irreversible, ...] = ()
    drift: tuple[Drift, ...] = ()
    unmanaged: tuple[Unmanaged, ...] = ()
    shares: tuple[UnmanagedShare, ...] = ()

    @property
    def refused(self) -> bool:
        """True if a guardrail refuses the plan."""
        return any(judgement.verdict is Verdict.REFUSED for judgement in self.judgements)

    @property
    def failed(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)
