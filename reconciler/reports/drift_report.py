"""Drift in sentences: the values before and after, and the author if known."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from reconciler.model import Author, Drift, DriftState, Problem, Run, Severity, UnmanagedShare, Value, error
from reconciler.model.money import Exposure
from reconciler.model.text import count_noun, format_value, sanitize
from reconciler.reports import cost
from reconciler.reports.common import all_problems

CODES = {
    DriftState.PENDING: "pending",
    DriftState.DRIFTED: "drifted",
    DriftState.CONFLICT: "conflict",
    DriftState.UNKNOWN: "differs",
    DriftState.CONVERGED: "converged",
}
MOVED = frozenset(CODES[state] for state in (DriftState.DRIFTED, DriftState.CONFLICT, DriftState.UNKNOWN))
"""Codes of values that changed outside, or may have."""
LIVE, FILES = "drift --accept live", "drift --accept files"
HINTS = {
    DriftState.PENDING: "`apply` does it",
    DriftState.DRIFTED: f"keep what is live with `{LIVE}`, or put it back with `{FILES}`",
    DriftState.CONFLICT: f"decide: `{LIVE}` writes what is live into the file, `{FILES}` plans what the file says",
    DriftState.UNKNOWN: f"decide: `{LIVE}` writes what is live into the file, `{FILES}` plans what the file says",
}


def drift_problem(each: Drift) -> Problem:
    """Return the problem of a value that differs, at its line: a warning if live changed, else a note."""
    found = error(CODES[each.state], _sentence(each), at=each.place, address=each.address, hint=HINTS.get(each.state))
    severity = Severity.WARNING if each.moved_outside else Severity.NOTE
    return Problem(severity, found.code, found.message, found.span, found.address, found.hint)


def _sentence(each: Drift) -> str:
    if not each.field:
        return "nothing live matches it yet; it waits to be created"
    live, wanted, applied = (
        format_drift_value(each.live),
        format_drift_value(each.wanted),
        format_drift_value(each.applied),
    )
    match each.state:
        case DriftState.PENDING:
            return f"{each.field} waits to be applied: {live} live, {wanted} in the file"
        case DriftState.DRIFTED:
            return f"{each.field} moved from {applied} to {live} outside this repository, {format_origin(each)}"
        case DriftState.CONFLICT:
            moved = f"{applied} was applied, {wanted} is in the file, {live} is live"
            return f"{each.field} moved on both sides: {moved}, {format_origin(each)}"
        case _:
            reason = "no last applied value is known, so either may have changed"
            return f"{each.field} is {live} live and {wanted} in the file, and {reason}{_if_known(each)}"


def _if_known(each: Drift) -> str:
    return f"; {format_origin(each)}" if each.authors else ""


def format_drift_value(value: Value) -> str:
    """Return a value for use in a sentence."""
    return "not set" if value is None else format_value(value)


def format_origin(each: Drift) -> str:
    """Return author and time as the API reports them, or the window between two reads."""
    if each.authors:
        return f"changed by {', then by '.join(_author(author) for author in each.authors)}"
    until = format_moment(each.until)
    if each.since is None:
        return f"changed before {until}, author unknown (the API does not record it)"
    since = format_moment(each.since)
    when = f"between {since} and {until}" if since != until else f"at {until}"
    return f"changed {when}, author unknown (the API does not record it)"


def _author(author: Author) -> str:
    at = f" at {format_moment(author.at)}" if author.at else ""
    if author.run:
        return f"run {sanitize(author.run)} of this tool{at}"
    memo = f' ("{sanitize(author.memo)}")' if author.memo else ""
    return f"{sanitize(author.who)}{at}{memo}"


def format_moment(at: datetime | None) -> str:
    """Return an instant to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "now"


def share(each: UnmanagedShare) -> Problem:
    """Return a note with the exposure of a kind's unmanaged objects."""
    many = f"{count_noun(each.count, 'unmanaged object')} of {each.kind}"
    verb = "spends" if each.count == 1 else "spend"
    if not each.held.uncapped and not each.held.amount:
        hint = f"{IMPORT}, as far as there is anything to manage"
        return Problem(Severity.NOTE, "unmanaged", f"{many} {verb} nothing", hint=hint)
    message = f"{many} can spend {format_share(each)}"
    return Problem(Severity.NOTE, "unmanaged", message, hint=IMPORT)


# --- Tables ---------------------------------------------------------------------------------------------------


HEADS = ("", "Resource", "Field", "In the file", "Last applied", "Live", "Changed")
ORDER = (DriftState.CONFLICT, DriftState.DRIFTED, DriftState.UNKNOWN, DriftState.PENDING)
"""Order of the states in tables: those that need a decision first."""
UNMANAGED = ("Not in the files", "Objects", "May spend")


def rows(run: Run) -> list[Drift]:
    """Return the differences in the order of the table."""
    return sorted((each for each in run.drift if each.state in ORDER), key=lambda each: ORDER.index(each.state))


def cells(each: Drift) -> tuple[str, str, str, str, str, str, str]:
    """Return the cells of one difference."""
    if not each.field:
        return CODES[each.state], str(each.address), "", "described", "", "nothing", ""
    applied = format_drift_value(each.applied) if each.known else "not known"
    changed = format_origin(each).removeprefix("changed ") if each.moved_outside else ""
    wanted, live = format_drift_value(each.wanted), format_drift_value(each.live)
    return CODES[each.state], str(each.address), each.field, wanted, applied, live, changed


def shares(run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, count, share of the budget) of unmanaged objects."""
    for each in run.shares:
        nothing = not each.held.uncapped and not each.held.amount
        yield each.kind, f"{each.count:,}", "nothing" if nothing else format_share(each)


def codes_in_tables(run: Run) -> frozenset[str]:
    """Return the codes of problems that the tables show already."""
    return frozenset({*CODES.values(), "unmanaged"} if run.command == "drift" else ())


def problems_outside_tables(run: Run) -> list[Problem]:
    """Return the problems of the run itself, without those shown with items or in tables."""
    own, shown = set(run.problems), codes_in_tables(run)
    return [problem for problem in all_problems(run) if problem in own and problem.code not in shown]


IMPORT = "`import` writes them into files"


def format_share(each: UnmanagedShare) -> str:
    """Return ``31 % of EUR (1,240.00 of 4,000.00)``; uncapped objects are counted in words."""
    parts = []
    if each.held.uncapped:
        parts.append(f"{each.held.uncapped:,} of them uncapped")
    if each.held.amount:
        percent = f"{each.held.amount / each.total.amount * 100:.0f} % of what is capped in {sanitize(each.currency)}"
        parts.append(f"{percent} ({_amount(each.held)} of {_amount(each.total)})")
    return "; ".join(reversed(parts)) if each.held.amount else f"without limit: {parts[0]}"


def _amount(exposure: Exposure) -> str:
    return cost.format_money(exposure.amount) if exposure.amount != Decimal(0) else "0.00"
