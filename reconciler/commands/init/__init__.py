"""First files of a project: each is written only if it does not exist, and together they validate."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from reconciler.commands import atomic_files, connection
from reconciler.commands.checkout import repository
from reconciler.commands.connection import CommandRefused
from reconciler.commands.init import pipelines as pipelines_of
from reconciler.commands.init.pipelines import GITLAB, PIPELINE, PipelineFile
from reconciler.commands.init.tool_source import PLACEHOLDER, ToolSource, find_source
from reconciler.config import schema_builder as schemas
from reconciler.config.project_files import PROJECT_FILE
from reconciler.config.yaml_writer import make_visible
from reconciler.importer.file_placement import schema_comment
from reconciler.kinds import versions as api_versions
from reconciler.kinds.products import SCOPES
from reconciler.model import error

OF_THE_SANDBOX = {each.name: (each.sample,) for each in SCOPES.values() if each.sample}

SAMPLE = Path("ad-sets.yaml")
AD_SETS = """\
# Each block is one ad set, under a name of your own. Only what is written here is managed.
# This one lives in the built-in sandbox. `reconciler import` writes yours; then delete this file.
adSets:
  prospecting-fr:
    id: "123467"
    bidding:
      bidAmount: 1.10 # in the advertiser's currency, 4 decimals at most
    budget:
      budgetAmount: 150.00
"""
IGNORED = """\
# The ledger, and the state of --sandbox.
.reconciler/
# Saved plans and reports show what the account spends.
/plan.json
/plan.md
/plan.html
/apply.md
/apply.xml
# Credentials belong in the environment, never in git.
.env
"""


class InitResult(Struct, frozen=True):
    """Files that were written, files that existed, and what is left to do by hand."""

    folder: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]
    changed: tuple[Path, ...] = ()
    unlisted: bool = False
    """True if an existing `.gitignore` does not exclude the ledger."""
    sandboxed: bool = False
    """True if the scope is the sandbox's."""
    entry: str | None = None
    """Entry that is missing in an existing pipeline of GitLab."""
    placeholder: str | None = None
    """What new pipelines install the tool from if its repository and commit are not known."""


def begin(
    folder: Path,
    scope: Mapping[str, Sequence[str]],
    services: Sequence[str],
    source: ToolSource | None = None,
) -> InitResult:
    """Write the first files of a project; existing ones are kept. Raise :class:`CommandRefused` if impossible."""
    _refuse(folder)
    asked = {name: tuple(ids) for name, ids in scope.items() if ids}
    written, kept, changed = schema_files(folder)[1], list[Path](), list[Path]()
    for path, text in _files(folder, asked or OF_THE_SANDBOX, sandboxed=not asked):
        (written if write_new(path, text.encode()) else kept).append(path)
    root, source = repository(folder), (source or find_source()) if services else source
    placed = [file for service in services for file in pipelines_of.place_pipelines(service, folder, root, source)]
    for file in placed:
        kinds = {True: written, False: kept, None: changed}
        kinds[_write_pipeline(file)].append(file.path)
    fresh = any(file.path in (*written, *changed) for file in placed)
    return InitResult(
        folder,
        tuple(written),
        tuple(kept),
        tuple(changed),
        folder / ".gitignore" in kept and not _lists_the_ledger(folder / ".gitignore"),
        sandboxed=not asked and folder / PROJECT_FILE in written,
        entry=_missing_entry(folder, root or folder, source or PLACEHOLDER) if GITLAB in services else None,
        placeholder=(PLACEHOLDER.requirement if GITLAB in services else PLACEHOLDER.action)
        if fresh and source is None
        else None,
    )


def _write_pipeline(file: PipelineFile) -> bool | None:
    """Write a pipeline; return True if it is new, False if the existing file is kept, None if it was changed."""
    if file.before is None:
        return write_new(file.path, file.text.encode())
    try:
        atomic_files.write_all({file.path: file.text.encode()}, {file.path: file.before})
    except (OSError, atomic_files.FilesChanged) as trouble:
        lost = trouble if isinstance(trouble, OSError) else OSError(0, str(trouble))
        raise CommandRefused(connection.refused_run(atomic_files.not_written_error(file.path, lost))) from None
    return None


def _missing_entry(folder: Path, home: Path, source: ToolSource) -> str | None:
    """Return the entry of the project for the pipeline of GitLab, or None if it is there."""
    if pipelines_of.has_entry(home / PIPELINE, home, folder):
        return None
    return pipelines_of.include_entry(home, folder, source)


def _refuse(folder: Path) -> None:
    """Raise :class:`CommandRefused` for a path that is no folder, or a folder inside another project."""
    if folder.exists() and not folder.is_dir():
        hint = "name a folder; it is made if it is not there"
        raise CommandRefused(connection.refused_run(error("not-a-folder", f"{folder} is not a folder", hint=hint)))
    outer = next((up for up in folder.resolve().parents if (up / PROJECT_FILE).is_file()), None)
    if outer is not None:
        message = f"{folder} lies in the project {outer}, which would read its files too"
        raise CommandRefused(
            connection.refused_run(error("project-exists", message, hint="choose a folder outside of it"))
        )


def _files(folder: Path, scope: Mapping[str, Sequence[str]], *, sandboxed: bool) -> Iterator[tuple[Path, str]]:
    said = "the sandbox's; put your own here" if sandboxed else ""
    named = {name: dict.fromkeys(ids, said) for name, ids in scope.items()}
    begun = (folder / PROJECT_FILE).exists()
    yield folder / PROJECT_FILE, project_text(folder, named, {})
    if sandboxed and not begun:  # an existing project has its own resources, and `import` writes those of an account
        target = schema_comment(schema_files(folder)[0], folder / SAMPLE)
        yield folder / SAMPLE, f"# yaml-language-server: $schema={target}\n{AD_SETS}"
    yield folder / ".gitignore", IGNORED


def ignore(folder: Path) -> None:
    """Write a `.gitignore`, unless one in the repository excludes the ledger.

    Raise :class:`CommandRefused` if it cannot be written.
    """
    if not any(_lists_the_ledger(up / ".gitignore") for up in _within_repository(folder.resolve())):
        write_new(folder / ".gitignore", IGNORED.encode())


def _lists_the_ledger(ignored: Path) -> bool:
    return ignored.is_file() and ".reconciler" in ignored.read_text(encoding="utf-8", errors="replace")


def project_text(folder: Path, scope: Mapping[str, Mapping[str, str]], versions: Mapping[str, str]) -> str:
    """Return the text of a reconciler.yaml: versions, and the scope with the names of its ids."""
    target = schema_comment(schema_files(folder)[0].with_name("project.schema.json"), folder / PROJECT_FILE)
    lines = [f"# yaml-language-server: $schema={target}", "version: 1", "api:"]
    lines += [f'  {family}: "{versions.get(family, api_versions.DEFAULT)}"' for family in api_versions.FAMILIES]
    lines += ["scope: # what is read, locked and compared; nothing outside it is ever touched"]
    for name in SCOPES:
        if scope.get(name):
            lines += [f"  {name}:"]
            lines += [f'    - "{id}"{f" # {make_visible(said)}" if said else ""}' for id, said in scope[name].items()]
    return "\n".join(lines) + "\n"


def schema_files(folder: Path) -> tuple[Path, list[Path]]:
    """Return the path of the resource schema for editors, and the files written for it.

    Nothing is written if a parent folder in the same repository has the schema.
    """
    own = folder.resolve() / "schemas" / "resources.schema.json"
    for up in _within_repository(folder.resolve()):
        if (up / "schemas" / own.name).is_file():
            return up / "schemas" / own.name, []
    files = {
        folder / "schemas" / name: json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        for name, content in schemas.build_schemas().items()
    }
    return own, [path for path, text in files.items() if write_new(path, text.encode())]


def write_new(path: Path, text: bytes) -> bool:
    """Write a new file; return False if it exists. Raise :class:`CommandRefused` if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError:
        return False
    except OSError as trouble:
        raise CommandRefused(connection.refused_run(atomic_files.not_written_error(path, trouble))) from None
    return True


def _within_repository(folder: Path) -> Iterable[Path]:
    root = repository(folder)
    ups = [folder, *folder.parents]
    return ups[: ups.index(root) + 1] if root is not None else ups[:1]
