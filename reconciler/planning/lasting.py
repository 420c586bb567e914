"""What a plan leaves for good, told before it is applied; a rollback asks the same question afterwards."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from reconciler.files.spelling import spelled
from reconciler.kinds.kind import Kind
from reconciler.kinds.types import Refused
from reconciler.kinds.writes import Delta
from reconciler.model import Action, Change, FieldChange, Lasting, Lasts, Value


def lasting(changes: Iterable[Change], kinds: Mapping[str, Kind]) -> Iterator[Lasting]:
    """What of these changes no rollback takes back. Money that is spent meanwhile is told by the totals."""
    for change in changes:
        if change.action is Action.CREATE:
            yield Lasting(change.address, "", Lasts.CREATED)
            continue
        kind = kinds[change.address.kind]
        for move in change.fields:
            why = Lasts.FUNDED if funds(kind, move) else kept(kind, move.field, move.before, seen=move.seen)
            if why is not None:
                yield Lasting(change.address, move.field, why)


def funds(kind: Kind, move: FieldChange) -> bool:
    """Whether it adds money, which can be taken back only as far as nobody spent it."""
    if not isinstance(kind.writes.get(move.facet), Delta) or not isinstance(move.after, Decimal):
        return False
    return not isinstance(move.before, Decimal) or move.after > move.before


def kept(kind: Kind, name: str, before: Value, *, seen: bool) -> Lasts | None:
    """Why a field of a live object cannot be given its earlier value again; None if it can."""
    row = kind.field(name)
    if not seen or not kind.changeable(row):
        return Lasts.UNSEEN
    if isinstance(before, Decimal):
        return None
    try:
        spelled(row, before)
    except Refused:
        return Lasts.UNSPEAKABLE
    return None
