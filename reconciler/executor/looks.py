"""Look at live state directly before a create or a top-up; one look serves for a minute (contract §9 rule 7).

Every id that a look shows is recorded, since only an id that no read has shown proves a create (rule 6), and only a new
object can be one that was lost (rule 13).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field

from reconciler.executor import evidence, history_evidence
from reconciler.kinds.cells import HistoryLine
from reconciler.kinds.kind import Kind
from reconciler.kinds.read_methods import is_by_parent
from reconciler.kinds.write_methods import AddDifference
from reconciler.model import Call, Item, Json, Live, Problem, Value, WriteEffect, error
from reconciler.model.threads import Threads
from reconciler.planning import likeness
from reconciler.provider import reader as live_reader
from reconciler.provider.reader import ReadError, Send

REAL = Threads()
AT_ONCE = 240
"""Number of parents read at once for the next creates, about as many as are sent before the look is too old."""


class KindReader(Struct, frozen=True):
    """Inputs of a look: the kind in its version, the scope, ways to read and to wait, and our identity."""

    kind: Kind
    root: str
    scope: Sequence[str]
    send: Send
    sleep: Callable[[float], None]
    application: Callable[[], str | None] = lambda: None
    echoes: bool = True
    zones: Callable[[], Collection[str]] = tuple

    def read_rows(self, items: Sequence[Item] = (), parents: Collection[str] | None = None) -> tuple[Live, ...]:
        """Return all live objects of the kind, with the sets that these items need.

        ``parents`` restricts a search to these parents. Raise :class:`reconciler.provider.reader.ReadError` if the read
        fails.
        """
        sets = self.kind.attachments
        attached = sets is not None and any(move.field == sets.field for item in items for move in item.fields)
        narrowed = sorted(parents) if parents is not None and is_by_parent(self.kind.read) else None
        scope = [id for id in self.scope if id in parents] if parents and self._is_by_scope() else self.scope
        found = live_reader.read_list(
            self.kind, self.root, scope or self.scope, self.send, attached=attached, narrowed=narrowed
        )
        return found.live

    def read_object(self, path: str) -> Json:
        """Return one object as the API shows it now.

        Raise :class:`reconciler.provider.reader.ReadError` if the read fails.
        """
        return live_reader.read_object(self.kind, path, self.send)

    def read_history(self, call: Call) -> tuple[HistoryLine, ...]:
        """Return the history of a top-up's object, newest first.

        Raise :class:`reconciler.provider.reader.ReadError` if the read fails.
        """
        write = self.kind.writes[call.facet]
        assert isinstance(write, AddDifference)
        assert self.kind.history is not None
        path = write.history.format(root=self.root, id=call.items[0].id)
        rows = live_reader.read_history(self.kind, path, write.history_page, self.send)
        return tuple(self.kind.history.read(row) for row in rows)

    def _is_by_scope(self) -> bool:
        """Return True if the parents of the kind are the accounts of its scope."""
        return self.kind.owner == likeness.parent_of(self.kind)


class ListOnce(KindReader, frozen=True):
    """Reads the whole list of the kind once, for all calls that are judged together; each history is read by itself."""

    rows: list[tuple[Live, ...] | ReadError] = field(default_factory=list)

    def read_rows(self, items: Sequence[Item] = (), parents: Collection[str] | None = None) -> tuple[Live, ...]:
        if items or parents is not None:
            return KindReader.read_rows(self, items, parents)
        if not self.rows:
            try:
                self.rows.append(KindReader.read_rows(self))
            except ReadError as unread:
                self.rows.append(unread)
        (found,) = self.rows
        if isinstance(found, ReadError):
            raise found
        return found


Note = Callable[[str, Sequence[str], Sequence[str]], int | None]
"""Records the ids of a look at some parents in the ledger; returns its number, or None."""


class Look(Struct, frozen=True):
    """One look at some parents: rows, start time, and number in the ledger."""

    begun: datetime
    rows: tuple[Live, ...]
    number: int | None = None
    new: Mapping[tuple[Value, ...], Live] = field(default_factory=dict)
    """Objects by natural key that the plan did not see with it."""

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(row.id for row in self.rows)


class ShownIds:
    """Every id that reads have shown, with the number of those before it, so that an earlier state costs no copy."""

    def __init__(self, ids: dict[str, int], count: int) -> None:
        self._ids, self._count = ids, count

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._ids.get(id, self._count) < self._count


class _Known(Struct):
    """State of one kind: the last look by parent, every id shown, and the plan's objects."""

    begun: datetime | None = None
    mark: int = 0
    """Number of marks when the look was begun."""
    rows: dict[Value, list[Live]] = field(default_factory=dict)
    covered: frozenset[Value] | None = None
    """Parents that the last look read; None for all."""
    numbers: dict[Value, int | None] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)
    """Every id shown, with its number."""
    by_id: dict[str, Live] = field(default_factory=dict)
    by_key: dict[Value, dict[tuple[Value, ...], Live]] = field(default_factory=dict)
    """Objects of the last look by parent and natural key, without those of the plan; made when they are needed."""
    planned: dict[str, Live] = field(default_factory=dict)
    expected: list[Value] = field(default_factory=list)
    """Parents of all creates, in the order of sending."""


class Looks:
    """Looks of one run. Thread-safe: threads wait for a look in progress."""

    def __init__(
        self,
        reader: Callable[[str], KindReader],
        now: Callable[[], datetime],
        seen: Mapping[str, Sequence[Live]] | None = None,
        begun: datetime | None = None,
        note: Note = lambda kind, parents, ids: None,
        threads: Threads = REAL,
    ) -> None:
        """Start from the objects ``seen`` by the plan, read since ``begun``."""
        self._reader, self._now, self._note = reader, now, note
        self._seen, self._begun = seen or {}, begun
        self._known: dict[str, _Known] = {}
        self._lock = threads.lock()
        self._marks = 0

    def mark(self) -> int:
        """Set a mark; a look requested since a mark is one begun after it."""
        with self._lock:
            self._marks += 1
            return self._marks

    def expect(self, calls: Iterable[Call]) -> None:
        """Announce the creates to come, so that one look can serve all of their parents."""
        for call in calls:
            if call.effect is WriteEffect.CREATE:
                with self._lock:
                    self._find_known(call.kind).expected += self._list_parents(call)

    def list_shown(self, kind: str) -> ShownIds:
        """Return every id of a kind that a read of this run has shown so far."""
        with self._lock:
            shown = self._find_known(kind).shown
            return ShownIds(shown, len(shown))

    def note_created(self, kind: str, ids: Iterable[str]) -> None:
        """Record ids that a response gave to created objects, so that they prove no other create."""
        with self._lock:
            shown = self._find_known(kind).shown
            for id in ids:
                shown.setdefault(id, len(shown))

    def look_before_create(self, call: Call, since: int = 0) -> Look:
        """Return a look at the parents of a create, begun at most 60 s ago and after the mark ``since``.

        Raise :class:`reconciler.provider.reader.ReadError` if they cannot be read.
        """
        with self._lock:
            known, parents = self._find_known(call.kind), self._list_parents(call)
            stale = not evidence.is_fresh(known.begun, self._now()) or known.mark < since
            if stale or not (known.covered is None or known.covered.issuperset(parents)):
                self._read(call.kind, known, self._list_upcoming(known, parents))
            if not known.numbers.keys() >= set(parents):
                self._note_parents(call.kind, known, self._list_upcoming(known, parents))
            rows = tuple(row for parent in dict.fromkeys(parents) for row in known.rows.get(parent, ()))
            assert known.begun is not None
            return Look(known.begun, rows, known.numbers.get(parents[0]), self._index_new(call.kind, known, parents))

    def find_appeared(self, call: Call, look: Look) -> dict[int, Live]:
        """Return the objects with a create's key that were not there at the plan, by item index."""
        kind = self._reader(call.kind).kind
        wanted = (likeness.fold_key(kind, {move.field: move.after for move in item.fields}) for item in call.items)
        return {index: look.new[key] for index, key in enumerate(wanted) if key in look.new}

    def _index_new(self, kind: str, known: _Known, parents: Sequence[Value]) -> Mapping[tuple[Value, ...], Live]:
        each = [self._index_new_of(parent, known, self._reader(kind).kind) for parent in dict.fromkeys(parents)]
        return each[0] if len(each) == 1 else {key: row for one in each for key, row in one.items()}

    def _index_new_of(self, parent: Value, known: _Known, kind: Kind) -> dict[tuple[Value, ...], Live]:
        """Return the objects of a parent by natural key that the plan did not see with it; once for each look."""
        if parent not in known.by_key:
            there = known.by_key[parent] = {}
            for row in known.rows.get(parent, ()):
                key, before = likeness.fold_key(kind, row.values), known.planned.get(row.id)
                was_so = before is not None and likeness.fold_key(kind, before.values) == key
                if not was_so and not any(row.values.get(name) in gone for name, gone in kind.excluded_when.items()):
                    there.setdefault(key, row)
        return known.by_key[parent]

    def look_before_funds(self, call: Call, since: int = 0) -> Problem | None:
        """Look at amount and history of an object to be funded; return the problem that forbids it, or None.

        Raise :class:`reconciler.provider.reader.ReadError` if it cannot be read.
        """
        item, reader = call.items[0], self._reader(call.kind)
        move = item.fields[0]
        with self._lock:
            known = self._find_known(call.kind)
            if not evidence.is_fresh(known.begun, self._now()) or known.mark < since:
                self._read(call.kind, known, None)
            row = known.by_id.get(item.id or "")
        shown = None if row is None else row.values.get(move.field)
        if shown != move.before:
            message = f"{move.field} is {shown} now; it was {move.before} when this was planned"
            return error("moved-meanwhile", message, at=move.place, address=item.address, hint="plan again")
        if self._begun is not None and history_evidence.has_newer_entry(reader.read_history(call), self._begun):
            message = f"the history has a change of {move.field} since this was planned, which no list shows yet"
            return error("moved-meanwhile", message, at=move.place, address=item.address, hint="plan again")
        return None

    # --- One look -----------------------------------------------------------------------------------------

    def _find_known(self, kind: str) -> _Known:
        if kind not in self._known:
            rows = self._seen.get(kind, ())
            known = self._known[kind] = _Known(self._begun)
            known.planned = {row.id: row for row in rows}
            self._take(kind, known, rows)
        return self._known[kind]

    def _take(self, kind: str, known: _Known, rows: Sequence[Live]) -> None:
        name = likeness.parent_of(self._reader(kind).kind)
        known.rows = {}
        for row in rows:
            known.rows.setdefault(row.values.get(name), []).append(row)
            known.shown.setdefault(row.id, len(known.shown))
        known.by_id = {row.id: row for row in rows}
        known.numbers, known.by_key = {}, {}

    def _read(self, kind: str, known: _Known, parents: Sequence[Value] | None) -> None:
        begun, mark, reader = self._now(), self._marks, self._reader(kind)
        narrow = None if parents is None or not is_by_parent(reader.kind.read) else {str(each) for each in parents}
        self._take(kind, known, reader.read_rows(parents=narrow))
        known.begun, known.mark = begun, mark
        known.covered = None if narrow is None else frozenset(parents or ())

    def _note_parents(self, kind: str, known: _Known, parents: Sequence[Value]) -> None:
        ids = [row.id for parent in parents for row in known.rows.get(parent, ())]
        number = self._note(kind, [str(parent) for parent in parents], ids)
        known.numbers |= dict.fromkeys(parents, number)

    def _list_upcoming(self, known: _Known, parents: Sequence[Value]) -> list[Value]:
        """Return these parents, and those of the next creates."""
        start = known.expected.index(parents[0]) if parents[0] in known.expected else 0
        return list(dict.fromkeys((*parents, *known.expected[start : start + AT_ONCE])))

    def _list_parents(self, call: Call) -> list[Value]:
        name = likeness.parent_of(self._reader(call.kind).kind)
        return [move.after for item in call.items for move in item.fields if move.field == name]


__all__ = ["KindReader", "Look", "Looks", "ReadError"]
