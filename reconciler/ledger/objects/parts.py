"""Parts of a ledger in a bucket: choose those that hold the wanted rows, and read those not yet in memory."""

import array
import sys
import zlib
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.ledger import codec
from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects.bucket import Bucket
from reconciler.ledger.objects.head import Map, Part, Segment, StatePart
from reconciler.ledger.objects.state_blocks import Asked, Place
from reconciler.model import Address

Index = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Last call of each facet that a segment's calls touch: kind, key, facet, number."""


class Missing(Exception):
    """A part does not exist any more: another session has folded the log since the head was read."""


class Wanted(Struct, frozen=True):
    """Rows that must be in memory: state of some addresses, and whole segments."""

    state: tuple[Asked, ...] = ()
    segments: tuple[Segment, ...] = ()

    def parts(self) -> Iterator[Part]:
        yield from (each.part for each in self.state)
        yield from (each.part for each in self.segments)


def place(address: Address) -> Place:
    return address.kind, codec.of_name(address.key)


def of_places(map: Map, places: Iterable[Place] | None) -> Wanted:
    """Return the state of these places, or of all."""
    if places is None:
        return whole(map.state)
    by_part: dict[int, set[Place]] = {}
    firsts = [each.first for each in map.state]
    for each in places if firsts else ():
        by_part.setdefault(max(bisect_right(firsts, each) - 1, 0), set()).add(each)
    return Wanted(tuple(Asked(map.state[at].part, frozenset(some)) for at, some in sorted(by_part.items())))


def whole(state: Iterable[StatePart], segments: tuple[Segment, ...] = ()) -> Wanted:
    return Wanted(tuple(Asked(each.part) for each in state), segments)


def of_addresses(map: Map, addresses: Iterable[Address] | None) -> Wanted:
    return of_places(map, None if addresses is None else [place(each) for each in addresses])


def of_segments(map: Map, fits: Callable[[Segment], bool] = lambda segment: True) -> Wanted:
    return Wanted(segments=tuple(each for each in map.segments if fits(each)))


def of_run(map: Map, run_id: str) -> Wanted:
    return of_segments(map, lambda segment: any(id == run_id for _, id in segment.runs))


def of_intents(map: Map, numbers: Collection[int]) -> Wanted:
    return of_segments(map, lambda each: any(each.intents[0] <= number <= each.intents[1] for number in numbers))


def of_look(map: Map, number: int) -> Wanted:
    return of_segments(map, lambda each: each.looks[0] <= number <= each.looks[1])


def of_latest_runs(map: Map, limit: int) -> Wanted:
    found, runs = list[Segment](), 0
    for segment in reversed(map.segments):
        if runs >= limit:
            break
        found.append(segment)
        runs += len(segment.runs)
    return Wanted(segments=tuple(found))


def of_calls_since(map: Map, when: str, effect: str = "") -> Wanted:
    """Return the segments with calls since then, of one effect or of any."""
    return of_segments(map, lambda each: each.until >= when and (not effect or effect in each.effects))


def read(bucket: Bucket, parts: Collection[Part]) -> dict[str, bytes]:
    """Return the contents of parts. Raise ``Missing`` if one does not exist."""
    if not parts:
        return {}
    found = bucket.get_all(each.name for each in parts)
    if any(each.name not in found for each in parts):
        raise Missing
    return {each.name: heads.check_part(bucket.where, each, found[each.name].data) for each in parts}


def read_indexes(bucket: Bucket, segments: Collection[Segment]) -> list[Index]:
    """Return the index of each segment."""
    found = read(bucket, [each.index for each in segments])
    return [heads.unpack(bucket.where, each.index.name, found[each.index.name]) for each in segments]


# --- Ids ----------------------------------------------------------------------------------------------


def id_hash(kind: str, id: str) -> int:
    return zlib.crc32(f"{kind} {id}".encode())


def hashes_to_bytes(hashes: Iterable[int]) -> bytes:
    numbers = array.array("I", hashes)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def hashes(data: bytes) -> "array.array[int]":
    numbers = array.array("I", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def id_pieces(map: Map, data: bytes) -> list["array.array[int]"]:
    """Return the hashes of the ids of each state part."""
    every, at, pieces = hashes(data), 0, []
    for each in map.state:
        count = sum(each.counts.values())
        pieces.append(every[at : at + count])
        at += count
    return pieces


def of_ids(map: Map, bucket: Bucket, kind: str, ids: Collection[str]) -> Wanted:
    """Return the addresses that may have these ids; a hash that two ids share only costs a read."""
    if map.ids is None or not ids:
        return Wanted()
    (data,) = read(bucket, [map.ids]).values()
    hashes = {id_hash(kind, each) for each in ids}
    state = list[Asked]()
    for each, piece in zip(map.state, id_pieces(map, data), strict=True):
        found = frozenset(at for at, hash in enumerate(piece) if hash in hashes)
        if found:
            state.append(Asked(each.part, frozenset(), found))
    return Wanted(tuple(state))
