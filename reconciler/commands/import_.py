"""Run an import: the project and its files, the API or the sandbox, and the first reconciler.yaml."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.commands import atomic_files, connection, init
from reconciler.commands.connection import CommandRefused
from reconciler.config import loader
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.config.project_files import PROJECT_FILE
from reconciler.config.yaml_writer import make_visible
from reconciler.engine import plan, run_journal
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.progress import Tell
from reconciler.importer import account_import
from reconciler.importer.account_import import ImportRequest, ImportResult
from reconciler.kinds import versions as api_versions
from reconciler.kinds.kind import Kind
from reconciler.kinds.products import SCOPES
from reconciler.ledger import LedgerError
from reconciler.model import Severity, error
from reconciler.provider import scope as account_scope
from reconciler.provider.http import Api
from reconciler.provider.reader import ReadError

EMPTY = frozenset({"no-files", "empty-project"})
"""Codes of problems that a project may have before its first import."""


class ImportTarget(Struct, frozen=True):
    """Project and API of an import. ``first`` is the scope of a project that does not exist yet."""

    folder: Path
    sandbox: str | None
    api_url: str | None
    first: Mapping[str, tuple[str, ...]]
    everything: bool = False


def run(where: ImportTarget, wish: ImportRequest, tell: Tell) -> ImportResult:
    """Import, and write each file as it is ready. Raise :class:`CommandRefused` if it cannot begin."""
    wish = replace(wish, out=wish.out and wish.out.resolve())
    loaded = _project(where, tell)
    home = loaded.project
    assert home is not None
    if wish.out is not None and home.folder.resolve() not in (wish.out, *wish.out.parents):
        loaded, wish = _load_project_elsewhere(loaded, home, wish.out), replace(wish, out=None)
    project = loaded.project
    assert project is not None
    wish = replace(wish, schema=init.schema_files(project.folder)[0])
    with _api(where, home.folder, _products(project, wish.kinds), tell) as api:
        kinds = [each for each in project.kinds.values() if not wish.kinds or each.name in wish.kinds]
        trouble = connection.learn_time(api, project, kinds)
        if trouble is not None:
            return ImportResult(project.name, problems=(trouble,))
        outside = Environment(api.send, api.now, time.sleep)
        return write_import(loaded, outside, _memory(where, project), wish, tell, api.now())


def write_import(
    loaded: LoadResult, outside: Environment, memory: StateSnapshot, wish: ImportRequest, tell: Tell, now: datetime
) -> ImportResult:
    """Write the files of a project, each as it is ready; ``now`` is the time of the run."""
    assert loaded.project is not None
    here = account_import.Importer(loaded.project, loaded, outside.send, memory.ids, wish, tell, now)
    outputs = []
    init.ignore(loaded.project.folder)
    try:
        for output in here.files():
            _write(output.path, output.text)
            outputs.append(replace(output, text=b"", path=_shorten_path(output.path)))
    except ReadError as unread:
        here.problems.append(unread.problem)
    return account_import.import_result(here, outputs)


# --- Project -------------------------------------------------------------------------------------------------


def _project(where: ImportTarget, tell: Tell) -> LoadResult:
    """Return the project of the folder, created if it does not exist."""
    loaded = loader.load([str(where.folder)] if where.folder.exists() else [])
    asked = where.everything or any(where.first.values())
    if not where.folder.exists() or any(each.code == "no-project" for each in loaded.problems):
        if not asked:
            hint = "create one: reconciler import FOLDER --advertiser ID --account ID, or --all"
            problem = error("no-project", f"no {PROJECT_FILE} in {where.folder} or above", hint=hint)
            raise CommandRefused(connection.refused_run(problem))
        _begin(where, tell)
        return _load_folder(where.folder)
    if asked:
        hint = f"write its ids under scope in {PROJECT_FILE}, then import without them"
        raise CommandRefused(connection.refused_run(error("project-exists", "there is a project already", hint=hint)))
    return _usable(loaded)


def _load_folder(folder: Path) -> LoadResult:
    return _usable(loader.load([str(folder)]))


def _usable(loaded: LoadResult) -> LoadResult:
    """Return the loaded project. Raise :class:`CommandRefused` if its files have errors; none yet is no error."""
    wrong = [each for each in loaded.problems if each.severity is Severity.ERROR and each.code not in EMPTY]
    if loaded.project is None or wrong:
        raise CommandRefused(replace(plan.validate(loaded, datetime.now(UTC)), command="import"))
    return loaded


def _begin(where: ImportTarget, tell: Tell) -> None:
    """Write the first reconciler.yaml, from the portfolio."""
    asked = {name for name in SCOPES if where.everything or where.first.get(name)}
    kinds = {name: api_versions.first_kind_of(name) for name in asked}
    products = {kind.product for kind in kinds.values()}
    if where.everything and where.sandbox is None:
        products &= {
            name for name, prefix in connection.PREFIXES.items() if f"{prefix}_CLIENT_ID" in os.environ
        } or products
    with _api(where, where.folder, products, tell) as api:
        try:
            found = {
                name: dict(
                    account_scope.read_members(
                        kind, api_versions.find_version(kind.family, api_versions.DEFAULT).root, api.send
                    )
                )
                for name, kind in kinds.items()
                if kind.product in products
            }
        except ReadError as unread:
            raise CommandRefused(connection.refused_run(unread.problem)) from None
    scope = found if where.everything else {name: _name_ids(name, where.first[name], found[name]) for name in found}
    _write(where.folder / PROJECT_FILE, init.project_text(where.folder, scope, {}).encode())


def _name_ids(name: str, ids: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    strange = [id for id in ids if id not in known]
    if strange:
        there = ", ".join(f"{id} ({make_visible(said)})" for id, said in list(known.items())[:20]) or "nothing"
        message = f"not in the portfolio of this application: {', '.join(strange)}"
        raise CommandRefused(
            connection.refused_run(error("out-of-portfolio", message, hint=f"{name} that it may touch: {there}"))
        )
    return {id: known[id] for id in dict.fromkeys(ids)}


def _load_project_elsewhere(loaded: LoadResult, home: Project, out: Path) -> LoadResult:
    """Return the project in another folder, created with the same versions and scope if it does not exist."""
    if not (out / PROJECT_FILE).is_file():
        scope = {name: dict.fromkeys(ids, "") for name, ids in home.scope.items()}
        _write(out / PROJECT_FILE, init.project_text(out, scope, home.versions).encode())
    return _load_folder(out)


# --- Environment ---------------------------------------------------------------------------------------------


def _products(project: Project, kinds: Sequence[str]) -> set[str]:
    """Return the products of the scope for the requested kinds. Raise :class:`CommandRefused` for an unknown kind."""
    unknown = [name for name in kinds if name not in project.kinds]
    if unknown:
        hint = f"kinds are: {', '.join(project.kinds)}"
        raise CommandRefused(
            connection.refused_run(error("no-such-kind", f"there is no kind {', '.join(unknown)}", hint=hint))
        )

    def is_wanted(kind: Kind) -> bool:
        return (not kinds or kind.name in kinds) and bool(project.scope.get(kind.scope))

    return {kind.product for kind in project.kinds.values() if is_wanted(kind)}


@contextmanager
def _api(where: ImportTarget, folder: Path, products: set[str], tell: Tell) -> Iterator[Api]:
    if where.sandbox is not None:
        state = Path(where.sandbox).resolve() if where.sandbox else folder / connection.SANDBOX_STATE
        api = connection.connect_sandbox(state, tell)
    else:
        api = connection.connect_api(where.api_url, products, tell)
    try:
        yield api
    finally:
        api.close()


def _memory(where: ImportTarget, project: Project) -> StateSnapshot:
    """Return the ledger's ids by address, for blocks without an id."""
    try:
        book = connection.open_ledger(
            project, connection.ledger_home(project, where.sandbox, where.api_url), create=False
        )
        try:
            return run_journal.load_snapshot(book)
        finally:
            book.close()
    except LedgerError as trouble:
        raise CommandRefused(connection.refused_run(run_journal.ledger_problem(trouble))) from trouble


def _write(path: Path, text: bytes) -> None:
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        atomic_files.write_atomically(path, text)
    except OSError as trouble:
        raise CommandRefused(connection.refused_run(atomic_files.not_written_error(path, trouble))) from None


def _shorten_path(path: Path) -> Path:
    """Return a path relative to the current folder if below it."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
