"""Merge the file's map entries into an object as it was just read, entry by entry."""

from collections.abc import Iterator

from msgspec import Struct

from reconciler.kinds.entry_maps import EntryMap, known_keys
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import Replace
from reconciler.model import Item, Json, Problem, Value, Values
from reconciler.planning.replacement_parts import UNKNOWN, Body, find_unknown_keys, refuse, report_moved


class EntryMerge(Struct, frozen=True):
    """One object that holds only the entries of maps, as planned and as just read."""

    kind: Kind
    write: Replace
    item: Item
    planned: Body
    shown: Body

    def find_problems(self) -> Iterator[Problem]:
        """Yield why the entries cannot be replaced without a change that the files do not state."""
        known = {key.casefold() for key in (*known_keys(self.write.maps), *self.write.computed)}
        yield from find_unknown_keys(self.item, self.shown, known)
        now = self._read_values(self.shown)
        yield from (problem for each in self.write.maps if each.start for problem in self._find_foreign(each))
        before = self._read_values(self.planned) | {move.field: move.before for move in self.item.fields}
        for name in sorted({*before, *now}):
            was = before.get(name)
            if (self._default_of(name) if was is None else was) != now.get(name) and name not in self._find_over():
                yield report_moved(
                    self.item, name, now.get(name), {each.field: each for each in self.item.fields}.get(name)
                )

    def _read_values(self, attributes: Body) -> dict[str, Value]:
        return {name: value for each in self.write.maps for name, value in each.values(attributes).items()}

    def _default_of(self, name: str) -> Value:
        return next(each.default for each in self.write.maps if name.startswith(each.prefix))

    def _find_over(self) -> set[str]:
        return {
            each.name(key)
            for each in self.write.maps
            if each.start
            for key, entry in each.entries(self.shown).items()
            if each.is_over(entry)
        }

    def _find_foreign(self, entries: EntryMap) -> Iterator[Problem]:
        """Yield the keys of entries that their type does not know."""
        for key, entry in entries.entries(self.shown).items():
            for name in sorted(entry.keys() - entries.known):
                yield refuse(self.item, "field-not-known", UNKNOWN.format(f"{entries.name(key)}.{name}"), None)

    def merge(self) -> Body:
        """Return what is sent: each entry as read, and the file's in their places, in the order of their starts."""
        moves = {move.field: move.after for move in self.item.fields}
        body: Body = {}
        for each in self.write.maps:
            if each.start:
                body[each.attribute] = self._merge_entries(each, moves)
                continue
            kept = {word: self.shown[word] for word in each.words if word in self.shown}
            own = each.own(moves).items()
            body |= kept | {word: None if value is None else each.type.write(value) for word, value in own}
        return body

    def _merge_entries(self, entries: EntryMap, moves: Values) -> list[Json]:
        kept: dict[str, Json] = {}
        for key, entry in entries.entries(self.shown).items():
            told = {name: value for name, value in entry.items() if name not in entries.computed}
            kept[key] = {**told, entries.start: entries.sent(key)}
        for key, value in entries.own(moves).items():
            kept.pop(key, None)
            if value is not None:
                kept[key] = entries.entry(key, value)
        return [kept[key] for key in sorted(kept)]

    def is_done(self) -> bool:
        """Return True if every change is in force already."""
        now = self._read_values(self.shown)
        return all(now.get(move.field, self._default_of(move.field)) == move.after for move in self.item.fields)
