"""Write live objects as YAML blocks that a person would have written.

A value is left out if it could not be read back as the same value, would be refused by a rule, or states nothing;
except for the last case the user is informed. A value that was not read is never invented.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

from reconciler.config.value_formatter import as_desired, rule_violations, to_yaml
from reconciler.config.yaml_writer import NestedBlock, entry
from reconciler.kinds.currency import check_amounts
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.value_types import EnumType, InvalidValue, MoneyType
from reconciler.model import Address, Desired, Json, Live, Value

Fields: TypeAlias = Mapping[str, Json]
"""Dotted field names to values as YAML has them."""
NOTHING_ASSUMED: Mapping[str, bool] = MappingProxyType({})
MANY = 500
"""Maximum number of resources in a new file; the rest go to further files."""


class Skipped(Struct, frozen=True):
    """An object or a field that is not written, and the reason."""

    kind: Kind
    id: str
    name: str
    reason: str
    field: str | None = None
    code: str = "left-out"


class ImportedResource(Struct, frozen=True):
    """A live object with its address and fields in a file."""

    address: Address
    live: Live
    fields: Fields

    @property
    def desired(self) -> Desired:
        """The resource that the file will declare."""
        return as_desired(self.address, {name: self.live.values[name] for name in self.fields}, self.live.id)


# --- Fields of one object -----------------------------------------------------------------------------------


def describe_object(
    kind: Kind, live: Live, currency: str | None = None, assumptions: Mapping[str, bool] = NOTHING_ASSUMED
) -> tuple[Fields, tuple[Skipped, ...]]:
    """Return the fields of an object in the order of the table, and what had to be left out.

    With the ``currency`` that the project states, an amount that has more decimals is left out: it is never rounded.
    """
    unfit = dict[str, str]()
    if currency is not None:
        block = as_desired(Address(kind.name, "-"), live.values, live.id)
        for name, value in live.values.items():
            for problem in check_amounts(kind, block, {name: value}, currency, assumptions, offline=True):
                unfit[name] = problem.message.removeprefix(f"{name}: ")
    fields: dict[str, Json] = {}
    left: list[Skipped] = []
    for name, value in sorted(live.values.items(), key=lambda each: (kind.field_order(each[0]), each[0])):
        row = kind.field(name)
        if not row.writable or row.path("read") is None or says_nothing(row, value):
            continue
        if name in unfit:
            left.append(Skipped(kind, live.id, object_title(kind, live), unfit[name], name))
            continue
        try:
            fields[name] = to_yaml(row, value)
        except InvalidValue as refused:
            left.append(Skipped(kind, live.id, object_title(kind, live), refused.reason, name))
    return _fitting(kind, live, fields, left)


def _fitting(
    kind: Kind, live: Live, fields: dict[str, Json], left: list[Skipped]
) -> tuple[Fields, tuple[Skipped, ...]]:
    """Return the fields without those that the kind's rules refuse, since live values need not be writable."""
    while wrong := rule_violations(kind, {name: live.values[name] for name in fields}, live.id):
        for name, reason in wrong.items():
            if name not in fields:
                return {}, (*left, Skipped(kind, live.id, object_title(kind, live), reason))
            del fields[name]
            left.append(Skipped(kind, live.id, object_title(kind, live), reason, name))
    return fields, tuple(left)


def says_nothing(row: Field, value: Value) -> bool:
    """Return True if a value means the same as an absent line."""
    return value in (None, (), "") or (value == "undefined" and isinstance(row.type, EnumType))


def reason_closed(kind: Kind, live: Live) -> str | None:
    """Return the reason why the object can no longer be changed, or None."""
    found = (
        f"{name} is {live.values[name]}, so it is read-only in the API"
        for name, over in kind.read_only_when.items()
        if live.values.get(name) in over
    )
    return next(found, None)


def is_manageable(kind: Kind, fields: Fields) -> bool:
    """Return True if a file with these fields could change the object."""
    return any(kind.is_changeable(kind.field(name)) for name in fields)


def reason_unmanaged(kind: Kind, live: Live) -> str:
    """Return the reason why the object has no field to manage."""
    unset = [row.name for row in kind.fields if kind.is_changeable(row) and live.values.get(row.name, ...) is None]
    return f"{' and '.join(unset)} not set" if unset else "no file could change anything in it"


def object_title(kind: Kind, live: Live) -> str:
    """Return the object's name, or an empty text."""
    return kind.name_of(live.values)


# --- Text --------------------------------------------------------------------------------------------------------


def render_file(schema: str, heading: str, sections: Mapping[Kind, Sequence[ImportedResource]]) -> str:
    """Return the text of a resource file: schema comment, defaults, and every object."""
    shared = {kind.name: common_defaults(kind, [each.fields for each in held]) for kind, held in sections.items()}
    lines = [f"# yaml-language-server: $schema={schema}", f"# {heading}"]
    if any(shared.values()):
        common = {kind.name: nest_fields(kind, shared[kind.name]) for kind in sections if shared[kind.name]}
        lines += ["", *entry("defaults", NestedBlock(common))]
    for kind, held in sections.items():
        lines += ["", f"{kind.name}:"]
        for number, each in enumerate(sorted(held, key=lambda each: each.address.key)):
            own = without_defaults(each.fields, shared[kind.name])
            lines += [*([""] if number else []), *entry(each.address.key, resource_block(kind, each.live.id, own), 2)]
    return "\n".join(lines) + "\n"


def resource_block(kind: Kind, id: str, fields: Fields) -> NestedBlock:
    """Return the block of one object."""
    return NestedBlock({"id": id, **nest_fields(kind, fields)})


def nest_fields(kind: Kind, fields: Fields) -> dict[str, Json]:
    """Return dotted fields as nested blocks; the key of a map may contain anything but a dot."""
    block: dict[str, Json] = {}
    for name, value in fields.items():
        *parents, last = name.split(".", 1 if kind.field(name).is_map else -1)
        place = block
        for parent in parents:
            inner = place.setdefault(parent, {})
            assert isinstance(inner, dict)
            place = inner
        place[last] = value
    return block


def common_defaults(kind: Kind, blocks: Sequence[Fields]) -> Fields:
    """Return the values that all blocks state and at least two thirds share, except those that affect spend."""
    shared: dict[str, Json] = {}
    for name in blocks[0] if len(blocks) > 1 else ():
        if not all(name in fields for fields in blocks):
            continue
        said, times = Counter(repr(fields[name]) for fields in blocks).most_common(1)[0]
        value = next(fields[name] for fields in blocks if repr(fields[name]) == said)
        if times * 3 >= len(blocks) * 2 and not _spends(kind, name, value):
            shared[name] = value
    return shared


def _spends(kind: Kind, name: str, value: Json) -> bool:
    """Return True if the field must not be a default: a name, money, or a state that a new resource does not have."""
    row = kind.field(name)
    awake = name in kind.stop_values and kind.create_defaults.get(name) != value
    return name == kind.title or row.is_map or isinstance(row.type, MoneyType) or awake


def without_defaults(fields: Fields, shared: Fields) -> Fields:
    """Return the fields that differ from the defaults."""
    return {name: value for name, value in fields.items() if name not in shared or shared[name] != value}


def fields_beside_defaults(kind: Kind, each: ImportedResource, shared: Fields) -> Fields | None:
    """Return the fields of an object in a file with these defaults, or None if a default cannot be overridden."""
    foreign = [name for name in shared if name not in each.fields]
    if not all(kind.has(name) and kind.field(name).nullable and each.live.values.get(name) is None for name in foreign):
        return None
    return {**without_defaults(each.fields, shared), **dict.fromkeys(foreign)}
