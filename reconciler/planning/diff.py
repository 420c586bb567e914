"""Compare desired and live values with ``==`` on canonical values.

A field that the files do not state is not compared. A value that the API never returns is compared with the last
applied one, and is sent if there is none and sending it again is harmless.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.value_types import EnumType
from reconciler.kinds.write_methods import PatchFields
from reconciler.model import Action, Address, Change, Desired, FieldChange, Live, Pair, Problem, Value, Values, error
from reconciler.model.money import format_in_sentence
from reconciler.model.text import format_value
from reconciler.planning.computed_fields import find_freed


def diff(
    kind: Kind, pairs: Sequence[Pair], remembered: Mapping[Address, Values]
) -> tuple[tuple[Change, ...], tuple[Problem, ...]]:
    """Return the changes of a kind in file order, and the problems of values that cannot be changed.

    ``remembered`` holds the last applied values by address, for values that the API never returns.
    """
    changes: list[Change] = []
    problems: list[Problem] = []
    for desired, live in pairs:
        if live is None:
            incomplete = tuple(_find_incomplete(kind, desired))
            problems += incomplete
            if not incomplete:
                changes.append(_make_creation(kind, desired))
            continue
        if kind.is_in_force(desired.values, live.values):
            continue
        moved = tuple(_diff_fields(kind, desired, live, remembered.get(desired.address, {})))
        problems += _find_fixed(kind, desired, moved)
        moved = tuple(move for move in moved if kind.is_changeable(kind.field(move.field)))
        if moved:
            changes.append(_make_update(kind, desired, live, moved))
    return tuple(changes), tuple(problems)


def find_unchangeable(kind: Kind, pairs: Sequence[Pair]) -> Iterator[Change]:
    """Yield differences that cannot be changed: no plan sends them, but they may be drift."""
    for desired, live in pairs:
        if live is None or kind.is_in_force(desired.values, live.values):
            continue
        moved = _diff_fields(kind, desired, live, {})
        stuck = tuple(move for move in moved if move.seen and not kind.is_changeable(kind.field(move.field)))
        if stuck:
            yield _make_update(kind, desired, live, stuck)


def _make_creation(kind: Kind, desired: Desired) -> Change:
    values = {name: desired.values[name] for name in _sort_by_table(kind, desired.values)}
    fields = tuple(
        FieldChange(name, kind.field(name).facet, None, value, desired.at(name)) for name, value in values.items()
    )
    return Change(desired.address, Action.CREATE, None, fields, kind.after(None, values), desired.place)


def _make_update(kind: Kind, desired: Desired, live: Live, moved: tuple[FieldChange, ...]) -> Change:
    stops = any(move.field in kind.stop_values and move.after == kind.stop_values[move.field] for move in moved)
    action = Action.STOP if stops else Action.UPDATE
    after = kind.after(live.values, desired.values)
    return Change(desired.address, action, live.id, moved, after, desired.place, live)


def _diff_fields(kind: Kind, desired: Desired, live: Live, remembered: Values) -> Iterator[FieldChange]:
    freed = find_freed(kind, live.values, desired.values) | _find_followers(kind, desired, live)
    for name in _sort_by_table(kind, {*_list_open(kind, desired.values, live.values), *freed}):
        row, value = kind.field(name), desired.values[name]
        seen = row.path("read") is not None
        before: Value
        if seen:
            before = live.values.get(name)
            if before == value and name not in freed:
                continue
        else:
            before = remembered.get(name)
            known = name in remembered
            harmless = isinstance(kind.writes.get(row.facet), PatchFields) and row.path("patch") is not None
            if (known and before == value) or not (known or harmless):
                continue
        yield FieldChange(name, row.facet, before, value, desired.at(name), seen)


def _list_open(kind: Kind, desired: Values, live: Values) -> Iterator[str]:
    """Return the stated fields, except plain values that are in force."""
    return (name for name, value in desired.items() if name not in kind.plain or live.get(name) != value)


def _sort_by_table(kind: Kind, names: Iterable[str]) -> list[str]:
    """Return the stated fields in the order of the kind's table."""
    rank = kind.field_order
    return sorted(
        (name for name in names if name not in kind.optional_null_blocks), key=lambda name: (rank(name), name)
    )


def _find_followers(kind: Kind, desired: Desired, live: Live) -> frozenset[str]:
    """Return the stated map entries that the API moves with their parent, in this change.

    Each is sent and recorded with its live value, even if the API alone would give it the stated one, or if it is to
    stay as it is: a plan shows every value that moves, and a rollback needs the value from before the parent's change.
    """
    entries = [name for name in desired.values if name not in kind.by_name and name in live.values]
    if not entries:
        return frozenset()
    direct = {name: value for name, value in desired.values.items() if name in kind.by_name}
    moved = kind.after(live.values, direct)
    return frozenset(name for name in entries if moved.get(name) != live.values[name])


def _find_fixed(kind: Kind, desired: Desired, moved: Sequence[FieldChange]) -> Iterator[Problem]:
    for move in moved:
        row = kind.field(move.field)
        if not kind.is_changeable(row):
            before = "not set" if move.before is None else format_in_sentence(move.before)
            message = f"{move.field} is fixed once the {kind.singular} exists; it is {before}"
            cure = f"write {_spell(move.before)} again" if _is_writable(row, move.before) else f"remove {move.field}"
            hint = f"{cure}, or describe a new {kind.singular}"
            yield error("fixed-field", message, at=move.place, address=desired.address, hint=hint)


def _is_writable(row: Field, value: Value) -> bool:
    """Return True if a file can state the value: neither nothing nor a word that only the API uses."""
    return value is not None and not (isinstance(row.type, EnumType) and value not in row.type.words)


def _find_incomplete(kind: Kind, desired: Desired) -> Iterator[Problem]:
    missing = kind.missing(desired.values)
    if kind.create is None:
        message = f"a {kind.singular} cannot be created in this API version"
        yield error("not-creatable", message, at=desired.place, address=desired.address)
    elif missing:
        message = f"no live {kind.singular} matches {desired.address}, and to create it these are missing: "
        hint = "add them, or write the id of the one meant"
        at = desired.place
        yield error("missing-field", message + ", ".join(missing), at=at, address=desired.address, hint=hint)


def _spell(value: Value) -> str:
    return str(value) if isinstance(value, Decimal) else format_value(value)
