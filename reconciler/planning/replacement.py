"""Body of a PUT that replaces a whole object: the file's values, and everything else exactly as it was just read.

An omitted field becomes null, and a null budget is uncapped. So the body is made from a read directly before the
sending, and refused if that read holds a key that the table does not know, a value that cannot be sent back, or a field
that has moved since the plan.
"""

from collections.abc import Collection

from msgspec import Struct

from reconciler.kinds.entry_maps import EntryMap
from reconciler.kinds.kind import Kind
from reconciler.kinds.write_methods import Replace
from reconciler.model import Call, Change, Json, Problem, Values
from reconciler.planning.replaced_entries import EntryMerge
from reconciler.planning.replaced_fields import FieldMerge
from reconciler.planning.replaced_fields import select_replaced_rows as select_replaced_rows
from reconciler.planning.replacement_parts import Body, attributes_of, put, refuse


class Replacement(Struct, frozen=True):
    """Result of a fresh read: the row to send, or why it is not sent; ``done`` if nothing is left to be sent."""

    row: Json = None
    problem: Problem | None = None
    done: bool = False


# --- At the plan ------------------------------------------------------------------------------------------


def build_planned_attributes(kind: Kind, write: Replace, change: Change) -> Body:
    """Return the attributes as planned: all fields of a live object, those known of one that is not yet created."""
    if write.maps:
        return {key: value for each in write.maps for key, value in _build_planned_map(each, change.after).items()}
    body: Body = {}
    for row in select_replaced_rows(kind, write):
        value = change.after.get(row.name)
        if (change.live is not None or row.name in change.after) and (value is not None or row.nullable):
            put(body, str(row.path("patch")).split("."), None if value is None else row.type.write(value))
    return body


def _build_planned_map(entries: EntryMap, values: Values) -> Body:
    written = entries.write(entries.own(values))
    if entries.start:
        return {entries.attribute: written}
    assert isinstance(written, dict)
    return written


# --- Directly before the sending --------------------------------------------------------------------------


def merge_fresh(
    kind: Kind, write: Replace, call: Call, fresh: Json, zones: Collection[str] = (), *, again: bool = False
) -> Replacement:
    """Return the body of a call by the object as just read.

    ``zones`` are the time zones of the scope, in which an instant of the API may be a day. ``again`` is true after an
    earlier sending, whose effect the read may show.
    """
    item, planned = call.items[0], attributes_of({"data": call.rows[0]})
    shown = attributes_of(fresh)
    if planned is None or shown is None:
        return Replacement(problem=refuse(item, "unread-field", "the API's read holds no attributes", None))
    if write.maps:
        merging: FieldMerge | EntryMerge = EntryMerge(kind, write, item, planned, shown)
    else:
        merging = FieldMerge(kind, write, item, planned, shown, tuple(zones))
    try:
        if again and merging.is_done():
            return Replacement(done=True)
        problem = next(merging.find_problems(), None)
    except ValueError as unread:
        problem = refuse(item, "unread-field", f"{unread}, so nothing is replaced", None)
    if problem is not None:
        return Replacement(problem=problem)
    row = call.rows[0]
    assert isinstance(row, dict)
    return Replacement({**row, "attributes": merging.merge()})
