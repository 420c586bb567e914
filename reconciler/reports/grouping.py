"""Fold many similar changes into one line: fields, number of resources, range of values, and the outlier.

Changes are similar if they have the same kind and action, and change the same fields in the same direction. A fold
hides no outlier: the amount with the largest change is named.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from msgspec import Struct

from reconciler.kinds.versions import replaced_whole
from reconciler.model import Action, Call, Change, FieldChange
from reconciler.model.text import format_value, sanitize
from reconciler.reports.common import ARROW, clip, format_before, format_percent

MANY = 20
"""Number of similar changes above which they are folded; lower in very large runs."""
CROWD, FEW = 1000, 4
WIDE = 60
NAMED = 3
"""Number of values and addresses that a line names."""


class FoldedMove(Struct, frozen=True):
    """One field of a fold: every change of it, with its resource."""

    field: str
    moves: tuple[tuple[Change, FieldChange], ...]


class Fold(Struct, frozen=True):
    """Similar changes, in the order of the run."""

    kind: str
    action: Action
    changes: tuple[Change, ...]

    @property
    def moves(self) -> tuple[FoldedMove, ...]:
        """Changed fields; entries of a map with its own facet count as one field."""
        by_field: dict[str, list[tuple[Change, FieldChange]]] = {}
        for change in self.changes:
            for move in change.fields:
                by_field.setdefault(move_name(move), []).append((change, move))
        return tuple(FoldedMove(name, tuple(moves)) for name, moves in by_field.items())


def fold_changes(changes: Sequence[Change]) -> tuple[Fold, ...]:
    """Return all changes in groups of similar ones, in the order of their first members."""
    alike: dict[object, list[Change]] = {}
    for change in changes:
        alike.setdefault(_likeness(change), []).append(change)
    return tuple(Fold(group[0].address.kind, group[0].action, tuple(group)) for group in alike.values())


def split_changes(changes: Sequence[Change], *, full: bool = False) -> tuple[tuple[Change, ...], tuple[Fold, ...]]:
    """Return the changes to list one by one, and the folds of the others; ``full`` folds none."""
    if full:
        return tuple(changes), ()
    most = FEW if len(changes) > CROWD else MANY
    groups = fold_changes(changes)
    folded = tuple(group for group in groups if len(group.changes) > most)
    gone = {id(change) for group in folded for change in group.changes}
    return tuple(change for change in changes if id(change) not in gone), folded


def move_name(move: FieldChange) -> str:
    """Return the field's name; ``categoryBids.*`` for an entry of a map."""
    first, dot, _ = move.field.partition(".")
    return f"{first}.*" if dot and first == move.facet else move.field


def _likeness(change: Change) -> object:
    if change.action is Action.CREATE:
        return change.address.kind, change.action
    moves = dict.fromkeys((move_name(move), _direction(move)) for move in change.fields)
    return change.address.kind, change.action, tuple(moves)


def _direction(move: FieldChange) -> int:
    """Return the direction of an amount: down (-1), up (1), new (2), removed (-2), none (0)."""
    before, after = move.before, move.after
    if isinstance(before, Decimal) and isinstance(after, Decimal):
        return (after > before) - (after < before)
    if isinstance(after, Decimal):
        return 2
    return -2 if isinstance(before, Decimal) else 0


# --- Calls ------------------------------------------------------------------------------------------------


class Endpoint(Struct, frozen=True):
    """Consecutive calls to one endpoint for one facet, by their numbers in the plan."""

    first: int
    last: int
    method: str
    path: str
    facet: str
    items: int
    replaces: str = ""
    """What each of the calls replaces as a whole."""

    @property
    def does(self) -> str:
        """The facet, and what is replaced with it."""
        return f"replaces {self.replaces}" if self.replaces else self.facet

    @property
    def numbers(self) -> str:
        return f"{self.first:,}" if self.first == self.last else f"{self.first:,}–{self.last:,}"


def group_calls(calls: Sequence[Call]) -> Iterator[Endpoint]:
    """Yield consecutive calls to one endpoint as one entry; ids in paths are ignored."""
    first = 1
    for (method, path, facet), group in groupby(calls, key=_endpoint):
        calls = list(group)
        sizes = [len(call.items) for call in calls]
        whole = replaced_whole(calls[0].kind, facet)
        yield Endpoint(first, first + len(sizes) - 1, method, path, facet, sum(sizes), whole)
        first += len(sizes)


def _endpoint(call: Call) -> tuple[str, str, str]:
    return call.method, re.sub(r"/\d+(?=/|$)", "/{id}", call.path), call.facet


# --- Text --------------------------------------------------------------------------------------------------


def heading(fold: Fold) -> str:
    """Return ``412 adSets: adSets.a, adSets.b, adSets.c, …``."""
    names = [sanitize(change.address) for change in fold.changes[:NAMED]]
    more = ", …" if len(fold.changes) > NAMED else ""
    return f"{len(fold.changes):,} {sanitize(fold.kind)}: {', '.join(names)}{more}"


def sentences(fold: Fold) -> Iterator[str]:
    """Yield one line per field: ``bidAmount +10 % on 412 adSets, 0.30 → 0.33 … 0.90 → 0.99``."""
    for move in fold.moves:
        yield sentence(move, fold)


def sentence(move: FoldedMove, fold: Fold) -> str:
    """Return the line of one field of a fold."""
    owners = len({id(change) for change, _ in move.moves})
    on = f"{sanitize(move.field)}{{}} on {owners:,} {sanitize(fold.kind)}, "
    steps = [(_percent(each), each, change) for change, each in move.moves]
    if fold.action is Action.CREATE or any(percent is None for percent, _, _ in steps):
        return on.format("") + _values(move, fold.action)
    known = [(percent, each, change) for percent, each, change in steps if percent is not None]
    least, most = min(percent for percent, _, _ in known), max(percent for percent, _, _ in known)
    pairs = {(each.before, each.after) for _, each, _ in known}
    ends = (min(pairs, key=_amounts), max(pairs, key=_amounts))
    span = _range([f"{format_value(before)} {ARROW} {format_value(after)}" for before, after in ends])
    if format_percent(least) == format_percent(most):
        return on.format(f" {format_percent(least)}") + span
    _, far, change = max(known, key=lambda step: abs(step[0]))
    furthest = f"{sanitize(change.address)} {format_value(far.before)} {ARROW} {format_value(far.after)}"
    return on.format(f" {format_percent(least)} … {format_percent(most)}") + f"{span}, largest change: {furthest}"


def _percent(move: FieldChange) -> Decimal | None:
    if isinstance(move.before, Decimal) and isinstance(move.after, Decimal) and move.before:
        return (move.after - move.before) / move.before * 100
    return None


def _values(move: FoldedMove, action: Action) -> str:
    """Return the values before and after: listed if few, counted if many, a range for amounts."""
    pairs: dict[str, int] = {}
    for _, each in move.moves:
        pairs[_pair(each, action)] = pairs.get(_pair(each, action), 0) + 1
    if len(pairs) == 1:
        return next(iter(pairs))
    if len(pairs) <= NAMED:
        return ", ".join(f"{pair} ({count:,})" for pair, count in pairs.items())
    amounts = [each.after for _, each in move.moves if isinstance(each.after, Decimal)]
    if len(amounts) == len(move.moves):
        return f"{format_value(min(amounts))} … {format_value(max(amounts))}"
    return f"{len(pairs):,} different values, such as {next(iter(pairs))}"


def _pair(move: FieldChange, action: Action) -> str:
    after = clip(format_value(move.after), WIDE)
    if action is Action.CREATE or (not move.seen and move.before is None):
        return after
    return f"{clip(format_before(move), WIDE)} {ARROW} {after}"


def _amounts(pair: tuple[object, object]) -> tuple[Decimal, Decimal]:
    before, after = pair
    assert isinstance(before, Decimal)
    assert isinstance(after, Decimal)
    return before, after


def _range(ends: Sequence[str]) -> str:
    return " … ".join(dict.fromkeys(ends))
