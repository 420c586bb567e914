"""Read the scope: check the portfolio, read live objects, and match them to blocks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from reconciler.config import ownership
from reconciler.config.project import Project
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.part_reads import PartialRead, add_parents, describe_part, find_parts, is_complete
from reconciler.engine.scope_reads import check_scope, first_reads, stated_currencies
from reconciler.engine.validate import by_kind
from reconciler.executor import held
from reconciler.executor.looks import KindReader
from reconciler.kinds.calendar import find_days
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.kinds.shared_values import share_values
from reconciler.model import Address, Desired, Live, Pair, Problem, Severity
from reconciler.planning import identity, match
from reconciler.planning.addresses import resolve_blocks
from reconciler.planning.near_twins import find_near_twins
from reconciler.planning.unknown_ids import find_unknown_ids
from reconciler.provider import minimum_bids, references, sub_resources
from reconciler.provider import reader as live_reader
from reconciler.provider import scope as account_scope
from reconciler.provider.markings import read_marks


class RefreshResult(Struct, frozen=True):
    """Pairs and live objects by kind, and problems; currencies and zones by scope and id.

    The objects are those of the whole scope, except for a kind with ``parents``: of these only.
    """

    pairs: Mapping[str, tuple[Pair, ...]]
    live: Mapping[str, tuple[Live, ...]]
    problems: tuple[Problem, ...]
    currencies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def refresh(
    project: Project,
    wanted: Sequence[Desired],
    outside: Environment,
    now: datetime,
    memory: StateSnapshot,
    *,
    part: bool = False,
) -> RefreshResult:
    """Read the scope. Raise :class:`reconciler.provider.reader.ReadError` if any of it cannot be read.

    With ``part`` only what the blocks need is read, in whole parents, if that is enough.
    """
    kinds = dict(by_kind(project, wanted))
    parts = find_parts(project, kinds, memory) if part else {}
    begun = {name: () if each.ids else sorted(each.parents) for name, each in parts.items()}
    outside.ahead.begin(first_reads(project, tuple(kinds), begun))
    try:
        return _refresh(project, kinds, wanted, outside, now, memory, parts)
    finally:
        outside.ahead.forget()  # a later refresh reads again


def _refresh(
    project: Project,
    kinds: Mapping[Kind, tuple[Desired, ...]],
    wanted: Sequence[Desired],
    outside: Environment,
    now: datetime,
    memory: StateSnapshot,
    parts: Mapping[str, PartialRead],
) -> RefreshResult:
    """Read the scope in one order, also if some of it was read ahead.

    It is long, since each step of a kind needs what those before it found.
    """
    codes: dict[tuple[str, str], str] = {}
    zones: dict[tuple[str, str], str] = {}
    problems = check_scope(project, kinds, outside, now, codes, zones)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return RefreshResult({}, {}, tuple(problems))
    pairs: dict[str, tuple[Pair, ...]] = {}
    rows: dict[str, tuple[Live, ...]] = {}
    marks: dict[str, frozenset[str]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    stated = {each.address: each.id for each in wanted if each.id is not None}
    for kind, blocks in kinds.items():
        blocks, waits = resolve_blocks(kind, blocks, _ids(pairs, stated, memory), _find_created(pairs))
        problems += waits
        reading = _read(kind, blocks, project, outside, memory, parts.get(kind.name), parents)
        free, kept_back = held.select_matchable(memory.holds, kind, blocks)
        free, lagging = held.without_fresh_creates(memory.fresh, kind, free, reading.live)
        matched, doubts = match.match(kind, free, reading.live, memory.ids)
        matched, blocked = held.without_undecided_creates(memory.holds, kind, matched)
        matched, over = match.without_ended(kind, matched, lambda desired: _first_day(kind, desired, now, zones))  # noqa: B023
        root = project.dialect(kind.family).root
        whole = sub_resources.add_details(kind, root, matched, outside.send)
        detailed, outlying = ownership.ignore_owned_fields(project, whole, now)
        problems += (*kept_back, *lagging, *blocked, *over, *reading.problems, *doubts, *outlying)
        problems += _questions(project, kind, detailed, reading.live)
        problems += _unknown_objects(project, kind, detailed, outside)
        problems += find_unknown_ids(kind, detailed, reading.live, _id_finder(project, outside, memory, rows, parents))
        problems += minimum_bids.find_low_bids(kind, root, detailed, outside.send)
        pairs[kind.name], rows[kind.name] = detailed, _with_details(kind, reading.live, whole)
        marks |= _read_marks(project, kind, detailed, outside)
    problems += _judge(kinds, project, now, pairs, rows, zones, marks)
    problems += describe_part(project, parents)
    return RefreshResult(pairs, rows, tuple(problems), codes | stated_currencies(project), zones, parents)


def _read(
    kind: Kind,
    blocks: Sequence[Desired],
    project: Project,
    outside: Environment,
    memory: StateSnapshot,
    part: PartialRead | None,
    parents: dict[str, tuple[str, ...]],
) -> live_reader.ReadResult:
    """Return the objects of a kind: those of a part, whose parents are added, if they are enough; else of the scope."""
    kept = share_values(blocks, kind.natural_keys[0], memory.ids)
    if part is not None:
        root, scope = project.dialect(kind.family).root, project.scope.get(kind.scope, ())
        some = live_reader.read_some(kind, root, scope, part.ids, outside.send) if part.ids else ()
        whole = add_parents(part, kind, some)
        reading = None if whole is None else read_kind(kind, blocks, project, outside, kept, whole)
        if reading is not None and whole is not None and is_complete(kind, blocks, reading.live, memory):
            parents[kind.name] = whole
            return reading
    return read_kind(kind, blocks, project, outside, kept)


def _with_details(kind: Kind, live: tuple[Live, ...], pairs: Iterable[Pair]) -> tuple[Live, ...]:
    """Return the live objects, each with the sub-resources that were read of it: they count in the totals."""
    read = {found.id: found for _, found in pairs if found is not None} if kind.details else {}
    return tuple(read.get(each.id, each) for each in live) if read else live


def _first_day(kind: Kind, desired: Desired, now: datetime, zones: Mapping[tuple[str, str], str]) -> date:
    """Return the day of its owner, or the earliest one of the scope."""
    owner = kind.owner_of(desired.values)
    near = [zone for (scope, id), zone in zones.items() if scope == kind.scope and owner in (None, id)]
    return find_days(now, near)[0]


def _ids(
    pairs: Mapping[str, Sequence[Pair]], stated: Mapping[Address, str], memory: StateSnapshot
) -> Callable[[Address], str | None]:
    """Return a function that returns the id of a block: by its match, else by its file or the ledger."""
    live = {desired.address: found.id for each in pairs.values() for desired, found in each if found is not None}
    read = {desired.address for each in pairs.values() for desired, _ in each}

    def find_id(address: Address) -> str | None:
        known = live.get(address)
        return known if known is not None or address in read else stated.get(address) or memory.ids.get(address)

    return find_id


def _find_created(pairs: Mapping[str, Sequence[Pair]]) -> set[Address]:
    return {desired.address for each in pairs.values() for desired, found in each if found is None}


def _unknown_objects(project: Project, kind: Kind, pairs: Sequence[Pair], outside: Environment) -> Iterator[Problem]:
    """Yield a problem for each id in a write that the list of its field does not have."""
    root, scope = project.dialect(kind.family).root, project.scope.get(kind.scope, ())
    return references.find_unknown_references(kind, root, scope, pairs, outside.send)


def _id_finder(
    project: Project,
    outside: Environment,
    memory: StateSnapshot,
    rows: Mapping[str, Sequence[Live]],
    parents: Mapping[str, Sequence[str]],
) -> Callable[[str], set[str] | None]:
    """Return a function that returns the ids of a kind: those that are read or remembered; None if there is no read."""

    def find_ids(name: str) -> set[str] | None:
        kind = project.kinds.get(name)
        if kind is None:
            return None
        is_read = name in rows and name not in parents
        live = rows[name] if is_read else read_kind(kind, (), project, outside).live
        return {each.id for each in live} | {id for address, id in memory.ids.items() if address.kind == name}

    return find_ids


def _read_marks(project: Project, kind: Kind, pairs: Sequence[Pair], outside: Environment) -> dict[str, frozenset[str]]:
    """Return the ids that the lists of the kind's markings mark, by the name of the marking."""
    scope = project.scope.get(kind.scope, ())
    return {
        each.name: read_marks(kind, each, project.dialect(each.family).root, scope, pairs, outside.send)
        for each in kind.markings
    }


def _judge(
    kinds: Iterable[Kind],
    project: Project,
    now: datetime,
    pairs: Mapping[str, tuple[Pair, ...]],
    rows: Mapping[str, tuple[Live, ...]],
    zones: Mapping[tuple[str, str], str],
    marks: Mapping[str, frozenset[str]],
) -> Iterator[Problem]:
    """Yield the problems that the rules find in desired and live state; a rule may use other kinds too."""
    related = {name: (pairs[name], rows[name]) for name in pairs}
    for kind in kinds:
        near = {id: zone for (scope, id), zone in zones.items() if scope == kind.scope}
        scene = ValidationContext(
            pairs[kind.name],
            now,
            rows[kind.name],
            online=True,
            assumptions=project.assumptions,
            zones=near,
            related=related,
            marked=marks,
        )
        yield from (problem for rule in kind.scene_rules for problem in rule(scene))


def _questions(project: Project, kind: Kind, pairs: Sequence[Pair], live: Sequence[Live]) -> list[Problem]:
    """Return the problems of blocks whose object the user must state."""
    near_is_same = project.assumptions.get("nearNames", True)
    return [*find_near_twins(kind, pairs, live), *identity.find_questions(kind, pairs, live, near_is_same=near_is_same)]


def read_kind(
    kind: Kind,
    blocks: Sequence[Desired],
    project: Project,
    outside: Environment,
    kept: Callable[[Live], Live] = lambda live: live,
    parents: Sequence[str] | None = None,
) -> live_reader.ReadResult:
    """Return all objects of a kind, or those of some parents.

    Sets with a list of their own are read only if the files state them.
    """
    attached = kind.attachments is not None and any(kind.attachments.field in each.values for each in blocks)
    root = project.dialect(kind.family).root
    scope = project.scope.get(kind.scope, ())
    return live_reader.read_list(kind, root, scope, outside.send, attached=attached, narrowed=parents, kept=kept)


def kind_reader(project: Project, outside: Environment, kind: str) -> KindReader:
    """Return the reader that looks for the effects of lost calls of a kind."""
    spoken = project.kinds[kind]
    root = project.dialect(spoken.family).root
    echoes = project.assumptions.get("memoEcho", True)

    def application() -> str | None:
        """Return the name of our application in the history, read once (contract §9 rule 12)."""
        if not asked:
            try:
                application_facts = account_scope.read_application(spoken.product, root, outside.send)
            except live_reader.ReadError:
                application_facts = {}
            asked.append(account_scope.application_name(application_facts) or None)
        return asked[0]

    def zones() -> tuple[str, ...]:
        """Return the time zones of the scope, read once."""
        if not near:
            near.append(live_reader.read_zones(spoken, root, scope, outside.send))
        return near[0]

    asked: list[str | None] = []
    near: list[tuple[str, ...]] = []
    scope = project.scope.get(spoken.scope, ())
    return KindReader(spoken, root, scope, outside.send, outside.sleep, application, echoes, zones)
