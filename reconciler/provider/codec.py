"""Convert canonical values to JSON and back by the table of a kind, and a JSON path back to its field.

Reading is lenient: keys in any case, values in or out of their box, enum words in any spelling. Writing is strict:
exactly the documented form of the version (contract §3.5).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.kinds.compiled import DecodeTree, compile_kind
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.value_types import MoneyType, unbox
from reconciler.kinds.write_methods import DatedEntries, Envelope, SubresourcePatch
from reconciler.model import FieldChange, Json, Live, Value, Values

Body = dict[str, Any]
NO_REFS: Mapping[str, str] = {}


def dump_json(body: Json) -> bytes:
    """Return a body as compact JSON, decimals to the last digit, exactly as it is sent."""
    import orjson

    return orjson.dumps(body, default=_exact)


def _exact(value: object) -> Any:
    import orjson

    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no wire form")


# --- Reading -------------------------------------------------------------------------------------


def decode_row(kind: Kind, row: Body, inject: Values | None = None, owner: str | None = None) -> Live:
    """Return one row of a response as a Live: every readable field of the kind, None if absent.

    ``inject`` holds values that are in the URL and not in the row (a balance's account); ``owner`` is the id in that
    URL.
    """
    source = row.get("attributes")
    ready = compile_kind(kind)
    values: dict[str, Value] = dict(ready.absent)
    refs: dict[str, str] = {}
    _read(source if isinstance(source, dict) else row, ready.steps, values, refs)
    if inject:
        values.update(inject)
    shown = kind.normalize(values) if kind.normalize else values
    return Live(kind.name, str(row.get("id")), shown, refs or NO_REFS, owner)


def row_hook(kind: Kind, kept: Callable[[Live], Live]) -> Callable[[Body], Any]:
    """Return a hook that converts each row to a Live object during parsing; what is no row is unchanged."""

    def build(part: Body) -> Any:
        if "attributes" not in part:
            return part
        try:
            return kept(decode_row(kind, part))
        except (ArithmeticError, ValueError):
            return part

    return build


def _read(node: Body, steps: DecodeTree, values: dict[str, Value], refs: dict[str, str]) -> None:
    """Read the fields of a row in one pass; a key in the documented case takes precedence over other cases."""
    for key, wire in node.items():
        step = steps[key]
        if step is None or (step.key != key and step.key in node):
            continue
        if step.read is not None and step.field is not None:
            if wire.__class__ is str:
                values[step.field.name] = step.read[wire]
            else:
                values[step.field.name] = step.read.of(unbox(wire) if wire.__class__ is dict else wire)
        elif step.field is not None:
            _decode_listed(step.field, unbox(wire), values, refs)
        elif isinstance(wire, dict):
            _read(wire, step.inner, values, refs)


def _find(node: Any, path: tuple[str, ...]) -> Json:
    for key in path:
        if not isinstance(node, dict):
            return None
        if key in node:
            node = node[key]
        else:
            folded = key.casefold()
            node = next((value for other, value in node.items() if other.casefold() == folded), None)
    return unbox(node)


def _decode_listed(field: Field, wire: Json, values: dict[str, Value], refs: dict[str, str]) -> None:
    """Read a map that the API returns as a list; its entries are named by the attribute ``list_key``."""
    prefix = field.name.removesuffix("*")
    for entry in wire if isinstance(wire, list) else ():
        if isinstance(entry, dict):
            name = prefix + str(unbox(entry.get(str(field.list_key))))[:10]
            values[name] = field.type.read(entry)
            refs[name] = str(entry.get("id"))


def decode_details(field: str, attribute: str, rows: Iterable[Any]) -> dict[str, Value]:
    """Return the entries of a sub-resource, by the part of their id after the owner (``123|5544|1``)."""
    prefix = field.removesuffix("*")
    entries = (row for row in rows if isinstance(row, dict) and "|" in str(row.get("id")))
    amounts = ((str(row["id"]).partition("|")[2], _find(row.get("attributes", row), (attribute,))) for row in entries)
    read = MoneyType().read
    return {prefix + key: read(amount) for key, amount in amounts if amount is not None}


# --- Writing --------------------------------------------------------------------------------------


def encode_fields(kind: Kind, values: Values, direction: str) -> Body:
    """Return the fields of a create or a patch, nested as this API version expects them.

    A create omits None, except for keys that are always required.
    """
    body: Body = {}
    for name, value in values.items():
        field = kind.field(name)
        path = field.path(direction)
        if path is None or path == NOT_IN_BODY or field.is_map:
            continue
        if direction == "create" and value is None and not field.always_in_create:
            continue
        _put(body, path.split("."), None if value is None and not _has_own_null(field) else field.type.write(value))
    if direction == "create":
        for field in kind.fields:
            if field.always_in_create and field.name not in values:
                _put(body, str(field.path("create")).split("."), None)
    return body


def _has_own_null(field: Field) -> bool:
    """Return True if the type has its own form of "nothing" (an open end date)."""
    return getattr(field.type, "open", None) is not None


def _put(body: Body, path: Sequence[str], value: Json) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value


def encode_item(envelope: Envelope, id: str | None, fields: Body) -> Body:
    """Return one item in the form of the envelope: type, id, and fields nested or flat."""
    item: Body = {}
    if envelope.type is not None:
        item["type"] = envelope.type
    if envelope.id is not None and id is not None:
        item[envelope.id] = int(id) if envelope.id_is_number else id
    if not envelope.attributes:
        return item | fields
    return item | {"attributes": fields} if fields else item


def extend_item(envelope: Envelope, item: Json, fields: Body) -> Json:
    """Return an item with more fields, where the envelope has them."""
    assert isinstance(item, dict)
    if not envelope.attributes:
        return item | fields
    inner = item.get("attributes")
    return item | {"attributes": (inner if isinstance(inner, dict) else {}) | fields}


def encode_nested_entry(write: SubresourcePatch, owner: str, change: FieldChange, kind: Kind) -> Body:
    """Return one entry of a sub-resource: a category's bid or multiplier."""
    key = change.field.partition(".")[2]
    amount = kind.field(change.field).type.write(change.after)
    return encode_item(write.envelope, write.entry.format(id=owner, key=key), {write.attribute: amount})


def dated_entries_body(
    write: DatedEntries, changes: Iterable[FieldChange], refs: Mapping[str, str], kind: Kind
) -> Body:
    """Return dated entries as the three lists of a patch: created, updated, deleted (contract §3.4 rule 15)."""
    lists: Body = {}
    for change in changes:
        id = refs.get(change.field)
        if change.after is None:
            _append(lists, write.deleted, {"id": id})
            continue
        content = kind.field(change.field).type.write(change.after)
        assert isinstance(content, dict)
        if id is None:
            _append(
                lists,
                write.created,
                {str(kind.field(change.field).list_key): change.field.partition(".")[2], **content},
            )
        else:
            boxed = {name: {"value": value} if name in write.boxed else value for name, value in content.items()}
            _append(lists, write.updated, {"id": id, **boxed})
    return {write.block: lists}


def _append(lists: Body, name: str, item: Body) -> None:
    lists.setdefault(name, []).append(item)


# --- Errors: path to field ------------------------------------------------------------------------


def field_for_path(kind: Kind, path: str, names: Iterable[str]) -> str | None:
    """Return the field to which a JSON path refers (``data/0/attributes/bidding/bidAmount``), or None."""
    parts = [part.casefold() for part in path.replace(".", "/").split("/") if part not in ("", "value")]
    best: tuple[int, str] | None = None
    for name in names:
        for direction in ("patch", "create", "read"):
            wire = (kind.field(name).path(direction) or "").removesuffix(".value").casefold().split(".")
            if len(wire) <= len(parts) and parts[-len(wire) :] == wire and (best is None or len(wire) > best[0]):
                best = (len(wire), name)
    return best[1] if best else None
