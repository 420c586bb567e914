"""Assess a plan before any call, deferred changes included: cost of the whole scope, order of calls, guardrails."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler import guardrails
from reconciler.config.project import Project
from reconciler.engine.environment import StateSnapshot
from reconciler.engine.refresh import RefreshResult
from reconciler.guardrails import Proposal
from reconciler.guardrails.decisions import Decision
from reconciler.kinds.currency import check_amounts
from reconciler.model import (
    Address,
    Change,
    Desired,
    Irreversible,
    Judgement,
    LimitChange,
    Money,
    Plan,
    Problem,
    Severity,
    warning,
)
from reconciler.model.money import Exposure, format_amount
from reconciler.planning import batching as planner
from reconciler.planning import exposure, new_objects
from reconciler.planning.call_parts import BoundType
from reconciler.planning.cost import CostContext, compute_cost
from reconciler.planning.exposure import ExposureContext
from reconciler.planning.irreversible import find_irreversible


class PlanRequest(Struct, frozen=True):
    """Plan request: resources, whole project or targets, allowed guardrails with reasons."""

    desired: Sequence[Desired]
    whole: bool = True
    allowed: Mapping[str, str] | None = None
    decisions: tuple[Decision, ...] = ()


class Assessment(Struct, frozen=True):
    """Assessment: ordered calls, cost, judgements, and irreversible effects.

    ``ground`` is set for the exposure-safe order.
    """

    plan: Plan
    money: Money
    judgements: tuple[Judgement, ...]
    ground: ExposureContext | None
    lasting: tuple[Irreversible, ...] = ()
    misfits: tuple[Problem, ...] = ()
    """Amounts that do not fit their currency, which is known only now, and what is created off."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.misfits, *(problem for judgement in self.judgements for problem in judgement.all_problems))


def assess(
    project: Project,
    seen: RefreshResult,
    changes: Sequence[Change],
    spoken: Mapping[str, BoundType],
    memory: StateSnapshot,
    wish: PlanRequest,
    now: datetime,
) -> Assessment:
    """Return the assessment of the changes."""
    kinds = {name: target.kind for name, target in spoken.items()}
    book = CostContext(kinds, seen.live, changes, project.scope, seen.currencies, now, seen.zones)
    ids = {desired.address: row.id for pairs in seen.pairs.values() for desired, row in pairs if row is not None}
    cost = compute_cost(book, memory.lately, {**memory.ids, **ids})
    ground = _ground(book, cost) if project.careful else None
    calls = planner.build_calls(changes, spoken, merged=project.merged, raises=ground.raises if ground else None)
    if ground is not None:
        cost = replace(cost, running=tuple(exposure.trace_exposure(ground, calls.calls, calls.deferred)))
    live = {name: frozenset(row.id for row in rows) for name, rows in seen.live.items()}
    off = tuple(new_objects.find_created_off(book))
    proposal = Proposal(
        changes=tuple(changes),
        money=cost,
        now=now,
        currencies={change.address: book.of(change) for change in changes},
        live=live,
        remembered=memory.ids,
        known=_count_known(_select_at_hand(memory, seen), live),
        applied=memory.values,
        beside=new_objects.find_siblings(kinds, changes, seen.live),
        created_off=off,
        wanted=frozenset(desired.address for desired in wish.desired),
        whole=wish.whole and project.whole,
    )
    judgements = guardrails.judge(proposal, project.guardrails, wish.allowed or {}, wish.decisions)
    misfits = (*_misfits(project, book, wish.desired), *_created_off(off, changes))
    return Assessment(calls, cost, judgements, ground, tuple(find_irreversible(changes, kinds)), misfits)


def compute_planned_cost(
    project: Project, seen: RefreshResult, changes: Sequence[Change], spoken: Mapping[str, BoundType], now: datetime
) -> Money:
    """Return the cost of the changes from the values for which they were planned; later changes outside are ignored."""
    planned = {(change.address.kind, change.live.id): change.live for change in changes if change.live is not None}
    live = {name: tuple(planned.get((name, row.id), row) for row in rows) for name, rows in seen.live.items()}
    kinds = {name: target.kind for name, target in spoken.items()}
    return compute_cost(CostContext(kinds, live, changes, project.scope, seen.currencies, now, seen.zones))


def _created_off(off: Sequence[LimitChange], changes: Sequence[Change]) -> Iterator[Problem]:
    """Say once what is created off: to start it in the platform is one click, and no limit of the plan counts it."""
    if not off:
        return
    sums: dict[str, Exposure] = {}
    for each in off:
        sums[each.currency] = sums.get(each.currency, Exposure()) + Exposure.of(each.after)
    risk = ", and ".join(part for code, exposure in sums.items() for part in _describe_exposure(code, exposure))
    count = f"{len(off):,} objects are" if len(off) > 1 else "1 object is"
    message = f"{count} created off, and counted in no sum: once started, {risk}"
    place = next(change.place for change in changes if change.address == off[0].address)
    hint = "maxTotalIncrease counts it with createdOff: true"
    note = warning("created-off", message, at=place, address=off[0].address, hint=hint)
    yield replace(note, severity=Severity.NOTE)


def _describe_exposure(code: str, exposure: Exposure) -> Iterator[str]:
    if exposure.amount:
        yield f"{code} {format_amount(exposure.amount)} more may be spent"
    if exposure.uncapped:
        yield f"{exposure.uncapped:,} may spend {code} without any cap"


def _misfits(project: Project, book: CostContext, desired: Sequence[Desired]) -> Iterator[Problem]:
    """Yield a problem for each amount to be sent with more decimals than its currency."""
    blocks = {each.address: each for each in desired}
    for change in book.changes:
        moved = {each.field: each.after for each in change.fields}
        code = book.of(change)
        currency = code if len(code) == 3 else None
        kind, block = book.kinds[change.address.kind], blocks[change.address]
        yield from check_amounts(kind, block, moved, currency, project.assumptions, offline=False)


def _select_at_hand(memory: StateSnapshot, seen: RefreshResult) -> StateSnapshot:
    """Return the snapshot with the ids of the blocks at hand only, for a kind of which only a part was read."""
    if not seen.parents:
        return memory
    wanted = {desired.address for name in seen.parents for desired, _ in seen.pairs[name]}
    ids = {each: id for each, id in memory.ids.items() if each.kind not in seen.parents or each in wanted}
    counts = None
    if memory.counts is not None:
        counts = {**memory.counts, **{name: sum(each.kind == name for each in ids) for name in seen.parents}}
    return replace(memory, ids=ids, counts=counts)


def _count_known(memory: StateSnapshot, live: Mapping[str, Collection[str]]) -> dict[str, tuple[int, int]]:
    """Return (number of remembered ids, number of these that are live) by kind.

    The ledger is read for more ids only if most of the remembered ones would otherwise seem absent.
    """
    ids: dict[str, list[str]] = {}
    for address, id in memory.ids.items():
        ids.setdefault(address.kind, []).append(id)
    known: dict[str, tuple[int, int]] = {}
    for kind in {**ids, **(memory.counts or {})}:
        at_hand, shown = ids.get(kind, []), live.get(kind, ())
        all = len(at_hand) if memory.counts is None else memory.counts.get(kind, 0)
        there = sum(id in shown for id in at_hand)
        if all > len(at_hand) and (all - there) * 2 > all:
            others = set(shown).difference(at_hand)
            there += sum(len(each) for each in memory.claimed(kind, sorted(others)).values())
        known[kind] = all, there
    return known


def _ground(book: CostContext, cost: Money) -> ExposureContext:
    by_address: dict[Address, Change] = {change.address: change for change in book.changes}
    capped = any(kind.caps_campaigns for kind in book.kinds.values())
    each_by_itself = compute_cost(book, capped=False) if capped else cost
    start = {currency: before for currency, (before, _) in each_by_itself.exposures().items()}
    return ExposureContext(book.kinds, by_address, start, book.of, book.today)
