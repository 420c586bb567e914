"""Projects of a repository, and those that a range of commits changes: the matrix of a pipeline."""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.commands import connection
from reconciler.commands.checkout import repository
from reconciler.commands.connection import CommandRefused
from reconciler.config import extended
from reconciler.config.project_files import FOREIGN_FOLDERS, PROJECT_FILE, SUFFIXES, read_document
from reconciler.model import error

PIPELINES = (".github/", ".gitlab/", ".gitlab-ci.yml")
"""Files that decide how projects are run, so that a change of them concerns every project."""
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
ROOT = "root"
"""Slug of a project at the root of the repository."""


class ProjectFolder(Struct, frozen=True):
    """A project's folder, relative to the current one, and a name of it for artifacts and concurrency groups."""

    project: str
    slug: str


class ProjectList(Struct, frozen=True):
    """The projects that were found, and why all of them count as changed, if the range could not be compared."""

    projects: tuple[ProjectFolder, ...]
    note: str | None = None


def find_projects(folders: Sequence[str], since: str | None) -> ProjectList:
    """Return the projects in the folders, or those with changes since a commit.

    A project is changed by its YAML files, by the file that it extends, and by the pipelines. If the commit is unknown,
    every project counts as changed. Raise :class:`CommandRefused` for a path that is no folder.
    """
    homes = sorted({home for each in folders or (".",) for home in _homes(Path(each))})
    note = None
    if since is not None:
        changed = changed_files(since)
        if changed is None:
            note = f"commit {since!r} cannot be compared with the files, so every project counts as changed"
        else:
            homes = [home for home in homes if _is_changed(home, changed)]
    return ProjectList(tuple(_describe_folder(home) for home in homes), note)


def _homes(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        hint = "name folders that hold projects"
        raise CommandRefused(connection.refused_run(error("not-a-folder", f"{folder} is not a folder", hint=hint)))
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith(".") and each not in FOREIGN_FOLDERS)
        if PROJECT_FILE in names:
            yield Path(at).resolve()


def changed_files(since: str) -> frozenset[Path] | None:
    """Return the files that differ from a commit, or None if git does not know them."""
    root = repository(Path.cwd())
    if root is None:
        return None
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
    listed = None if commit is None else _git(root, "diff", "--name-only", "--no-renames", "-z", commit.strip(), "--")
    added = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    if listed is None or added is None:
        return None
    return frozenset(root / name for name in f"{listed}{added}".split("\0") if name)


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else os.fsdecode(done.stdout)


def _is_changed(home: Path, changed: frozenset[Path]) -> bool:
    root = repository(home)
    pipelines = any(file.relative_to(root).as_posix().startswith(PIPELINES) for file in changed) if root else False
    own = any(file.suffix in SUFFIXES and home in file.parents for file in changed)
    return pipelines or own or _is_base_changed(home, changed)


def _is_base_changed(home: Path, changed: frozenset[Path]) -> bool:
    """Return True if the extended file is changed, or cannot be known since the project file cannot be read."""
    parsed, _ = read_document(home / PROJECT_FILE)
    if parsed is None or not isinstance(parsed.value, dict):
        return True
    shared = parsed.value.get(extended.KEY)
    return isinstance(shared, str) and (home / shared).resolve() in changed


def _describe_folder(home: Path) -> ProjectFolder:
    relative = Path(os.path.relpath(home)).as_posix()
    return ProjectFolder(relative, slug_of(relative))


def slug_of(folder: str) -> str:
    """Return a name that is unique to the folder, with characters that an artifact's name may have."""
    if folder == ".":
        return ROOT
    if PLAIN.fullmatch(folder) and folder != ROOT:
        return folder
    cleaned = re.sub(r"[^A-Za-z0-9_.]+", "-", folder).strip("-.")
    return f"{cleaned or PROJECT_FILE[:-5]}-{hashlib.sha256(folder.encode(errors='surrogateescape')).hexdigest()[:8]}"
