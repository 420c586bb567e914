"""Apply a plan: its calls, the deferred changes, and reads until the result is in force."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from reconciler.engine.environment import Environment
from reconciler.engine.prepared_plan import PreparedPlan
from reconciler.engine.progress import count_items
from reconciler.engine.refresh import kind_reader, read_kind
from reconciler.engine.validate import unique
from reconciler.executor import exposure_safe, scheduler, verification
from reconciler.executor.looks import KindReader, Looks
from reconciler.executor.ports import Journal, NullJournal, WaitInterrupted
from reconciler.executor.scheduler import Progress, SendResult
from reconciler.executor.sender import Sender
from reconciler.kinds.kind import Kind
from reconciler.model import (
    Action,
    Address,
    Call,
    Change,
    Item,
    ItemOutcome,
    ItemStatus,
    Live,
    Problem,
    ReadBack,
    Run,
    error,
)
from reconciler.planning import batching as planner
from reconciler.planning.addresses import list_named_addresses
from reconciler.provider.reader import ReadError

LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Seconds before each read after an apply: whether reads lag behind writes is unverified (contract §14, 14)."""


def apply(
    prepared: PreparedPlan,
    outside: Environment,
    journal: Journal | None = None,
    token: Callable[[Call], str | None] = lambda call: None,
) -> Run:
    """Apply the plan: send its calls, then the deferred changes, and read back what is in force."""
    run, calls = prepared.run, prepared.run.plan
    sender = _sender(prepared, outside, journal or NullJournal(), token)
    count = count_items(calls.calls, len(calls.deferred), outside.progress)
    first = _send_in_order(prepared, calls.calls, sender, outside, count, deferred=calls.deferred)
    sent = _later_rounds(prepared, first, sender, outside, count)
    read = True
    try:
        outcomes, problems = _read_back(prepared, sent.outcomes, outside)
    except ReadError as unread:
        doubt = replace(unread.problem, hint="the calls were sent, but what is in force could not be read back")
        outcomes, problems, read = _unread(sent.outcomes), (doubt,), False
    found = {each.call for each, was in zip(outcomes, sent.outcomes, strict=True) if each.status is not was.status}
    sender.settle_again([each for each in outcomes if each.call in found])
    absent = {each.item.address for each in outcomes if each.seen is ReadBack.NOT_IN_FORCE}
    if read:
        sender.see([each for each in outcomes if each.status is ItemStatus.APPLIED and each.item.address not in absent])
    stopped = (outside.stop.reason,) if outside.stop.reason else ()
    problems = unique((*run.problems, *sent.problems, *problems, *stopped))
    return replace(run, command="apply", outcomes=outcomes, problems=problems, applied=True)


def _sender(
    prepared: PreparedPlan, outside: Environment, journal: Journal, token: Callable[[Call], str | None]
) -> Sender:
    """Return the sender of one plan; its looks start from the plan's reads while they are fresh."""
    readers: dict[str, KindReader] = {}
    whole = {name: rows for name, rows in prepared.live.items() if name not in prepared.parents}

    def reading(kind: str) -> KindReader:
        if kind not in readers:
            readers[kind] = kind_reader(prepared.project, outside, kind)
        return readers[kind]

    return Sender(
        prepared.targets,
        Looks(reading, outside.clock, whole, prepared.looked, journal.note_look, outside.threads),
        outside.writes,
        reading,
        outside.clock,
        journal,
        token,
        outside.stop,
        outside.times,
        bisect=outside.bisect,
        wary=outside.wary,
        watch=outside.watch,
    )


def _send_in_order(
    prepared: PreparedPlan,
    calls: Sequence[Call],
    sender: Sender,
    outside: Environment,
    count: Progress,
    *,
    earlier: Sequence[ItemOutcome] = (),
    deferred: Sequence[Change] = (),
) -> SendResult:
    """Send the calls in order; in the exposure-safe order, increases wait for the decreases that fund them."""

    def carry(calls: Sequence[Call], earlier: Sequence[ItemOutcome] = ()) -> SendResult:
        pace, threads = outside.in_flight, outside.threads
        return scheduler.run_calls(calls, sender, in_flight=pace, progress=count, earlier=earlier, threads=threads)

    def confirm(outcomes: Sequence[ItemOutcome]) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
        try:
            return _read_back(prepared, outcomes, outside)
        except ReadError as unread:
            return tuple(outcomes), (unread.problem,)

    if prepared.ground is None:
        return carry(calls)
    return exposure_safe.run_exposure_safe(prepared.ground, calls, carry, confirm, earlier=earlier, deferred=deferred)


def _later_rounds(
    prepared: PreparedPlan, first: SendResult, sender: Sender, outside: Environment, count: Progress
) -> SendResult:
    """Send the changes that waited for ids of earlier rounds; those whose ids stay unknown are not sent."""
    sent, waiting, number = first, prepared.run.plan.deferred, 0
    raises = prepared.ground.raises if prepared.ground else None
    while waiting:
        ready, waiting = planner.resolve_deferred(waiting, sent.ids, prepared.targets)
        if not ready:
            break
        number += 1
        calls = planner.build_calls(ready, prepared.targets, merged=prepared.project.merged, raises=raises).calls
        suffix = "new" if number == 1 else f"new{number}"
        # each round has calls with names of their own
        calls = tuple(replace(call, name=f"{call.name}.{suffix}") for call in calls)
        more = _send_in_order(prepared, calls, sender, outside, count, earlier=sent.outcomes if prepared.ground else ())
        sent = SendResult((*sent.outcomes, *more.outcomes), (*sent.problems, *more.problems))
    created = {each.item.address: each.status for each in sent.outcomes if each.item.id is None}
    lost = tuple(_orphan(each, prepared, created) for each in waiting)
    return SendResult((*sent.outcomes, *lost), sent.problems)


def _orphan(change: Change, prepared: PreparedPlan, created: Mapping[Address, ItemStatus]) -> ItemOutcome:
    """Return the outcome of a change whose id stays unknown: its own, or that of an object that it names."""
    kind = prepared.targets[change.address.kind].kind
    needed = [change.address] if change.action is not Action.CREATE else []
    needed += [address for _, address in list_named_addresses(kind, change.after)]
    missing = next((each for each in reversed(needed) if created.get(each) is not ItemStatus.APPLIED), needed[0])
    # an object with an unknown id may exist
    unsure = created.get(missing) in (ItemStatus.APPLIED, ItemStatus.UNKNOWN)
    why = "has no id that is known yet" if unsure else "was not created"
    message = f"not sent, since {missing} {why}"
    problem = error("depends", message, at=change.place, address=change.address)
    facets = "+".join(dict.fromkeys(move.facet for move in change.fields))
    item = Item(change.address, None, change.fields, change.place)
    return ItemOutcome(f"{change.address.kind}.{facets}", item, ItemStatus.NOT_SENT, None, (problem,))


def _read_back(
    prepared: PreparedPlan, outcomes: Sequence[ItemOutcome], outside: Environment
) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
    """Read until all accepted changes are in force, or the reads are used up."""
    ended = _unread(outcomes)
    problems: tuple[Problem, ...] = ()
    touched = sorted(
        {each.item.address.kind for each in outcomes if each.status in (ItemStatus.APPLIED, ItemStatus.UNKNOWN)}
    )
    for pause in LOOKS if touched else ():
        try:
            outside.sleep(pause)
        except WaitInterrupted:
            break
        problems = ()
        for name in touched:
            kind, there = prepared.targets[name].kind, _look_again(prepared, name, ended, outside)
            ended = tuple(_settle_outcome(each, kind, there) for each in ended)
            ended, missing = verification.check_applied(ended, kind, there)
            problems = (*problems, *missing)
        if not problems and not any(each.status is ItemStatus.UNKNOWN for each in ended):
            break
    return ended, problems


def _look_again(
    prepared: PreparedPlan, name: str, outcomes: Sequence[ItemOutcome], outside: Environment
) -> dict[str, Live]:
    """Return the objects of a kind by id: those of the plan's parents if every sent one is there, else all."""
    kind, blocks = prepared.targets[name].kind, tuple(each for each, _ in prepared.pairs[name])
    if name in prepared.parents:
        part = read_kind(kind, blocks, prepared.project, outside, parents=prepared.parents[name]).live
        there = {each.id: each for each in part}
        if all(each.item.id in there for each in outcomes if each.item.address.kind == name):
            return there
    return {each.id: each for each in read_kind(kind, blocks, prepared.project, outside).live}


def _unread(outcomes: Sequence[ItemOutcome]) -> tuple[ItemOutcome, ...]:
    """Return the outcomes before any read: accepted items are not known to be in force."""
    return tuple(replace(each, seen=ReadBack.NOT_READ) for each in outcomes)


def _settle_outcome(outcome: ItemOutcome, kind: Kind, there: Mapping[str, Live]) -> ItemOutcome:
    return verification.settle_unknown(outcome, kind, there) if outcome.item.address.kind == kind.name else outcome
