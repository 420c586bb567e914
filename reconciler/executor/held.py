"""Holds: what happens to a call with an unknown outcome, and what it blocks (contract §9 rules 3, 14, 15)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import AddDifference
from reconciler.model import (
    Address,
    Call,
    Cause,
    Change,
    Desired,
    Item,
    Live,
    Pair,
    Problem,
    Severity,
    Value,
    WriteEffect,
    error,
)
from reconciler.planning import likeness


class Hold(Struct, frozen=True):
    """A call that may still take effect, and the time before which it is not reported absent.

    ``until`` is None if only the user can decide, or if this machine's clock does not apply (rule 16).
    """

    run: str
    call: Call
    until: datetime | None
    doubt: str | None = None
    """Reason why the user must decide: reads showed something that may be the item."""
    accepted: bool = False
    """True if the API accepted it and a lagging read does not show it (rule 4)."""

    def problem(self, item: Item) -> Problem:
        """Return the error about one item."""
        return error(Cause.HELD, self.sentence(item), at=item.place, address=item.address, hint=self.hint(item))

    def note(self, item: Item) -> Problem:
        """Return the warning about an item whose block may be gone."""
        return replace(self.problem(item), severity=Severity.WARNING, code=Cause.UNDECIDED.value)

    def warning(self, block: Desired | Change) -> Problem:
        """Return the warning about a block that is left out because of the hold."""
        mine = (item for item in self.call.items if item.address == block.address)
        item = next(mine, self.call.items[0])
        told = replace(self.problem(item), severity=Severity.WARNING, address=block.address)
        return replace(told, span=block.place.span)

    def sentence(self, item: Item) -> str:
        """Return a sentence: what is known of an item, and what happens next."""
        if self.accepted and self.doubt is None and self.until is not None:
            return (
                f"{self.call.name} of run {self.run} was accepted, but the API does not show it for {item.address}:"
                f" such a read lags; held until {self.until:%Y-%m-%d %H:%M} UTC, or until it shows"
            )
        done = "was created" if self.call.effect is WriteEffect.CREATE else "took effect"
        what = f"it is not known whether {item.address} {done} by {self.call.name} of run {self.run}"
        if self.doubt is not None:
            return f"{what}: {self.doubt}; held until a person decides"
        if self.until is None:
            return f"{what}; held by this machine until a person decides, or the machine that sent it runs again"
        return (
            f"{what}; held until {self.until:%Y-%m-%d %H:%M} UTC: each apply looks for it, and the first one after that"
            " takes it for absent if no read shows it"
        )

    def hint(self, item: Item) -> str:
        """Return a hint with the command by which the user decides."""
        if self.accepted and self.doubt is None:
            return "nothing has to be done: each run reads it again, and no funds are added meanwhile"
        line = f"reconciler resolve {self.run} {self.call.name}"
        named = " --id ID" if self.call.effect is WriteEffect.CREATE else ""
        before = "" if self.until is None else f" (before {self.until:%H:%M} UTC only with --certain)"
        return (
            f"look at the account; if it is there: {line} --applied{named} --because TEXT;"
            f" if it is not: {line} --not-applied --because TEXT{before}"
        )


def select_matchable(
    holds: Sequence[Hold], kind: Kind, blocks: Sequence[Desired]
) -> tuple[tuple[Desired, ...], list[Problem]]:
    """Return the blocks to match, and the problems of the others (rule 14).

    While a create of an address is undecided, the address matches nothing, so that another user's twin is neither
    adopted nor patched.
    """
    addresses, _ = _index_creates(holds, kind)
    kept = tuple(each for each in blocks if each.address not in addresses)
    return kept, [addresses[each.address].warning(each) for each in blocks if each.address in addresses]


def without_undecided_creates(
    holds: Sequence[Hold], kind: Kind, pairs: Sequence[Pair]
) -> tuple[tuple[Pair, ...], list[Problem]]:
    """Return the pairs without creates of a natural key whose create is undecided, and their problems (rule 3)."""
    _, keys = _index_creates(holds, kind)
    kept: list[Pair] = []
    problems: list[Problem] = []
    for desired, live in pairs:
        hold = keys.get(likeness.fold_key(kind, desired.values)) if live is None else None
        if hold is None:
            kept.append((desired, live))
        else:
            problems.append(hold.warning(desired))
    return tuple(kept), problems


def without_fresh_creates(
    fresh: Mapping[Address, tuple[Hold, str | None]], kind: Kind, blocks: Sequence[Desired], live: Sequence[Live]
) -> tuple[tuple[Desired, ...], list[Problem]]:
    """Return the blocks without recently created ones that the list does not show, and their problems (rule 4).

    Such a read lags; the objects must not be created again.
    """
    mine = [each for each in blocks if each.address in fresh]
    if not mine:
        return tuple(blocks), []
    ids, keys = {row.id for row in live}, {likeness.fold_key(kind, row.values) for row in live}

    def is_shown(block: Desired) -> bool:
        id = fresh[block.address][1]
        return likeness.fold_key(kind, block.values) in keys if id is None else id in ids

    lagging = {each.address for each in mine if not is_shown(each)}
    problems = [fresh[each.address][0].warning(each) for each in mine if each.address in lagging]
    return tuple(each for each in blocks if each.address not in lagging), problems


def _index_creates(holds: Sequence[Hold], kind: Kind) -> tuple[dict[Address, Hold], dict[tuple[Value, ...], Hold]]:
    addresses: dict[Address, Hold] = {}
    keys: dict[tuple[Value, ...], Hold] = {}
    for hold in holds:
        if hold.call.effect is WriteEffect.CREATE and hold.call.kind == kind.name:
            for item in hold.call.items:
                addresses[item.address] = hold
                keys[likeness.fold_key(kind, {move.field: move.after for move in item.fields})] = hold
    return addresses, keys


class Accepted(Struct, frozen=True):
    """A top-up accepted less than ``settleAfter`` ago, with the amount that it led to.

    ``explains`` returns True if the history explains another amount; it is called only if one is shown.
    """

    hold: Hold
    after: Value
    explains: Callable[[Value], bool]


def find_contradicted(
    accepted: Mapping[str, Accepted], kinds: Mapping[str, Kind], changes: Sequence[Change]
) -> tuple[Hold, ...]:
    """Return the holds of changes that start from an amount which contradicts an accepted top-up (rule 4).

    The read on which the plan is based may lag, even if another read did not.
    """
    found: list[Hold] = []
    for change in changes:
        last = accepted.get(change.id or "")
        writes = kinds[change.address.kind].writes
        moves = [move for move in change.fields if isinstance(writes.get(move.facet), AddDifference)]
        if last is not None and any(move.before != last.after and not last.explains(move.before) for move in moves):
            found.append(last.hold)
    return tuple(found)


def without_held_deltas(
    holds: Sequence[Hold], kinds: Mapping[str, Kind], changes: Sequence[Change]
) -> tuple[list[Change], list[Problem]]:
    """Return the changes without deltas that a held top-up blocks, in either direction, and their problems (rule 3)."""
    held = {item.id: hold for hold in holds if hold.call.effect is WriteEffect.ADD for item in hold.call.items}
    names = {item.address: hold for hold in holds if hold.call.effect is WriteEffect.ADD for item in hold.call.items}
    kept: list[Change] = []
    problems: list[Problem] = []
    for change in changes:
        hold = held.get(change.id) or names.get(change.address)
        writes = kinds[change.address.kind].writes
        moves = [move for move in change.fields if not isinstance(writes.get(move.facet), AddDifference)]
        if hold is None or len(moves) == len(change.fields):
            kept.append(change)
            continue
        problems.append(hold.warning(change))
        if moves:
            dropped = {move.field: move.before for move in change.fields if move not in moves}
            kept.append(replace(change, fields=tuple(moves), after={**change.after, **dropped}))
    return kept, problems
