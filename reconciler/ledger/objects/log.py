"""Log of a ledger in a bucket: each commit replaces the head under the tag of the one before."""

import uuid
from collections.abc import Sequence
from contextlib import suppress

from msgspec.structs import replace

from reconciler.ledger.errors import Damaged, LedgerError
from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects.bucket import Bucket, Tag, report_missing
from reconciler.ledger.objects.head import LATELY, LAYOUT, Change, Chunk, Entry, Head, Header, Map
from reconciler.ledger.tables import FORMAT

HEAD = "head"
ROLL = 64 * 2**10
"""Bytes of entries in the head, beyond which they are moved into an object of their own."""
ATTEMPTS = 5
"""Heads read in a row while others fold the log at the same time."""


class Log:
    """The head as last read or written by this session."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.head: Head | None = None
        self._tag = Tag(None)
        self._session, self._count = uuid.uuid4().hex[:12], 0

    @property
    def map(self) -> Map:
        return self.head.map if self.head is not None else Map()

    @property
    def last(self) -> int:
        return self.head.last if self.head is not None else 0

    def name(self) -> str:
        """Return a new name, which no other object or commit has."""
        self._count += 1
        return f"{self._session}-{self._count}"

    def make(self) -> None:
        """Write the first head; no effect if another process has done so."""
        packed = heads.packed_map(Map())
        head = Head(Header(LAYOUT, FORMAT, 0, 0, 0, 0), Map(), packed)
        self.bucket.create(HEAD, heads.encode(head))

    def refresh(self, *, whole: bool = False) -> tuple[Entry, ...] | None:
        """Read the head. Return the entries that were added since, or None if the parts already hold some of them.

        With ``whole``, return all entries that no part holds.
        """
        for _ in range(ATTEMPTS):
            found = self.bucket.get(HEAD)
            if found is None:
                if self.head is None:
                    return ()
                raise report_missing(self.bucket.where, "its head object was deleted")
            if found.tag == self._tag and not whole:
                return ()
            head = heads.decode(self.bucket.where, found.data)
            after = head.header.folded if whole or self.head is None else self.head.last
            entries = self._entries(head, after)
            if entries is not None:
                self.head, self._tag = head, found.tag
                return entries if after >= head.header.folded else None
        raise Damaged(self.bucket.where, "an object of its log is missing")

    def _entries(self, head: Head, after: int) -> tuple[Entry, ...] | None:
        """Return the entries after a number, or None if one of their objects is missing."""
        chunks = [each for each in head.header.chunks if each.last > after]
        read = self.bucket.get_all(each.part.name for each in chunks)
        if len(read) < len(chunks):
            return None
        where, packed = self.bucket.where, list[bytes]()
        for each in chunks:
            packed += heads.to_chunk(heads.check_part(where, each.part, read[each.part.name].data))
        entries = (heads.to_entry(where, each) for each in (*packed, *head.entries))
        return tuple(each for each in entries if each.number > after)

    def append(self, changes: Sequence[Change], by: str) -> bool:
        """Commit changes; return False if another writer came first, or perhaps a lost attempt of this one."""
        if self.head is None:
            raise LedgerError(self.bucket.where, "it was not opened")
        head, rolled = self.head, None
        if head.entries and sum(map(len, head.entries)) > ROLL:
            head, rolled = self._roll(head)
        new = replace(head.header, last=head.last + 1, lately=(*head.header.lately, by)[-LATELY:])
        added = (*head.entries, heads.entry(new.last, by, changes))
        if self.write(replace(head, header=new, entries=added)):
            return True
        if rolled is not None:
            self.drop([rolled])
        return False

    def _roll(self, head: Head) -> tuple[Head, str]:
        """Return a head whose entries are in an object of their own, and its name."""
        data, name = heads.chunk(head.entries), f"log/{head.last:012}-{self.name()}"
        self.bucket.create(name, data)
        chunks = (*head.header.chunks, Chunk(heads.part(name, data), head.last))
        return replace(head, header=replace(head.header, chunks=chunks), entries=()), name

    def write(self, head: Head) -> bool:
        """Replace the head; return False if it has changed since it was read."""
        tag = self.bucket.replace(HEAD, heads.encode(head), self._tag)
        if tag is None:
            return False
        self.head, self._tag = head, tag
        return True

    def holds(self, by: str) -> bool:
        """Return True if the head names a commit of this name."""
        return self.head is not None and by in self.head.header.lately

    def drop(self, names: Sequence[str]) -> None:
        """Delete objects that nothing refers to; those that stay are found by ``ledger prune``."""
        if names:
            with suppress(LedgerError):
                self.bucket.delete(names)
