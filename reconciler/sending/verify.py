"""Read back: what the API accepted and is not in force, and what a lost answer left behind.

An answer is a hint and the next read is the truth; whoever looks too early sees the old state, so
the caller looks several times before it believes a difference.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.amounts import worded
from reconciler.kinds.kind import Kind
from reconciler.kinds.writes import Membership
from reconciler.model import Address, FieldChange, Item, Live, Outcome, Problem, Seen, Status, error


def settled(outcome: Outcome, kind: Kind, live: Mapping[str, Live]) -> Outcome:
    """An unknown outcome as the read shows it: applied if all its values are in force, else unknown still."""
    if outcome.status is not Status.UNKNOWN or not outcome.item.fields:
        return outcome
    known = meant(outcome.item, kind, live)
    if known is None:
        return outcome
    if any(not kind.shows(move.field) or not holds(kind, known, move) for move in outcome.item.fields):
        return outcome
    return replace(outcome, status=Status.APPLIED, id=known.id, problems=())


def looked(
    outcomes: Sequence[Outcome], kind: Kind, live: Mapping[str, Live]
) -> tuple[tuple[Outcome, ...], tuple[Problem, ...]]:
    """The outcomes, the applied ones of a kind as this read shows them, and the fields that are not in force.

    Of a value that moved in steps (a set, by a delete and an append), the last step that was accepted is
    what must be in force.
    """
    applied = [each for each in outcomes if each.status is Status.APPLIED and each.item.address.kind == kind.name]
    last = {(each.item.address, move.field): move for each in applied for move in each.item.fields}
    found = {id(each): tuple(_not_in_force(each, kind, live, last)) for each in applied}
    ended = tuple(
        replace(each, seen=Seen.NOT_IN_FORCE if found[id(each)] else Seen.IN_FORCE) if id(each) in found else each
        for each in outcomes
    )
    return ended, tuple(problem for problems in found.values() for problem in problems)


def _not_in_force(
    outcome: Outcome, kind: Kind, live: Mapping[str, Live], last: Mapping[tuple[Address, str], FieldChange]
) -> Iterator[Problem]:
    """Fields of an applied item that the API does not show as it accepted them."""
    known = live.get(outcome.id or outcome.item.id or "")
    for move in outcome.item.fields:
        if last[outcome.item.address, move.field] is not move:
            continue
        if not kind.shows(move.field) or (outcome.item.id is None and kind.field(move.field).create is None):
            continue
        if known is None or differs(known, move.field, move.after):
            shown = worded(known and known.values.get(move.field))
            message = f"{move.field} was accepted as {worded(move.after)}, but the API still shows {shown}"
            hint = "the next plan shows it again; if it stays, the API ignores this write"
            yield error("not-in-force", message, at=move.place, address=outcome.item.address, hint=hint)


def meant(item: Item, kind: Kind, live: Mapping[str, Live]) -> Live | None:
    """The object of an item: by its id, or by its natural key if that makes the id, so that no twin can be."""
    if item.id is not None or kind.create is None or not kind.create.keyed:
        return live.get(item.id or "")
    wanted = {move.field: move.after for move in item.fields}
    key = kind.natural[0]
    return next((row for row in live.values() if all(row.values.get(name) == wanted.get(name) for name in key)), None)


def holds(kind: Kind, live: Live, move: FieldChange) -> bool:
    """Whether a move is in force. Of a set that is changed by steps, only what the step adds or takes counts."""
    shown = live.values.get(move.field)
    if not isinstance(kind.writes.get(move.facet), Membership) or not isinstance(shown, tuple):
        return shown == move.after
    was, becomes, now = (set(each) if isinstance(each, tuple) else set() for each in (move.before, move.after, shown))
    return becomes - was <= now and not (was - becomes) & now


def differs(live: Live, field: str, wanted: object) -> bool:
    return live.values.get(field) != wanted
