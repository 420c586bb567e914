"""Read back: accepted changes that are not in force, and effects of lost calls.

A response is a hint, and the next read is the truth. An early read may show the old state, so the caller reads several
times before it reports a difference.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.executor import evidence
from reconciler.executor.evidence import Finding
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference
from reconciler.model import Address, FieldChange, Item, ItemOutcome, ItemStatus, Live, Problem, ReadBack, error
from reconciler.model.money import format_in_sentence
from reconciler.planning import likeness


def settle_unknown(outcome: ItemOutcome, kind: Kind, live: Mapping[str, Live]) -> ItemOutcome:
    """Return an unknown absolute write as applied if all its values are in force, else unchanged."""
    if outcome.status is not ItemStatus.UNKNOWN or not outcome.item.fields:
        return outcome
    known = find_object(outcome.item, kind, live)
    if known is None or any(not kind.is_listed(move.field) for move in outcome.item.fields):
        return outcome
    if evidence.judge_absolute(outcome.item, kind, known).finding is not Finding.APPLIED or _is_delta(outcome, kind):
        return outcome
    return replace(outcome, status=ItemStatus.APPLIED, id=known.id, problems=())


def _is_delta(outcome: ItemOutcome, kind: Kind) -> bool:
    """Return True if it is a top-up, which an amount alone does not prove (rule 12)."""
    return any(isinstance(kind.writes.get(move.facet), AddDifference) for move in outcome.item.fields)


def check_applied(
    outcomes: Sequence[ItemOutcome], kind: Kind, live: Mapping[str, Live]
) -> tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]:
    """Return the outcomes with the read-back of a kind's applied items, and a problem per field not in force.

    Of a value that changed in steps (a set, by a delete and an append), the last accepted step counts.
    """
    applied = [each for each in outcomes if each.status is ItemStatus.APPLIED and each.item.address.kind == kind.name]
    last = {(each.item.address, move.field): move for each in applied for move in each.item.fields}
    found = {id(each): tuple(_find_not_in_force(each, kind, live, last)) for each in applied}
    ended = tuple(
        replace(each, seen=ReadBack.NOT_IN_FORCE if found[id(each)] else ReadBack.IN_FORCE)
        if id(each) in found
        else each
        for each in outcomes
    )
    return ended, tuple(problem for problems in found.values() for problem in problems)


def _find_not_in_force(
    outcome: ItemOutcome, kind: Kind, live: Mapping[str, Live], last: Mapping[tuple[Address, str], FieldChange]
) -> Iterator[Problem]:
    """Yield a problem for each field of an applied item that the API does not return as accepted."""
    known = live.get(outcome.id or outcome.item.id or "")
    for move in outcome.item.fields:
        if last[outcome.item.address, move.field] is not move:
            continue
        if not kind.is_listed(move.field) or (outcome.item.id is None and kind.field(move.field).create is None):
            continue
        if known is None or known.values.get(move.field) != move.after:
            shown = "nothing" if known is None else _show_value(known.values.get(move.field), move.after)
            message = f"{move.field} was accepted as {format_in_sentence(move.after)}, but the API still shows {shown}"
            hint = "the next plan shows it again; if it stays, the API ignores this write"
            yield error("not-in-force", message, at=move.place, address=outcome.item.address, hint=hint)


def _show_value(value: object, wanted: object) -> str:
    """Return a value for display; a text that looks like the wanted one is escaped."""
    alike = (
        isinstance(value, str) and isinstance(wanted, str) and likeness.fold_name(value) == likeness.fold_name(wanted)
    )
    return likeness.escape_lookalikes(str(value)) if alike else format_in_sentence(value)


def find_object(item: Item, kind: Kind, live: Mapping[str, Live]) -> Live | None:
    """Return the live object of an item: by its id, or by natural key if that determines the id."""
    if item.id is not None or kind.create is None or not kind.create.keyed:
        return live.get(item.id or "")
    wanted = {move.field: move.after for move in item.fields}
    key = kind.natural_keys[0]
    return next((row for row in live.values() if all(row.values.get(name) == wanted.get(name) for name in key)), None)
