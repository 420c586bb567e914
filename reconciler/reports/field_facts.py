"""A field in words: form, unit, limits, when it can be set, and API versions."""

from collections.abc import Iterator

from reconciler.kinds import versions as api_versions
from reconciler.kinds.date_types import DayType, InstantType
from reconciler.kinds.kind import NOT_IN_BODY, Field, Kind
from reconciler.kinds.nested_types import ObjectType, SetType
from reconciler.kinds.value_types import (
    MOST_PLACES,
    BoolType,
    CountType,
    EnumType,
    IdType,
    MoneyType,
    TextType,
    ValueType,
)


def may(row: Field) -> str:
    """Return when the value can be set, and its path in the API if it differs from its name."""
    match row.create is not None, row.patch is not None:
        case True, True:
            sentence = "Set when it is created, and changed later."
        case True, False:
            sentence = "Set when it is created, and fixed after that."
        case _:
            sentence = "Set by a call of its own, once it is created."
    if row.read is None:
        sentence += " The API never shows it, so it is compared with what was last applied."
    paths = ((verb, row.path(way)) for verb, way in (("create", "create"), ("change", "patch"), ("read", "read")))
    other = [f"{verb} `{path}`" for verb, path in paths if path not in (None, NOT_IN_BODY, row.name)]
    return sentence + (f" On the wire: {', '.join(other)}." if other else "")


def form(type: ValueType) -> str:
    """Return a value type in words, with its unit."""
    match type:
        case MoneyType(by_currency, positive, _):
            most = "the decimals of its currency" if by_currency else f"{MOST_PLACES} decimals"
            return f"an amount {'above 0' if positive else 'of at least 0'}, with at most {most}"
        case IdType(of=str() as other):
            return f"an id, digits in quotes, or the address of a block of [`{other}`]({other}.md)"
        case IdType():
            return "an id, digits in quotes"
        case EnumType(known, _, aliases, _):
            also = "".join(f", `{alias}` for `{word}`" for alias, word in aliases.items() if word in known)
            return "one of " + ", ".join(f"`{word}`" for word in known) + f", in any case{also}"
        case BoolType():
            return "`true` or `false`"
        case CountType():
            return "a whole number from 1"
        case InstantType():
            return "a day (its first moment in UTC), or a date and time with its offset"
        case DayType():
            return "a day, `2026-12-31`"
        case TextType(maximum, _, _, shape, _):
            return (shape or "text") + (f", at most {maximum} characters" if maximum else "")
        case SetType(each, filled):
            return f"a list without order{', not empty' if filled else ''}; each is {form(each)}"
        case ObjectType(of, _):
            return "a block, always whole: " + "; ".join(f"`{name}`: {form(part)}" for name, part in of.items())
        case _:
            return "a value as its schema has it"


def explain(name: str) -> str | None:
    """Return the description of ``adSets.bidding.bidAmount``; None if no version has such a field."""
    kind_name, _, field = name.partition(".")
    having = [
        (each.version, each.kinds[kind_name])
        for each in api_versions.all_versions()
        if kind_name in each.kinds and _has(each.kinds[kind_name], field)
    ]
    if not having:
        return None
    kind = having[0][1]
    return "\n".join(_lines(name, kind, kind.field(field), [version for version, _ in having])).replace("`", "") + "\n"


def field_names(kind_name: str) -> list[str]:
    """Return the full names of the fields that a kind has in any version, as ``explain`` takes them."""
    kinds = [each.kinds[kind_name] for each in api_versions.all_versions() if kind_name in each.kinds]
    return list(dict.fromkeys(f"{kind_name}.{row.name}" for kind in kinds for row in kind.fields))


def _has(kind: Kind, field: str) -> bool:
    return bool(field) and kind.has(field)


def _lines(name: str, kind: Kind, row: Field, versions: list[str]) -> Iterator[str]:
    yield f"{name}: {row.doc}"
    yield ""
    yield f"Type:      {form(row.type)}{'; null clears it' if row.nullable else ''}"
    if isinstance(row.type, MoneyType):
        yield "Unit:      the currency of its advertiser or account"
    needed = "required to create one" if row.name in kind.required else "may be left out: then it is not managed"
    yield f"Needed:    {needed if row.writable else 'read only'}"
    if row.writable:
        yield f"Writing:   {may(row)}"
    write = kind.writes.get(row.facet)
    size = getattr(write, "chunk", None)
    if row.writable and row.path("patch") is not None:
        batch = ", one object a call" if size == 1 else f", at most {size} objects a call" if size else ""
        yield f"Sent with: the facet {row.facet}{batch}"
    if kind.affects_cost(row.name):
        yield "Counts:    in the budgets that a plan shows"
    yield f"Versions:  {', '.join(versions)}"
    yield f"Source:    {kind.name} of {kind.family} in Criteo's API reference; every field: docs/reference/kinds"
