"""Compute what dated budgets add in their days: a cap that replaces the standing one, and that the API ends itself."""

from collections.abc import Iterator
from decimal import Decimal

from reconciler.kinds.cells import DatedCap
from reconciler.kinds.kind import Kind
from reconciler.model import Change, FieldChange, Value
from reconciler.model.money import DatedBudget
from reconciler.planning.cost_context import CostContext


def list_dated_budgets(book: CostContext) -> Iterator[DatedBudget]:
    """Yield the dated budgets that the plan sets, changes or removes, with the caps of their days before and after."""
    for change in book.changes:
        kind = book.kinds[change.address.kind]
        for move in change.fields if kind.dated_cap is not None else ():
            row = _price(book, kind, change, move)
            if row is not None:
                yield row


def _price(book: CostContext, kind: Kind, change: Change, move: FieldChange) -> DatedBudget | None:
    assert kind.dated_cap is not None
    was, becomes = kind.dated_cap(move.field, move.before), kind.dated_cap(move.field, move.after)
    lasting = becomes or was
    if lasting is None:
        return None
    other_days = change.live.values if change.live is not None else change.after
    before = was.amount if was else _amount(other_days.get(lasting.standing))
    after = becomes.amount if becomes else _amount(change.after.get(lasting.standing))
    return DatedBudget(
        currency=book.of(change),
        address=change.address,
        field=move.field,
        first=lasting.first,
        last=lasting.last,
        count=lasting.count,
        before=before,
        after=after,
        adds=_compute_added(was, becomes, before, after),
    )


def _compute_added(
    was: DatedCap | None, becomes: DatedCap | None, before: Decimal | None, after: Decimal | None
) -> Decimal | None:
    """Return what more may be spent in these days; None without a cap on one side, or if their number changes."""
    if before is None or after is None or (was and becomes and was.count != becomes.count):
        return None
    lasting = becomes or was
    return (after - before) * lasting.count if lasting else None


def _amount(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None
