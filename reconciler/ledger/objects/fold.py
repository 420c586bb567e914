"""Fold the log of a ledger in a bucket into its parts: rewrite what the log touches, then point the head there."""

import bisect
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.ledger.checked_rows import Cell, Row
from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects import parts
from reconciler.ledger.objects.head import LAYOUT, Head, Map, Packed, Part, Segment, StatePart
from reconciler.ledger.objects.log import HEAD
from reconciler.ledger.objects.parts import Missing
from reconciler.ledger.objects.state_blocks import STATE, Place, encode
from reconciler.ledger.objects.store import NUMBERED, ObjectStore

AT_MOST = 2_000
"""Addresses in one state part."""
FULL = 2_000
"""Rows of a segment that further runs no longer join."""
LEFT = timedelta(days=1)
"""Age of an object that nothing refers to, from which on it is deleted; a younger one may be in use."""
SHARED = ("servers", "holders", "notes", "plans", "open_calls", "awaited")
"""Tables that are in the base as a whole."""
OF_RUNS = {"runs": "id", "endings": "run", "looks": "run", "intents": "run"}
OF_CALLS = ("items", "naturals", "settlements")
LISTED = "SELECT intent FROM open_calls UNION SELECT intent FROM awaited"


class Touched(Struct, frozen=True):
    """What the log since the last fold changes: addresses, and numbers or ids of the journal."""

    places: frozenset[Place]
    runs: frozenset[int]
    ids: frozenset[str]
    intents: frozenset[int]
    looks: frozenset[int]

    def has(self, segment: Segment) -> bool:
        return (
            any(number in self.runs or id in self.ids for number, id in segment.runs)
            or any(segment.intents[0] <= number <= segment.intents[1] for number in self.intents)
            or any(segment.looks[0] <= number <= segment.looks[1] for number in self.looks)
        )


def fold(store: ObjectStore) -> None:
    """Write the parts that the log touches, and a head that refers to them; no effect if another writer comes first."""
    with store.flushing:
        try:
            with store.turn:  # so that the rows are those of the head
                store.catch_up()
                if not store.rows.tail or store.log.head is None:
                    return
                head, touched = store.log.head, _find_touched(store)
                dirty = tuple(each for each in head.map.segments if touched.has(each) or _may_grow(head.map, each))
                state = {each.part for each in parts.of_places(head.map, touched.places).state}
                wanted = parts.whole((each for each in head.map.state if each.part in state), dirty)
                store.bring(lambda _: wanted)
                writer = Writer(store)
                map = writer.map(head.map, state, {each.part for each in dirty})
        except Missing:  # another session has just folded it
            return
        writer.write()
        kept = {each.name for each in map.parts()}
        old = [each.name for each in (*head.map.parts(), *(each.part for each in head.header.chunks))]
        doomed = tuple(name for name in old if name not in kept)
        header = replace(
            head.header,
            layout=LAYOUT,
            folded=head.last,
            chunks=(),
            doomed=doomed,
            lately=(*head.header.lately, store.log.name())[-heads.LATELY :],
        )
        if store.log.head is head and store.log.write(Head(header, map, heads.packed_map(map))):
            store.rows.note_folded()
            store.loaded.adopt(writer.objects)
            store.log.drop(head.header.doomed)
        else:
            store.log.drop(list(writer.objects))


def sweep(store: ObjectStore) -> None:
    """Delete objects that the head does not refer to, left by sessions that were killed."""
    with store.flushing:
        store.catch_up()
        head = store.log.head
        found = store.bucket.names()
        if head is None or not found:
            return
        chunks = (each.part.name for each in head.header.chunks)
        known = {HEAD, *(each.name for each in head.map.parts()), *chunks}
        now = max(found.values())  # by the store's clock, as are the others
        left = [name for name, at in found.items() if name not in known and now - at > LEFT]
        store.log.drop([name for name in left if not name.startswith("locks/")])


def _may_grow(map: Map, segment: Segment) -> bool:
    """Return True for the last segment if the next runs may join it."""
    return segment == map.segments[-1] and segment.rows < FULL


def _find_touched(store: ObjectStore) -> Touched:
    found: dict[str, list[list[object]]] = {}
    for _, table, cells in store.rows.tail:
        found.setdefault(table, []).append(cells)

    def numbers(table: str, at: int = 0) -> Iterator[int]:
        return (int(str(cells[at])) for cells in found.get(table, ()) if len(cells) > at)

    settled = (int(str(cells[1])) for cells in found.get("settlements", ()) if len(cells) > 1)
    return Touched(
        frozenset((str(cells[0]), str(cells[1])) for table in STATE for cells in found.get(table, ())),
        frozenset(numbers("runs")),
        frozenset(str(cells[0]) for cells in found.get("endings", ())),
        frozenset((*numbers("intents"), *numbers("items"), *numbers("naturals"), *settled)),
        frozenset(numbers("looks")),
    )


class Writer:
    """Parts of a new map, written from the rows in memory."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._execute = store.rows.database.execute
        self.objects: dict[str, bytes] = {}

    def write(self) -> None:
        """Create the objects of the parts."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(8) as pool:
            for _ in pool.map(lambda each: self._store.bucket.create(*each), self.objects.items()):
                pass

    def map(self, old: Map, dirty_state: set[Part], dirty_segments: set[Part]) -> Map:
        floors = {table: int(str(self._store.execute(asked)[0][0] or 0)) for asked, table in NUMBERED.items()}
        state, pieces = self._state(old, dirty_state)
        ids = self._add("ids", parts.hashes_to_bytes(each for piece in pieces for each in piece))
        segments = tuple(self._segments(old, dirty_segments))
        return Map(self._base(), ids, state, segments, floors)

    def _add(self, folder: str, data: bytes) -> Part:
        name = f"{folder}/{self._store.log.last:012}-{self._store.log.name()}"
        self.objects[name] = data
        return heads.part(name, data)

    def _pack(self, folder: str, rows: Packed) -> Part:
        return self._add(folder, heads.pack({table: some for table, some in rows.items() if some}))

    # --- State --------------------------------------------------------------------------------------------

    def _state(self, old: Map, dirty: set[Part]) -> tuple[tuple[StatePart, ...], list[Sequence[int]]]:
        """Return the state parts and the hashes of the ids of each."""
        before = self._old_hashes(old)
        given = old.state or (StatePart(Part("", 0), ("", "")),)
        ends = [each.first for each in given[1:]]
        new, pieces = list[StatePart](), list[Sequence[int]]()
        for at, each in enumerate(given):
            if old.state and each.part not in dirty:
                new.append(each)
                pieces.append(before[at])
                continue
            for part, hashes in self._range(each.first, ends[at] if at < len(ends) else None):
                new.append(part)
                pieces.append(hashes)
        return tuple(new), pieces

    def _old_hashes(self, old: Map) -> Sequence[Sequence[int]]:
        if old.ids is None:
            return ()
        (data,) = parts.read(self._store.bucket, [old.ids]).values()
        return parts.id_pieces(old, data)

    def _range(self, first: Place, end: Place | None) -> Iterator[tuple[StatePart, list[int]]]:
        """Yield the parts of a range of addresses, of similar size."""
        here, cells = "(kind, key) >= (?, ?)", list(first)
        if end is not None:
            here, cells = f"{here} AND (kind, key) < (?, ?)", [*cells, *end]
        rows = {table: self._execute(f"SELECT * FROM {table} WHERE {here}", cells) for table in STATE}
        places = sorted({(str(row[0]), str(row[1])) for some in rows.values() for row in some})
        count = -(-len(places) // AT_MOST) or 1
        starts = [first, *(places[at * len(places) // count] for at in range(1, count))]
        cut: list[dict[str, list[Row]]] = [{table: [] for table in STATE} for _ in starts]
        for table, some in rows.items():
            for row in some:
                cut[bisect.bisect_right(starts, (str(row[0]), str(row[1]))) - 1][table].append(row)
        for start, piece in zip(starts, cut, strict=True):
            data, having = encode(piece)
            ids = {(str(kind), str(key)): str(id) for kind, key, id, *_ in piece["resources"]}
            counts = Counter(kind for kind, _ in having)
            hashes = [parts.id_hash(place[0], ids[place]) for place in having]
            yield StatePart(self._add("state", data), start, counts), hashes

    # --- Journal ------------------------------------------------------------------------------------------

    def _segments(self, old: Map, dirty: set[Part]) -> Iterator[Segment]:
        """Yield the segments; neighbours that are rewritten are joined while they are small."""
        waiting, rows = list[tuple[int, str]](), 0
        every = [each for each in old.segments if each.part not in dirty]
        known = {number for each in every for number, _ in each.runs}
        fresh = self._runs(known, old)
        firsts = [each.runs[0][0] for each in every]
        for number, id in fresh:
            while every and firsts[0] < number:
                yield from self._segment(waiting)
                waiting, rows = [], 0
                yield every.pop(0)
                firsts.pop(0)
            waiting.append((number, id))
            rows += self._count(id)
            if rows >= FULL:
                yield from self._segment(waiting)
                waiting, rows = [], 0
        yield from self._segment(waiting)
        yield from every

    def _runs(self, known: set[int], old: Map) -> list[tuple[int, str]]:
        """Return the runs to write: those of no segment that is kept."""
        found = self._execute("SELECT number, id FROM runs ORDER BY number")
        return [(int(str(number)), str(id)) for number, id in found if int(str(number)) not in known]

    def _count(self, run: str) -> int:
        asked = "SELECT count(*) FROM items WHERE intent IN (SELECT number FROM intents WHERE run = ?)"
        return 1 + int(str(self._execute(asked, (run,))[0][0]))

    def _segment(self, runs: Sequence[tuple[int, str]]) -> Iterator[Segment]:
        if not runs:
            return
        ids = [id for _, id in runs]
        listed = json.dumps(ids)
        mine = "IN (SELECT value FROM json_each(?))"
        rows = {
            table: self._execute(f"SELECT * FROM {table} WHERE {key} {mine}", (listed,))
            for table, key in OF_RUNS.items()
        }
        theirs = f"IN (SELECT number FROM intents WHERE run {mine})"
        rows |= {each: self._execute(f"SELECT * FROM {each} WHERE intent {theirs}", (listed,)) for each in OF_CALLS}
        of = self._store.rows.cells
        numbers, effects = (of("intents", column, rows["intents"]) for column in ("number", "effect"))
        facets = dict(zip(numbers, of("intents", "facet", rows["intents"]), strict=True))
        instants = [*of("intents", "at", rows["intents"]), *of("looks", "at", rows["looks"]), *map(_read_start, ids)]
        yield Segment(
            self._pack("journal", rows),
            self._add("index", heads.pack(_index(facets, rows["items"]))),
            tuple(runs),
            min(map(str, instants)),
            max(map(str, instants)),
            tuple(sorted({str(each) for each in effects})),
            _span(numbers),
            _span(of("looks", "number", rows["looks"])),
            sum(map(len, rows.values())),
        )

    def _base(self) -> Part:
        """Return the part with the shared tables, and with the listed calls, their looks and their runs."""
        rows = {table: self._execute(f"SELECT * FROM {table}") for table in SHARED}
        rows["intents"] = self._execute(f"SELECT * FROM intents WHERE number IN ({LISTED})")
        rows |= {each: self._execute(f"SELECT * FROM {each} WHERE intent IN ({LISTED})") for each in OF_CALLS}
        looks = json.dumps([each for each in self._store.rows.cells("intents", "look", rows["intents"]) if each])
        rows["looks"] = self._execute("SELECT * FROM looks WHERE number IN (SELECT value FROM json_each(?))", (looks,))
        return self._pack("base", rows)


def _span(numbers: Sequence[Cell]) -> tuple[int, int]:
    found = [int(str(each)) for each in numbers]
    return (min(found), max(found)) if found else (0, 0)


def _read_start(run: str) -> str:
    """Return the start of a run, which is in its id, as an instant of a column."""
    return f"{run[0:4]}-{run[4:6]}-{run[6:8]}T{run[9:11]}:{run[11:13]}:{run[13:15]}.000000+00:00"


def _index(facets: Mapping[Cell, Cell], items: Iterable[Row]) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for number, _, kind, key, *_ in items:
        last = found.setdefault(str(kind), {}).setdefault(str(key), {})
        facet = str(facets[number])
        last[facet] = max(last.get(facet, 0), int(str(number)))
    return found
