"""Parts of a ledger in a bucket of which memory holds the rows, wholly or for some addresses."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from reconciler.ledger.objects import head as heads
from reconciler.ledger.objects.head import Map, Packed, Part
from reconciler.ledger.objects.parts import Missing, Wanted
from reconciler.ledger.objects.state_blocks import StateBlocks


class Loaded:
    """What is in memory. The content of a part is kept until all its rows were given. One thread at a time."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._whole = set[str]()
        self._some: dict[str, StateBlocks] = {}

    def clear(self) -> None:
        self._whole.clear()
        self._some.clear()

    def adopt(self, names: Collection[str]) -> None:
        """Note parts that were written from the rows in memory."""
        self._whole.update(names)

    def list_unread(self, wanted: Wanted, others: Sequence[Part] = ()) -> list[Part]:
        """Return the parts that must be read for what is wanted."""
        known = self._whole | self._some.keys()
        return [each for each in (*wanted.parts(), *others) if each.name not in known]

    def take(self, wanted: Wanted, found: Mapping[str, bytes], others: Sequence[Part] = ()) -> Iterator[Packed]:
        """Yield the rows that are wanted and not in memory. Raise ``Missing`` if a part was not read."""
        for part in (*(each.part for each in wanted.segments), *others):
            if part.name not in self._whole:
                yield heads.unpack(self._where, part.name, _content(found, part))
                self._whole.add(part.name)
        for asked in wanted.state:
            name = asked.part.name
            if name in self._whole:
                continue
            if name not in self._some:
                self._some[name] = StateBlocks(self._where, name, _content(found, asked.part))
            yield self._some[name].give(asked)
            if self._some[name].is_all:
                del self._some[name]
                self._whole.add(name)

    def count_elsewhere(self, map: Map) -> Mapping[str, int]:
        """Return how many addresses that are not in memory have an id, by kind."""
        counts: dict[str, int] = {}
        for each in map.state:
            if each.part.name in self._whole:
                continue
            here = self._some[each.part.name].counts if each.part.name in self._some else {}
            for kind, some in each.counts.items():
                counts[kind] = counts.get(kind, 0) + some - here.get(kind, 0)
        return counts


def _content(found: Mapping[str, bytes], part: Part) -> bytes:
    """Return what was read; another thread may have read the head again since, and forgotten all parts."""
    if part.name not in found:
        raise Missing
    return found[part.name]
