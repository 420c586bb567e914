"""Baseline of drift: the values on which live and files last agreed, and the time of the last read.

It is written in one transaction, and only if the files or the differences have changed.
"""

import hashlib
from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.ledger.interface import Ledger, Observation
from reconciler.model import Address, Desired, Drift, DriftState, Live, Pair, Value, Values

LOOK = "look"
"""Ledger note with the time of the last read of the whole project, and the addresses that had moved."""
AGREED = "agreed"
"""Ledger note with digests of the agreement between files and live."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
Looks: TypeAlias = Mapping[Address, Observation]
Found = Sequence[tuple[Desired, Live]]


class Agreement(Struct, frozen=True):
    """Result of a comparison of blocks with live.

    ``scope`` is a digest of the files and of the values that were compared; ``mark`` also of those that differ, which
    are ``apart`` as far as live shows them.
    """

    scope: str
    mark: str
    apart: frozenset[tuple[Address, str]]


def remember_baseline(ledger: Ledger, pairs: Mapping[str, Sequence[Pair]], files: str, at: datetime) -> Agreement:
    """Store the live id of each block, and those of its values that are in force; return what was compared.

    ``files`` is a digest of what the files state at this time: if it and the differences are unchanged, nothing is
    written. If all values of this scope are stored already, none of them is read again.
    """
    found = [(desired, live) for each in pairs.values() for desired, live in each if live is not None]
    known = ledger.ids([desired.address for desired, _ in found])
    fresh = {desired.address for desired, live in found if known.get(desired.address) != live.id}
    agreement, agreed = _compare(files, found), ledger.notes([AGREED]).get(AGREED)
    last: Values = agreed.values if agreed is not None else {}
    same, stored = last.get("mark") == agreement.mark, last.get("stored") == agreement.scope
    if same and not fresh:
        return agreement
    some = [pair for pair in found if pair[0].address in fresh] if same or stored else found
    held = ledger.values([desired.address for desired, _ in some])
    with ledger.together():
        for desired, live in some:
            _remember(ledger, desired, live, held, fresh)
        _note(ledger, agreement, at, stored=stored or not agreement.apart)
    return agreement


def note_applied(ledger: Ledger, before: Agreement, applied: Container[tuple[Address, str]], at: datetime) -> None:
    """Store that all values of the scope are stored, if each that differed was applied: its outcome has stored it."""
    if before.apart and all(each in applied for each in before.apart):
        _note(ledger, before, at, stored=True)


def doubt_agreement(ledger: Ledger, at: datetime) -> None:
    """Remove the agreement, since values of other files may be stored now: the next comparison reads all of them."""
    ledger.note({AGREED: {}}, at)


def _note(ledger: Ledger, agreement: Agreement, at: datetime, *, stored: bool) -> None:
    ledger.note({AGREED: {"mark": agreement.mark, "stored": agreement.scope if stored else None}}, at)


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


def _compare(files: str, found: Found) -> Agreement:
    """Return what is compared and what differs."""
    scope, apart = hashlib.sha256(f"{files} {len(found)}\n".encode()), []
    mark = scope.copy()
    for desired, live in found:
        shown, hidden = live.values, []
        for name, value in desired.values.items():
            if name not in shown:
                hidden.append(name)
            elif shown[name] != value:
                apart.append((desired.address, name))
            else:
                continue
            mark.update(f"{desired.address} {name}\n".encode())
        scope.update(f"{desired.address} {len(desired.values)} {hidden}\n".encode())
    mark.update(scope.digest())
    return Agreement(scope.hexdigest(), mark.hexdigest(), frozenset(apart))


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
