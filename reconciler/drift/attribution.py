"""Attribute a change to its authors by the API's history; writes of this tool are recognised by the journal.

Entries are followed from the newest back to the last applied value. Which end of a history is the newest, and how it
writes values, is unverified (contract §14, 27): entries are sorted by time, and unreadable ones prove nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from reconciler.kinds.kind import Kind
from reconciler.model import Author, Drift, Value

SKEW = timedelta(minutes=5)
"""Allowed difference between the local clock and the API's."""
MARK = re.compile(r"^reconciler (\S+) \d+$")
"""Memo of a top-up by this tool; the group is the run's id."""


class HistoryEntryRead(Struct, frozen=True):
    """One change of a field in the API's history."""

    at: datetime
    field: str
    before: Value
    after: Value
    who: str
    memo: str | None


class OwnWrite(Struct, frozen=True):
    """A write of this tool, as the journal recorded it."""

    run: str
    field: str
    after: Value
    at: datetime


def read_entries(kind: Kind, rows: Iterable[Mapping[str, Any]]) -> tuple[HistoryEntryRead, ...]:
    """Return the history entries of the kind's fields, oldest first."""
    return tuple(sorted(_read(kind, rows), key=lambda entry: entry.at))


def _read(kind: Kind, rows: Iterable[Mapping[str, Any]]) -> Iterator[HistoryEntryRead]:
    form = kind.history
    for row in rows if form else ():
        assert form is not None
        line = form.read(row)
        name, at = form.words.get(line.change), line.at
        if name is None or at is None:
            continue
        before, after = (_value(kind, name, said) for said in (line.before, line.after))
        yield HistoryEntryRead(at, name, before, after, line.who or "an unknown user", line.memo or None)


def find_authors(drift: Drift, entries: Sequence[HistoryEntryRead], own: Sequence[OwnWrite]) -> tuple[Author, ...]:
    """Return the authors of the changes from the last applied value to the live one, oldest first.

    Empty if the history does not explain the live value.
    """
    found: list[Author] = []
    for entry in reversed([each for each in entries if each.field == drift.field]):
        run = _run(entry, own)
        if found and (run is not None or (drift.known and entry.after == drift.applied)):
            break
        if (not found and entry.after != drift.live) or (drift.since and entry.at < drift.since - SKEW):
            break
        found.append(Author(entry.who, entry.at, entry.memo, run))
        if run is not None or (drift.known and entry.before == drift.applied):
            break
    return tuple(reversed(found))


def _run(entry: HistoryEntryRead, own: Sequence[OwnWrite]) -> str | None:
    """Return the run of this tool that made the entry, found by memo or by time and value in the journal, or None."""
    marked = MARK.match(entry.memo or "")
    if marked is not None:
        return marked[1]
    near = (
        each
        for each in own
        if each.field == entry.field and each.after == entry.after and abs(each.at - entry.at) <= SKEW
    )
    return next((each.run for each in near), None)


def _value(kind: Kind, name: str, said: object) -> Value:
    return kind.field(name).type.read(None if said is None else str(said))
