"""The use-cases: validate, plan, apply. The only module that composes the steps.

Everything from outside is handed in: how to send, what time it is, how to wait, whom to tell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatch

from reconciler import execute, live, match, portfolio, verify
from reconciler import plan as planner
from reconciler.diff import diff
from reconciler.execute import Progress, Sent
from reconciler.kinds.kind import Kind, Scene
from reconciler.live import Send, Unread
from reconciler.model import (
    Address,
    Change,
    Desired,
    Item,
    Live,
    Outcome,
    Pair,
    Problem,
    Run,
    Severity,
    Status,
    Values,
    error,
)
from reconciler.plan import Target
from reconciler.project import Project
from reconciler.source import Loaded

LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each look after an apply: whether reads lag behind writes is unverified (contract §14, 14)."""


def _quiet(done: int, total: int) -> None: ...


@dataclass(frozen=True)
class Memory:
    """What the ledger remembers: ids and last applied values, by address."""

    ids: Mapping[Address, str] = field(default_factory=dict)
    values: Mapping[Address, Values] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """The outside, as far as a use-case may touch it."""

    send: Send
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    in_flight: int = 8
    progress: Progress = _quiet


@dataclass(frozen=True)
class Prepared:
    """A plan with all that led to it, so that it can be shown and then carried out as it is."""

    run: Run
    targets: Mapping[str, Target]
    pairs: Mapping[str, tuple[Pair, ...]]
    project: Project


def validate(loaded: Loaded, now: datetime) -> Run:
    """Everything that can be known without the API."""
    problems = list(loaded.problems)
    if loaded.project is not None and not loaded.failed:
        for kind, wanted in _by_kind(loaded.project, loaded.desired):
            scene = Scene(tuple((each, None) for each in wanted), now, assumptions=loaded.project.assumptions)
            problems += (problem for rule in kind.scene_rules for problem in rule(scene))
    return Run("validate", _name(loaded), problems=_unique(problems), unchanged=len(loaded.desired))


def plan(loaded: Loaded, world: World, memory: Memory | None = None, targets: Sequence[str] = ()) -> Prepared | Run:
    """What would be sent to make live what is wanted; a :class:`Run` alone if something forbids it."""
    project = loaded.project
    checked = validate(loaded, world.now())
    if project is None or checked.failed:
        return replace(checked, command="plan", unchanged=0)
    wanted, problems = _selected(loaded.desired, targets, project)
    try:
        pairs, seen = _survey(project, wanted, world, memory or Memory())
    except Unread as unread:
        return Run("plan", _name(loaded), problems=_unique((*checked.problems, *problems, unread.problem)))
    problems = (*checked.problems, *problems, *seen)
    spoken = {name: Target(kind, project.dialect(kind.family).root) for name, kind in project.kinds.items()}
    changes: list[Change] = []
    for name, matched in pairs.items():
        moved, fixed = diff(spoken[name].kind, matched, (memory or Memory()).values)
        changes += moved
        problems = (*problems, *fixed)
    calls = planner.plan(changes, spoken, merged=project.merged)
    unchanged = sum(len(matched) for matched in pairs.values()) - len(changes)
    run = Run("plan", _name(loaded), tuple(changes), calls, problems=_unique(problems), unchanged=unchanged)
    return Prepared(run, spoken, pairs, project)


def apply(prepared: Prepared, world: World) -> Run:
    """Carry the plan out: its calls, what waited for their ids, and a look at what is in force then."""
    run, calls = prepared.run, prepared.run.plan
    first = execute.execute(
        calls.calls, prepared.targets, world.send, in_flight=world.in_flight, progress=world.progress
    )
    sent = _second_round(prepared, first, world)
    try:
        outcomes, problems = _read_back(prepared, sent.outcomes, world)
    except Unread as unread:
        doubt = replace(unread.problem, hint="the calls were sent, but what is in force could not be read back")
        outcomes, problems = sent.outcomes, (doubt,)
    problems = _unique((*run.problems, *sent.problems, *problems))
    return replace(run, command="apply", outcomes=outcomes, problems=problems, applied=True)


# --- Reading what is there ------------------------------------------------------------------------------


def _survey(
    project: Project, wanted: Sequence[Desired], world: World, memory: Memory
) -> tuple[dict[str, tuple[Pair, ...]], tuple[Problem, ...]]:
    """Each block with its live object, after the portfolio was seen to hold the scope."""
    kinds = dict(_by_kind(project, wanted))
    spoken = {kind.product: project.dialect(kind.product) for kind in kinds}
    problems = list(portfolio.check(kinds, spoken, project.scope, project.at("scope"), world.send))
    used = {kind.family: project.dialect(kind.family) for kind in kinds}
    problems += portfolio.versions(used.values(), world.now(), project.at("api"))
    if any(problem.severity is Severity.ERROR for problem in problems):
        return {}, tuple(problems)
    pairs: dict[str, tuple[Pair, ...]] = {}
    for kind, blocks in kinds.items():
        reading = _read(kind, blocks, project, world)
        matched, doubts = match.match(kind, blocks, reading.live, memory.ids)
        detailed = live.with_details(kind, project.dialect(kind.family).root, matched, world.send)
        scene = Scene(detailed, world.now(), reading.live, online=True, assumptions=project.assumptions)
        problems += (*reading.problems, *doubts)
        problems += (problem for rule in kind.scene_rules for problem in rule(scene))
        pairs[kind.name] = detailed
    return pairs, tuple(problems)


def _read(kind: Kind, blocks: Sequence[Desired], project: Project, world: World) -> live.Reading:
    attached = kind.attachments is not None and any(kind.attachments.field in each.values for each in blocks)
    root = project.dialect(kind.family).root
    return live.read(kind, root, project.scope.get(kind.scope, ()), world.send, attached=attached)


def _by_kind(project: Project, desired: Sequence[Desired]) -> list[tuple[Kind, tuple[Desired, ...]]]:
    named: dict[str, list[Desired]] = {}
    for each in desired:
        named.setdefault(each.address.kind, []).append(each)
    return [(kind, tuple(named[name])) for name, kind in project.kinds.items() if name in named]


def _selected(
    desired: Sequence[Desired], targets: Sequence[str], project: Project
) -> tuple[tuple[Desired, ...], tuple[Problem, ...]]:
    if not targets:
        return tuple(desired), ()
    chosen = tuple(each for each in desired if any(fnmatch(str(each.address), target) for target in targets))
    missed = [target for target in targets if not any(fnmatch(str(each.address), target) for each in desired)]
    hint = "targets are globs of addresses, such as adSets.summer-*"
    return chosen, tuple(
        error("no-such-target", f"no resource matches the target {target!r}", at=project.at(), hint=hint)
        for target in missed
    )


# --- Sending --------------------------------------------------------------------------------------------


def _second_round(prepared: Prepared, first: Sent, world: World) -> Sent:
    """What creation could not carry, for those that exist now; for the others it is not sent."""
    deferred = prepared.run.plan.deferred
    if not deferred:
        return first
    ready = planner.bound(deferred, first.ids)
    calls = planner.plan(ready, prepared.targets, merged=prepared.project.merged).calls
    second = execute.execute(calls, prepared.targets, world.send, in_flight=world.in_flight, progress=world.progress)
    lost = tuple(_orphan(change) for change in deferred if change.address not in first.ids)
    return Sent((*first.outcomes, *second.outcomes, *lost), (*first.problems, *second.problems))


def _orphan(change: Change) -> Outcome:
    message = f"not sent, since {change.address} was not created"
    problem = error("depends", message, at=change.place, address=change.address)
    facets = "+".join(dict.fromkeys(move.facet for move in change.fields))
    item = Item(change.address, None, change.fields, change.place)
    return Outcome(f"{change.address.kind}.{facets}", item, Status.NOT_SENT, None, (problem,))


def _read_back(
    prepared: Prepared, outcomes: Sequence[Outcome], world: World
) -> tuple[tuple[Outcome, ...], tuple[Problem, ...]]:
    """Look until all that was accepted is in force, or until it has been given time enough."""
    ended = tuple(outcomes)
    problems: tuple[Problem, ...] = ()
    touched = {each.item.address.kind for each in outcomes if each.status in (Status.APPLIED, Status.UNKNOWN)}
    for pause in LOOKS if touched else ():
        if pause:
            world.sleep(pause)
        problems = ()
        for name in sorted(touched):
            kind, blocks = prepared.targets[name].kind, tuple(each for each, _ in prepared.pairs[name])
            there: dict[str, Live] = {each.id: each for each in _read(kind, blocks, prepared.project, world).live}
            ended = tuple(
                verify.settled(each, kind, there) if each.item.address.kind == name else each for each in ended
            )
            problems = (*problems, *verify.not_in_force(ended, kind, there))
        if not problems and not any(each.status is Status.UNKNOWN for each in ended):
            break
    return ended, problems


def _name(loaded: Loaded) -> str:
    return loaded.project.folder.name if loaded.project else ""


def _unique(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Each problem once, errors of files in their order, those without a place last."""
    return tuple(dict.fromkeys(problems))


__all__ = ["Memory", "Prepared", "World", "apply", "plan", "validate"]
