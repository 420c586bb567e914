"""The files of a project: its folder, the files that belong to it, and their texts."""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path as File

from msgspec.structs import replace

from reconciler.config import extended, published_schemas, schema_errors, yaml_document
from reconciler.config.project import Project, find_mistakes, parse_project
from reconciler.config.yaml_document import Document
from reconciler.model import Json, Place, Problem, Span, error

PROJECT_FILE = "reconciler.yaml"
SUFFIXES = (".yaml", ".yml")
FOREIGN_FOLDERS = ("node_modules", "vendor")
"""Folders with installed files of other tools; part of a project only if `include` names them."""


def find_project(paths: Sequence[str]) -> tuple[Project | None, tuple[File, ...], tuple[Problem, ...]]:
    """Return the project to which the paths belong, its resource files by name, and the problems."""
    given = [File(path) for path in paths or (".",)]
    home = _find_home(given)
    if not isinstance(home, File):
        return None, (), home
    project = _read_project(home, whole=any(path.resolve() == home for path in given))
    if not isinstance(project, Project):
        return None, (), project
    included = sorted(_files(home, project.content.get("include"), given))
    files = tuple(each for each in included if not _is_base(each, project))
    links = tuple(_links_out(home, files))
    if links:
        return None, (), links
    if not files:
        hint = "`reconciler import` writes what is live; or add a resource file, or correct `include`"
        return project, (), (_refusal(home, "no-files", f"there is no YAML file besides {PROJECT_FILE}", hint),)
    return project, files, ()


def _find_home(given: Sequence[File]) -> File | tuple[Problem, ...]:
    """Return the folder of the one project to which all paths belong, or the problems."""
    missing = tuple(
        _refusal(path, "no-such-file", "there is no such file or folder", f"paths are read from {File.cwd()}")
        for path in given
        if not path.exists()
    )
    if missing:
        return missing
    homes = {home_of(path) for path in given}
    if None in homes:
        hint = f"a project is a folder with a {PROJECT_FILE}"
        return (_refusal(given[0], "no-project", f"no {PROJECT_FILE} here or above", hint),)
    home, *others = (each for each in homes if each is not None)
    if others:
        text = "the paths belong to different projects"
        return (_refusal(given[0], "two-projects", text, "run one project at a time"),)
    return home


def _read_project(home: File, *, whole: bool) -> Project | tuple[Problem, ...]:
    """Return the project of a folder, or the problems of its file."""
    links = tuple(_links_out(home, (home / PROJECT_FILE,)))
    if links:
        return links
    parsed, problems = _read_extended(home)
    if parsed is None or problems:
        return problems
    if not schema_errors.is_valid(parsed.value, published_schemas.PROJECT):
        found = schema_errors.problems(parsed.value, published_schemas.PROJECT, parsed)
        return tuple(problem for _, problem in found)
    assert isinstance(parsed.value, dict)
    project = replace(parse_project(home, parsed, parsed.value), whole=whole)
    return tuple(find_mistakes(project)) or project


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


def includes(project: Project, file: File) -> bool:
    """Return True if a file of that name would belong to the project."""
    file, home, include = file.resolve(), project.folder.resolve(), project.content.get("include")
    if home not in file.parents or not _is_included(file, home, _patterns(include)):
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


def find_sections(files: Sequence[File], names: Sequence[str]) -> tuple[str, ...]:
    """Return which of some sections stand at the left edge of any file, in the given order.

    It is a guess for what needs no proof: it parses nothing, and passes over what cannot be read.
    """
    missing = {name: b"\n%b:" % name.encode() for name in names}
    for file in files:
        text = text_of(file)
        if isinstance(text, bytes):
            found = [name for name, line in missing.items() if text.startswith(line[1:]) or line in text]
            missing = {name: line for name, line in missing.items() if name not in found}
        if not missing:
            break
    return tuple(name for name in names if name not in missing)


def home_of(path: File) -> File | None:
    """Return the folder of the project that contains a path, or None."""
    absolute = path.resolve()
    ups = (absolute, *absolute.parents) if absolute.is_dir() else absolute.parents
    return next((up for up in ups if (up / PROJECT_FILE).is_file()), None)


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
            if inside and not name.startswith(".") and name != PROJECT_FILE and _is_included(file, home, patterns):
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


def _is_included(file: File, home: File, patterns: Sequence[str]) -> bool:
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
