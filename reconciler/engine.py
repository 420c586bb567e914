"""The use-cases: validate, plan, apply. The only module that composes the steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatch

from reconciler.apply import apply as apply
from reconciler.approval import stale
from reconciler.approval.saved import Circumstances, Saved
from reconciler.assess import Assessed, Wish, assess
from reconciler.check import unique
from reconciler.check import validate as validate
from reconciler.files.explain import near
from reconciler.files.project import Project
from reconciler.files.source import Loaded
from reconciler.live import Unread
from reconciler.model import (
    Action,
    Address,
    Change,
    Desired,
    Problem,
    Run,
    Severity,
    error,
)
from reconciler.outside import Memory, Outside
from reconciler.planning import overrides
from reconciler.planning import plan as planner
from reconciler.planning.diff import diff
from reconciler.planning.parts import Target
from reconciler.planning.plan import weight
from reconciler.prepared import Prepared as Prepared
from reconciler.survey import Survey, survey


def plan(
    loaded: Loaded,
    outside: Outside,
    memory: Memory | None = None,
    *,
    targets: Sequence[str] = (),
    noted: Sequence[Problem] = (),
    allowed: Mapping[str, str] | None = None,
) -> Prepared | Run:
    """What would be sent to make live what is wanted; a :class:`Run` alone if something forbids it.

    ``noted`` is what settling an earlier run's open calls found; an undecided one forbids increases.
    ``allowed`` gives the reasons for which guardrails are overridden, by rule.
    """
    project, memory = loaded.project, memory or Memory()
    checked = validate(loaded, outside.now())
    if project is None or checked.failed:
        return replace(checked, command="plan", unchanged=0)
    loaded = overrides.effective(loaded, outside.now())
    wanted, problems = _selected(loaded.desired, targets, project)
    try:
        seen = survey(project, wanted, outside, memory)
    except Unread as unread:
        return Run("plan", _name(loaded), problems=unique((*noted, *checked.problems, *problems, unread.problem)))
    spoken = _spoken(project)
    problems = (*checked.problems, *problems, *seen.problems)
    changes: list[Change] = []
    for name, matched in seen.pairs.items():
        moved, fixed = diff(spoken[name].kind, matched, memory.values)
        changes += moved
        problems = (*problems, *fixed)
    problems = (*_noted(noted, changes, memory.ids), *problems)
    wish = Wish(loaded.desired, not targets, allowed or {})
    weighed = assess(project, seen, changes, spoken, memory, wish, outside.now())
    unchanged = sum(len(matched) for matched in seen.pairs.values()) - len(changes)
    run = Run("plan", _name(loaded), tuple(changes), problems=unique(problems), unchanged=unchanged)
    return Prepared(_weighed(run, weighed), spoken, seen.pairs, seen.live, project, weighed.ground, seen.currencies)


def reviewed(
    loaded: Loaded, saved: Saved, here: Circumstances, outside: Outside, noted: Sequence[Problem], memory: Memory
) -> Prepared | Run:
    """A saved plan, ready to be carried out as it was reviewed; a :class:`Run` alone if it does not hold.

    Its calls are derived again from the files and the values that it recorded, and all that it
    touches is read again: any difference is a reason to refuse, before any write. Guardrails judge
    it anew, with the reasons that were reviewed with it.
    """
    project, checked = loaded.project, validate(loaded, outside.now())
    problems = [*checked.problems, *stale.outdated(saved, here)]
    if project is None or _errors(problems):
        return Run("apply", saved.run.project, problems=unique(problems))
    loaded = overrides.effective(loaded, outside.now())
    wanted, missed = _selected(loaded.desired, saved.made.targets, project)
    try:
        seen = survey(project, wanted, outside, _recorded(saved))
    except Unread as unread:
        return Run("apply", project.name, problems=unique((*problems, unread.problem)))
    spoken = _spoken(project)
    changes, moved = _again(saved, seen, spoken, memory)
    problems += moved
    wish = Wish(loaded.desired, not saved.made.targets, saved.allowed)
    weighed = assess(project, seen, changes, spoken, memory, wish, outside.now())
    problems += (
        *missed,
        *seen.problems,
        *stale.rederived(saved, changes, weighed.plan),
        *_noted(noted, changes, memory.ids),
    )
    run = Run("plan", project.name, tuple(changes), problems=unique(problems), unchanged=saved.run.unchanged)
    prepared = Prepared(_weighed(run, weighed), spoken, seen.pairs, seen.live, project, weighed.ground)
    return prepared.run if prepared.run.failed else prepared


# --- Before ---------------------------------------------------------------------------------------------


def _again(
    saved: Saved, seen: Survey, spoken: Mapping[str, Target], memory: Memory
) -> tuple[list[Change], list[Problem]]:
    """The changes that the files make of the values that were recorded, and what live has moved of them since."""
    present = {desired.address: live for pairs in seen.pairs.values() for desired, live in pairs}
    blocks = {desired.address: desired for pairs in seen.pairs.values() for desired, _ in pairs}
    recorded = _recorded(saved).values
    remembered = {address: {**memory.values.get(address, {}), **values} for address, values in recorded.items()}
    changes: list[Change] = []
    problems: list[Problem] = []
    for change in saved.changes:
        if change.address in blocks and change.address in present:
            kind = spoken[change.address.kind].kind
            again, _ = diff(kind, [(blocks[change.address], change.live)], remembered)
            changes += again
            problems += stale.moved(change, planner.touched(change, kind), present[change.address])
    return changes, problems


def _selected(
    desired: Sequence[Desired], targets: Sequence[str], project: Project
) -> tuple[tuple[Desired, ...], tuple[Problem, ...]]:
    if not targets:
        return tuple(desired), ()
    chosen = tuple(each for each in desired if any(fnmatch(str(each.address), target) for target in targets))
    missed = [target for target in targets if not any(fnmatch(str(each.address), target) for each in desired)]
    addresses = [str(each.address) for each in desired]
    hint = "targets are globs of addresses, such as adSets.summer-*"
    return chosen, tuple(
        error(
            "no-such-target",
            f"no resource matches the target {target!r}",
            at=project.at(),
            hint=near(target, addresses) or hint,
        )
        for target in missed
    )


def _weighed(run: Run, weighed: Assessed) -> Run:
    """The run with its calls, what they cost, who objects, and what of it stays for good."""
    problems = unique((*run.problems, *weighed.problems))
    told = replace(run, plan=weighed.plan, money=weighed.money, judgements=weighed.judgements)
    return replace(told, problems=problems, lasting=weighed.lasting)


def _recorded(saved: Saved) -> Memory:
    """What the plan itself remembers of values that the API never shows."""
    return Memory(
        {change.address: change.id for change in saved.changes if change.id},
        {
            change.address: {
                move.field: move.before for move in change.fields if not move.seen and move.before is not None
            }
            for change in saved.changes
        },
    )


def _spoken(project: Project) -> dict[str, Target]:
    return {name: Target(kind, project.dialect(kind.family).root) for name, kind in project.kinds.items()}


def _errors(problems: Sequence[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)


def _noted(noted: Sequence[Problem], changes: Sequence[Change], ids: Mapping[Address, str]) -> tuple[Problem, ...]:
    """An undecided call is an error only if something would be increased on its object, whatever its name is now."""
    rising = [each for each in changes if each.action is Action.CREATE or weight(each.fields) == 2]
    addresses, objects = {each.address for each in rising}, {each.id for each in rising if each.id}

    def _allowed(problem: Problem) -> bool:
        known = ids.get(problem.address) if problem.address else None
        return problem.code == "undecided" and problem.address not in addresses and known not in objects

    return tuple(replace(each, severity=Severity.WARNING) if _allowed(each) else each for each in noted)


def _name(loaded: Loaded) -> str:
    return loaded.project.name if loaded.project else ""
