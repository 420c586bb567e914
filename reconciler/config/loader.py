"""Load YAML files: every resource with canonical values, every problem at its line.

Each file is parsed and validated once. All problems are collected; a resource with an error is not returned, and
nothing is sent while there is an error.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path as File
from typing import TypeAlias

from msgspec import Struct

from reconciler.config import project_files, published_schemas, schema_errors, yaml_document
from reconciler.config.project import Project
from reconciler.config.resource_loader import Refusals, ResourceBlock, group_by_owner, load_resource
from reconciler.config.yaml_document import Document
from reconciler.kinds import versions as api_versions
from reconciler.kinds.compiled import compile_kind
from reconciler.model import Desired, FieldPath, Json, Locator, Place, Problem, Severity, Span, error, warning

Allowance: TypeAlias = tuple[Place, Mapping[str, Json]]
"""An entry of ``allow``, with its place."""
DECISION = frozenset({"rule", "addresses", "until", "because"})
"""Required keys of a decision."""


class LoadResult(Struct, frozen=True, eq=False, dict=True):
    """Result of loading: the project, the valid resources, and all problems in file order.

    Two results are equal only if they are one, so that what is found out about all of it can be kept.
    """

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
    on_read: Callable[[int, int], None] | None = None,
    begun: Callable[[Project, tuple[File, ...]], None] | None = None,
) -> LoadResult:
    """Load the project at the paths (its folder, or files of it; the current folder by default).

    ``instead`` replaces the texts of some files; ``on_read`` is called with the number of files read and the total,
    ``begun`` with the project and its files before any of them is read.
    """
    project, files, problems = project_files.find_project(tuple(paths))
    found, desired, documents = list(problems), list[Desired](), dict[str, Document]()
    allow = list[Allowance]()
    if project is not None:
        allow += _decisions(project.source, project.content)
        if begun is not None and not problems:
            begun(project, files)
        for number, file in enumerate(files, 1):
            desired.extend(_file(file, project_files.text_of(file, instead), project, found, documents, allow))
            if on_read is not None:
                on_read(number, len(files))
        found.extend(_find_unnamed(desired))
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
    parsed, refusals = _check_file(project_files.display_path(file), text, project, found)
    if parsed is None:
        return
    documents[parsed.file] = parsed
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
                yield from load_resource(ResourceBlock(parsed, kind, key, block, common), refusals, project, found)
    parsed.let_go()


def _check_file(file: str, text: bytes, project: Project, found: list[Problem]) -> tuple[Document | None, Refusals]:
    """Return the parsed file and the paths that its schema refuses; None if the file is not of the project."""
    parsed, problems = yaml_document.parse(text, file)
    right = parsed is not None and (
        parsed.value is None or schema_errors.is_valid(parsed.value, published_schemas.RESOURCES)
    )
    if not right and not project.chooses_files and (what := _recognize(text)):
        found.append(_passed_over(file, what))
        return None, {}
    found.extend(problems)
    refused: dict[FieldPath, None] = {}
    if parsed is not None and not right:
        for path, problem in schema_errors.problems(parsed.value, published_schemas.RESOURCES, parsed):
            refused[path] = None
            found.append(problem)
    return parsed, group_by_owner(refused)


def _recognize(text: bytes) -> str | None:
    """Return what the file is if it belongs to another tool, or None."""
    from reconciler.config import foreign  # imported here: needed only for a file that is not right

    return foreign.recognize(text, frozenset(("defaults", "allow", *api_versions.kind_names())))


def _passed_over(file: str, what: str) -> Problem:
    hint = "list the files of the project under `include`, and this is not looked at"
    return warning("other-tool", f"passed over: it is {what}", at=Span(file, 1, 1), hint=hint)


def _no_such_kind(parsed: Document, name: str, project: Project) -> Iterator[Problem]:
    if name in api_versions.kind_names():
        family = next(api_versions.kind_across_versions(name)).family
        message = f"{name} do not exist in version {project.versions[family]}"
        hint = f"set api.{family} to another version"
        yield error("not-in-version", message, at=Place(parsed, (name,), key=True), hint=hint)


def _find_unnamed(desired: Iterable[Desired]) -> Iterator[Problem]:
    """Yield a problem for each block whose name is empty, or cannot be written on a command line or in one line."""
    for each in desired:
        name = each.address.key
        if not name or name != name.strip() or not name.isprintable():
            what = "is empty" if not name.strip() else f"has an invisible character, or a space at an end: {name!a}"
            message = f"the name of this {each.address.kind} block {what}"
            hint = "give it a name such as summer-fr: reports, --target and the ledger know it by that"
            yield error("bad-name", message, at=each.place, address=each.address, hint=hint)


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
