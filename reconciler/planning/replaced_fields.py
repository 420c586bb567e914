"""Merge the file's values into an object as it was just read, field by field."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date, datetime

from msgspec import Struct

from reconciler.kinds.calendar import day_in
from reconciler.kinds.date_types import DayType
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.value_types import EnumType, MoneyType
from reconciler.kinds.write_methods import Replace
from reconciler.model import FieldChange, Item, Json, Problem, Value, Values
from reconciler.planning.replacement_parts import (
    UNKEPT,
    UNKNOWN,
    UNREAD,
    Body,
    find_path,
    find_unknown_keys,
    list_inner_paths,
    put,
    refuse,
    report_moved,
)
from reconciler.provider import codec


def select_replaced_rows(kind: Kind, write: Replace) -> tuple[Field, ...]:
    """Return the fields that the PUT sends."""
    rows = (row for row in kind.fields if kind.writes.get(row.facet) == write and not row.is_map)
    return tuple(row for row in rows if (path := row.path("patch")) is not None and path != NOT_IN_BODY)


class FieldMerge(Struct, frozen=True):
    """One object with fields, as planned and as just read."""

    kind: Kind
    write: Replace
    item: Item
    planned: Body
    shown: Body
    zones: tuple[str, ...]

    @property
    def rows(self) -> tuple[Field, ...]:
        return select_replaced_rows(self.kind, self.write)

    @property
    def moves(self) -> Mapping[str, FieldChange]:
        return {move.field: move for move in self.item.fields}

    @property
    def values(self) -> Values:
        return codec.decode_row(self.kind, {"id": self.item.id, "attributes": self.shown}).values

    def find_problems(self) -> Iterator[Problem]:
        """Yield why the object cannot be replaced without a change that the files do not state."""
        yield from find_unknown_keys(self.item, self.shown, self._list_known())
        values = self.values
        for row in self.rows:
            move = self.moves.get(row.name)
            now = values.get(row.name)
            if not self._is_as_planned(row, move, now):
                yield report_moved(self.item, row.name, now, move)
            elif move is not None:
                yield from self._find_lost(row, move)
            else:
                yield from self._find_unsendable(row, now)

    def _list_known(self) -> set[str]:
        paths = (row.path(way) for row in self.kind.fields for way in ("read", "patch"))
        tops = {path.partition(".")[0].casefold() for path in paths if path and not path.endswith("*")}
        return tops | {key.casefold() for key in self.write.computed}

    def _is_as_planned(self, row: Field, move: FieldChange | None, now: Value) -> bool:
        """Return True if a field is as it was when it was planned; what was not known then may be anything."""
        known, wire = find_path(self.planned, str(row.path("patch")))
        if move is not None:
            return self._is_same(row, now, move.before) or (move.before is None and self._is_born(row, now))
        if known and isinstance(now, datetime) and isinstance(row.type, DayType):
            return any(row.type.write(day_in(now, zone)) == wire for zone in self.zones or ("UTC",))
        if known:
            return self._is_same(row, now, None if wire is None else row.type.read(wire))
        return not self._is_whole() or now == row.type.read(None) or self._is_born(row, now)

    def _is_born(self, row: Field, now: Value) -> bool:
        """Return True if a field that was not known has the value with which the API creates an object."""
        return not row.nullable and now is not None and now == self.kind.create_defaults.get(row.name)

    def _is_whole(self) -> bool:
        """Return True if the plan knew the object: then every nullable field is in the planned body."""
        return all(find_path(self.planned, str(row.path("patch")))[0] for row in self.rows if row.nullable)

    def _is_same(self, row: Field, now: Value, planned: Value) -> bool:
        if isinstance(now, datetime) and isinstance(planned, date) and not isinstance(planned, datetime):
            return any(day_in(now, zone) == planned for zone in self.zones or ("UTC",))
        return now == planned or (planned is None and now == row.type.read(None))

    def _find_lost(self, row: Field, move: FieldChange) -> Iterator[Problem]:
        """Yield the keys inside a value that would be lost, since its type does not know them."""
        there, wire = find_path(self.shown, str(row.path("read")))
        if there and isinstance(wire, dict | list):
            kept = row.type.write(row.type.read(wire))
            for path in sorted(set(list_inner_paths(wire)) - set(list_inner_paths(kept))):
                yield refuse(self.item, "field-not-known", UNKNOWN.format(f"{row.name}.{path}"), move.field)

    def _find_unsendable(self, row: Field, now: Value) -> Iterator[Problem]:
        """Yield a problem if a field that the files do not state cannot be sent back as it is."""
        there, wire = find_path(self.shown, str(row.path("read")))
        if not there and isinstance(row.type, MoneyType):
            yield refuse(self.item, "unread-field", UNREAD.format(row.name), None)
        elif wire is None and not row.nullable and "." not in str(row.path("patch")):
            yield refuse(self.item, "unkept-value", UNKEPT.format(row.name, "null", row.name), None)
        elif isinstance(row.type, EnumType) and wire is not None and not self._is_word(row.type, now):
            yield refuse(self.item, "unkept-value", UNKEPT.format(row.name, now, row.name), None)

    def _is_word(self, type_: EnumType, now: Value) -> bool:
        return now in type_.words or now in self.write.echoed

    def merge(self) -> Body:
        """Return what is sent: each field as read, and the file's values in their places."""
        body: Body = {}
        values = self.values
        for row in self.rows:
            path = str(row.path("patch"))
            top = path.partition(".")[0]
            there, wire = find_path(self.shown, str(row.path("read")).partition(".")[0])
            if there and top not in body:
                spelled = isinstance(row.type, EnumType) and wire is not None
                body[top] = row.type.write(values.get(row.name)) if spelled else deepcopy(wire)
        after = {name: move.after for name, move in self.moves.items()}
        stated = {**self._uncover(after), **after}
        for row in self.rows:
            if row.name in stated:
                put(body, str(row.path("patch")).split("."), _to_wire(row, stated[row.name]))
        return body

    def _uncover(self, after: Values) -> Values:
        """Return the files' values of fields that the API has computed until now, and no longer computes."""
        if self.kind.normalize is None:
            return {}
        shown = {row.name: row.type.read(find_path(self.shown, str(row.path("read")))[1]) for row in self.rows}
        now, then = self.kind.normalize(shown), self.kind.normalize({**shown, **after})
        return {name: now[name] for name in shown if now[name] != shown[name] == then[name]}

    def is_done(self) -> bool:
        """Return True if every change is in force already."""
        values = self.values
        rows = ((self.kind.field(name), values.get(name), move) for name, move in self.moves.items())
        return all(self._is_same(row, now, move.after) for row, now, move in rows)


def _to_wire(row: Field, value: Value) -> Json:
    return None if value is None else row.type.write(value)
