"""An import on this machine: the project and its files, the API or the sandbox, the first reconciler.yaml."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler import dialects, engine, keeper, portfolio
from reconciler.adoption import importing
from reconciler.adoption.importing import Imported, Wish
from reconciler.api import Api
from reconciler.commands import access, beginning, disk
from reconciler.commands.access import Unusable
from reconciler.commands.beginning import SCOPES
from reconciler.files import source
from reconciler.files.project import PROJECT_FILE, Project
from reconciler.files.source import Loaded
from reconciler.files.writing import visible
from reconciler.kinds.kind import Kind
from reconciler.ledger import LedgerError
from reconciler.live import Unread
from reconciler.model import Severity, error
from reconciler.outside import Memory, Outside
from reconciler.telling import Tell

EMPTY = frozenset({"no-files", "empty-project"})
"""What is wrong with a project before its first import, and is no reason to refuse one."""


class Where(Struct, frozen=True):
    """Which project, and which way to its API. ``first`` is the scope of a project that is not there yet."""

    folder: Path
    sandbox: str | None
    api_url: str | None
    first: Mapping[str, tuple[str, ...]]
    everything: bool = False


def run(where: Where, wish: Wish, tell: Tell) -> Imported:
    """Import, and write each file as it is ready. Raises :class:`Unusable` when it cannot even begin."""
    wish = replace(wish, out=wish.out and wish.out.resolve())
    loaded = _project(where, tell)
    home = loaded.project
    assert home is not None
    if wish.out is not None and home.folder.resolve() not in (wish.out, *wish.out.parents):
        loaded, wish = _elsewhere(loaded, home, wish.out), replace(wish, out=None)
    project = loaded.project
    assert project is not None
    wish = replace(wish, schema=beginning.schema_files(project.folder)[0])
    with _api(where, project.folder, _products(project, wish.kinds), tell) as api:
        kinds = [each for each in project.kinds.values() if not wish.kinds or each.name in wish.kinds]
        trouble = access.learn_time(api, project, kinds)
        if trouble is not None:
            return Imported(project.name, problems=(trouble,))
        outside = Outside(api.send, api.now, time.sleep)
        return written(loaded, outside, _memory(where, project), wish, tell, api.now())


def written(loaded: Loaded, outside: Outside, memory: Memory, wish: Wish, tell: Tell, now: datetime) -> Imported:
    """Write the files of a project, each as it is ready; ``now`` is the instant by which they are judged."""
    assert loaded.project is not None
    here = importing.Import(loaded.project, loaded, outside, memory, wish, tell, now)
    told = []
    beginning.ignore(loaded.project.folder)
    try:
        for output in here.files():
            _write(output.path, output.text)
            told.append(replace(output, text=b"", path=_shown(output.path)))
    except Unread as unread:
        here.problems.append(unread.problem)
    return importing.told(here, told)


# --- The project ------------------------------------------------------------------------------------------------


def _project(where: Where, tell: Tell) -> Loaded:
    """The project of the folder as it is, or its beginning."""
    loaded = source.load([str(where.folder)] if where.folder.exists() else [])
    asked = where.everything or any(where.first.values())
    if not where.folder.exists() or any(each.code == "no-project" for each in loaded.problems):
        if not asked:
            hint = "begin one: reconciler import FOLDER --advertiser ID --account ID, or --all"
            problem = error("no-project", f"no {PROJECT_FILE} in {where.folder} or above", hint=hint)
            raise Unusable(access.stopped(problem))
        _begin(where, tell)
        return _loaded(where.folder)
    if asked:
        hint = f"write its ids under scope in {PROJECT_FILE}, then import without them"
        raise Unusable(access.stopped(error("project-exists", "there is a project already", hint=hint)))
    return _usable(loaded)


def _loaded(folder: Path) -> Loaded:
    return _usable(source.load([str(folder)]))


def _usable(loaded: Loaded) -> Loaded:
    """The files must be right before anything is added to them; that there are none yet is right."""
    wrong = [each for each in loaded.problems if each.severity is Severity.ERROR and each.code not in EMPTY]
    if loaded.project is None or wrong:
        raise Unusable(replace(engine.validate(loaded, datetime.now(UTC)), command="import"))
    return loaded


def _begin(where: Where, tell: Tell) -> None:
    """The first reconciler.yaml, from the portfolio."""
    asked = {name for name in SCOPES if where.everything or where.first.get(name)}
    kinds = {name: next(dialects.every(SCOPES[name])) for name in asked}
    products = {kind.product for kind in kinds.values()}
    if where.everything and where.sandbox is None:
        products &= {
            name for name, prefix in access.PREFIXES.items() if f"{prefix}_CLIENT_ID" in os.environ
        } or products
    with _api(where, where.folder, products, tell) as api:
        try:
            found = {
                name: dict(portfolio.members(kind, dialects.dialect(kind.family, dialects.DEFAULT).root, api.send))
                for name, kind in kinds.items()
                if kind.product in products
            }
        except Unread as unread:
            raise Unusable(access.stopped(unread.problem)) from None
    scope = found if where.everything else {name: _named(name, where.first[name], found[name]) for name in found}
    _write(where.folder / PROJECT_FILE, beginning.project_text(where.folder, scope, {}).encode())


def _named(name: str, ids: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    strange = [id for id in ids if id not in known]
    if strange:
        there = ", ".join(f"{id} ({visible(said)})" for id, said in list(known.items())[:20]) or "nothing"
        message = f"not in the portfolio of this application: {', '.join(strange)}"
        raise Unusable(access.stopped(error("out-of-portfolio", message, hint=f"{name} that it may touch: {there}")))
    return {id: known[id] for id in dict.fromkeys(ids)}


def _elsewhere(loaded: Loaded, home: Project, out: Path) -> Loaded:
    """The project at another folder; if there is none yet, one with the same versions and scope."""
    if not (out / PROJECT_FILE).is_file():
        scope = {name: dict.fromkeys(ids, "") for name, ids in home.scope.items()}
        _write(out / PROJECT_FILE, beginning.project_text(out, scope, home.versions).encode())
    return _loaded(out)


# --- The outside ------------------------------------------------------------------------------------------------


def _products(project: Project, kinds: Sequence[str]) -> set[str]:
    """The products of which anything is in the scope, and asked for."""
    unknown = [name for name in kinds if name not in project.kinds]
    if unknown:
        hint = f"kinds are: {', '.join(project.kinds)}"
        raise Unusable(access.stopped(error("no-such-kind", f"there is no kind {', '.join(unknown)}", hint=hint)))

    def wanted(kind: Kind) -> bool:
        return (not kinds or kind.name in kinds) and bool(project.scope.get(kind.scope))

    return {kind.product for kind in project.kinds.values() if wanted(kind)}


@contextmanager
def _api(where: Where, folder: Path, products: set[str], tell: Tell) -> Iterator[Api]:
    if where.sandbox is not None:
        state = Path(where.sandbox).resolve() if where.sandbox else folder / access.SANDBOX_STATE
        api = access.simulated(state, tell)
    else:
        api = access.real(where.api_url, products, tell)
    try:
        yield api
    finally:
        api.close()


def _memory(where: Where, project: Project) -> Memory:
    """Which id each address had, for blocks that do not say it."""
    try:
        book = access.remembered(project, access.home(project, where.sandbox, where.api_url), create=False)
        try:
            return keeper.memory(book)
        finally:
            book.close()
    except LedgerError as trouble:
        raise Unusable(access.stopped(keeper.told(trouble))) from trouble


def _write(path: Path, text: bytes) -> None:
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        disk.put(path, text)
    except OSError as trouble:
        raise Unusable(access.stopped(disk.unwritten(path, trouble))) from None


def _shown(path: Path) -> Path:
    """A file as the user would name it."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
