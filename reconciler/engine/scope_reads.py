"""Reads of the scope itself: the first reads of a refresh, the portfolio, currencies and time zones."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType

from reconciler.config.project import Project
from reconciler.engine.environment import Environment
from reconciler.kinds.kind import Kind
from reconciler.kinds.products import SCOPES, Scope
from reconciler.model import Call, Desired, Problem, Severity
from reconciler.provider import first_reads as live_reads
from reconciler.provider import scope as account_scope


def check_scope(
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


def first_reads(
    project: Project, kinds: Sequence[Kind], parents: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> tuple[Call, ...]:
    """Return the first reads of a refresh of these kinds, which do not depend on their blocks.

    Of a kind with ``parents`` only their objects are read.
    """
    unstated = [name for name, ids in project.scope.items() if any(id not in project.currencies for id in ids)]
    return tuple(live_reads.list_first_reads(kinds, project.dialect, project.scope, unstated, parents))


def stated_currencies(project: Project) -> dict[tuple[str, str], str]:
    """Return the currencies that the project file states, by scope and id."""
    named = {(name, id) for name, ids in project.scope.items() for id in ids if id in project.currencies}
    return {(name, id): project.currencies[id] for name, id in named}


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
