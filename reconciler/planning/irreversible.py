"""Irreversible effects of a plan, and of a rollback."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from reconciler.config.value_formatter import to_yaml
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import InvalidValue
from reconciler.kinds.write_methods import AddDifference
from reconciler.model import Action, Change, FieldChange, Irreversible, IrreversibleReason, Value


def find_irreversible(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> Iterator[Irreversible]:
    """Yield the effects of these changes that no rollback can undo. Money spent meanwhile is in the totals."""
    for change in changes:
        if change.action is Action.CREATE:
            yield Irreversible(change.address, "", IrreversibleReason.CREATED)
            continue
        kind = kinds[change.address.kind]
        for move in change.fields:
            why = (
                IrreversibleReason.FUNDED
                if adds_funds(kind, move)
                else find_reason_to_stay(kind, move.field, move.before, seen=move.seen)
            )
            if why is not None:
                yield Irreversible(change.address, move.field, why)


def adds_funds(kind: Kind, move: FieldChange) -> bool:
    """Return True if the change adds funds, which can be taken back only while unspent."""
    if not isinstance(kind.writes.get(move.facet), AddDifference) or not isinstance(move.after, Decimal):
        return False
    return not isinstance(move.before, Decimal) or move.after > move.before


def find_reason_to_stay(kind: Kind, name: str, before: Value, *, seen: bool) -> IrreversibleReason | None:
    """Return the reason why a field cannot be set back to its earlier value, or None."""
    row = kind.field(name)
    if not seen or not kind.is_changeable(row):
        return IrreversibleReason.UNSEEN
    if isinstance(before, Decimal):
        return None
    try:
        to_yaml(row, before)
    except InvalidValue:
        return IrreversibleReason.UNSPEAKABLE
    return None
