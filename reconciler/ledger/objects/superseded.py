"""Find the old calls of a ledger in a bucket that later ones supersede, by the indexes of its segments."""

from collections.abc import Iterator, Sequence

from reconciler.ledger.checked_rows import Cell
from reconciler.ledger.objects import parts
from reconciler.ledger.objects.bucket import AT_ONCE
from reconciler.ledger.objects.parts import Index
from reconciler.ledger.objects.store import ObjectStore

OLD = (
    "SELECT number, facet, items.kind, items.key FROM intents LEFT JOIN items ON intent = number WHERE at < ?"
    " AND number NOT IN (SELECT intent FROM open_calls) AND number NOT IN (SELECT intent FROM awaited)"
)
LAST = "SELECT items.kind, key, facet, max(intent) FROM items JOIN intents ON number = intent GROUP BY 1, 2, 3"
Touched = tuple[str, str, str]
"""Kind and key of an address, and a facet."""


def find_old(store: ObjectStore, until: str) -> Sequence[Cell]:
    """Return the calls before an instant of which every item has a later call of the same facet.

    Open and awaited calls are left out. All segments with such calls must be in memory.
    """
    calls: dict[int, list[Touched]] = {}
    for number, facet, kind, key in store.execute(OLD, (until,)):
        touched = calls.setdefault(int(str(number)), [])
        if kind is not None:
            touched.append((str(kind), str(key), str(facet)))
    newest: dict[Touched, int] = {}
    for number, some in calls.items():
        newest |= {each: max(newest.get(each, 0), number) for each in some}
    last = dict.fromkeys(newest, 0)
    left = set(newest)
    for index in _indexes(store):
        for each in left:
            kind, key, facet = each
            last[each] = max(last[each], index.get(kind, {}).get(key, {}).get(facet, 0))
        left = {each for each in left if last[each] <= newest[each]}
        if not left:
            break
    return [number for number, some in calls.items() if all(last[each] > number for each in some)]


def _indexes(store: ObjectStore) -> Iterator[Index]:
    """Yield the last calls by address and facet: of the rows in memory, then of the segments, newest first."""
    here: dict[str, dict[str, dict[str, int]]] = {}
    for kind, key, facet, number in store.execute(LAST):
        here.setdefault(str(kind), {}).setdefault(str(key), {})[str(facet)] = int(str(number))
    yield here
    segments = store.map.segments
    for at in range(len(segments), 0, -AT_ONCE):
        yield from reversed(parts.read_indexes(store.bucket, segments[max(at - AT_ONCE, 0) : at]))
