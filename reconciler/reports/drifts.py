"""Drift in sentences: what moved from where to where, who did it, as far as anybody knows."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from reconciler.amounts import Exposure
from reconciler.model import Author, Divergence, Drift, Problem, Run, Severity, Share, Value, error
from reconciler.reports import cost
from reconciler.reports.words import all_problems, counted, plain, shown

CODES = {
    Divergence.PENDING: "pending",
    Divergence.DRIFTED: "drifted",
    Divergence.CONFLICT: "conflict",
    Divergence.UNKNOWN: "differs",
    Divergence.CONVERGED: "converged",
}
MOVED = frozenset(CODES[state] for state in (Divergence.DRIFTED, Divergence.CONFLICT, Divergence.UNKNOWN))
"""The codes of what somebody else moved, or may have."""
LIVE, FILES = "drift --accept live", "drift --accept files"
HINTS = {
    Divergence.PENDING: "`apply` does it",
    Divergence.DRIFTED: f"keep what is live with `{LIVE}`, or put it back with `{FILES}`",
    Divergence.CONFLICT: f"decide: `{LIVE}` writes what is live into the file, `{FILES}` plans what the file says",
    Divergence.UNKNOWN: f"decide: `{LIVE}` writes what is live into the file, `{FILES}` plans what the file says",
}


def problem(each: Drift) -> Problem:
    """A value that differs, at its line: a warning if live moved, a note if only the files did."""
    told = error(CODES[each.state], _sentence(each), at=each.place, address=each.address, hint=HINTS.get(each.state))
    severity = Severity.WARNING if each.moved_outside else Severity.NOTE
    return Problem(severity, told.code, told.message, told.span, told.address, told.hint)


def _sentence(each: Drift) -> str:
    if not each.field:
        return "nothing live matches it yet; it waits to be created"
    live, wanted, applied = said(each.live), said(each.wanted), said(each.applied)
    match each.state:
        case Divergence.PENDING:
            return f"{each.field} waits to be applied: {live} live, {wanted} in the file"
        case Divergence.DRIFTED:
            return f"{each.field} moved from {applied} to {live} outside of these files, {whence(each)}"
        case Divergence.CONFLICT:
            moved = f"{applied} was applied, {wanted} is in the file, {live} is live"
            return f"{each.field} moved on both sides: {moved}, {whence(each)}"
        case _:
            nobody = "nobody remembers which of them moved"
            return f"{each.field} is {live} live and {wanted} in the file, and {nobody}{_if_known(each)}"


def _if_known(each: Drift) -> str:
    return f"; {whence(each)}" if each.authors else ""


def said(value: Value) -> str:
    """A value in a sentence."""
    return "not set" if value is None else shown(value)


def whence(each: Drift) -> str:
    """Who and when, as the API tells it; else the window between two looks, said as such."""
    if each.authors:
        return f"changed by {', then by '.join(_author(author) for author in each.authors)}"
    until = moment(each.until)
    if each.since is None:
        return f"changed before {until}, by nobody we know"
    since = moment(each.since)
    when = f"between {since} and {until}" if since != until else f"at {until}"
    return f"changed {when}, by nobody we know"


def _author(author: Author) -> str:
    at = f" at {moment(author.at)}" if author.at else ""
    if author.run:
        return f"run {plain(author.run)} of this tool{at}"
    memo = f' ("{plain(author.memo)}")' if author.memo else ""
    return f"{plain(author.who)}{at}{memo}"


def moment(at: datetime | None) -> str:
    """An instant to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "now"


def share(each: Share) -> Problem:
    """How much the objects hold that no file describes."""
    many = f"{counted(each.count, 'object')} of {each.kind}, which the files do not hold,"
    verb = "spends" if each.count == 1 else "spend"
    if not each.held.uncapped and not each.held.amount:
        hint = f"{IMPORT}, as far as there is anything to manage"
        return Problem(Severity.NOTE, "unmanaged", f"{many} {verb} nothing", hint=hint)
    message = f"{many} may {verb.removesuffix('s')} {held(each)}"
    return Problem(Severity.NOTE, "unmanaged", message, hint=IMPORT)


# --- As a table ---------------------------------------------------------------------------------------------


HEADS = ("", "Resource", "Field", "In the file", "Last applied", "Live", "Changed")
ORDER = (Divergence.CONFLICT, Divergence.DRIFTED, Divergence.UNKNOWN, Divergence.PENDING)
"""What somebody has to decide comes first."""
UNMANAGED = ("Not in the files", "Objects", "May spend")


def rows(run: Run) -> list[Drift]:
    """What differs, in the order in which it is to be read."""
    return sorted((each for each in run.drift if each.state in ORDER), key=lambda each: ORDER.index(each.state))


def cells(each: Drift) -> tuple[str, str, str, str, str, str, str]:
    """One row, in words."""
    if not each.field:
        return CODES[each.state], str(each.address), "", "described", "", "nothing", ""
    applied = said(each.applied) if each.known else "not known"
    changed = whence(each).removeprefix("changed ") if each.moved_outside else ""
    wanted, live = said(each.wanted), said(each.live)
    return CODES[each.state], str(each.address), each.field, wanted, applied, live, changed


def shares(run: Run) -> Iterator[tuple[str, str, str]]:
    """What nobody manages, and how much of the budget it holds."""
    for each in run.shares:
        nothing = not each.held.uncapped and not each.held.amount
        yield each.kind, f"{each.count:,}", "nothing" if nothing else held(each)


def tabled(run: Run) -> frozenset[str]:
    """The codes of the problems that stand in these tables already."""
    return frozenset({*CODES.values(), "unmanaged"} if run.command == "drift" else ())


def untabled(run: Run) -> list[Problem]:
    """Problems of the run itself: those of items that were not applied stand with them, drift in its table."""
    own, shown = set(run.problems), tabled(run)
    return [problem for problem in all_problems(run) if problem in own and problem.code not in shown]


IMPORT = "`import` writes them into files"


def held(each: Share) -> str:
    """``31 % of EUR (1,240.00 of 4,000.00)``; what is uncapped is a word and no number."""
    parts = []
    if each.held.uncapped:
        parts.append(f"{each.held.uncapped:,} of them uncapped")
    if each.held.amount:
        percent = f"{each.held.amount / each.total.amount * 100:.0f} % of what is capped in {plain(each.currency)}"
        parts.append(f"{percent} ({_amount(each.held)} of {_amount(each.total)})")
    return "; ".join(reversed(parts)) if each.held.amount else f"without limit: {parts[0]}"


def _amount(exposure: Exposure) -> str:
    return cost.amount(exposure.amount) if exposure.amount != Decimal(0) else "0.00"
