"""Live -> YAML that a person would have written: what to write of each object, under which name, in which file.

Nothing is written that could not be read again as the same value, that a rule would refuse, or that
means nothing; what is left out for such a reason is told. What was never read is never invented.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

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
"""So many resources stand in a file; with more of them there is another beside it."""


class Skipped(Struct, frozen=True):
    """What is not written: a whole object, or one field of it; and why."""

    kind: Kind
    id: str
    name: str
    reason: str
    field: str | None = None
    code: str = "left-out"


class ImportedResource(Struct, frozen=True):
    """A live object as it will stand in a file."""

    address: Address
    live: Live
    fields: Fields

    @property
    def desired(self) -> Desired:
        """What the files will then want of it."""
        return as_desired(self.address, {name: self.live.values[name] for name in self.fields}, self.live.id)


# --- What to write of one object -----------------------------------------------------------------------------


def describe_object(
    kind: Kind, live: Live, currency: str | None = None, assumptions: Mapping[str, bool] = NOTHING_ASSUMED
) -> tuple[Fields, tuple[Skipped, ...]]:
    """The fields of an object in the order of the table, and what had to be left out.

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
    """Without the fields that the kind's own rules would refuse: what is live need not be what may be written."""
    while wrong := rule_violations(kind, {name: live.values[name] for name in fields}, live.id):
        for name, reason in wrong.items():
            if name not in fields:
                return {}, (*left, Skipped(kind, live.id, object_title(kind, live), reason))
            del fields[name]
            left.append(Skipped(kind, live.id, object_title(kind, live), reason, name))
    return fields, tuple(left)


def says_nothing(row: Field, value: Value) -> bool:
    """Whether a value says no more than a line that is not there."""
    return value in (None, (), "") or (value == "undefined" and isinstance(row.type, EnumType))


def own_entries(kind: Kind, live: Live) -> Live:
    """Return it without entries that only repeat what holds without them: an inherited bid, a factor of 1."""
    idle = {
        name.removesuffix("*"): live.values.get(said) if isinstance(said, str) else said
        for name, said in kind.idle_when_equal.items()
    }
    told = {
        name: value
        for name, value in live.values.items()
        if not any(name.startswith(prefix) and value == said for prefix, said in idle.items())
    }
    return replace(live, values=told)


def reason_closed(kind: Kind, live: Live) -> str | None:
    """Why the object cannot be changed any more, if it cannot."""
    found = (
        f"{name} is {live.values[name]}, so it is read-only in the API"
        for name, over in kind.read_only_when.items()
        if live.values.get(name) in over
    )
    return next(found, None)


def is_manageable(kind: Kind, fields: Fields) -> bool:
    """Whether a file with these fields could ever change anything."""
    return any(kind.changeable(kind.field(name)) for name in fields)


def reason_unmanaged(kind: Kind, live: Live) -> str:
    """Why there is nothing to manage in an object."""
    unset = [row.name for row in kind.fields if kind.changeable(row) and live.values.get(row.name, ...) is None]
    return f"{' and '.join(unset)} not set" if unset else "no file could change anything in it"


def object_title(kind: Kind, live: Live) -> str:
    """What a person knows the object by."""
    return kind.name_of(live.values)


# --- As text ---------------------------------------------------------------------------------------------------


def render_file(schema: str, heading: str, sections: Mapping[Kind, Sequence[ImportedResource]]) -> str:
    """A resource file: the schema, what is shared, and every object, one below the other."""
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
    """One object as it stands under its key."""
    return NestedBlock({"id": id, **nest_fields(kind, fields)})


def nest_fields(kind: Kind, fields: Fields) -> dict[str, Json]:
    """Dotted fields as blocks; the key of a map may hold anything but a dot."""
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
    """What most of them share and all of them state, except what spends: that is written where it stands."""
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
    """Whether a new resource must never take this from its file: its name, money, a state it is not born with."""
    row = kind.field(name)
    awake = name in kind.stop_values and kind.create_defaults.get(name) != value
    return name == kind.title or row.is_map or isinstance(row.type, MoneyType) or awake


def without_defaults(fields: Fields, shared: Fields) -> Fields:
    """What is left to state beside what is shared."""
    return {name: value for name, value in fields.items() if name not in shared or shared[name] != value}


def fields_beside_defaults(kind: Kind, each: ImportedResource, shared: Fields) -> Fields | None:
    """The fields of an object that joins a file with such defaults; None if one of them cannot be undone."""
    foreign = [name for name in shared if name not in each.fields]
    if not all(kind.has(name) and kind.field(name).nullable and each.live.values.get(name) is None for name in foreign):
        return None
    return {**without_defaults(each.fields, shared), **dict.fromkeys(foreign)}
