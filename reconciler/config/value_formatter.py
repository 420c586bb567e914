"""Format a canonical value as YAML by the table of its kind; the inverse of ``parse``.

A value that would not be read back as the same value cannot be formatted, and is not written.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timezone, tzinfo
from decimal import Decimal

from reconciler.config.yaml_writer import BareWord
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.nested_types import ObjectType, SetType
from reconciler.kinds.value_types import EnumType, InvalidValue, ValueType
from reconciler.model import Address, Desired, FieldPath, Json, Origin, Place, Severity, Span, Value, Values

UNSPEAKABLE = "this value cannot be written back"


def to_yaml(row: Field, value: Value, like: Json = None) -> Json:
    """Return the value as YAML. ``like`` is the file's present value, whose offset and order are kept.

    Raise :class:`InvalidValue` if the result would not be read back as the same value.
    """
    if value is None:
        if row.nullable:
            return None
        raise InvalidValue("null-not-allowed", "the API has no way to clear it")
    raw = _spell_value(row.type, value, like)
    if row.type.parse(raw) != value or not _encodable(raw):
        raise InvalidValue("unspeakable", UNSPEAKABLE)
    return raw


def respell(form: ValueType, raw: Json) -> Json:
    """Return a file's value in canonical spelling, with its parts in the file's order.

    Raise :class:`InvalidValue` if the value is not valid, or would change.
    """
    new = _respell_value(form, raw)
    if form.parse(new) != form.parse(raw) or not _encodable(new):
        raise InvalidValue("unspeakable", UNSPEAKABLE)
    return new


def _respell_value(form: ValueType, raw: Json) -> Json:
    match form, raw:
        case _, None:
            return None
        case SetType(), list():
            return [_respell_value(form.each, each) for each in raw]
        case ObjectType(), dict():
            return {name: _respell_value(form.of[name], each) for name, each in raw.items()}
        case _:
            return _spell_value(form, form.parse(raw), raw)


def _spell_value(form: ValueType, value: Value, like: Json) -> Json:
    match value:
        case datetime():
            return BareWord(_moment(value, like))
        case date():
            return BareWord(value.isoformat())
        case tuple():
            each = form.each if isinstance(form, SetType) else form
            return _in_order([_spell_value(each, one, None) for one in value], _canonical(each, like))
        case Mapping():
            return _parts(form, value, like if isinstance(like, dict) else {})
        case str():
            return BareWord(value) if isinstance(form, EnumType) else value
        case bool() | int() | Decimal() | None:
            return value


def _parts(form: ValueType, value: Mapping[str, Value], like: Mapping[str, Json]) -> Json:
    """Return an object with its parts in table order, without parts that equal their default."""
    assert isinstance(form, ObjectType)
    return {
        name: _spell_value(each, value[name], like.get(name))
        for name, each in form.of.items()
        if value.get(name) is not None and (name in like or value[name] != form.defaults.get(name))
    }


def _moment(moment: datetime, like: Json) -> str:
    """Return a date if the instant is midnight UTC, else the date-time in the file's offset."""
    if moment.time() == time(0) and not (isinstance(like, str) and "T" in like):
        return moment.date().isoformat()
    return moment.astimezone(_offset(like)).isoformat().replace("+00:00", "Z")


def _offset(like: Json) -> tzinfo:
    try:
        shift = datetime.fromisoformat(like).utcoffset() if isinstance(like, str) else None
    except ValueError:
        shift = None
    return timezone(shift) if shift else UTC


def _in_order(members: list[Json], like: Json) -> Json:
    """Return the members of a set in the file's order, new ones last."""
    if not isinstance(like, list):
        return members
    wanted = {str(each): each for each in members}
    kept = [each for each in like if str(each) in wanted]
    return [*kept, *(each for name, each in wanted.items() if name not in {str(each) for each in kept})]


def _canonical(form: ValueType, like: Json) -> Json:
    """Return the members of a list in canonical spelling, so that a differently spelled member keeps its place."""
    return [str(form.read(each)) for each in like] if isinstance(form, EnumType) and isinstance(like, list) else like


def _encodable(raw: Json) -> bool:
    """Return True if the value can be encoded; lone surrogates cannot."""
    match raw:
        case str():
            return not any("\ud800" <= letter <= "\udfff" for letter in raw)
        case list():
            return all(map(_encodable, raw))
        case dict():
            return all(map(_encodable, raw.values()))
        case _:
            return True


def flatten_block(kind: Kind, block: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
    """Return a nested block as dotted fields, each in its present spelling."""
    fields: dict[str, Json] = {}
    for key, raw in block.items():
        name = prefix + key
        if isinstance(raw, dict) and not (kind.has(name) and (prefix or name in kind.by_name)):
            fields |= flatten_block(kind, raw, f"{name}.")
        else:
            known = raw is not None and kind.has(name)
            fields[name] = to_yaml(kind.field(name), kind.field(name).type.parse(raw)) if known else raw
    return fields


# --- Rules of a kind --------------------------------------------------------------------------------------


class _FieldNames:
    """A locator for values outside of files: the position of a field is its name."""

    def has(self, path: FieldPath) -> bool:
        return True

    def span(self, path: FieldPath, *, key: bool = False) -> Span:
        return Span(".".join(map(str, path[2:])), 1, 1)


def as_desired(address: Address, values: Values, id: str | None) -> Desired:
    """Return a Desired from values, with field names as spans."""
    return Desired(address, id, values, Origin(Place(_FieldNames(), (address.kind, address.key))))


def rule_violations(kind: Kind, values: Values, id: str | None) -> dict[str, str]:
    """Return field -> message for the fields that the kind's rules refuse; an empty name is the whole block."""
    desired = as_desired(Address(kind.name, "-"), values, id)
    problems = (problem for rule in kind.rules for problem in rule(desired))
    return {each.span.file if each.span else "": each.message for each in problems if each.severity is Severity.ERROR}
