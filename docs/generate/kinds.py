"""``kinds/``: one page a kind, from its table: every field with its form, where it may be written, and in which versions."""

import inspect
import sys
from collections.abc import Iterator, Mapping

from markdown import page

from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Field, Kind
from reconciler.kinds.products import PRODUCTS
from reconciler.kinds.write_methods import (
    ActionByValue,
    AddDifference,
    Create,
    DatedEntries,
    PatchFields,
    Replace,
    SetMembership,
    SubresourcePatch,
    Write,
)
from reconciler.reports.field_facts import form, may
from reconciler.reports.problem_catalogue import problem_table


def pages() -> dict[str, str]:
    names = api_versions.kind_names()
    links = "\n".join(f"- [`{name}`]({name}.md): {next(api_versions.kind_across_versions(name)).doc}" for name in names)
    toctree = "```{toctree}\n:hidden:\n\n" + "\n".join(names) + "\n```"
    index = page(
        "Kinds",
        "A resource file holds blocks by kind, and in each the resources by a name of your own. The name is yours: it is"
        " the address in plans and reports, such as `adSets.summer-fr`. What is not written is not managed and never sent."
        " `null` clears where a field can be cleared, and `0` is zero.",
        links,
        "## `defaults`\n\n`defaults: {adSets: {…}}` at the top of a file gives values to every resource of that file that"
        " does not state them itself.",
        "## `id`\n\nEvery resource may state the API's own `id`, in quotes. Without it, the ledger and then the natural key"
        " find the live object.",
        toctree,
    )
    return {"kinds/index.md": index} | {f"kinds/{name}.md": _page(name) for name in names}


def _page(name: str) -> str:
    spoken = [(each.version, each.kinds[name]) for each in api_versions.all_versions() if name in each.kinds]
    kind = spoken[0][1]
    rows: dict[str, list[tuple[str, Field]]] = {}
    for version, each in spoken:
        for row in each.fields:
            rows.setdefault(row.name, []).append((version, row))
    written = {field: cells for field, cells in rows.items() if any(row.writable for _, row in cells)}
    seen = {field: cells for field, cells in rows.items() if field not in written}
    versions = [version for version, _ in spoken]
    return page(
        f"`{name}`",
        f"{kind.doc} They belong to {PRODUCTS[kind.product].title}; the scope names them by `{kind.scope}`, and `api.{kind.family}`"
        f" chooses the API version: {', '.join(f'`{version}`' for version in versions)}.",
        f"**Found by** its `id`, or else by {_natural(kind)}.",
        f"**To create one**, state {', '.join(f'`{field}`' for field in kind.required)}." if kind.create else "",
        f"**To stop one**, write {', '.join(f'`{field}: {_yaml(value)}`' for field, value in kind.stop_values.items())}."
        if kind.stop_values
        else "",
        "## Fields",
        *(_field(field, cells, versions) for field, cells in written.items()),
        "## Read only\n\n" + "\n".join(f"- `{field}`: {cells[0][1].doc}" for field, cells in seen.items())
        if seen
        else "",
        f"## Calls\n\n{_calls(kind)}",
        _rules(spoken),
        depth=3,
    )


def _natural(kind: Kind) -> str:
    *others, last = [" + ".join(f"`{field}`" for field in key) for key in kind.natural_keys]
    return f"{', then by '.join([*others, last])}"


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else "0" if str(value).strip("0.") == "" else str(value)


# --- Fields -----------------------------------------------------------------------------------------------------------


def _field(name: str, cells: list[tuple[str, Field]], versions: list[str]) -> str:
    row = cells[0][1]
    having = [version for version, _ in cells]
    facts = [
        f"- Form: {form(row.type)}{'; `null` clears it' if row.nullable else ''}.",
        f"- {may(row)}",
        *(f"- In {', '.join(f'`{each}`' for each in those)}: {what}." for what, those in _differing(cells).items()),
    ]
    if having != versions:
        facts.append(f"- Only in {', '.join(f'`{version}`' for version in having)}.")
    return f"### `{name}`\n\n{row.doc}\n\n" + "\n".join(facts)


def _differing(cells: list[tuple[str, Field]]) -> Mapping[str, list[str]]:
    """What other versions say otherwise of a field, with the versions that do."""
    first, found = cells[0][1], dict[str, list[str]]()
    for version, row in cells[1:]:
        what = [
            *([f"form {form(row.type)}"] if form(row.type) != form(first.type) else []),
            *(["`null` does not clear it"] if first.nullable and not row.nullable else []),
            *(
                f"{'cannot be changed' if verb == 'change' else 'no ' + verb}" if path is None else f"{verb} `{path}`"
                for verb, path, was in (
                    ("create", row.path("create"), first.path("create")),
                    ("change", row.path("patch"), first.path("patch")),
                    ("read", row.path("read"), first.path("read")),
                )
                if path != was
            ),
        ]
        if what:
            found.setdefault(", ".join(what), []).append(version)
    return found


# --- Calls and rules --------------------------------------------------------------------------------------------------


def _calls(kind: Kind) -> str:
    rows = [("facet", "call", "objects a call", "sent again"), ("---",) * 4]
    if kind.create:
        rows.append(("create", f"POST {_path(kind.create.path)}", str(kind.create.chunk), _again(kind.create)))
    rows += [(facet, call, size, _again(write)) for facet, write in kind.writes.items() for call, size in _write(write)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    return f"Fields of one facet travel together; see [facets and batching](../../explanation/facets-and-batching.md).\n\n{table}"


def _path(path: str) -> str:
    return "`" + path.replace("{root}", "…") + "`"


def _write(write: Write) -> Iterator[tuple[str, str]]:
    match write:
        case ActionByValue():
            yield from ((f"POST {_path(path)}", str(write.chunk)) for path in write.paths.values())
        case SetMembership():
            yield f"POST {_path(write.append)}", str(write.chunk)
            yield f"POST {_path(write.delete)}", str(write.chunk)
        case AddDifference():
            yield f"POST {_path(write.path)}, the difference", "1"
        case PatchFields():
            yield f"{write.method} {_path(write.path)}", str(write.chunk)
        case SubresourcePatch():
            yield f"PATCH {_path(write.path)}, one object's entries", str(write.chunk)
        case DatedEntries():
            yield f"PATCH {_path(write.path)}", str(write.chunk)
        case Replace():
            yield f"PUT {_path(write.path)}, {write.whole}", "1"


def _again(write: Write | Create) -> str:
    if isinstance(write, Replace):
        return "after a new read"
    return "never" if isinstance(write, AddDifference) or (isinstance(write, Create) and not write.keyed) else "yes"


def _rules(spoken: list[tuple[str, Kind]]) -> str:
    """The problems that the modules of its rules report: each is a rule, from the side of who breaks it."""
    rules = (rule for _, kind in spoken for rule in (*kind.rules, *kind.scene_rules))
    modules = {sys.modules[getattr(rule, "func", rule).__module__] for rule in rules}
    source = "".join(inspect.getsource(module) for module in sorted(modules, key=lambda module: module.__name__))
    broken = [entry for code, entry in problem_table().items() if f'"{code}"' in source]
    listed = "\n".join(f"- {entry.means} [`{entry.code}`](../problems.md#{entry.code})" for entry in broken)
    return (
        f"## Rules\n\nWhat is refused, or only questioned, before any call: by `validate` as far as the files show it, the rest by `plan`.\n\n{listed}"
        if broken
        else ""
    )
