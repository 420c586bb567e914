"""Read the scope: check the portfolio, read live objects, and match them to blocks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct, field

from reconciler.config import ownership
from reconciler.config.project import Project
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.validate import by_kind
from reconciler.executor import held
from reconciler.executor.looks import KindReader
from reconciler.kinds.kind import Kind, ValidationContext
from reconciler.kinds.shared_values import share_values
from reconciler.model import Desired, Live, Pair, Problem, Severity
from reconciler.planning import identity, match
from reconciler.planning.near_twins import find_near_twins
from reconciler.provider import reader as live_reader
from reconciler.provider import scope as account_scope

SCOPE, SELLERS = "advertiserIds", "sellers"


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
    spoken = {kind.product: project.dialect(kind.product) for kind in kinds}
    codes: dict[tuple[str, str], str] = {}
    zones: dict[tuple[str, str], str] = {}
    problems = list(
        account_scope.check_scope(kinds, spoken, project.scope, project.at("scope"), outside.send, codes, zones=zones)
    )
    used = {kind.family: project.dialect(kind.family) for kind in kinds}
    problems += account_scope.version_warnings(used.values(), now, project.at("api"))
    if any(problem.severity is Severity.ERROR for problem in problems):
        return RefreshResult({}, {}, tuple(problems))
    _ask_advertisers(kinds, project, outside, now, codes, zones)
    pairs: dict[str, tuple[Pair, ...]] = {}
    rows: dict[str, tuple[Live, ...]] = {}
    for kind, blocks in kinds.items():
        reading = read_kind(kind, blocks, project, outside, share_values(blocks, kind.natural_keys[0], memory.ids))
        free, kept_back = held.matching(memory.holds, kind, blocks)
        free, lagging = held.without_fresh_creates(memory.fresh, kind, free, reading.live)
        matched, doubts = match.match(kind, free, reading.live, memory.ids)
        matched, blocked = held.without_undecided_creates(memory.holds, kind, matched)
        root = project.dialect(kind.family).root
        detailed, outlying = ownership.ignore_owned_fields(
            project, live_reader.add_details(kind, root, matched, outside.send), now
        )
        near = {id: zone for (scope, id), zone in zones.items() if scope == kind.scope}
        scene = ValidationContext(detailed, now, reading.live, online=True, assumptions=project.assumptions, zones=near)
        problems += (
            *kept_back,
            *lagging,
            *blocked,
            *reading.problems,
            *doubts,
            *outlying,
            *find_near_twins(kind, detailed, reading.live),
            *identity.questions(kind, detailed, reading.live, near_is_same=project.assumptions.get("nearNames", True)),
        )
        problems += live_reader.unknown_references(
            kind, root, project.scope.get(kind.scope, ()), detailed, outside.send
        )
        problems += (problem for rule in kind.scene_rules for problem in rule(scene))
        pairs[kind.name], rows[kind.name] = detailed, reading.live
    stated = {(name, id) for name, ids in project.scope.items() for id in ids if id in project.currencies}
    codes |= {(name, id): project.currencies[id] for name, id in stated}
    return RefreshResult(pairs, rows, tuple(problems), codes, zones)


def _ask_advertisers(
    kinds: Mapping[Kind, Sequence[Desired]],
    project: Project,
    outside: Environment,
    now: datetime,
    codes: dict[tuple[str, str], str],
    zones: dict[tuple[str, str], str],
) -> None:
    """Read currencies and time zones of advertisers, if a currency is not stated or a date depends on the zone.

    Days of seller budgets are those of UTC or of the advertiser; which one is unverified (contract §2.11).
    """
    wanted = [id for id in project.scope.get(SCOPE, ()) if id not in project.currencies]
    unstated = wanted and any(kind.scope == SCOPE for kind in kinds)
    dated = [each for kind, blocks in kinds.items() if kind.family == SELLERS for each in blocks if _is_near(each, now)]
    if not unstated and not dated:
        return
    told = account_scope.advertisers(project.dialect(SELLERS).root, "marketingSolutions", outside.send)
    for id, (code, zone) in told.items():
        if id in wanted and code:
            codes[SCOPE, id] = code
        if id in project.scope.get(SCOPE, ()) and zone:
            zones[SCOPE, id] = zone
    zones[SCOPE, "UTC"] = "UTC"


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
        if "name" not in asked:
            try:
                said = account_scope.read_application(spoken.product, root, outside.send).get("name")
            except live_reader.ReadError:
                said = None
            asked["name"] = said if isinstance(said, str) else None
        return asked["name"]

    asked: dict[str, str | None] = {}
    scope = project.scope.get(spoken.scope, ())
    return KindReader(spoken, root, scope, outside.send, outside.sleep, application, echoes)
