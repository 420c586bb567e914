"""Implementation of ``reconciler drift``: differences, their authors, unmanaged objects. It writes nothing to the API.

Drift is the changes of a plan without its guardrails.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import Struct
from msgspec.structs import replace

from reconciler.commands.connection import CommandRefused, refused_run
from reconciler.commands.session import Session
from reconciler.config import overrides, ownership
from reconciler.drift import attribution, baseline
from reconciler.drift.attribution import OwnWrite
from reconciler.drift.three_way import find_drift
from reconciler.engine.plan import PreparedPlan
from reconciler.engine.run_journal import ledger_problem
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference
from reconciler.ledger import Ledger, LedgerError
from reconciler.model import (
    Address,
    Drift,
    DriftState,
    ItemStatus,
    Live,
    Problem,
    Run,
    Severity,
    Unmanaged,
    UnmanagedShare,
    Values,
    warning,
)
from reconciler.model.money import NOTHING, Exposure
from reconciler.planning.cost import CostContext
from reconciler.planning.diff import find_unchangeable
from reconciler.provider import reader
from reconciler.reports import drift_report


class DriftResult(Struct, frozen=True):
    """Result of a drift run, and the plan that would revert it; None if there can be no plan."""

    run: Run
    prepared: PreparedPlan | None = None


def detect_drift(session: Session, targets: Sequence[str] = ()) -> DriftResult:
    """Compare files, live and last applied values. Raise :class:`CommandRefused` if it cannot begin."""
    with session.remembering(create=True) as ledger:
        prepared = session.plan(targets)
        if isinstance(prepared, Run):
            return DriftResult(replace(prepared, command="drift"))
        try:
            return DriftResult(
                _compare_account(session, prepared, ledger, whole=session.project.whole and not targets), prepared
            )
        except LedgerError as trouble:
            raise CommandRefused(refused_run(ledger_problem(trouble))) from trouble


def _compare_account(session: Session, prepared: PreparedPlan, ledger: Ledger, *, whole: bool) -> Run:
    now, run = session.now, prepared.run
    found = baseline.mark_newly_stated(ledger, _collect_drifts(prepared, session.memory(ledger).values))
    doubts: list[Problem] = []
    dated = baseline.add_windows(ledger, found, now, whole=whole and bool(prepared.pairs))
    named = tuple(_add_authors(session, prepared, ledger, dated, doubts))
    baseline.remember_baseline(ledger, prepared.pairs, session.stated, now)
    unmanaged, shares = _find_unmanaged(prepared, now) if whole else ((), ())
    problems = [*_sound(run.problems, {each.address for each in named}), *doubts]
    problems += overrides.expired_but_live(session.loaded, named, now)
    owned = [(each, found) for pairs in prepared.pairs.values() for each, found in pairs if found is not None]
    problems += ownership.check_step_limits(session.project, owned, ledger, now)
    problems += map(drift_report.drift_problem, named)
    problems += map(drift_report.share, shares)
    return Run(
        "drift",
        run.project,
        problems=tuple(dict.fromkeys(problems)),
        unchanged=run.unchanged,
        drift=named,
        unmanaged=unmanaged,
        shares=shares,
    )


def _collect_drifts(prepared: PreparedPlan, remembered: Mapping[Address, Values]) -> tuple[Drift, ...]:
    """Return the changes of a plan, and differences that no plan can revert, by address."""
    stuck = [
        each for name, pairs in prepared.pairs.items() for each in find_unchangeable(prepared.targets[name].kind, pairs)
    ]
    found = [each for each in find_drift(stuck, remembered) if each.state in (DriftState.DRIFTED, DriftState.CONFLICT)]
    by_address: dict[Address, list[Drift]] = {}
    for each in (*find_drift(prepared.run.changes, remembered), *found):
        by_address.setdefault(each.address, []).append(each)
    return tuple(each for some in by_address.values() for each in some)


def _sound(problems: Iterable[Problem], moved: set[Address]) -> Iterator[Problem]:
    """Yield the problems without those of guardrails; one about a drifted value is only a warning."""
    for each in problems:
        if each.code == ownership.OUTSIDE:
            yield replace(each, severity=Severity.ERROR)
        elif not each.is_of_guardrail:
            yield replace(each, severity=Severity.WARNING) if _stops(each) and each.address in moved else each


def _stops(problem: Problem) -> bool:
    return problem.severity is Severity.ERROR


# --- Authors -------------------------------------------------------------------------------------------------


def _add_authors(
    session: Session, prepared: PreparedPlan, ledger: Ledger, found: Iterable[Drift], doubts: list[Problem]
) -> Iterator[Drift]:
    """Yield the drifts with their authors if the API keeps a history: one read per object."""
    for address, some in groupby(found, lambda each: each.address):
        mine = tuple(some)
        kind = prepared.targets[address.kind].kind
        words = kind.history.words if kind.history else {}
        changed = {name for name in words.values() if any(each.field == name for each in mine)}
        if not changed or not any(each.moved_outside and each.field in changed for each in mine):
            yield from mine
            continue
        try:
            entries = attribution.read_entries(kind, _history(session, prepared, kind, str(mine[0].id)))
        except reader.ReadError as unread:
            doubts.append(warning("history-unread", f"who moved it is not known: {unread.problem.message}"))
            entries = ()
        own = tuple(_own(ledger, address))
        for each in mine:
            yield replace(each, authors=attribution.find_authors(each, entries, own)) if each.moved_outside else each


def _history(session: Session, prepared: PreparedPlan, kind: Kind, id: str) -> Iterator[Mapping[str, object]]:
    for write in kind.writes.values():
        if isinstance(write, AddDifference):
            path = write.history.format(root=prepared.targets[kind.name].root, id=id)
            yield from reader.read_history(kind, path, write.history_page, session.outside.send)


def _own(ledger: Ledger, address: Address) -> Iterator[OwnWrite]:
    """Yield the values that runs of this tool wrote or may have written."""
    for entry in ledger.history(address):
        if entry.status in (ItemStatus.APPLIED, ItemStatus.UNKNOWN):
            yield OwnWrite(entry.run, entry.field, entry.after, entry.time)


# --- Unmanaged objects ---------------------------------------------------------------------------------------


def _find_unmanaged(prepared: PreparedPlan, now: datetime) -> tuple[tuple[Unmanaged, ...], tuple[UnmanagedShare, ...]]:
    """Return the live objects that no block declares, and their share of each currency."""
    kinds = {name: target.kind for name, target in prepared.targets.items()}
    project = prepared.project
    book = CostContext(kinds, prepared.live, (), project.scope, prepared.currencies, now, prepared.zones)
    objects: list[Unmanaged] = []
    shares: list[UnmanagedShare] = []
    for name, rows in prepared.live.items():
        kind = kinds[name]
        managed = {found.id for _, found in prepared.pairs[name] if found is not None}
        measure = kind.limits or kind.ceilings
        limits = measure([row.values for row in rows], book.today(kind.name)) if measure else [None] * len(rows)
        totals: dict[str, Exposure] = {}
        strange: dict[str, list[Unmanaged]] = {}
        for row, limit in zip(rows, limits, strict=True):
            currency = book.currency(name, row.values, row.owner)
            totals[currency] = totals.get(currency, NOTHING) + Exposure.of(limit)
            if row.id not in managed and not _is_over(kind, row):
                title = kind.name_of(row.values)
                strange.setdefault(currency, []).append(Unmanaged(name, row.id, title, currency, limit))
        for currency, some in sorted(strange.items()):
            held = sum((Exposure.of(each.limit) for each in some), NOTHING)
            objects += some
            shares.append(UnmanagedShare(name, currency, len(some), held, totals[currency]))
    return tuple(objects), tuple(shares)


def _is_over(kind: Kind, row: Live) -> bool:
    """Return True if the API no longer changes the object, so that it cannot be managed."""
    return any(
        row.values.get(name) in values
        for table in (kind.excluded_when, kind.read_only_when)
        for name, values in table.items()
    )


# --- Reverting -----------------------------------------------------------------------------------------------


def drifted_addresses(run: Run) -> tuple[str, ...]:
    """Return the addresses with outside changes, as targets of a plan."""
    return tuple(dict.fromkeys(exact_target(each.address) for each in run.drift if each.moved_outside))


def exact_target(address: Address) -> str:
    """Return a target that matches exactly this address."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(address))


def plan_back(session: Session, targets: Sequence[str], allowed: Mapping[str, str]) -> Run:
    """Return the plan that reverts the outside changes; empty if there are none."""
    if not targets:
        return Run("plan", session.project.name, unchanged=len(session.loaded.desired))
    prepared = session.plan(targets, allowed)
    return prepared if isinstance(prepared, Run) else prepared.run
