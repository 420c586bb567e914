"""Baseline of drift: the values on which live and files last agreed, and the time of the last read.

It is written in one transaction, and only if the files or the differences have changed.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from msgspec.structs import replace

from reconciler.ledger.interface import Ledger, Observation
from reconciler.model import Address, Desired, Drift, DriftState, Live, Pair, Value, Values

LOOK = "look"
"""Ledger note with the time of the last read of the whole project, and the addresses that had moved."""
AGREED = "agreed"
"""Ledger note with a digest of the agreement between files and live."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
Looks: TypeAlias = Mapping[Address, Observation]
Found = Sequence[tuple[Desired, Live]]


def remember_baseline(ledger: Ledger, pairs: Mapping[str, Sequence[Pair]], files: str, at: datetime) -> None:
    """Store the live id of each block, and those of its values that are in force.

    ``files`` is the digest of the files: if it and the differences are unchanged, nothing is written.
    """
    found = [(desired, live) for each in pairs.values() for desired, live in each if live is not None]
    addresses = [desired.address for desired, _ in found]
    known = ledger.ids(addresses)
    fresh = {desired.address for desired, live in found if known.get(desired.address) != live.id}
    mark, agreed = _mark(files, found), ledger.notes([AGREED]).get(AGREED)
    same = agreed is not None and agreed.values.get("mark") == mark
    if same and not fresh:
        return
    held = ledger.values(addresses)
    with ledger.together():
        for desired, live in found:
            if not same or desired.address in fresh:
                _remember(ledger, desired, live, held, fresh)
        ledger.note({AGREED: {"mark": mark}}, at)


def _remember(
    ledger: Ledger, desired: Desired, live: Live, held: Mapping[Address, Values], fresh: set[Address]
) -> None:
    known = held.get(desired.address, {})
    news = {name: value for name, value in values_in_force(desired, live) if known.get(name, ...) != value}
    if news or desired.address in fresh:
        ledger.remember(desired.address, live.id, news)


def values_in_force(desired: Desired, live: Live) -> Iterator[tuple[str, Value]]:
    """Return (field, value) of the stated values that are live, as far as the API returns them."""
    shown = live.values
    return ((name, value) for name, value in desired.values.items() if name in shown and shown[name] == value)


def _mark(files: str, found: Found) -> str:
    """Return a digest of the files and of the fields that differ from live."""
    whole = hashlib.sha256(f"{files} {len(found)}\n".encode())
    for desired, live in found:
        shown = live.values
        for name, value in desired.values.items():
            if name not in shown or shown[name] != value:
                whole.update(f"{desired.address} {name}\n".encode())
    return whole.hexdigest()


# --- Time window of a change -------------------------------------------------------------------------------


def note_agreement(ledger: Ledger, at: datetime) -> None:
    """Store that the whole project is in force at a moment."""
    _close(ledger, ledger.notes([LOOK]).get(LOOK), ())
    ledger.note({LOOK: {"moved": ()}}, at)


def mark_newly_stated(ledger: Ledger, drifts: Sequence[Drift]) -> tuple[Drift, ...]:
    """Return the drifts, with values that were not stated at the last agreement as pending: the files changed."""
    if all(each.state is not DriftState.UNKNOWN for each in drifts):
        return tuple(drifts)
    if not ledger.notes([AGREED]):
        return tuple(drifts)
    looks = ledger.observations({each.address for each in drifts})
    return tuple(_if_new(looks, each) if each.state is DriftState.UNKNOWN else each for each in drifts)


def _if_new(looks: Looks, each: Drift) -> Drift:
    stated = each.address in looks and each.field in looks[each.address].values
    return each if stated else replace(each, state=DriftState.PENDING)


def add_windows(ledger: Ledger, drifts: Sequence[Drift], at: datetime, *, whole: bool) -> tuple[Drift, ...]:
    """Return the drifts with the window between two reads in which each appeared, and store this read.

    A difference that an earlier read found keeps its window. Only a read of the ``whole`` project proves that
    everything else had not moved. The ledger is read once.
    """
    moved: dict[Address, list[Drift]] = {}
    for each in drifts:
        if each.moved_outside:
            moved.setdefault(each.address, []).append(each)
    looks, last = ledger.observations(moved), ledger.notes([LOOK]).get(LOOK)
    before = last.at if last else None
    ours = _own_writes(ledger, before) if moved else {}
    dated: dict[Address, dict[str, Drift]] = {}
    for address, some in moved.items():
        earlier: Values = looks[address].values if address in looks else {}
        dated[address] = {each.field: _add_window(each, earlier.get(each.field), before, ours, at) for each in some}
    with ledger.together():
        news: dict[Address, Values] = {
            address: {name: _window(each) for name, each in some.items()} for address, some in dated.items()
        }
        if whole:
            _close(ledger, last, dated)
            ledger.note({LOOK: {"moved": tuple((each.kind, each.key) for each in dated)}}, at)
        ledger.observe_all(news, at)
    return tuple(dated.get(each.address, {}).get(each.field, each) for each in drifts)


def _add_window(
    each: Drift, earlier: Value, last: datetime | None, ours: Mapping[tuple[Address, str], datetime], at: datetime
) -> Drift:
    if isinstance(earlier, Mapping) and earlier.get("live") == each.live:
        since, until = earlier.get("since"), earlier.get("until")
        if isinstance(until, datetime):
            return replace(each, since=since if isinstance(since, datetime) else None, until=until)
    known = [moment for moment in (last, ours.get((each.address, each.field))) if moment is not None]
    return replace(each, since=max(known, default=None), until=at)


def _window(each: Drift) -> Values:
    return {"live": each.live, "since": each.since, "until": each.until}


def _own_writes(ledger: Ledger, last: datetime | None) -> dict[tuple[Address, str], datetime]:
    """Return the time of this tool's last write of each value since the last read, by address and field."""
    return {(each.address, each.field): each.time for each in ledger.increases_since(last or EVER)}


def _close(ledger: Ledger, last: Observation | None, still: Container[Address]) -> None:
    """Remove the windows of values that no longer differ."""
    moved = last.values.get("moved") if last else None
    if last is None or not isinstance(moved, tuple):
        return
    named = (Address(str(each[0]), str(each[1])) for each in moved if isinstance(each, tuple))
    ledger.observe_all({address: {} for address in named if address not in still}, last.at)
