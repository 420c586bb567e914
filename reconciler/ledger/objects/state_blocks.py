"""Known state in a part: rows by address, in small blocks, so that a few addresses cost a few blocks.

A part is an index, a dictionary, and blocks that are compressed one by one with that dictionary. A part of layout 1 is
compressed as a whole, and so read as a whole; the next fold that touches it writes it in blocks.
"""

import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

import msgspec
import orjson
from msgspec import Struct

from reconciler.ledger.checked_rows import Row
from reconciler.ledger.errors import Damaged
from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects.head import Packed, Part

Place = tuple[str, str]
"""Kind and key of an address, as in the tables."""
STATE = ("resources", "observations", "seen")
"""Tables of the known state, whose first columns are a place."""
BLOCKS = b"blocks\n"
"""First bytes of a part in blocks."""
AT_A_TIME = 4
"""Addresses in one block."""
LIKE = 4 * 2**10
"""Bytes of the dictionary: rows are much alike."""
RAW = -15
"""Window of a stream without header and checksum; the part has one over all."""


class Index(Struct, frozen=True, array_like=True):
    """First place, size in bytes, and addresses with an id, of each block; and the size of the dictionary."""

    dictionary: int
    firsts: tuple[Place, ...]
    sizes: tuple[int, ...]
    ids: tuple[int, ...]


class Asked(Struct, frozen=True):
    """What is asked of a part: the addresses at some places, or all, and those with an id of some numbers."""

    part: Part
    places: frozenset[Place] | None = None
    ordinals: frozenset[int] = frozenset()


def encode(rows: Packed) -> tuple[bytes, list[Place]]:
    """Return a part, and the places of it that have an id, in their order."""
    by_place: dict[Place, list[list[Row]]] = {}
    for at, table in enumerate(STATE):
        for row in rows.get(table, ()):
            by_place.setdefault((str(row[0]), str(row[1])), [[] for _ in STATE])[at].append(row)
    order = sorted(by_place)
    cuts = [order[at : at + AT_A_TIME] for at in range(0, len(order), AT_A_TIME)]
    plain = [_plain([by_place[each] for each in cut]) for cut in cuts]
    like = b"".join(plain[len(plain) // 2 :])[:LIKE]
    packed = [_compress(each, like) for each in plain]
    having = [[each for each in cut if _has_id(by_place[each][0])] for cut in cuts]
    dictionary = zlib.compress(like)
    firsts, sizes, ids = (cut[0] for cut in cuts), map(len, packed), map(len, having)
    index = zlib.compress(msgspec.json.encode(Index(len(dictionary), tuple(firsts), tuple(sizes), tuple(ids))))
    data = b"".join([BLOCKS, b"%d\n" % len(index), index, dictionary, *packed])
    return data, [each for some in having for each in some]


def _plain(addresses: Iterable[list[list[Row]]]) -> bytes:
    return orjson.dumps([[row for rows in some for row in rows] for some in zip(*addresses, strict=True)])


def _has_id(rows: Iterable[Row]) -> bool:
    return any(row[2] is not None for row in rows)


def _compress(data: bytes, like: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, RAW, 5, zdict=like)
    return packer.compress(data) + packer.flush()


class StateBlocks:
    """Rows of one part, each given once. ``counts`` are the given addresses that have an id, by kind."""

    def __init__(self, where: str, name: str, data: bytes) -> None:
        self.counts: dict[str, int] = {}
        self.is_all = False
        self._where, self._name, self._data = where, name, data
        self._places, self._ordinals = set[Place](), set[int]()
        self._in_blocks = data.startswith(BLOCKS)
        if self._in_blocks:
            try:
                self._open()
            except (zlib.error, ValueError):
                raise self._report_damage() from None

    def _open(self) -> None:
        start = self._data.index(b"\n", len(BLOCKS)) + 1
        middle = start + int(self._data[len(BLOCKS) : start])
        index = msgspec.json.decode(zlib.decompress(self._data[start:middle]), type=Index)
        self._firsts = index.firsts
        self._like = zlib.decompress(self._data[middle : middle + index.dictionary])
        self._bounds = list(accumulate(index.sizes, initial=middle + index.dictionary))
        self._ids = list(accumulate(index.ids, initial=0))

    def has(self, asked: Asked) -> bool:
        """Return True if all that is asked for was given."""
        if self.is_all:
            return True
        return asked.places is not None and asked.places <= self._places and asked.ordinals <= self._ordinals

    def give(self, asked: Asked) -> Packed:
        """Return the wanted rows that were not returned yet."""
        if self.has(asked):
            return {}
        if not self._in_blocks:
            self.is_all = True
            return heads.unpack(self._where, self._name, self._data)  # type: ignore[no-any-return]
        if asked.places is None:
            self.is_all = True
            return self._rows(range(len(self._firsts)), None)
        new = (asked.places | self._of_ids(asked.ordinals)) - self._places
        blocks = {bisect_right(self._firsts, each) - 1 for each in new}
        self._places |= new
        return self._rows(sorted(blocks - {-1}), new)

    def _of_ids(self, ordinals: Iterable[int]) -> set[Place]:
        """Return the places of addresses by their number among those that have an id."""
        places = set[Place]()
        for ordinal in ordinals:
            if ordinal not in self._ordinals:
                block = bisect_right(self._ids, ordinal) - 1
                having = list(_having(self._block(block)))
                places.add(having[ordinal - self._ids[block]])
        return places

    def _rows(self, blocks: Iterable[int], new: frozenset[Place] | None) -> Packed:
        """Return the rows of new places in some blocks, or all that were not given."""
        found: dict[str, list[Row]] = {table: [] for table in STATE}
        for block in blocks:
            decoded = self._block(block)
            for table, rows in zip(STATE, decoded, strict=True):
                if new is None:
                    found[table] += [row for row in rows if (row[0], row[1]) not in self._places]
                else:
                    found[table] += [row for row in rows if (row[0], row[1]) in new]
            if new is not None:
                self._note(block, decoded, new)
        return found

    def _note(self, block: int, decoded: list[list[Row]], new: frozenset[Place]) -> None:
        for ordinal, place in enumerate(_having(decoded), self._ids[block]):
            if place in new:
                self._ordinals.add(ordinal)
                self.counts[place[0]] = self.counts.get(place[0], 0) + 1

    def _block(self, at: int) -> list[list[Row]]:
        """Return the rows of a block, by table."""
        packed = memoryview(self._data)[self._bounds[at] : self._bounds[at + 1]]
        try:
            return orjson.loads(zlib.decompressobj(RAW, zdict=self._like).decompress(packed))  # type: ignore[no-any-return]
        except (zlib.error, orjson.JSONDecodeError):
            raise self._report_damage() from None

    def _report_damage(self) -> Damaged:
        return Damaged(self._where, f"its object {self._name} is not what was written")


def _having(decoded: list[list[Row]]) -> Iterator[Place]:
    return ((str(row[0]), str(row[1])) for row in decoded[0] if row[2] is not None)
