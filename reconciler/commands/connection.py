"""Connections of a command: credentials from the environment, the API or the simulator, the lock's holder."""

import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from reconciler import ledger
from reconciler.commands.checkout import repository
from reconciler.config.project import Project
from reconciler.engine.progress import Line, Tell, wait_message
from reconciler.kinds.kind import Kind
from reconciler.kinds.products import PRODUCTS
from reconciler.ledger import Ledger
from reconciler.ledger.interface import Holder
from reconciler.model import Problem, Run, Severity, error
from reconciler.provider import scope
from reconciler.provider.http import Api, Clock, Credentials, Event, Reply, Settings, check_url, ignore_reply

PREFIXES = {each.name: each.credentials for each in PRODUCTS.values()}
SANDBOX_STATE = Path(".reconciler", "sandbox.json")
SANDBOX_CREDENTIALS = {
    each.name: Credentials(f"sandbox-{each.credentials[-2:].lower()}", "sandbox") for each in PRODUCTS.values()
}
SKEW = timedelta(minutes=5)
"""Difference between local and server clock above which a note is given."""
Hear = Callable[[str, Reply], None]


class CommandRefused(Exception):
    """Raised if a command cannot begin; ``run`` holds the reasons."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


class SimulatedClock(Struct, frozen=True):
    """Clock of an in-process simulator: a wait advances its time and takes none."""

    read: Callable[[], datetime]
    advance: Callable[[float], None]

    def time(self) -> float:
        return self.read().timestamp()

    def monotonic(self) -> float:
        return self.read().timestamp()

    def sleep(self, seconds: float, /) -> None:
        if seconds > 0:
            self.advance(seconds)


def connect_api(
    api_url: str | None,
    products: set[str],
    tell: Tell,
    hear: Hear = ignore_reply,
    attempts: int = Settings().attempts,
    clock: Clock | None = None,
) -> Api:
    """Return the API at the URL, with the credentials of the given products; ``hear`` gets every reply."""
    url = _check_url(api_url)
    credentials = {product: found for product in products if (found := _credentials(product, os.environ))}
    missing = [_no_credentials(product) for product in sorted(products - credentials.keys())]
    if missing:
        raise CommandRefused(refused_run(*missing))
    settings = Settings(base_url=url, attempts=attempts)
    return Api(credentials, settings, clock=clock, on_event=lambda event: tell(_describe_event(event)), on_reply=hear)


def _check_url(api_url: str | None) -> str:
    """Return the base URL. Raise :class:`CommandRefused` if credentials must not be sent to it."""
    url = api_url or Settings().base_url
    refusal = check_url(url)
    if refusal is not None:
        raise CommandRefused(refused_run(error("api-url", refusal, hint="set --api-url or RECONCILER_API_URL")))
    return url


def products_with_credentials() -> tuple[str, ...]:
    """Return the products with at least one credential set."""
    return tuple(
        product
        for product, prefix in PREFIXES.items()
        if any(_variable(os.environ, f"{prefix}_{part}") for part in ("CLIENT_ID", "CLIENT_SECRET"))
    )


def client_id(product: str) -> str:
    """Return the client id in the environment, or an empty text."""
    return _variable(os.environ, f"{PREFIXES[product]}_CLIENT_ID")


def connect_sandbox(state: Path, tell: Tell, hear: Hear = ignore_reply, clock: Clock | None = None) -> Api:
    """Return the in-process simulator; its state is kept in a file between commands."""
    from reconciler.sandbox.message import Request
    from reconciler.sandbox.world import World

    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        world = World.open(state)
    except (OSError, ValueError) as trouble:
        hint = "name another file, or remove this one to start again"
        raise CommandRefused(
            refused_run(error("sandbox-state", f"{state} is not a sandbox: {trouble}", hint=hint))
        ) from None
    settings = Settings(base_url="http://localhost")
    listen = lambda event: tell(_describe_event(event))  # noqa: E731 - one line, as above
    return Api(
        SANDBOX_CREDENTIALS,
        settings,
        handle=world.handle,
        request=Request,
        clock=clock or SimulatedClock(lambda: world.now, world.advance),
        on_event=listen,
        on_reply=hear,
    )


def moment(project: Project, sandbox: str | None) -> datetime:
    """Return the time for a command that asks no server: of this machine, or of the simulator."""
    if sandbox is None:
        return datetime.now(UTC)
    api = connect_sandbox(sandbox_state(project, sandbox), lambda line: None)
    try:
        return api.now()
    finally:
        api.close()


def learn_time(api: Api, project: Project, kinds: Iterable[Kind]) -> Problem | None:
    """Fix the clock of the run by the server's first response; return the problem if there is none.

    Any product's response will do; a failure of another product is found when it is read.
    """
    trouble: Problem | None = None
    for product in dict.fromkeys(kind.product for kind in kinds):
        call = scope.first_call(product, project.dialect(product).root)
        failed = api.learn_time(call)
        if failed is None:
            return None
        trouble = trouble or scope.refusal_of(call, failed)
    return trouble


def skew(api: Api) -> tuple[Problem, ...]:
    """Return a note if the local clock differs much from the server's."""
    apart = api.skew
    if apart is None or abs(apart) <= SKEW:
        return ()
    seconds = round(abs(apart).total_seconds())
    span = f"{seconds / 3600:,.1f} h" if seconds >= 2 * 3600 else f"{seconds // 60} min"
    message = f"the clock of this machine is {span} {'ahead of' if apart > timedelta(0) else 'behind'} the server's"
    hint = "this run goes by the server's clock; set this machine's, for certificates and logs go by it"
    return (Problem(Severity.NOTE, "clock-skew", message, hint=hint),)


def sandbox_state(project: Project, sandbox: str) -> Path:
    """Return the state file of the in-process simulator: the given one, or one beside the project."""
    return Path(sandbox).resolve() if sandbox else project.folder / SANDBOX_STATE


class LedgerHome(Struct, frozen=True):
    """URL of a project's ledger, and the server whose ids it holds."""

    url: str
    server: str


NO_LEDGER = "none"
"""Value of `ledger` for a project whose runs begin without a memory."""


def ledger_home(project: Project, sandbox: str | None, api_url: str | None) -> LedgerHome:
    """Return the project's ledger; by default there is one per server, so that ids are never mixed."""
    if project.ledger == NO_LEDGER:
        return LedgerHome(NO_LEDGER, "")
    if sandbox is not None:
        return LedgerHome(f"sqlite:{sandbox_state(project, sandbox)}.ledger", "sandbox")
    server = Settings(base_url=_check_url(api_url)).host.lower().removesuffix(":443")
    if project.ledger is not None:
        return LedgerHome(project.ledger, server)
    own = "" if server == Settings().host else "-" + re.sub(r"[^a-z0-9.-]+", "-", server)
    return LedgerHome(f"sqlite:.reconciler/ledger{own}.db", server)


def open_ledger(project: Project, home: LedgerHome, *, create: bool, audit: bool = True) -> Ledger:
    """Open the project's ledger. Raise :class:`LedgerError` if it cannot be opened."""
    return ledger.open(
        home.url,
        project.folder,
        name=project.own_name,
        aliases=(project.folder.name,),
        scopes=project.locks,
        server=home.server,
        create=create,
        audit=audit,
    )


def refused_run(*problems: Problem) -> Run:
    """Return a run that could not begin."""
    return Run("plan", "", problems=problems)


def lock_holder() -> Holder:
    """Return this process as the holder of a lock, with the details that others see while they wait."""
    ci_name, ci_url = _ci(os.environ)
    return Holder(_user(), socket.gethostname(), os.getpid(), datetime.now(UTC), ci_name, ci_url)


def git_commit(folder: Path) -> str | None:
    """Return the git commit of the files, or None outside of a repository, where git is not asked, or without git."""
    import subprocess

    if not os.environ.get("GIT_DIR") and repository(folder) is None:
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _ci(environment: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return name and URL of the CI run from the environment, or None."""
    if environment.get("GITHUB_ACTIONS"):
        server, repository, run = (
            environment.get(f"GITHUB_{key}", "") for key in ("SERVER_URL", "REPOSITORY", "RUN_ID")
        )
        return environment.get("GITHUB_WORKFLOW"), f"{server}/{repository}/actions/runs/{run}"
    if environment.get("GITLAB_CI"):
        return environment.get("CI_JOB_NAME"), environment.get("CI_JOB_URL")
    return None, None


def _credentials(product: str, environment: Mapping[str, str]) -> Credentials | None:
    prefix = PREFIXES[product]
    id, secret = (_variable(environment, f"{prefix}_{part}") for part in ("CLIENT_ID", "CLIENT_SECRET"))
    return Credentials(id, secret) if id and secret else None


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return a variable without surrounding white space, since secrets often come from files with a final line end."""
    return environment.get(name, "").strip()


def _no_credentials(product: str) -> Problem:
    prefix = PREFIXES[product]
    message = f"these files need credentials of {product}"
    hint = f"set {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, or use --sandbox"
    return error("no-credentials", message, hint=hint)


def _describe_event(event: Event) -> Line:
    return wait_message(event.seconds, datetime.now(UTC), event.reason)


def no_such_run(run: str) -> Run:
    """Return the run of a command that names a run which the ledger does not have; of ``last``, that it has none."""
    if run == "last":
        hint = "only what was applied with this ledger is in it; another host or `--sandbox` has its own"
        return refused_run(error("no-such-run", "the ledger has no run yet", hint=hint))
    return refused_run(error("no-such-run", f"the ledger has no run {run}", hint="`reconciler ledger runs` lists them"))
