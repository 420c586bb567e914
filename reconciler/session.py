"""One command's way to the outside: the project's files, the API or the sandbox, the clock, credentials.

Secrets come from the environment only and are asked for only when the files need them.
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from reconciler import engine, source
from reconciler.api import Api, Credentials, Event, Settings, check_url
from reconciler.model import Problem, Run, error
from reconciler.source import Loaded

PREFIXES = {"marketingSolutions": "CRITEO_MS", "retailMedia": "CRITEO_RM"}
SANDBOX_STATE = Path(".reconciler", "sandbox.json")
Tell = Callable[[str], None]


class Unusable(Exception):
    """The command cannot even begin; the run says why."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


@dataclass
class Session:
    """Everything that a use-case needs of the world; a context, so that connections are closed."""

    loaded: Loaded
    world: engine.World
    api: Api

    def plan(self, targets: Sequence[str]) -> "engine.Prepared | Run":
        return engine.plan(self.loaded, self.world, targets=targets)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.api.close()


def opened(paths: Sequence[str], *, sandbox: str | None, api_url: str | None, tell: Tell) -> Session:
    """The session of a command. Raises :class:`Unusable` when files or credentials are not in order."""
    loaded = source.load(paths)
    if loaded.project is None or loaded.failed:
        raise Unusable(engine.validate(loaded, datetime.now(UTC)))
    products = {loaded.project.kinds[each.address.kind].product for each in loaded.desired}
    api = _simulated(sandbox, loaded, tell) if sandbox is not None else _real(api_url, products, tell)
    world = engine.World(api.send, api.now, time.sleep, progress=lambda done, total: tell(f"{done}/{total} calls"))
    return Session(loaded, world, api)


def _real(api_url: str | None, products: set[str], tell: Tell) -> Api:
    url = api_url or Settings().base_url
    refusal = check_url(url)
    if refusal is not None:
        raise Unusable(_stopped(error("api-url", refusal, hint="set --api-url or RECONCILER_API_URL")))
    credentials = {product: found for product in products if (found := _credentials(product, os.environ))}
    missing = [_no_credentials(product) for product in sorted(products - credentials.keys())]
    if missing:
        raise Unusable(_stopped(*missing))
    return Api(credentials, Settings(base_url=url), on_event=lambda event: tell(_said(event)))


def _credentials(product: str, environment: Mapping[str, str]) -> Credentials | None:
    prefix = PREFIXES[product]
    id, secret = (environment.get(f"{prefix}_{part}") for part in ("CLIENT_ID", "CLIENT_SECRET"))
    return Credentials(id, secret) if id and secret else None


def _no_credentials(product: str) -> Problem:
    prefix = PREFIXES[product]
    message = f"these files need credentials of {product}"
    hint = f"set {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET, or use --sandbox"
    return error("no-credentials", message, hint=hint)


def _simulated(file: str | None, loaded: Loaded, tell: Tell) -> Api:
    """The simulator in this process; its state is kept beside the project unless a file is named."""
    from reconciler.sandbox.message import Request
    from reconciler.sandbox.world import World

    assert loaded.project is not None
    state = Path(file) if file else loaded.project.folder / SANDBOX_STATE
    state.parent.mkdir(parents=True, exist_ok=True)
    try:
        simulated = World.open(state)
    except (OSError, ValueError) as trouble:
        hint = "name another file, or remove this one to start anew"
        raise Unusable(_stopped(error("sandbox-state", f"{state} is not a sandbox: {trouble}", hint=hint))) from None
    credentials = {
        "marketingSolutions": Credentials("sandbox-ms", "sandbox"),
        "retailMedia": Credentials("sandbox-rm", "sandbox"),
    }
    settings = Settings(base_url="http://localhost")
    return Api(
        credentials, settings, handle=simulated.handle, request=Request, on_event=lambda event: tell(_said(event))
    )


def _said(event: Event) -> str:
    return f"waiting {event.seconds:.0f} s: {event.reason}"


def _stopped(*problems: Problem) -> Run:
    return Run("plan", "", problems=problems)
