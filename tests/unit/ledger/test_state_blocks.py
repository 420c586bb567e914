"""State in blocks: each address is given once, whatever is asked first, and old parts are read as they are."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.ledger.errors import Damaged
from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects import opening
from reconciler.ledger.objects.bucket import Found, Tag
from reconciler.ledger.objects.lease import Leases
from reconciler.ledger.objects.state_blocks import STATE, Asked, Place, StateBlocks, encode
from reconciler.model import Address

from ...support.memory_bucket import MemoryBucket
from .samples import NOW, RUN, SUMMER, call

OLD = Path(__file__).parent / "golden" / "bucket-layout-1.json"
PART = heads.Part("state/1", 0)
PLACES = st.tuples(st.sampled_from(["adSets", "balances"]), st.text("aé", max_size=2))
IDS = st.none() | st.integers(1, 9).map(str)
DRAWN = st.tuples(st.none() | IDS.map(lambda id: (id,)), st.booleans(), st.integers(0, 2))
ROWS = st.dictionaries(PLACES, DRAWN, min_size=6, max_size=12)


def rows_of(drawn: dict[Place, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return a row of resources with an id, one of observations, and some of what was seen, or none of each."""
    found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in STATE}
    for place, (id, observed, seen) in drawn.items():
        found["resources"] += [(*place, id[0], "{}", 1)] if id is not None else []
        found["observations"] += [(*place, "2026", "{}", 2)] if observed else []
        found["seen"] += [(*place, f"facet{at}", "2026", None, "{}", 3) for at in range(seen)]
    return found


@given(ROWS, st.lists(st.lists(PLACES, max_size=8) | st.sets(st.integers(0, 5)) | st.none(), max_size=6), st.booleans())
def test_each_row_is_given_once_and_nothing_else(drawn: dict[Place, Any], asked: list[Any], old: bool) -> None:
    rows = rows_of(drawn)
    data, having = encode(rows)
    assert having == sorted(place for place, (id, *_) in drawn.items() if id is not None and id[0] is not None)
    part = StateBlocks("here", "state/1", heads.pack(rows) if old else data)
    given = list[Any]()
    for each in asked:
        numbers = frozenset(at for at in each if at < len(having)) if isinstance(each, set) else frozenset[int]()
        want = Asked(PART, None if each is None else frozenset() if isinstance(each, set) else frozenset(each), numbers)
        told = [(table, tuple(row)) for table, some in part.give(want).items() for row in some]
        given += told
        assert part.has(want)
        places = set(drawn) if want.places is None else set(want.places) | {having[at] for at in numbers}
        at_hand = {(table, row) for table, some in rows.items() for row in some if row[:2] in places}
        assert at_hand <= set(given)
        if not part.is_all:
            assert sum(part.counts.values()) == len({row[:2] for table, row in given} & set(having))
    assert len(given) == len(set(given))
    given += [(table, tuple(row)) for table, some in part.give(Asked(PART)).items() for row in some]
    assert sorted(map(str, given)) == sorted(str((table, row)) for table, some in rows.items() for row in some)


def test_a_few_addresses_of_many_are_all_that_is_decoded_into_rows() -> None:
    bucket = MemoryBucket()
    ledger: Any = opening.open_over(bucket, Leases(bucket, renewing=False), create=True)
    spread = [Address("adSets", f"k{at:04}") for at in range(0, 500, 100)]
    with ledger.together():
        for at in range(500):
            ledger.remember(Address("adSets", f"k{at:04}"), str(at), {"bid": "0.80"})
    ledger.compact()
    ledger.close()

    reader: Any = opening.open_over(bucket, Leases(bucket, renewing=False), create=False)
    ids, values = reader.recall(spread)

    assert list(ids.values()) == ["0", "100", "200", "300", "400"]
    assert dict(values) == {each: {"bid": "0.80"} for each in spread}
    assert reader.find_linked("adSets", ["300", "301"]) == {"300": (spread[3],), "301": (Address("adSets", "k0301"),)}
    assert reader.counts() == {"adSets": 500}
    assert reader._store.rows.database.execute("SELECT count(*) FROM resources") == [(6,)]


@pytest.mark.parametrize("cut", [7, 9, 20])
def test_a_part_that_does_not_decode_is_damage(cut: int) -> None:
    data, _ = encode(rows_of({("adSets", f"k{at}"): (("1",), True, 1) for at in range(9)}))
    with pytest.raises(Damaged, match="not what was written"):
        StateBlocks("here", "state/1", data[:cut]).give(Asked(PART))


# --- Layout 1 -----------------------------------------------------------------------------------------


def old_bucket() -> MemoryBucket:
    """Return a ledger of 51 addresses in three parts and a log, which an earlier version wrote."""
    bucket = MemoryBucket()
    for name, data in json.loads(OLD.read_text()).items():
        bucket.objects[name] = Found(base64.b64decode(data), Tag(f"old {name}"))
    return bucket


def machine(bucket: MemoryBucket) -> Any:
    return opening.open_over(bucket, Leases(bucket, renewing=False), create=True)


@pytest.mark.parametrize("fold", [False, True])
def test_a_ledger_of_layout_1_is_read_and_then_written_in_blocks(fold: bool) -> None:
    bucket = old_bucket()
    ledger = machine(bucket)
    if fold:
        ledger.compact()
        ledger.close()
        ledger = machine(bucket)
    some = [Address("adSets", f"k{at:03}") for at in (1, 3, 7, 48)]
    assert ledger.counts() == {"adSets": 43}
    assert ledger.ids(some) == {some[0]: "2001", some[1]: "1003", some[3]: "1048"}
    assert ledger.find_linked("adSets", ["1004", "1001"]) == {"1004": (Address("adSets", "k004"),)}
    assert ledger.read_observation(Address("adSets", "k004")).values == {"name": "four"}
    assert [each.call.name for each in ledger.open_intents()] == ["adSets.bids.2"]
    assert len(ledger.history(SUMMER)) == 2
    assert ledger.check().damage == ()
    ledger.intend(ledger.begin(RUN), call(name="adSets.bids.3"), at=NOW)
    head = heads.decode("here", bucket.objects["head"].data)
    assert head.header.layout == (heads.LAYOUT if fold else 1)
    parts = {each.part.name: bucket.objects[each.part.name].data[:6] for each in head.map.state}
    assert sum(each == b"blocks" for each in parts.values()) == (1 if fold else 0)
