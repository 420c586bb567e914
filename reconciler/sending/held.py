"""Say what will become of a call whose end is not known, and what it keeps back (contract §9 rules 3, 14, 15)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.kinds.kind import Kind
from reconciler.kinds.writes import Delta
from reconciler.lazily import dataclass
from reconciler.model import Address, Call, Change, Desired, Effect, Item, Pair, Problem, Severity, Value, error
from reconciler.planning import likeness


@dataclass(frozen=True)
class Hold:
    """A call of a run that may still take effect, and until when no run may take it for absent.

    ``until`` is None where only a person can decide, or where this machine may not count the time (rule 16).
    """

    run: str
    call: Call
    until: datetime | None
    doubt: str | None = None
    """What a person has to judge, where reads showed something that may be it."""

    def problem(self, item: Item) -> Problem:
        """Return what is told of one item of it."""
        return error("held", self.sentence(item), at=item.place, address=item.address, hint=self.hint(item))

    def warning(self, block: Desired | Change) -> Problem:
        """Return what is told of a block of the files that is left out because of it."""
        mine = (item for item in self.call.items if item.address == block.address)
        item = next(mine, self.call.items[0])
        told = replace(self.problem(item), severity=Severity.WARNING, address=block.address)
        return replace(told, span=block.place.span)

    def sentence(self, item: Item) -> str:
        """Return what is known of an item, and what happens next by itself."""
        done = "was created" if self.call.effect is Effect.CREATE else "took effect"
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
        """Return the command by which a person decides."""
        line = f"reconciler resolve {self.run} {self.call.name}"
        named = " --id ID" if self.call.effect is Effect.CREATE else ""
        before = "" if self.until is None else f" (before {self.until:%H:%M} UTC only with --certain)"
        return (
            f"look at the account; if it is there: {line} --applied{named} --because TEXT;"
            f" if it is not: {line} --not-applied --because TEXT{before}"
        )


def unmatched(holds: Sequence[Hold], kind: Kind, pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], list[Problem]]:
    """Return the pairs without the blocks that a held create keeps back, and why.

    Rule 14: while a create of an address is undecided, the address matches nothing, so that a colleague's twin is
    neither adopted nor patched. Rule 3: it blocks creates of its natural key too, whatever their address is now.
    """
    addresses, keys = _creates(holds, kind)
    kept: list[Pair] = []
    problems: list[Problem] = []
    for desired, live in pairs if addresses else ():
        hold = addresses.get(desired.address)
        if hold is None and live is None:
            hold = keys.get(likeness.natural(kind, desired.values))
        if hold is None:
            kept.append((desired, live))
        else:
            problems.append(hold.warning(desired))
    return (tuple(kept), problems) if addresses else (tuple(pairs), [])


def _creates(holds: Sequence[Hold], kind: Kind) -> tuple[dict[Address, Hold], dict[tuple[Value, ...], Hold]]:
    addresses: dict[Address, Hold] = {}
    keys: dict[tuple[Value, ...], Hold] = {}
    for hold in holds:
        if hold.call.effect is Effect.CREATE and hold.call.kind == kind.name:
            for item in hold.call.items:
                addresses[item.address] = hold
                keys[likeness.natural(kind, {move.field: move.after for move in item.fields})] = hold
    return addresses, keys


def unfunded(
    holds: Sequence[Hold], kinds: Mapping[str, Kind], changes: Sequence[Change]
) -> tuple[list[Change], list[Problem]]:
    """Return the changes without the deltas that a held top-up keeps back, in either direction, and why (rule 3)."""
    held = {item.id: hold for hold in holds if hold.call.effect is Effect.ADD for item in hold.call.items}
    names = {item.address: hold for hold in holds if hold.call.effect is Effect.ADD for item in hold.call.items}
    kept: list[Change] = []
    problems: list[Problem] = []
    for change in changes:
        hold = held.get(change.id) or names.get(change.address) if held else None
        writes = kinds[change.address.kind].writes
        moves = [move for move in change.fields if not isinstance(writes.get(move.facet), Delta)] if hold else []
        if hold is None or len(moves) == len(change.fields):
            kept.append(change)
            continue
        problems.append(hold.warning(change))
        if moves:
            dropped = {move.field: move.before for move in change.fields if move not in moves}
            kept.append(replace(change, fields=tuple(moves), after={**change.after, **dropped}))
    return kept, problems
