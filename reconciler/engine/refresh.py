"""Read the scope: check the portfolio, read live objects, and match them to blocks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from reconciler.config import ownership
from reconciler.config.project import Project
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.validate import by_kind
from reconciler.executor import held
from reconciler.executor.looks import KindReader
from reconciler.kinds.calendar import find_days
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.kinds.products import SCOPES, Scope
from reconciler.kinds.shared_values import share_values
from reconciler.model import Address, Call, Desired, Live, Pair, Problem, Severity
from reconciler.planning import identity, match
from reconciler.planning.addresses import resolve_blocks
from reconciler.planning.near_twins import find_near_twins
from reconciler.planning.unknown_ids import find_unknown_ids
from reconciler.provider import first_reads as live_reads
from reconciler.provider import minimum_bids, references, sub_resources
from reconciler.provider import reader as live_reader
from reconciler.provider import scope as account_scope
from reconciler.provider.markings import read_marks


class RefreshResult(Struct, frozen=True):
    """Pairs and all live objects by kind, and problems; currencies and zones by scope and id."""

    pairs: Mapping[str, tuple[Pair, ...]]
    live: Mapping[str, tuple[Live, ...]]
    problems: tuple[Problem, ...]
    currencies: Mapping[tuple[str, str], str] = field(default_factory=dict)
    zones: Mapping[tuple[str, str], str] = field(default_factory=dict)


def refresh(
    project: Project, wanted: Sequence[Desired], outside: Environment, now: datetime, memory: StateSnapshot
) -> RefreshResult:
    """Read the scope. Raise :class:`reconciler.provider.reader.ReadError` if any part of it cannot be read."""
    kinds = dict(by_kind(project, wanted))
    outside.ahead.begin(first_reads(project, tuple(kinds)))
    try:
        return _refresh(project, kinds, wanted, outside, now, memory)
    finally:
        outside.ahead.forget()  # a later refresh reads anew


def _refresh(
    project: Project,
    kinds: Mapping[Kind, tuple[Desired, ...]],
    wanted: Sequence[Desired],
    outside: Environment,
    now: datetime,
    memory: StateSnapshot,
) -> RefreshResult:
    """Read the scope in one order, whatever was read ahead."""
    codes: dict[tuple[str, str], str] = {}
    zones: dict[tuple[str, str], str] = {}
    problems = _check_scope(project, kinds, outside, now, codes, zones)
    if any(problem.severity is Severity.ERROR for problem in problems):
        return RefreshResult({}, {}, tuple(problems))
    pairs: dict[str, tuple[Pair, ...]] = {}
    rows: dict[str, tuple[Live, ...]] = {}
    marks: dict[str, frozenset[str]] = {}
    stated = {each.address: each.id for each in wanted if each.id is not None}
    for kind, blocks in kinds.items():
        blocks, waits = resolve_blocks(kind, blocks, _ids(pairs, stated, memory), _find_created(pairs))
        problems += waits
        reading = read_kind(kind, blocks, project, outside, share_values(blocks, kind.natural_keys[0], memory.ids))
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
        problems += find_unknown_ids(kind, detailed, reading.live, _id_finder(project, outside, memory, rows))
        problems += minimum_bids.find_low_bids(kind, root, detailed, outside.send)
        pairs[kind.name], rows[kind.name] = detailed, _with_details(kind, reading.live, whole)
        marks |= _read_marks(project, kind, detailed, outside)
    problems += _judge(kinds, project, now, pairs, rows, zones, marks)
    return RefreshResult(pairs, rows, tuple(problems), codes | _stated_currencies(project), zones)


def _with_details(kind: Kind, live: tuple[Live, ...], pairs: Iterable[Pair]) -> tuple[Live, ...]:
    """Return the live objects, each with the sub-resources that were read of it: they count in the totals."""
    read = {found.id: found for _, found in pairs if found is not None} if kind.details else {}
    return tuple(read.get(each.id, each) for each in live) if read else live


def _check_scope(
    project: Project,
    kinds: Mapping[Kind, Sequence[Desired]],
    outside: Environment,
    now: datetime,
    codes: dict[tuple[str, str], str],
    zones: dict[tuple[str, str], str],
) -> list[Problem]:
    """Return the problems of the scope, and add currencies and zones; without an error also those of directories."""
    spoken = {kind.product: project.dialect(kind.product) for kind in kinds}
    problems = list(
        account_scope.check_scope(kinds, spoken, project.scope, project.at("scope"), outside.send, codes, zones=zones)
    )
    used = {kind.family: project.dialect(kind.family) for kind in kinds}
    problems += account_scope.version_warnings(used.values(), now, project.at("api"))
    if not any(problem.severity is Severity.ERROR for problem in problems):
        for table in SCOPES.values():
            _ask_directory(table, kinds, project, outside, now, codes, zones)
    return problems


def first_reads(project: Project, kinds: Sequence[Kind]) -> tuple[Call, ...]:
    """Return the reads with which a refresh of these kinds begins, whatever the files say of them."""
    unstated = [name for name, ids in project.scope.items() if any(id not in project.currencies for id in ids)]
    return tuple(live_reads.list_first_reads(kinds, project.dialect, project.scope, unstated))


def _first_day(kind: Kind, desired: Desired, now: datetime, zones: Mapping[tuple[str, str], str]) -> date:
    """Return the day of its owner, or the earliest one of the scope."""
    owner = kind.owner_of(desired.values)
    near = [zone for (scope, id), zone in zones.items() if scope == kind.scope and owner in (None, id)]
    return find_days(now, near)[0]


def _stated_currencies(project: Project) -> dict[tuple[str, str], str]:
    """Return the currencies that the project file states, by scope and id."""
    named = {(name, id) for name, ids in project.scope.items() for id in ids if id in project.currencies}
    return {(name, id): project.currencies[id] for name, id in named}


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
    project: Project, outside: Environment, memory: StateSnapshot, rows: Mapping[str, Sequence[Live]]
) -> Callable[[str], set[str] | None]:
    """Return a function that returns the ids of a kind: those that are read or remembered; None if there is no read."""

    def find_ids(name: str) -> set[str] | None:
        kind = project.kinds.get(name)
        if kind is None:
            return None
        live = rows[name] if name in rows else read_kind(kind, (), project, outside).live
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


def _ask_directory(
    table: Scope,
    kinds: Mapping[Kind, Sequence[Desired]],
    project: Project,
    outside: Environment,
    now: datetime,
    codes: dict[tuple[str, str], str],
    zones: dict[tuple[str, str], str],
) -> None:
    """Add currencies and time zones of a scope: one read, if a currency is not stated or a date depends on a zone.

    Days of some kinds are those of UTC or of the owner; which one is unverified (contract §2.11).
    """
    if table.directory is None:
        return
    name, members = table.name, project.scope.get(table.name, ())
    wanted = [id for id in members if id not in project.currencies]
    unstated = wanted and any(kind.scope == name for kind in kinds)
    zoned = [block for kind, blocks in kinds.items() if kind.scope == name and kind.days_by_owner for block in blocks]
    if not unstated and not any(_is_near(each, now) for each in zoned):
        return
    root = project.dialect(table.directory[0]).root
    for id, (code, zone) in account_scope.read_directory(table, root, outside.send).items():
        if id in wanted and code:
            codes[name, id] = code
        if id in members and zone:
            zones[name, id] = zone
    zones[name, "UTC"] = "UTC"


def _is_near(desired: Desired, now: datetime) -> bool:
    """Return True if a block has a date that may be today in some time zone."""
    plain = [each for each in desired.values.values() if isinstance(each, date) and not isinstance(each, datetime)]
    return any(abs((each - now.date()).days) <= 1 for each in plain)


def read_kind(
    kind: Kind,
    blocks: Sequence[Desired],
    project: Project,
    outside: Environment,
    kept: Callable[[Live], Live] = lambda live: live,
) -> live_reader.ReadResult:
    """Return all objects of a kind; sets with a list of their own are read only if the files state them."""
    attached = kind.attachments is not None and any(kind.attachments.field in each.values for each in blocks)
    root = project.dialect(kind.family).root
    return live_reader.read_list(
        kind, root, project.scope.get(kind.scope, ()), outside.send, attached=attached, kept=kept
    )


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
