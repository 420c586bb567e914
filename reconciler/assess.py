"""What a plan costs and who objects: the money of the whole scope, the order of the calls, the guardrails.

All of it is known before any call, what waits for an id included.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler import guardrails
from reconciler.files.project import Project
from reconciler.guardrails import Proposal
from reconciler.kinds.currency import check_amounts
from reconciler.model import Address, Change, Desired, Judgement, Lasting, Money, Plan, Problem
from reconciler.outside import Memory
from reconciler.planning import exposure
from reconciler.planning import plan as planner
from reconciler.planning.exposure import Ground
from reconciler.planning.lasting import lasting
from reconciler.planning.money import Book, money
from reconciler.planning.parts import Target
from reconciler.survey import Survey


class Wish(Struct, frozen=True):
    """What was asked for: the blocks of the files, whether that is all of the project, and what is allowed why."""

    desired: Sequence[Desired]
    whole: bool = True
    allowed: Mapping[str, str] | None = None


class Assessed(Struct, frozen=True):
    """The calls in their order, with their cost, the judgements, and what they leave for good.

    ``ground`` is there if the order is careful."""

    plan: Plan
    money: Money
    judgements: tuple[Judgement, ...]
    ground: Ground | None
    lasting: tuple[Lasting, ...] = ()
    misfits: tuple[Problem, ...] = ()
    """Amounts that do not fit their currency, which is known only now."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        return (*self.misfits, *(problem for judgement in self.judgements for problem in judgement.problems))


def assess(
    project: Project,
    seen: Survey,
    changes: Sequence[Change],
    spoken: Mapping[str, Target],
    memory: Memory,
    wish: Wish,
    now: datetime,
) -> Assessed:
    """The plan of the changes, weighed."""
    kinds = {name: target.kind for name, target in spoken.items()}
    book = Book(kinds, seen.live, changes, project.scope, seen.currencies, now, seen.zones)
    ids = {desired.address: row.id for pairs in seen.pairs.values() for desired, row in pairs if row is not None}
    cost = money(book, memory.lately, {**memory.ids, **ids})
    ground = _ground(book, cost) if project.careful else None
    calls = planner.plan(changes, spoken, merged=project.merged, raises=ground.raises if ground else None)
    if ground is not None:
        cost = replace(cost, running=tuple(exposure.running(ground, calls.calls, calls.deferred)))
    live = {name: frozenset(row.id for row in rows) for name, rows in seen.live.items()}
    proposal = Proposal(
        changes=tuple(changes),
        money=cost,
        now=now,
        currencies={change.address: book.of(change) for change in changes},
        live=live,
        remembered=memory.ids,
        known=_known(memory, live),
        applied=memory.values,
        wanted=frozenset(desired.address for desired in wish.desired),
        whole=wish.whole and project.whole,
    )
    judgements = guardrails.judge(proposal, project.guardrails, wish.allowed or {})
    misfits = tuple(_misfits(project, book, wish.desired))
    return Assessed(calls, cost, judgements, ground, tuple(lasting(changes, kinds)), misfits)


def _misfits(project: Project, book: Book, desired: Sequence[Desired]) -> Iterator[Problem]:
    """Yield the amounts that would be sent and have more decimals than their currency."""
    blocks = {each.address: each for each in desired}
    for change in book.changes:
        moved = {each.field: each.after for each in change.fields}
        code = book.of(change)
        currency = code if len(code) == 3 else None
        kind, block = book.kinds[change.address.kind], blocks[change.address]
        yield from check_amounts(kind, block, moved, currency, project.assumptions, offline=False)


def _known(memory: Memory, live: Mapping[str, Collection[str]]) -> dict[str, tuple[int, int]]:
    """How many ids of each kind are remembered, and how many of these are live, as far as it may matter.

    What is not at hand is asked for only where most of what is remembered would else seem to be gone.
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


def _ground(book: Book, cost: Money) -> Ground:
    by_address: dict[Address, Change] = {change.address: change for change in book.changes}
    start = {currency: before for currency, (before, _) in cost.exposures().items()}
    return Ground(book.kinds, by_address, start, book.of, book.today)
