"""Decide what a read proves about a call with an unknown outcome: presence is evidence, absence is not (contract §9).

Pure: what was sent, what reads showed, and every time are arguments. What a *response* proves is rule 5, in
:mod:`reconciler.provider.http.refusal`, and what a history proves about a top-up is in
:mod:`reconciler.executor.history_evidence`; each rule is named at its function.
"""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct, field

from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import SetMembership
from reconciler.model import Call, FieldChange, Item, Live, Value
from reconciler.planning import likeness

FRESH = timedelta(seconds=60)
"""Rule 7: maximum age of the look before a create or a delta is sent."""
INTENT_LASTS = timedelta(seconds=60)
"""Rule 8: maximum time between an intent and its sending, including suspended time."""
PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each look for presence; the last one is repeated."""
LEAST_SETTLE = timedelta(minutes=5)
"""Upper bound of one sending, including its wait for the rate limit; the minimum of ``settleAfter``."""


class Times(Struct, frozen=True):
    """Time for which a run looks for its lost call, and age from which a later run may report it absent."""

    look_for: timedelta = timedelta(seconds=120)
    settle_after: timedelta = timedelta(minutes=30)


class Finding(Enum):
    """Finding of reads about an item with an unknown outcome."""

    APPLIED = "applied"
    NOTHING = "nothing"
    """No trace of the item. It proves nothing by itself (rule 1): see :func:`ends_absent`."""
    DOUBT = "doubt"
    """An object that may be the item or another user's: the user decides."""


class ItemFinding(Struct, frozen=True):
    """Finding about one item, with its id if it was created, and the reason."""

    finding: Finding
    id: str | None = None
    because: str = ""


class UnansweredCall(Struct, frozen=True):
    """A sent call without a usable response.

    ``keyed`` holds the ids that already had the natural key, by address; ``known`` every id that its parents showed
    before, None if not recorded; ``token`` the mark that it carried, if any. ``earlier`` are the sendings before it,
    which the API turned away (429, 401): that they had no effect is an assumption.
    """

    call: Call
    at: datetime
    keyed: Mapping[str, Collection[str]] = field(default_factory=dict)
    known: Collection[str] | None = None
    token: str | None = None
    earlier: tuple["UnansweredCall", ...] = ()

    @property
    def marks(self) -> frozenset[str]:
        """Every mark that a sending of it carried."""
        return frozenset(each.token for each in (*self.earlier, self) if each.token is not None)

    @property
    def begun(self) -> datetime:
        """Time of the first sending."""
        return self.earlier[0].at if self.earlier else self.at

    def is_new(self, item: Item, row: Live) -> bool:
        """Return True if no read begun before the sending has shown the object (rules 6 and 13)."""
        return row.id not in self.keyed.get(str(item.address), ()) and row.id not in (self.known or ())


# --- Times ------------------------------------------------------------------------------------------------


def is_fresh(begun: datetime | None, now: datetime) -> bool:
    """Return True if a look is fresh enough for a create or a delta: begun at most 60 s before (rule 7)."""
    return begun is not None and timedelta(0) <= now - begun <= FRESH


def is_late(intended: float, now: float) -> bool:
    """Return True if an intent is too old to be sent: 60 seconds after it, its look is too old (rule 8)."""
    return now - intended >= INTENT_LASTS.total_seconds()


def list_pauses(look_for: timedelta) -> Iterator[float]:
    """Yield the seconds before each look for presence, up to ``look_for`` in total (rule 9)."""
    left, number = look_for.total_seconds(), 0
    yield 0.0
    while left > 0:
        number += 1
        pause = min(PAUSES[min(number, len(PAUSES) - 1)], left)
        left -= pause
        yield pause


def ends_absent(verdict: ItemFinding, *, held: bool, own_run: bool) -> bool:
    """Return True if a create or top-up without a usable response counts as absent (rules 2 and 3).

    Never in the run that lost it; in a later run once ``settleAfter`` has passed (``held`` is false) and every look
    shows nothing.
    """
    return verdict.finding is Finding.NOTHING and not held and not own_run


# --- Values in force --------------------------------------------------------------------------------------


def is_in_force(kind: Kind, live: Live, item: Item) -> bool | None:
    """Return True if a read shows every value of an item in force; None if no list shows any of them."""
    shown = [move for move in item.fields if kind.is_listed(move.field)]
    return all(is_value_in_force(kind, live, move) for move in shown) if shown else None


def is_value_in_force(kind: Kind, live: Live, move: FieldChange) -> bool:
    """Return True if one value is in force; of a set that changes in steps, only the members of this step count."""
    shown = live.values.get(move.field)
    if not isinstance(kind.writes.get(move.facet), SetMembership) or not isinstance(shown, tuple):
        return shown == move.after
    was, becomes, now = (set(each) if isinstance(each, tuple) else set() for each in (move.before, move.after, shown))
    return becomes - was <= now and not (was - becomes) & now


def judge_absolute(item: Item, kind: Kind, row: Live | None) -> ItemFinding:
    """Return the finding about an unanswered absolute write, by its values (rule 10).

    Without them it stays open, since a late effect may overwrite a newer value.
    """
    shown = None if row is None else is_in_force(kind, row, item)
    if row is not None and shown:
        return ItemFinding(Finding.APPLIED, row.id)
    if shown is None and row is not None:
        return ItemFinding(Finding.NOTHING, because="no list shows its values")
    return ItemFinding(Finding.NOTHING, because="its values are not in force")


# --- Creates ----------------------------------------------------------------------------------------------


def match_created(lost: UnansweredCall, kind: Kind, rows: Sequence[Live]) -> tuple[ItemFinding, ...]:
    """Return what a list shows of each item of a create. A batch is atomic: one item proves the others."""
    by_parent: dict[Value, list[Live]] = {}
    name = likeness.parent_of(kind)
    for row in rows:
        by_parent.setdefault(row.values.get(name), []).append(row)
    siblings = [by_parent.get(_collect_wanted(item).get(name), []) for item in lost.call.items]
    findings = [_judge_created(lost, kind, item, near) for item, near in zip(lost.call.items, siblings, strict=True)]
    taken = {each.id for each in findings if each.finding is Finding.APPLIED}
    if not taken:
        return tuple(findings)
    others = "others of its batch were created, and a batch is all or nothing; its id is not known yet"
    for index, item in enumerate(lost.call.items):
        if findings[index].finding is not Finding.APPLIED:
            left = [row for row in siblings[index] if row.id not in taken]
            again = _judge_created(lost, kind, item, left)
            findings[index] = ItemFinding(Finding.APPLIED, None, others) if again.finding is Finding.NOTHING else again
    return tuple(findings)


def _judge_created(lost: UnansweredCall, kind: Kind, item: Item, siblings: Sequence[Live]) -> ItemFinding:
    wanted = _collect_wanted(item)
    fresh = [row for row in siblings if lost.is_new(item, row)]
    key = likeness.fold_key(kind, wanted)
    candidates = [row for row in fresh if likeness.fold_key(kind, row.values) == key]
    if len(candidates) > 1:
        ids = ", ".join(sorted(row.id for row in candidates))
        return ItemFinding(Finding.DOUBT, because=f"several new ones match: {ids}; one of them may be a colleague's")
    if candidates:
        return can_adopt(kind, item, candidates[0])
    # Rule 13: a create is absent only if its parent has no new object that may be it, by all ids recorded before.
    renamed = [row for row in fresh if _is_but_for_its_name(kind, wanted, row)] if lost.known is not None else []
    if renamed:
        ids = ", ".join(sorted(row.id for row in renamed))
        return ItemFinding(
            Finding.DOUBT, because=f"{ids} is new and differs from it by its name only: it may have been renamed"
        )
    return ItemFinding(Finding.NOTHING, because="no list shows it")


def can_adopt(kind: Kind, item: Item, row: Live) -> ItemFinding:
    """Return the finding about an object with a create's key: applied if its fields are equal, else doubt (rule 6)."""
    for move in item.fields:
        if not kind.is_listed(move.field) or kind.field(move.field).create is None:
            continue
        if not likeness.is_same(row.values.get(move.field), move.after):
            shown = row.values.get(move.field)
            because = f"{row.id} has its key, but its {move.field} is {shown}, not {move.after}"
            return ItemFinding(Finding.DOUBT, because=because)
    return ItemFinding(Finding.APPLIED, row.id)


def is_proved_by(id: str | None, shown_before: Container[str]) -> bool:
    """Return True if the id of a 2xx proves the create: no read begun before this sending has shown it (rule 6)."""
    return id is not None and id not in shown_before


def _is_but_for_its_name(kind: Kind, wanted: Mapping[str, Value], row: Live) -> bool:
    """Return True if all that was sent and is returned is equal except the name; creation defaults may have changed."""
    if kind.title not in wanted:
        return False
    return all(
        likeness.is_same(row.values.get(name), value)
        for name, value in wanted.items()
        if name != kind.title
        and name not in kind.create_defaults
        and kind.is_listed(name)
        and kind.field(name).create is not None
    )


def parent_of(kind: Kind) -> str:
    """Return the field that holds the parent of a created object."""
    return likeness.parent_of(kind)


def _collect_wanted(item: Item) -> dict[str, Value]:
    return {move.field: move.after for move in item.fields}


# --- Lagging reads ----------------------------------------------------------------------------------------


def is_lagging(
    shown: Value, seen: Value, seen_at: datetime | None, now: datetime, times: Times, *, explained: bool
) -> bool:
    """Return True if a read that contradicts a recently confirmed value is lagging (rule 4).

    Recently is less than ``settleAfter`` ago; a newer history entry or a user's resolution explains the difference.
    """
    if seen_at is None or shown == seen or explained:
        return False
    return now - seen_at < times.settle_after
