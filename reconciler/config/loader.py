"""Load YAML files: every resource with canonical values, every problem at its line.

Each file is parsed and validated once. All problems are collected; a resource with an error is not returned, and
nothing is sent while there is an error.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path as File
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config import foreign, published_schemas, schema_errors, yaml_document
from reconciler.config import project as projects
from reconciler.config.project import Project
from reconciler.config.yaml_document import Document
from reconciler.kinds import versions as api_versions
from reconciler.kinds.compiled import compile_kind
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import EnumType, InvalidValue
from reconciler.model import (
    Address,
    Desired,
    FieldPath,
    Json,
    Locator,
    Origin,
    Place,
    Problem,
    Severity,
    Span,
    Value,
    error,
    warning,
)

Allowance: TypeAlias = tuple[Place, Mapping[str, Json]]
"""An entry of ``allow``, with its place."""
Refusals = Mapping[FieldPath, list[FieldPath]]
"""Paths that the schema refuses, by the block that contains them."""
DECISION = frozenset({"rule", "addresses", "until", "because"})
"""Required keys of a decision."""
NEEDS_ALL = ("unidentified", "amount-missing", "bid-missing")
"""Codes of rules about missing values, which are not applied to a block that was only partly understood."""


class LoadResult(Struct, frozen=True, dict=True):
    """Result of loading: the project, the valid resources, and all problems in file order."""

    project: Project | None
    desired: tuple[Desired, ...]
    problems: tuple[Problem, ...]
    documents: Mapping[str, Document]
    allow: tuple[Allowance, ...] = ()

    @property
    def failed(self) -> bool:
        return any(problem.severity is Severity.ERROR for problem in self.problems)

    @cached_property
    def digest(self) -> str:
        """Digest of everything that was read, by which a plan detects a change."""
        import hashlib

        whole = hashlib.sha256()
        for name, text in sorted((name, _lines(each.text)) for name, each in self.documents.items()):
            whole.update(f"{File(name).name} {len(text)}\n".encode() + text)
        if self.project is not None:
            whole.update(_lines(self.project.text))
        return f"sha256:{whole.hexdigest()}"


def _lines(text: bytes) -> bytes:
    """Return the text with LF line ends, so that a CRLF checkout has the same digest."""
    return text.replace(b"\r\n", b"\n")


def load(
    paths: Iterable[str] = (),
    instead: Mapping[str, bytes] | None = None,
    told: Callable[[int, int], None] | None = None,
) -> LoadResult:
    """Load the project at the paths (its folder, or files of it; the current folder by default).

    ``instead`` replaces the texts of some files; ``told`` is called with the number of files read and the total.
    """
    project, files, problems = projects.find_project(tuple(paths))
    found, desired, documents = list(problems), list[Desired](), dict[str, Document]()
    allow = list[Allowance]()
    if project is not None:
        allow += _decisions(project.source, project.content)
        for number, file in enumerate(files, 1):
            desired.extend(_file(file, projects.text_of(file, instead), project, found, documents, allow))
            if told is not None:
                told(number, len(files))
        found.extend(_twice(desired))
        if files and not desired and not any(problem.severity is Severity.ERROR for problem in found):
            hint = "a set of files without resources is more often a mistake than a wish; nothing would be managed"
            found.append(error("empty-project", "the files hold no resource", at=project.at(), hint=hint))
        found.extend(_out_of_scope(project, desired))
    ordered = tuple(sorted(found, key=_in_file_order))
    return LoadResult(project, tuple(desired), ordered, documents, tuple(allow))


def _decisions(source: Locator, content: Mapping[str, Json]) -> Iterator[Allowance]:
    """Yield the complete entries of ``allow``; the schema reports the others."""
    entries = content.get("allow")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and entry.keys() >= DECISION and isinstance(entry["addresses"], list):
            yield Place(source, ("allow", number)), entry


def _in_file_order(problem: Problem) -> tuple[Span, str]:
    return problem.span or Span("", 0, 0), problem.code


def _file(
    file: File,
    text: bytes | Problem,
    project: Project,
    found: list[Problem],
    documents: dict[str, Document],
    allow: list[Allowance],
) -> Iterator[Desired]:
    if isinstance(text, Problem):
        found.append(text)
        return
    parsed, problems = yaml_document.parse(text, projects.display_path(file))
    right = parsed is not None and (
        parsed.value is None or schema_errors.is_valid(parsed.value, published_schemas.RESOURCES)
    )
    if not right and not project.chooses_files and (what := foreign.recognize(text, _own_keys())):
        found.append(_passed_over(projects.display_path(file), what))
        return
    found.extend(problems)
    if parsed is None:
        return
    documents[parsed.file] = parsed
    refused: dict[FieldPath, None] = {}
    if not right:
        for path, problem in schema_errors.problems(parsed.value, published_schemas.RESOURCES, parsed):
            refused[path] = None
            found.append(problem)
    refusals = _by_owner(refused)
    content = parsed.value if isinstance(parsed.value, dict) else {}
    defaults = content.get("defaults")
    allow += _decisions(parsed, content)
    for name, section in content.items():
        if name == "defaults" or not isinstance(section, dict):
            continue
        kind = project.kinds.get(name)
        if kind is None:
            found.extend(_no_such_kind(parsed, name, project))
            continue
        shared = defaults.get(name) if isinstance(defaults, dict) else None
        common = compile_kind(kind).flat(shared) if isinstance(shared, dict) else {}
        for key, block in section.items():
            if isinstance(block, dict):
                yield from _resource(_Block(parsed, kind, key, block, common), refusals, project, found)
    parsed.let_go()


def _own_keys() -> frozenset[str]:
    return frozenset(("defaults", "allow", *api_versions.kind_names()))


def _passed_over(file: str, what: str) -> Problem:
    hint = "list the files of the project under `include`, and this is not looked at"
    return warning("other-tool", f"passed over: it is {what}", at=Span(file, 1, 1), hint=hint)


class _Block(Struct, frozen=True):
    """One resource block with its file and the defaults that apply to it."""

    source: Document
    kind: Kind
    key: str
    raw: Mapping[str, Json]
    common: Mapping[str, Json]

    @property
    def path(self) -> FieldPath:
        return (self.kind.name, self.key)


def _resource(block: _Block, refusals: Refusals, project: Project, found: list[Problem]) -> Iterator[Desired]:
    """Yield the resource if it has no error; with an error, its other values are still checked."""
    ready, values = compile_kind(block.kind), dict[str, Value]()
    parsers = ready.parsers
    raw = ready.flat(block.raw)
    stated, shared = frozenset[str](), None
    if block.common:
        stated, shared = frozenset(raw), Place(block.source, ("defaults", block.kind.name))
        raw = {**block.common, **raw}
    id = raw.pop("id", None)
    place = Place(block.source, block.path, key=True)
    origin = Origin(place, shared, stated)
    desired = Desired(Address(block.kind.name, block.key), None if id is None else str(id), values, origin)
    broken = [path for owner in _owners(block) for path in refusals.get(owner, ())]
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
    mistakes += _judged(desired, block.kind, {name.partition(".")[0] for name in refused}, whole=not broken)
    found.extend(mistakes)
    if not broken and not any(problem.severity is Severity.ERROR for problem in mistakes):
        yield desired


def _owners(block: _Block) -> tuple[FieldPath, ...]:
    """Return the paths whose refusals concern the block: the block, its defaults, the top of the file."""
    return (block.path, ("defaults", block.kind.name), ())


def _by_owner(paths: Iterable[FieldPath]) -> Refusals:
    """Return the refused paths by block; a path at the top of the file goes under ``()``.

    Each block then looks up its own refusals only, so that n errors in a file cost n and not n squared.
    """
    grouped: dict[FieldPath, list[FieldPath]] = {}
    for path in paths:
        grouped.setdefault(path[:2] if len(path) > 1 else (), []).append(path)
    return grouped


def _judged(desired: Desired, kind: Kind, doubtful: set[str], *, whole: bool) -> Iterator[Problem]:
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
    advice = refused.hint or (_elsewhere(name, kind, raw) if refused.code == "bad-choice" else None)
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


def _elsewhere(name: str, kind: Kind, raw: Json) -> str | None:
    def knows(other: Kind) -> bool:
        form = other.field(name).type if other.has(name) else None
        return isinstance(form, EnumType) and form.read(raw) in form.words

    having = ", ".join(_versions_with(kind, knows))
    return f"{raw!r} is a word of: {having}" if having else None


def _versions_with(kind: Kind, test: Any) -> Iterator[str]:
    for each in api_versions.all_versions():
        if each.family == kind.family and kind.name in each.kinds and test(each.kinds[kind.name]):
            yield each.version


def _no_such_kind(parsed: Document, name: str, project: Project) -> Iterator[Problem]:
    if name in api_versions.kind_names():
        family = next(api_versions.kind_across_versions(name)).family
        message = f"{name} do not exist in version {project.versions[family]}"
        hint = f"set api.{family} to another version"
        yield error("not-in-version", message, at=Place(parsed, (name,), key=True), hint=hint)


def _twice(desired: Iterable[Desired]) -> Iterator[Problem]:
    """Yield a problem for two blocks with one address or one id."""
    first: dict[object, Desired] = {}
    for each in desired:
        for claim, said in ((each.address, "name"), ((each.address.kind, each.id) if each.id else None, "id")):
            if claim is None:
                continue
            other = first.setdefault(claim, each)
            if other is not each:
                message = f"{each.address} has the same {said} as {other.address} at {other.place.span}"
                hint = "give it another name" if said == "name" else "one live object can be described only once"
                code = "duplicate-address" if said == "name" else "duplicate-claim"
                yield error(code, message, at=each.place, address=each.address, hint=hint)


def _out_of_scope(project: Project, desired: Iterable[Desired]) -> Iterator[Problem]:
    """Yield a problem for resources of a kind or owner outside the scope, which no read would return."""
    for name in dict.fromkeys(each.address.kind for each in desired):
        scope = project.kinds[name].scope
        if not project.scope.get(scope):
            message = f"the files hold {name}, but the scope names no {scope}"
            yield error("empty-scope", message, at=project.at("scope"), hint=f"add scope.{scope}: [...]")
    for each in desired:
        kind = project.kinds[each.address.kind]
        owner = each.values.get(kind.owner) if kind.owner else None
        known = project.scope.get(kind.scope, ())
        if owner is not None and known and owner not in known:
            hint = f"add it to scope.{kind.scope}, or correct it"
            message = f"{kind.owner} {owner} is not in the scope"
            yield error("out-of-scope", message, at=each.at(str(kind.owner)), address=each.address, hint=hint)
