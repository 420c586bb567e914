"""Use-case ``plan``, the only module that composes the steps."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config import allow
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.schema_errors import closest_word
from reconciler.engine.apply import apply as apply
from reconciler.engine.assess import Assessment, PlanRequest, assess, compute_planned_cost
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.prepared_plan import PreparedPlan as PreparedPlan
from reconciler.engine.refresh import RefreshResult, refresh
from reconciler.engine.validate import is_always_wrong as is_always_wrong
from reconciler.engine.validate import problems_at, with_overrides
from reconciler.engine.validate import unique as unique
from reconciler.engine.validate import validate as validate
from reconciler.executor import held
from reconciler.model import (
    Address,
    Cause,
    Change,
    Desired,
    Money,
    Pair,
    Problem,
    Run,
    Severity,
    Values,
    error,
)
from reconciler.planfile import staleness
from reconciler.planfile.plan_file import PlanContext, PlanFile
from reconciler.planning import batching as planner
from reconciler.planning import identity
from reconciler.planning.call_parts import BoundType
from reconciler.planning.diff import diff
from reconciler.planning.selection import select
from reconciler.provider.reader import ReadError


class Recorded(Struct, frozen=True):
    """A saved plan to be applied, and the present conditions."""

    saved: PlanFile
    here: PlanContext


def plan(
    loaded: LoadResult,
    outside: Environment,
    now: datetime,
    memory: StateSnapshot | None = None,
    *,
    targets: Sequence[str] = (),
    noted: Sequence[Problem] = (),
    allowed: Mapping[str, str] | None = None,
    recorded: Recorded | None = None,
    part: bool = False,
) -> PreparedPlan | Run:
    """Return the plan that makes live equal to the files, or a :class:`Run` alone if an error forbids it.

    ``now`` is the time of every decision, ``noted`` are the problems from settling open calls, ``allowed`` the reasons
    of overridden guardrails; with ``recorded`` the changes are those of a saved plan. With ``part`` only what targets,
    or some files of a project, need is read. It is long, since each step needs what those before it found.
    """
    project, memory, loaded = loaded.project, memory or StateSnapshot(), with_overrides(loaded, now)
    problems = [*problems_at(loaded, now), *_find_changes_around(recorded)]
    if project is None or has_errors(problems):
        return Run("plan", _name(loaded), problems=unique((*noted, *problems)))
    wanted, missed = _select_desired(loaded.desired, targets, project)
    try:
        part = part and (bool(targets) or not project.whole)
        looked = outside.stamp()
        seen = refresh(project, wanted, outside, now, _matching(recorded, memory), part=part)
    except ReadError as unread:
        return Run("plan", project.name, problems=unique((*noted, *problems, *missed, unread.problem)))
    spoken = _find_bounds(project)
    base, remembered = _base(recorded.saved, seen, memory) if recorded else (seen.pairs, memory.values)
    changes, fixed = _changes(base, remembered, spoken)
    changes, unfunded = _without_held_deltas(changes, memory, project)
    decisions, _ = allow.read(loaded)
    wish = PlanRequest(loaded.desired, not targets, allowed or {}, decisions)
    weighed = assess(project, seen, changes, spoken, _drop_unshown_ids(memory, seen.problems), wish, now)
    problems += (*missed, *allow.excuse_twins(seen.problems, decisions, now), *fixed, *_claims(loaded, seen, memory))
    if recorded is not None:
        planned = compute_planned_cost(project, seen, changes, spoken, now)
        problems += _differences(recorded.saved, seen, spoken, changes, weighed, planned)
    problems = [*_drop_repeated(noted, (*unfunded, *seen.problems)), *unfunded, *problems]
    unchanged = sum(map(len, seen.pairs.values())) - len(changes)
    run = Run("plan", project.name, tuple(changes), problems=unique(problems), unchanged=unchanged)
    return _prepare_plan(_add_assessment(run, weighed), spoken, seen, project, weighed, looked)


def _without_held_deltas(
    changes: Sequence[Change], memory: StateSnapshot, project: Project
) -> tuple[list[Change], list[Problem]]:
    """Return the changes without deltas that an undecided or a contradicted call holds, and the problem of each."""
    holds = (*memory.holds, *held.find_contradicted(memory.accepted, project.kinds, changes))
    return held.without_held_deltas(holds, project.kinds, changes)


def _prepare_plan(
    run: Run,
    spoken: Mapping[str, BoundType],
    seen: RefreshResult,
    project: Project,
    weighed: Assessment,
    looked: datetime | None,
) -> PreparedPlan:
    """Return the plan together with what its apply needs of the reads."""
    parts = (seen.pairs, seen.live, project, weighed.ground, seen.currencies)
    return PreparedPlan(run, spoken, *parts, looked=looked, zones=seen.zones, parents=seen.parents)


def _find_changes_around(recorded: Recorded | None) -> Iterator[Problem]:
    """Yield what has changed around a saved plan."""
    if recorded is not None:
        yield from staleness.context_changes(recorded.saved, recorded.here)


def _differences(
    saved: PlanFile,
    seen: RefreshResult,
    spoken: Mapping[str, BoundType],
    changes: Sequence[Change],
    weighed: Assessment,
    planned: Money,
) -> list[Problem]:
    """Return the differences between a saved plan and the plan from its files and live state now."""
    return [
        *_find_moved(saved, seen, spoken),
        *staleness.compare_plans(saved, changes, weighed.plan),
        *staleness.compare_terms(saved, planned, weighed.judgements),
    ]


def has_errors(problems: Sequence[Problem]) -> bool:
    """Return True if one of the problems is an error."""
    return any(problem.severity is Severity.ERROR for problem in problems)


# --- Steps ---------------------------------------------------------------------------------------------------


def _changes(
    base: Mapping[str, Sequence[Pair]], remembered: Mapping[Address, Values], spoken: Mapping[str, BoundType]
) -> tuple[list[Change], list[Problem]]:
    """Return the changes between blocks and objects, and the problems of values that no call can change."""
    changes: list[Change] = []
    problems: list[Problem] = []
    for name, pairs in base.items():
        moved, fixed = diff(spoken[name].kind, pairs, remembered)
        changes += moved
        problems += fixed
    return changes, problems


def _base(
    saved: PlanFile, seen: RefreshResult, memory: StateSnapshot
) -> tuple[dict[str, tuple[Pair, ...]], dict[Address, Values]]:
    """Return the pairs of a saved plan with its recorded values, and the remembered values of its addresses."""
    live = {change.address: change.live for change in saved.changes}
    pairs = {
        name: tuple((block, live[block.address]) for block, _ in matched if block.address in live)
        for name, matched in seen.pairs.items()
    }
    recorded = _read_recorded(saved).values
    return pairs, {address: {**memory.values.get(address, {}), **values} for address, values in recorded.items()}


def _find_moved(saved: PlanFile, seen: RefreshResult, spoken: Mapping[str, BoundType]) -> list[Problem]:
    """Return an error for each value of a saved plan that is no longer live."""
    present = {desired.address: live for pairs in seen.pairs.values() for desired, live in pairs}
    return [
        problem
        for change in saved.changes
        if change.address in present
        for problem in staleness.live_changes(
            change, planner.list_sent_fields(change, spoken[change.address.kind].kind), present[change.address]
        )
    ]


def _select_desired(
    desired: Sequence[Desired], targets: Sequence[str], project: Project
) -> tuple[tuple[Desired, ...], tuple[Problem, ...]]:
    if not targets:
        return tuple(desired), ()
    chosen, unmatched = select((str(each.address) for each in desired), targets)
    addresses = [str(each.address) for each in desired]
    hint = "targets are globs of addresses, such as adSets.summer-*"
    return tuple(each for each in desired if str(each.address) in chosen), tuple(
        error(
            "no-such-target",
            f"no resource matches the target {target!r}",
            at=project.at(),
            hint=closest_word(target, addresses) or hint,
        )
        for target in unmatched
    )


def _add_assessment(run: Run, weighed: Assessment) -> Run:
    """Return the run with the assessment's calls, cost, judgements and irreversible effects."""
    problems = unique((*run.problems, *weighed.problems))
    assessed = replace(run, plan=weighed.plan, money=weighed.money, judgements=weighed.judgements)
    return replace(assessed, problems=problems, lasting=weighed.lasting)


def _read_recorded(saved: PlanFile) -> StateSnapshot:
    """Return the values in the plan itself that the API never returns, as a snapshot."""
    return StateSnapshot(
        {change.address: change.id for change in saved.changes if change.id},
        {
            change.address: {
                move.field: move.before for move in change.fields if not move.seen and move.before is not None
            }
            for change in saved.changes
        },
    )


def _find_bounds(project: Project) -> dict[str, BoundType]:
    return {name: BoundType(kind, project.dialect(kind.family).root) for name, kind in project.kinds.items()}


def _drop_repeated(noted: Sequence[Problem], said: Sequence[Problem]) -> tuple[Problem, ...]:
    """Return the problems of open calls, without those that a held block reports already."""
    held = {problem.address for problem in said if problem.cause is Cause.HELD}
    return tuple(problem for problem in noted if problem.cause is not Cause.UNDECIDED or problem.address not in held)


def _claims(loaded: LoadResult, seen: RefreshResult, memory: StateSnapshot) -> Iterator[Problem]:
    """Yield an error for each object that the ledger links to a block outside of this plan."""
    known = {each.address for each in loaded.desired}
    whole = loaded.project is not None and loaded.project.whole
    for name, pairs in seen.pairs.items():
        yield from identity.find_claims(name, pairs, memory.claimed, known, whole=whole)


def _drop_unshown_ids(memory: StateSnapshot, said: Sequence[Problem]) -> StateSnapshot:
    """Return the snapshot without the ids that a lagging read does not show yet, since they still exist."""
    lagging = {problem.address for problem in said if problem.cause is Cause.HELD} & memory.fresh.keys()
    if not lagging:
        return memory
    late = Counter(address.kind for address in lagging if address is not None and address in memory.ids)
    counts = None if memory.counts is None else {kind: all - late[kind] for kind, all in memory.counts.items()}
    ids = {address: id for address, id in memory.ids.items() if address not in lagging}
    return replace(memory, ids=ids, counts=counts)


def _matching(recorded: Recorded | None, memory: StateSnapshot) -> StateSnapshot:
    """Return the snapshot for matching: the ids of a saved plan, and later ones of the ledger."""
    if recorded is None:
        return memory
    known = _read_recorded(recorded.saved)
    return replace(known, ids={**memory.ids, **known.ids}, holds=memory.holds, fresh=memory.fresh)


def _name(loaded: LoadResult) -> str:
    return loaded.project.name if loaded.project else ""
