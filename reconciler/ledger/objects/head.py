"""Head object of a ledger in a bucket: the map of its parts, and the log of changes since they were written."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson
from msgspec import Struct

from reconciler.ledger.checked_rows import Row
from reconciler.ledger.errors import Damaged, Newer

LAYOUT = 2
"""Version of this layout; the tables in it have a format of their own.

Layout 2 has state in blocks (:mod:`reconciler.ledger.objects.state_blocks`). Parts of layout 1 are read, and written
in blocks by the next fold that touches them.
"""
LATELY = 16
"""Names of the last commits that a head keeps, so that a writer finds its own whose answer was lost."""
Change = tuple[str, str, list[Any]]
"""``+``, table and cells of a new row, or ``-``, table and primary key of a removed one."""


class Part(Struct, frozen=True, array_like=True):
    """An immutable object, with the checksum of its content."""

    name: str
    crc: int


class StatePart(Struct, frozen=True):
    """Known state of the addresses from ``first`` up to the next part; ``counts`` are those with an id, by kind."""

    part: Part
    first: tuple[str, str]
    counts: Mapping[str, int] = {}


class Segment(Struct, frozen=True):
    """Journal of some runs, each with number and id.

    ``index`` holds the addresses that their calls touch. ``intents`` and ``looks`` are the lowest and the highest
    number; ``since`` and ``until`` the first and the last instant.
    """

    part: Part
    index: Part
    runs: tuple[tuple[int, str], ...]
    since: str
    until: str
    effects: tuple[str, ...] = ()
    intents: tuple[int, int] = (0, 0)
    looks: tuple[int, int] = (0, 0)
    rows: int = 0


class Map(Struct, frozen=True):
    """Parts of a ledger.

    ``base`` holds the rows that every run needs, ``ids`` the ids of each state part; ``floors`` are the highest numbers
    that were used in a table.
    """

    base: Part | None = None
    ids: Part | None = None
    state: tuple[StatePart, ...] = ()
    segments: tuple[Segment, ...] = ()
    floors: Mapping[str, int] = {}

    def parts(self) -> tuple[Part, ...]:
        alone = (each for each in (self.base, self.ids) if each is not None)
        journal = (part for each in self.segments for part in (each.part, each.index))
        return (*alone, *(each.part for each in self.state), *journal)


class Chunk(Struct, frozen=True):
    """Older entries of the log, moved out of the head; ``last`` is the number of its last entry."""

    part: Part
    last: int


class Header(Struct, frozen=True):
    """First line of the head: ``last`` is the number of the last entry, ``folded`` that of the last one in the parts.

    ``entries`` are the sizes of the entries that follow the map, whose own size is ``map``; ``crc`` is the checksum of
    both. ``doomed`` are objects that the next fold deletes.
    """

    layout: int
    format: int
    last: int
    folded: int
    map: int
    crc: int
    lately: tuple[str, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    entries: tuple[int, ...] = ()
    doomed: tuple[str, ...] = ()


class Head(Struct, frozen=True):
    """A head as it is in memory; ``packed`` is the map as it is stored, ``entries`` the log that is in the head."""

    header: Header
    map: Map
    packed: bytes
    entries: tuple[bytes, ...] = ()

    @property
    def last(self) -> int:
        return self.header.last


class Entry(Struct, frozen=True):
    """One commit: its number, its unique name, and its changes in order."""

    number: int
    by: str
    changes: list[Change]


class Numbering(Struct, frozen=True):
    """Layout of a head, read before anything else of it."""

    layout: int


def pack(value: Any) -> bytes:
    return zlib.compress(orjson.dumps(value), 6)


def unpack(where: str, name: str, data: bytes) -> Any:
    try:
        return orjson.loads(zlib.decompress(data))
    except (zlib.error, orjson.JSONDecodeError):
        raise Damaged(where, f"its object {name} is not what was written") from None


def part(name: str, data: bytes) -> Part:
    return Part(name, zlib.crc32(data))


def check_part(where: str, expected: Part, data: bytes) -> bytes:
    """Return the content of a part. Raise ``Damaged`` if it is not what was written."""
    if zlib.crc32(data) != expected.crc:
        raise Damaged(where, f"its object {expected.name} is not what was written")
    return data


def entry(number: int, by: str, changes: Sequence[Change]) -> bytes:
    return pack([number, by, changes])


def to_entry(where: str, data: bytes) -> Entry:
    number, by, changes = unpack(where, "head", data)
    return Entry(number, by, [(op, table, cells) for op, table, cells in changes])


def chunk(entries: Sequence[bytes]) -> bytes:
    return b" ".join(str(len(each)).encode() for each in entries) + b"\n" + b"".join(entries)


def to_chunk(data: bytes) -> list[bytes]:
    sizes, _, body = data.partition(b"\n")
    return _cut(body, [int(each) for each in sizes.split()])


def packed_map(map: Map) -> bytes:
    return zlib.compress(msgspec.json.encode(map), 6)


def encode(head: Head) -> bytes:
    body = head.packed + b"".join(head.entries)
    sizes = tuple(len(each) for each in head.entries)
    header = msgspec.structs.replace(head.header, map=len(head.packed), entries=sizes, crc=zlib.crc32(body))
    return msgspec.json.encode(header) + b"\n" + body


def decode(where: str, data: bytes) -> Head:
    """Return a head. Raise ``Damaged`` if it is none, ``Newer`` if a later version wrote it."""
    first, _, body = data.partition(b"\n")
    try:
        layout = msgspec.json.decode(first, type=Numbering).layout
        if layout > LAYOUT:
            raise Newer(where, f"it has layout {layout}, and this version knows {LAYOUT}")
        header = msgspec.json.decode(first, type=Header)
        if header.crc != zlib.crc32(body):
            raise Damaged(where, "its head is not what was written")
        packed, *entries = _cut(body, [header.map, *header.entries])
        return Head(header, msgspec.json.decode(zlib.decompress(packed), type=Map), packed, tuple(entries))
    except (msgspec.DecodeError, zlib.error, ValueError):
        raise Damaged(where, "its head is not what was written") from None


def _cut(body: bytes, sizes: Sequence[int]) -> list[bytes]:
    pieces, at = list[bytes](), 0
    for size in sizes:
        pieces.append(body[at : at + size])
        at += size
    return pieces


Packed = Mapping[str, Sequence[Row]]
"""Rows of a part, by table, each with its checksum."""
