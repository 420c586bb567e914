"""Declared values as a table for a spreadsheet: a row per resource, a column per field."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from reconciler.commands.sheets import Column
from reconciler.config.project import Project
from reconciler.config.sheet_cells import spell_cell
from reconciler.kinds.value_types import InvalidValue, MoneyType
from reconciler.model import Address, Desired, Values

ADDRESS, ID, LIVE = "address", "id", "live: "


class Table(Struct, frozen=True):
    """Columns and rows of a table, as texts."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def table(project: Project, desired: Sequence[Desired], live: Mapping[Address, Values] | None = None) -> Table:
    """Return the table; with ``live`` each field has a column of live values beside it."""
    kinds = {each.address.kind: project.kinds[each.address.kind] for each in desired}
    ranks: dict[str, tuple[bool, int]] = {}
    amounts: set[str] = set()
    for each in desired:
        kind = kinds[each.address.kind]
        for name in each.values:
            ranks.setdefault(name, (name != "name", kind.field_order(name)))
            if isinstance(kind.field(name).type, MoneyType):
                amounts.add(name)
    names = sorted(ranks, key=lambda name: (*ranks[name], name))
    heads = [Column(ADDRESS), Column(ID)]
    for name in names:
        heads += [Column(name, name in amounts)] + ([Column(LIVE + name, name in amounts)] if live is not None else [])
    rows = tuple(tuple(_row(project, each, names, live)) for each in desired)
    return Table(tuple(heads), rows)


def _row(project: Project, each: Desired, names: Sequence[str], live: Mapping[Address, Values] | None) -> list[str]:
    cells = [str(each.address), each.id or ""]
    for name in names:
        cells.append(_spell_value(project, each.address, name, each.values))
        if live is not None:
            cells.append(_spell_value(project, each.address, name, live.get(each.address, {})))
    return cells


def _spell_value(project: Project, address: Address, name: str, values: Values) -> str:
    """Return a value as a cell; empty if it is not stated or cannot be formatted."""
    kind = project.kinds[address.kind]
    if name not in values or not kind.has(name):
        return ""
    try:
        return spell_cell(kind.field(name), values[name])
    except InvalidValue:
        return ""
