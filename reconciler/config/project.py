"""Project file ``reconciler.yaml``: API versions, scope, and the files that belong to it."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path as File
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.config import extended, project_schema, published_schemas, schema_errors, yaml_document
from reconciler.config.yaml_document import Document
from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Kind
from reconciler.kinds.nested_types import ObjectType
from reconciler.kinds.value_types import MoneyType, ValueType
from reconciler.kinds.versions.api_version import ApiVersion
from reconciler.model import Desired, Json, Locator, Place, Problem, Severity, Span, error

if TYPE_CHECKING:
    from reconciler.guardrails import GuardrailSettings as Guardrails
    from reconciler.guardrails import Names

PROJECT_FILE = "reconciler.yaml"
SUFFIXES = (".yaml", ".yml")
FOREIGN_FOLDERS = ("node_modules", "vendor")
"""Folders with installed files of other tools; part of a project only if `include` names them."""
SHARED_LEDGERS = ("postgresql:", "postgres:")
"""URL schemes of ledgers that several projects share."""
KEEP_TOO_SHORT = "a journal of less than a week is too short for drift, rollback and the guardrails of a day"


class Project(Struct, frozen=True, dict=True):
    """Content of the project file. ``scope`` holds ids by ``advertiserIds`` and ``retailMediaAccountIds``.

    ``own_name`` is the name in the file; ``name`` defaults to the folder's, which may differ between checkouts.
    ``whole`` is false if only some files were requested; ``careful`` selects the exposure-safe order; ``currencies``
    are by id of an advertiser or account.
    """

    folder: File
    source: Locator
    versions: Mapping[str, str]
    scope: Mapping[str, tuple[str, ...]]
    merged: bool = False
    assumptions: Mapping[str, bool] = field(default_factory=dict)
    name: str = ""
    own_name: str | None = None
    ledger: str | None = None
    memo_token: bool = True
    text: bytes = b""
    whole: bool = True
    careful: bool = False
    currencies: Mapping[str, str] = field(default_factory=dict)
    look_for: timedelta = project_schema.LOOK_FOR
    settle_after: timedelta = project_schema.SETTLE_AFTER
    ledger_keep: timedelta | None = None

    def dialect(self, family: str) -> ApiVersion:
        return api_versions.find_version(family, self.versions[family])

    @property
    def locks(self) -> tuple[str, ...]:
        """Names of the locks that a writing run must hold."""
        return tuple(f"{name}:{id}" for name, ids in sorted(self.scope.items()) for id in sorted(ids))

    def stated_currency(self, scope: str) -> str | None:
        """Return the currency of all ids of a scope (`advertiserIds`), or None if the file states no single one."""
        stated = {self.currencies.get(id) for id in self.scope.get(scope, ())}
        return stated.pop() if len(stated) == 1 else None

    def at(self, *path: str | int) -> Place:
        return Place(self.source, path)

    def terms(self, key: str) -> "Sequence[Mapping[str, Json]]":
        """Return the entries of a list in the project file."""
        found = self.content.get(key)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()

    @property
    def content(self) -> "Mapping[str, Json]":
        """The project file as parsed YAML."""
        content = self.source.value if isinstance(self.source, Document) else None
        return content if isinstance(content, dict) else {}

    @property
    def chooses_files(self) -> bool:
        """True if the project file says which files belong to it."""
        return "include" in self.content

    @cached_property
    def guardrails(self) -> "Guardrails":
        """Guardrail settings of the project file; imported on first use."""
        from reconciler.guardrails import GuardrailSettings

        return GuardrailSettings(_map(self.content, "guardrails"), self.source)

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """Every kind in the configured versions."""
        named = {name: kind for family in api_versions.FAMILIES for name, kind in self.dialect(family).kinds.items()}
        return {name: api_versions.with_assumptions(kind, self.assumptions) for name, kind in named.items()}


def find_project(paths: Sequence[str]) -> tuple[Project | None, tuple[File, ...], tuple[Problem, ...]]:
    """Return the project to which the paths belong, its resource files by name, and the problems."""
    given = [File(path) for path in paths or (".",)]
    missing = tuple(
        _refusal(path, "no-such-file", "there is no such file or folder", f"paths are read from {File.cwd()}")
        for path in given
        if not path.exists()
    )
    if missing:
        return None, (), missing
    homes = {home_of(path) for path in given}
    if len(homes) != 1 or None in homes:
        hint = f"a project is a folder with a {PROJECT_FILE}" if None in homes else "run one project at a time"
        code, text = (
            ("no-project", f"no {PROJECT_FILE} here or above")
            if None in homes
            else ("two-projects", "the paths belong to different projects")
        )
        return None, (), (_refusal(given[0], code, text, hint),)
    home = next(iter(homes))
    assert home is not None
    links = tuple(_links_out(home, (home / PROJECT_FILE,)))
    if links:
        return None, (), links
    parsed, problems = _read_extended(home)
    if parsed is None or problems:
        return None, (), problems
    if not schema_errors.is_valid(parsed.value, published_schemas.PROJECT):
        return (
            None,
            (),
            tuple(problem for _, problem in schema_errors.problems(parsed.value, published_schemas.PROJECT, parsed)),
        )
    assert isinstance(parsed.value, dict)
    project = replace(_project(home, parsed, parsed.value), whole=any(path.resolve() == home for path in given))
    wrong = tuple(_wrong(project))
    if wrong:
        return None, (), wrong
    files = tuple(
        each for each in sorted(_files(home, parsed.value.get("include"), given)) if not _is_base(each, project)
    )
    links = tuple(_links_out(home, files))
    if links:
        return None, (), links
    if not files:
        hint = "`reconciler import` writes what is live; or add a resource file, or correct `include`"
        return project, (), (_refusal(home, "no-files", f"there is no YAML file besides {PROJECT_FILE}", hint),)
    return project, files, ()


def _read_extended(home: File) -> tuple[Document | None, tuple[Problem, ...]]:
    """Return the project file together with the file that it extends, or why one of them cannot be read."""
    parsed, problems = read_document(home / PROJECT_FILE)
    shared = parsed.value.get(extended.KEY) if parsed is not None and isinstance(parsed.value, dict) else None
    if parsed is None or not isinstance(shared, str):
        return parsed, problems
    file = File(os.path.abspath(home / shared))
    if not file.is_file():
        message = f"there is no file {shared} to extend"
        at = Place(parsed, (extended.KEY,))
        return None, (error("no-such-file", message, at=at, hint=f"it is looked for from {display_path(home) or '.'}"),)
    base, problems = read_document(file)
    if base is None:
        return None, problems
    wrong = tuple(extended.mistakes(parsed, base))
    return (None, wrong) if wrong else (extended.ExtendedDocument(parsed, base), ())


def _wrong(project: Project) -> Iterator[Problem]:
    """Yield errors of the project file that its schema cannot express and that prevent its use."""
    yield from (each for each in guardrail_mistakes(project) if each.severity is Severity.ERROR)
    if not project.scope:
        hint = "state `scope` here, or in the file that it extends"
        yield error("missing-key", "scope is missing", at=project.at(), hint=hint)
    if project.own_name is None and (project.ledger or "").startswith(SHARED_LEDGERS):
        hint = "write `name: …`; never change it later, or its ledger begins anew"
        message = "a ledger in PostgreSQL is one of several, and needs the name of this project"
        yield error("no-name", message, at=project.at("ledger"), hint=hint)
    if project.ledger_keep is not None and project.ledger_keep < project_schema.LEAST_KEPT:
        yield error("keep-too-short", KEEP_TOO_SHORT, at=project.at("ledgerKeep"), hint="write 7d or more")
    if project.settle_after < project_schema.LEAST_SETTLE:
        message = "settleAfter is shorter than one sending may take: what is on its way would count as absent"
        yield error("settle-too-soon", message, at=project.at("recovery", "settleAfter"), hint="write 5m or more")


def guardrail_mistakes(project: Project, desired: Sequence[Desired] | None = None) -> Iterator[Problem]:
    """Yield a problem for each unknown name inside a guardrail.

    With all resources of the project, addresses and fields that no resource has are included.
    """
    if "guardrails" not in project.content:
        return
    for each in project.guardrails.mistakes(_names(project, desired)):
        message = f"guardrails.{'.'.join(map(str, each.path))}: {each.why}"
        at = Place(project.source, ("guardrails", *each.path), key=each.key)
        hint = schema_errors.closest_word(each.word, list(each.known)) if each.known else None
        yield Problem(each.severity, "bad-guardrail", message, at.span, hint=hint)


def _names(project: Project, desired: Sequence[Desired] | None) -> "Names":
    """Return the names that a guardrail of this project may use."""
    from reconciler.guardrails import Names

    writable = {name: [row for row in kind.fields if row.writable] for name, kind in project.kinds.items()}
    moved = {name: [row for row in rows if _holds_amount(row.type)] for name, rows in writable.items()}
    every = [row for rows in writable.values() for row in rows]
    facets = frozenset(row.facet for row in every)
    return Names(
        amounts={name: frozenset((*(r.name for r in rows), *(r.facet for r in rows))) for name, rows in moved.items()},
        facets=facets,
        others=facets.union(row.name for row in every),
        currencies=frozenset(project.currencies.values()),
        addresses=None if desired is None else frozenset(each.address for each in desired),
    )


def _holds_amount(form: ValueType) -> bool:
    return isinstance(form, MoneyType) or (isinstance(form, ObjectType) and any(map(_holds_amount, form.of.values())))


def includes(project: Project, file: File) -> bool:
    """Return True if a file of that name would belong to the project."""
    file, home, include = file.resolve(), project.folder.resolve(), project.content.get("include")
    if home not in file.parents or not _included(file, home, _patterns(include)):
        return False
    folders = [up for up in file.parents if home in up.parents]
    return include is not None or not any(map(_is_foreign, folders))


def read_document(
    file: File, instead: Mapping[str, bytes] | None = None
) -> tuple[Document | None, tuple[Problem, ...]]:
    """Return the parsed file, or None and the problems. ``instead`` replaces the texts of some files."""
    text = text_of(file, instead)
    return (None, (text,)) if isinstance(text, Problem) else yaml_document.parse(text, display_path(file))


def text_of(file: File, instead: Mapping[str, bytes] | None = None) -> bytes | Problem:
    """Return the bytes of a file, or a problem if it cannot be read. ``instead`` replaces the texts of some files."""
    name = display_path(file)
    if instead is not None and name in instead:
        return instead[name]
    try:
        about = file.stat()
        if not stat.S_ISREG(about.st_mode):  # reading a pipe would block, a device may never end
            return _refusal(file, "unreadable", "is not a file that can be read", "put the text into a file")
        return yaml_document.size_error(about.st_size, name) or file.read_bytes()
    except OSError as trouble:
        return _refusal(file, "unreadable", f"cannot be read: {trouble.strerror}", "check its permissions")


def home_of(path: File) -> File | None:
    """Return the folder of the project that contains a path, or None."""
    absolute = path.resolve()
    ups = (absolute, *absolute.parents) if absolute.is_dir() else absolute.parents
    return next((up for up in ups if (up / PROJECT_FILE).is_file()), None)


def _project(home: File, parsed: Document, content: Mapping[str, Json]) -> Project:
    api, scope, assumptions = (content.get(key) or {} for key in ("api", "scope", "assumptions"))
    assert isinstance(api, dict)
    assert isinstance(scope, dict)
    assert isinstance(assumptions, dict)
    return Project(
        folder=home,
        source=parsed,
        versions={family: str(api.get(family, api_versions.DEFAULT)) for family in api_versions.FAMILIES},
        scope={name: tuple(str(id) for id in ids) for name, ids in scope.items() if isinstance(ids, list)},
        merged=content.get("batching") == "merged",
        assumptions={name: bool(value) for name, value in assumptions.items()},
        name=str(content.get("name") or home.name),
        own_name=None if content.get("name") is None else str(content["name"]),
        ledger=None if content.get("ledger") is None else str(content["ledger"]),
        memo_token=content.get("memoToken", True) is True,
        text=parsed.text + (parsed.base.text if isinstance(parsed, extended.ExtendedDocument) else b""),
        careful=content.get("ordering") == "exposure-safe",
        currencies={str(id): str(code) for id, code in _map(content, "currencies").items()},
        look_for=_span(content, "lookFor", project_schema.LOOK_FOR),
        settle_after=_span(content, "settleAfter", project_schema.SETTLE_AFTER),
        ledger_keep=project_schema.duration(str(content["ledgerKeep"])) if "ledgerKeep" in content else None,
    )


def _span(content: Mapping[str, Json], key: str, default: timedelta) -> timedelta:
    said = _map(content, "recovery").get(key)
    return default if said is None else project_schema.duration(str(said))


def _map(content: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _files(home: File, include: Json, given: Sequence[File]) -> Iterator[File]:
    """Yield the included files at or below one of the paths. Hidden files are never included.

    Without `include`, files of other projects and installed files of other tools are excluded.
    """
    patterns = _patterns(include)
    wanted = [path.resolve() for path in given]
    for folder, folders, names in os.walk(home):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        if include is None:
            folders[:] = [name for name in folders if not _is_foreign(File(folder, name))]
        for name in sorted(names):
            file = File(folder, name)
            inside = any(path == file or path in file.parents for path in wanted)
            if inside and not name.startswith(".") and name != PROJECT_FILE and _included(file, home, patterns):
                yield file


def _is_base(file: File, project: Project) -> bool:
    """Return whether a file is the one that the project extends: it holds no resources."""
    shared = project.content.get(extended.KEY)
    return isinstance(shared, str) and file == (project.folder / shared).resolve()


def _is_foreign(folder: File) -> bool:
    return folder.name in FOREIGN_FOLDERS or (folder / PROJECT_FILE).exists()


def _links_out(home: File, files: Sequence[File]) -> Iterator[Problem]:
    """Yield an error for each symbolic link to a file outside the project, whose content is not reviewed with it."""
    for file in files:
        if file.is_symlink() and home not in file.resolve().parents:
            hint = "put the file itself into the project; nothing of what the link points to was read"
            yield _refusal(file, "link-outside", "is a link to a file outside of the project", hint)


def _patterns(include: Json) -> list[str]:
    return [str(pattern) for pattern in include] if isinstance(include, list) else ["**/*.yaml", "**/*.yml"]


def _included(file: File, home: File, patterns: Sequence[str]) -> bool:
    relative = file.relative_to(home).as_posix()
    return file.suffix in SUFFIXES and any(
        fnmatch(relative, pattern) or fnmatch(relative, pattern.replace("**/", "")) for pattern in patterns
    )


def display_path(file: File) -> str:
    """Return the path relative to the current folder if below it, else absolute."""
    try:
        # os.path.abspath keeps the link's own name
        return File(os.path.abspath(file)).relative_to(File.cwd()).as_posix()
    except ValueError:
        return str(file)


def _refusal(file: File, code: str, message: str, hint: str | None = None) -> Problem:
    return error(code, message, at=Span(display_path(file) or ".", 1, 1), hint=hint)
