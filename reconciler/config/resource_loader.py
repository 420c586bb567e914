"""Load one block of a file: the resource that it describes, or the problem of each wrong value."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.project import Project
from reconciler.config.yaml_document import Document
from reconciler.kinds import versions as api_versions
from reconciler.kinds.compiled import compile_kind
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import EnumType, InvalidValue
from reconciler.model import Address, Desired, FieldPath, Json, Origin, Place, Problem, Severity, Value, error

Refusals = Mapping[FieldPath, list[FieldPath]]
"""Paths that the schema refuses, by the block that contains them."""
NOTHING = frozenset[str]()
NEEDS_ALL = ("unidentified", "amount-missing", "bid-missing")
"""Codes of rules about missing values, which are not applied to a block that was only partly understood."""


class ResourceBlock(Struct, frozen=True):
    """One resource block with its file and the defaults that apply to it."""

    source: Document
    kind: Kind
    key: str
    raw: Mapping[str, Json]
    common: Mapping[str, Json]

    @property
    def path(self) -> FieldPath:
        return (self.kind.name, self.key)


def load_resource(
    block: ResourceBlock, refusals: Refusals, project: Project, found: list[Problem]
) -> Iterator[Desired]:
    """Yield the resource if it has no error; with an error, its other values are still checked."""
    ready = compile_kind(block.kind)
    parsers = ready.parsers
    raw = ready.flat(block.raw)
    values: dict[str, Value] = {}
    stated, shared = NOTHING, None  # one for all: an empty set takes 216 bytes
    if block.common:
        stated, shared = frozenset(raw), Place(block.source, ("defaults", block.kind.name))
        raw = {**block.common, **raw}
    id = raw.pop("id", None)
    place = Place(block.source, block.path, key=True)
    origin = Origin(place, shared, stated)
    desired = Desired(Address(block.kind.name, block.key), None if id is None else str(id), values, origin)
    broken = [path for owner in _owners(block) for path in refusals.get(owner, ())] if refusals else []
    mistakes: list[Problem] = []
    refused: set[str] = {name for name in raw if any(_touches(path, name) for path in broken)} if broken else set()
    for name, value in raw.items():
        meaning = parsers[name]
        try:
            if name in refused:
                continue
            if value is not None and meaning is not None:
                values[name] = meaning[value] if value.__class__ is str else meaning.of(value)
                continue
        except InvalidValue as why:
            wrong = [_refusal(why, name, value, block.kind, desired)]
        else:
            wrong = list(_unusual(values, name, value, block.kind, desired, project))
        refused |= {name} if wrong else set()
        mistakes += wrong
    # a block that the version does not have is reported once, not for each value
    mistakes = list(dict.fromkeys(mistakes))
    mistakes += _apply_rules(desired, block.kind, {name.partition(".")[0] for name in refused}, whole=not broken)
    found.extend(mistakes)
    if not broken and not any(problem.severity is Severity.ERROR for problem in mistakes):
        yield desired


def _owners(block: ResourceBlock) -> tuple[FieldPath, ...]:
    """Return the paths whose refusals concern the block: the block, its defaults, the top of the file."""
    return (block.path, ("defaults", block.kind.name), ())


def group_by_owner(paths: Iterable[FieldPath]) -> Refusals:
    """Return the refused paths by block; a path at the top of the file goes under ``()``.

    Each block then looks up its own refusals only, so that n errors in a file cost n and not n squared.
    """
    grouped: dict[FieldPath, list[FieldPath]] = {}
    for path in paths:
        grouped.setdefault(path[:2] if len(path) > 1 else (), []).append(path)
    return grouped


def _apply_rules(desired: Desired, kind: Kind, doubtful: set[str], *, whole: bool) -> Iterator[Problem]:
    """Yield the problems that the kind's rules find in the blocks that were understood."""
    if doubtful or not whole:
        sound = {name: value for name, value in desired.values.items() if name.partition(".")[0] not in doubtful}
        desired = replace(desired, values=sound)
    for rule in kind.rules:
        for problem in rule(desired):
            if (not doubtful and whole) or problem.code not in NEEDS_ALL:
                yield problem


def _touches(path: FieldPath, name: str) -> bool:
    """Return True if a refused path is that of the field or of a block that contains it."""
    inner, parts = path[2:], tuple(name.split("."))
    short = min(len(inner), len(parts))
    return bool(inner) and inner[:short] == parts[:short]


def _unusual(
    values: dict[str, Value], name: str, raw: Json, kind: Kind, desired: Desired, project: Project
) -> Iterator[Problem]:
    """Yield the problem of a null or a field that the version does not have; a meaningful null goes into ``values``."""
    known = kind.has(name) and kind.field(name).writable
    if raw is None and (name in kind.optional_null_blocks or (known and kind.field(name).nullable)):
        values[name] = None
    elif not known:
        yield from _not_in_version(name, kind, desired, project)
    else:
        hint = "leave it out, and it stays as it is"
        message = f"{name} cannot be null: the API has no way to clear it"
        yield error("null-not-allowed", message, at=desired.at(name), address=desired.address, hint=hint)


def _refusal(refused: InvalidValue, name: str, raw: Json, kind: Kind, desired: Desired) -> Problem:
    """Return the problem of an invalid value, at the part of it that is wrong."""
    at = desired.at(name)
    inside = Place(at.source, (*at.path, *refused.path))
    advice = refused.hint or (_suggest_kind(name, kind, raw) if refused.code == "bad-choice" else None)
    return error(refused.code, f"{name}: {refused.reason}", at=inside, address=desired.address, hint=advice)


def _not_in_version(name: str, kind: Kind, desired: Desired, project: Project) -> Iterator[Problem]:
    """Yield a problem for a field of another version; fields of no version are reported by the schema."""
    parts = name.split(".")
    for known in (".".join(parts[:count]) for count in range(len(parts), 0, -1)):
        rows = (known, f"{known}.*")
        having = ", ".join(_versions_with(kind, lambda other, rows=rows: any(_writes(other, row) for row in rows)))
        if having:
            message = f"{known} is not part of version {project.versions[kind.family]}"
            hint = f"remove it, or set api.{kind.family} to one of: {having}"
            at = desired.at(known, key=True)
            yield error("not-in-version", message, at=at, address=desired.address, hint=hint)
            return


def _writes(kind: Kind, row: str) -> bool:
    return row in kind.by_name and kind.by_name[row].writable


def _suggest_kind(name: str, kind: Kind, raw: Json) -> str | None:
    def knows(other: Kind) -> bool:
        form = other.field(name).type if other.has(name) else None
        return isinstance(form, EnumType) and form.read(raw) in form.words

    having = ", ".join(_versions_with(kind, knows))
    return f"{raw!r} is a word of: {having}" if having else None


def _versions_with(kind: Kind, test: Any) -> Iterator[str]:
    for each in api_versions.all_versions():
        if each.family == kind.family and kind.name in each.kinds and test(each.kinds[kind.name]):
            yield each.version
