"""Validate files without the API: problems of the files, and of the rules over all of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec.structs import replace

from reconciler.config import project as projects
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.kinds.currency import check_amounts
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.model import Desired, Problem, Run, Severity
from reconciler.planning import identity
from reconciler.planning.addresses import find_unknown_addresses

DAY = timedelta(days=1)
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""Instants before and after every date in files."""


def validate(loaded: LoadResult, now: datetime) -> Run:
    """Return the problems of the files by the local clock.

    An error that a day more or less would remove is a warning, since the local clock may be wrong and a plan uses the
    server's.
    """
    problems = _apply_rules(loaded, now)
    if _errors(problems):
        certain = _errors(_apply_rules(loaded, now - DAY)) & _errors(_apply_rules(loaded, now + DAY))
        problems = tuple(each if each in certain else _soften(each) for each in problems)
    problems = (*problems, *_unfitting(loaded))
    name = loaded.project.name if loaded.project else ""
    return Run("validate", name, problems=unique(problems), unchanged=len(loaded.desired))


def _unfitting(loaded: LoadResult) -> Iterator[Problem]:
    """Yield a problem for each amount with too many decimals, if the project states the currency."""
    project = loaded.project
    if project is None or loaded.failed:
        return
    for kind, wanted in by_kind(project, loaded.desired):
        currency = project.stated_currency(kind.scope)
        for each in wanted:
            yield from check_amounts(kind, each, each.values, currency, project.assumptions, offline=True)


@lru_cache(maxsize=2)
def is_always_wrong(loaded: LoadResult) -> bool:
    """Return True if the files have an error at any date, so that a plan can refuse them without a clock.

    The result is kept, since a run asks before it knows the time and again when it plans.
    """
    if loaded.project is not None and loaded.project.terms("overrides"):
        return False
    # at the earliest instant fewer warnings are computed
    return all(_errors(problems_at(loaded, at)) for at in (EARLIEST, LATEST))


def problems_at(loaded: LoadResult, now: datetime) -> tuple[Problem, ...]:
    """Return the problems of the files at an instant, with overrides applied."""
    problems = list(loaded.problems)
    if loaded.project is not None and not loaded.failed:
        problems += projects.guardrail_mistakes(loaded.project, loaded.desired) if loaded.project.whole else ()
        if loaded.allow:
            from reconciler.config import allow  # guardrails are imported only if they are used

            problems += allow.mistakes(loaded, now)
        problems += _find_list_problems(loaded.project, loaded.desired)
        kinds = loaded.project.kinds
        for each in loaded.desired:
            problems += identity.find_invisible_names(kinds[each.address.kind], each)
        pairs = {
            kind: tuple((each, None) for each in wanted) for kind, wanted in by_kind(loaded.project, loaded.desired)
        }
        related = {kind.name: (each, ()) for kind, each in pairs.items()}
        addresses = {each.address for each in loaded.desired}
        for kind, own in pairs.items():
            problems += find_unknown_addresses(kind, (each for each, _ in own), addresses)
            scene = ValidationContext(own, now, assumptions=loaded.project.assumptions, related=related)
            problems += (problem for rule in kind.scene_rules for problem in rule(scene))
    return unique(problems)


def with_overrides(loaded: LoadResult, now: datetime) -> LoadResult:
    """Return what the files state at an instant, with the problems of the overrides."""
    if loaded.project is None or not loaded.project.terms("overrides"):
        return loaded
    from reconciler.config import overrides  # imported only if it is used

    return overrides.apply_overrides(loaded, now)


def _find_list_problems(project: Project, desired: Sequence[Desired]) -> Iterator[Problem]:
    """Yield the problems of the lists that few projects state; what reads a list is imported only if it is used."""
    if project.terms("ownership"):
        from reconciler.config import ownership

        yield from ownership.validate_ownership(project, desired)
    if project.terms("moved"):
        from reconciler.config import moved

        yield from moved.validate_moves(project, desired)


def by_kind(project: Project, desired: Sequence[Desired]) -> list[tuple[Kind, tuple[Desired, ...]]]:
    """Return the blocks of each kind in the files, in the order of the kinds."""
    named: dict[str, list[Desired]] = {}
    for each in desired:
        named.setdefault(each.address.kind, []).append(each)
    return [(kind, tuple(named[name])) for name, kind in project.kinds.items() if name in named]


def unique(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems without duplicates."""
    return tuple(dict.fromkeys(problems))


def _apply_rules(loaded: LoadResult, now: datetime) -> tuple[Problem, ...]:
    return problems_at(with_overrides(loaded, now), now)


def _errors(problems: Iterable[Problem]) -> set[Problem]:
    return {each for each in problems if each.severity is Severity.ERROR}


def _soften(problem: Problem) -> Problem:
    """Return an error that depends on the date as a warning."""
    if problem.severity is not Severity.ERROR:
        return problem
    hint = "; ".join(filter(None, (problem.hint, "this machine's clock says so, a plan goes by the server's")))
    return replace(problem, severity=Severity.WARNING, hint=hint)
