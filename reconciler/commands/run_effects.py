"""Effects of a run in one line: resources created, updated and stopped, and changes of budgets."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from reconciler.commands.rollback import RecordedMove, recorded_moves
from reconciler.config.project import Project
from reconciler.ledger import Ledger
from reconciler.ledger.interface import RunHistory
from reconciler.model.money import group_digits

LAST = "last"
"""Word for the latest run wherever a run is named."""


def latest(book: Ledger) -> str:
    """Return the id of the latest run, or the word itself if there is none."""
    return next((each.id for each in book.runs(1)), LAST)


def summary(project: Project, history: RunHistory) -> str:
    """Return ``+1 ~2 -0  budgets EUR +60.00``; empty if the run is not known to have changed anything."""
    moves = [each for each in recorded_moves(history) if each.address.kind in project.kinds]
    if not moves:
        return ""
    created = {each.address for each in moves if each.created}
    stopped = {each.address for each in moves if _is_stop(project, each)} - created
    updated = {each.address for each in moves} - created - stopped
    budgets = ", ".join(_budgets(project, moves))
    counts = f"+{len(created):,} ~{len(updated):,} -{len(stopped):,}"
    return f"{counts}  budgets {budgets}" if budgets else counts


def _is_stop(project: Project, move: RecordedMove) -> bool:
    stops = project.kinds[move.address.kind].stop_values
    return move.field in stops and move.after == stops[move.field]


def _budgets(project: Project, moves: list[RecordedMove]) -> Iterator[str]:
    """Yield the changes of budgets by currency; without a known currency, the numbers raised and lowered."""
    others, totals = Counter[str](), dict[str, Decimal]()
    for move in moves:
        kind = project.kinds[move.address.kind]
        if not kind.affects_cost(move.field) or not isinstance(move.after, Decimal):
            continue
        before = move.before if isinstance(move.before, Decimal) else Decimal(0)
        currency = project.stated_currency(kind.scope)
        if currency is None:
            others["raised" if move.after > before else "lowered"] += 1
        else:
            totals[currency] = totals.get(currency, Decimal(0)) + move.after - before
    yield from (f"{currency} {group_digits(total, '+')}" for currency, total in totals.items())
    yield from (f"{others[way]:,} {way}" for way in ("raised", "lowered") if others[way])
