"""Checkup of account, files and ledger by reading only. It writes nothing, takes no lock and shows no secret."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, timedelta
from pathlib import Path

from msgspec import Struct

from reconciler.commands import connection
from reconciler.commands.connection import CommandRefused
from reconciler.commands.doctor import account as accounts
from reconciler.commands.doctor import assumed, ledger
from reconciler.commands.doctor.account import ProductAccount, SeenReplies
from reconciler.commands.doctor.assumed import Evidence
from reconciler.config import loader
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.engine.progress import Tell
from reconciler.kinds import versions
from reconciler.kinds.kind import Kind
from reconciler.kinds.products import PRODUCTS
from reconciler.kinds.versions import ApiVersion
from reconciler.model import Severity
from reconciler.model.doctor import Check, CheckLevel, DoctorReport, check_of_problem
from reconciler.model.text import count_noun
from reconciler.provider.http import Api

TITLES = {each.name: each.title for each in PRODUCTS.values()}
ATTEMPTS = 2
"""Attempts per read: a checkup should fail fast."""
SKEW = timedelta(minutes=1)
"""Difference between local and server clock that causes a warning, since certificates and logs depend on it."""


class ApiTarget(Struct, frozen=True):
    """Options by which every command selects its API."""

    sandbox: str | None
    api_url: str | None
    tell: Tell


def examine(paths: Sequence[str], *, sandbox: str | None, api_url: str | None, tell: Tell) -> DoctorReport:
    """Run all checks; a failure of one does not prevent the others."""
    where = ApiTarget(sandbox, api_url, tell)
    loaded = loader.load(paths)
    project = loaded.project
    checks = list(_files(loaded))
    seen = list[Evidence]()
    apis = list[Api]()
    try:
        for product in _products(project, where):
            checks += _product(product, project, where, seen, apis)
        if project is not None:
            checks += ledger.check_ledger(project, connection.ledger_home(project, sandbox, api_url))
        checks += _clock(seen, simulated=sandbox is not None)
        checks += assumed.check_assumptions(project, seen)
    finally:
        for api in apis:
            api.close()
    return DoctorReport(project.name if project else "", tuple(checks))


def _files(loaded: LoadResult) -> Iterator[Check]:
    errors = [each for each in loaded.problems if each.severity is Severity.ERROR]
    if loaded.project is None and all(each.code == "no-project" for each in errors):
        hint = "`reconciler init` begins one; until then only the account is looked at"
        yield Check("Files", "project", CheckLevel.WARNING, "there is no reconciler.yaml here or above", hint)
        return
    for problem in loaded.problems:
        yield check_of_problem("Files", "project", problem)
    if loaded.project is not None and not errors:
        facts = {"resources": len(loaded.desired), "files": len(loaded.documents)}
        held, files = count_noun(facts["resources"], "resource"), count_noun(facts["files"], "file")
        said = f"{loaded.project.name}: {held} in {files}"
        yield Check("Files", "project", CheckLevel.OK, said, facts=facts)


def _products(project: Project | None, where: ApiTarget) -> Iterator[str]:
    """Yield the products of the scope; without a project, those with credentials, or all."""
    if project is not None:
        scoped = {kind.product for kind in project.kinds.values() if project.scope.get(kind.scope)}
        yield from (product for product in TITLES if product in scoped)
        return
    given = () if where.sandbox is not None else connection.products_with_credentials()
    yield from (product for product in TITLES if not given or product in given)


def _product(
    product: str, project: Project | None, where: ApiTarget, seen: list[Evidence], apis: list[Api]
) -> Iterator[Check]:
    heard, account = SeenReplies(), _account(product, project)
    try:
        api = _api(product, project, where, heard)
    except CommandRefused as unusable:
        for problem in unusable.run.problems:
            yield check_of_problem(account.title, "credentials", problem)
        return
    apis.append(api)
    if where.sandbox is None:
        said = f"{connection.PREFIXES[product]}_CLIENT_ID is {connection.client_id(product)}; the secret is set"
        yield Check(account.title, "credentials", CheckLevel.OK, said)
    yield from accounts.check_account(account, api.send, heard, api.now)
    seen.append(Evidence(account, api.send, heard))


def _api(product: str, project: Project | None, where: ApiTarget, heard: SeenReplies) -> Api:
    if where.sandbox is None:
        return connection.connect_api(where.api_url, {product}, where.tell, heard, ATTEMPTS)
    if project is not None:
        state = connection.sandbox_state(project, where.sandbox)
    else:
        state = Path(where.sandbox).resolve() if where.sandbox else Path.cwd() / connection.SANDBOX_STATE
    return connection.connect_sandbox(state, where.tell, heard)


def _account(product: str, project: Project | None) -> ProductAccount:
    spoken: Mapping[str, ApiVersion] = {
        family: project.dialect(family) if project else versions.find_version(family, versions.DEFAULT)
        for family in versions.FAMILIES
    }
    kinds: tuple[Kind, ...] = tuple(
        kind for dialect in spoken.values() for kind in dialect.kinds.values() if kind.product == product
    )
    scope = project.scope if project else {}
    at = project.at("scope", kinds[0].scope) if project else None
    return ProductAccount(product, TITLES[product], kinds, spoken, scope, at)


def _clock(seen: Sequence[Evidence], *, simulated: bool) -> Iterator[Check]:
    """Yield a check of the local clock against the Date of the latest response."""
    replies = [entry for each in seen for entry in each.heard.replies]
    dates = [(reply.date, at) for _, reply, at in replies if reply.date is not None]
    if simulated or not replies:
        return
    if not dates:
        said = "no answer had a Date, so runs go by the clock of this machine: see that it is right"
        yield Check("Clock", "this machine", CheckLevel.WARNING, said)
        return
    date, at = dates[-1]
    skew = at - date.astimezone(UTC)
    seconds = round(skew.total_seconds())
    said = (
        "agrees with the server's"
        if abs(seconds) <= 2
        else f"{abs(seconds):,} s {'ahead' if seconds > 0 else 'behind'}"
    )
    level = CheckLevel.OK if abs(skew) <= SKEW else CheckLevel.WARNING
    hint = None if level is CheckLevel.OK else "set it; reconciler itself goes by the server's clock"
    yield Check("Clock", "this machine", level, said, hint, facts={"skew_seconds": seconds})


__all__ = ["Check", "CheckLevel", "DoctorReport", "examine"]
