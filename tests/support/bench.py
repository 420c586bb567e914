"""The real engine against a simulated account: files on a disk, HTTP without a network, time that nobody waits for.

Nothing of the tool is replaced. Files are read by ``source``, calls leave through ``Api``, and what happened is read
from the sandbox's own log, which knows nothing of our plans.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler import guardrails
from reconciler.commands.connection import LedgerHome
from reconciler.commands.session import Session
from reconciler.commands.write_session import open_writing
from reconciler.config import loader
from reconciler.engine import plan as plan_engine
from reconciler.engine.environment import Environment
from reconciler.kinds import versions as api_versions
from reconciler.model import Json, Run, exit_codes
from reconciler.provider.http import Api, Credentials, Settings
from reconciler.reports import FORMATS, RenderOptions
from reconciler.sandbox.message import Request, Response
from reconciler.sandbox.world import World

from . import memory

ADVERTISER = "1352"
ACCOUNT = "18446744073709551616"
LEDGER = "sqlite:.reconciler/ledger.db"
CREDENTIALS = {
    "marketingSolutions": Credentials("sandbox-ms", "sandbox"),
    "retailMedia": Credentials("sandbox-rm", "sandbox"),
}


@dataclass
class Time:
    """Sleeping lets the simulated time pass, and no other."""

    world: World
    passed: float = 0.0
    ahead: timedelta = timedelta(0)
    """How far the clock of this machine is ahead of the server's."""

    def time(self) -> float:
        return (self.world.now + self.ahead).timestamp()

    def monotonic(self) -> float:
        return self.world.now.timestamp()  # a test may let time pass in the world, too

    def sleep(self, seconds: float, /) -> None:
        if seconds > 0:
            self.passed += seconds
            self.world.advance(seconds)


@dataclass
class Bench:
    """One project folder and the account that it describes."""

    folder: Path
    world: World
    versions: Mapping[str, str] = field(default_factory=dict)
    chunk: int | None = None
    merged: bool = False
    guarded: bool = True
    in_flight: int = 4
    ahead: timedelta = timedelta(0)
    handle: Callable[[Request], Response] | None = None

    def __post_init__(self) -> None:
        self.time = Time(self.world, ahead=self.ahead)
        self.begin()

    def begin(self) -> None:
        """Make a new way to the account, as every command has: it knows no token and no time of the server's."""
        handle = self.handle or self.world.handle
        self.api = Api(CREDENTIALS, Settings("http://localhost"), handle=handle, request=Request, clock=self.time)
        self.outside = Environment(self.api.send, self.api.now, self.time.sleep, in_flight=self.in_flight)

    # --- what the user does ---

    def write(self, files: Mapping[str, str]) -> None:
        """Make these the files of the project, and no others."""
        for old in self.folder.rglob("*.yaml"):
            old.unlink()
        spoken = ", ".join(f'{family}: "{version}"' for family, version in self.versions.items())
        header = {"reconciler.yaml": _project(spoken, "merged" if self.merged else "facets", self.guarded)}
        for name, text in (header | dict(files)).items():
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def load(self) -> loader.LoadResult:
        """The files as the tool understands them; with the chunk size of this bench, if it has one."""
        loaded = loader.load([str(self.folder)])
        if self.chunk is not None and loaded.project is not None:
            cut = {name: chunked(kind, self.chunk) for name, kind in loaded.project.kinds.items()}
            vars(loaded.project)["kinds"] = cut  # the tables of this project, and only of it
        return loaded

    def session(self) -> Session | Run:
        """One command's session, or why there can be none."""
        loaded = self.load()
        if loaded.project is None or loaded.failed:
            return plan_engine.validate(loaded, self.world.now)
        return Session(
            paths=(str(self.folder),),
            loaded=loaded,
            project=loaded.project,
            outside=self.outside,
            api=self.api,
            home=LedgerHome(LEDGER, "sandbox"),
            tell=lambda line: None,
        )

    def plan(self, targets: Sequence[str] = ()) -> Run:
        """A plan. It is a law of its own that planning writes nothing, so every plan of every test is held to it."""
        before = len(self.writes)
        session = self.session()
        prepared = session if isinstance(session, Run) else session.plan(targets)
        assert self.writes[before:] == []
        return prepared if isinstance(prepared, Run) else prepared.run

    def apply(self, targets: Sequence[str] = ()) -> Run:
        """Plan, and carry the plan out if nothing is wrong with it."""
        session = self.session()
        if isinstance(session, Run):
            return session
        with open_writing(session, 0) as writing:
            prepared = writing.plan(targets)
            if isinstance(prepared, Run) or prepared.run.failed or not prepared.run.plan.total:
                return prepared if isinstance(prepared, Run) else prepared.run
            return writing.apply(prepared, lambda run: int(exit_codes.exit_code(run)))

    def report(self, run: Run, form: str = "json", *, bodies: bool = False) -> str:
        return FORMATS[form](run, RenderOptions(bodies=bodies))

    # --- what happened ---

    @property
    def writes(self) -> list[dict[str, Any]]:
        """The sandbox's log of all that could have changed something."""
        return [each for each in self.world.log if writes(each)]

    def forget(self) -> None:
        self.world.forget_calls()

    def live(self, family: str, path: str, body: Json = None) -> Any:
        """What the API itself shows, asked past the tool's own reading."""
        product = family
        answer = self.api.read("GET" if body is None else "POST", path, product=product, body=body)
        assert answer.status == 200, answer
        return answer.body

    def later(self, **span: float) -> None:
        self.time.sleep(timedelta(**span).total_seconds())


def writes(entry: Mapping[str, Any]) -> bool:
    """Whether a call of the log could have changed something: a POST may be a search."""
    asks = entry["method"] == "GET" or entry["path"].endswith(("/search", "/oauth2/token", "/cpc-min-bids"))
    return not asks


def chunked(kind: Any, size: int) -> Any:
    """The same kind where the API takes fewer items a call, so that a few items reach every boundary."""

    def cut(write: Any) -> Any:
        return replace(write, chunk=min(write.chunk, size)) if hasattr(write, "chunk") else write

    return replace(kind, writes={facet: cut(write) for facet, write in kind.writes.items()})


@contextmanager
def bench(
    *,
    family: str = "marketingSolutions",
    version: str = api_versions.DEFAULT,
    world: World | None = None,
    chunk: int | None = None,
    merged: bool = False,
    guarded: bool = True,
    in_flight: int = 4,
    **options: Any,
) -> Iterator[Bench]:
    """A bench in a folder of its own, on the demo account unless a world is given."""
    if version == "guide":
        options["profile"] = "guide"
    account = world or World.demo(running=False, **options)
    with tempfile.TemporaryDirectory(dir=memory.folder()) as folder:
        made = Bench(Path(folder), account, {family: version}, chunk, merged, guarded, in_flight)
        yield made
        made.api.close()


def _project(versions: str, batching: str, guarded: bool) -> str:
    off = ", ".join(f"{name}: false" for name in guardrails.RULES)
    return (
        "version: 1\n"
        f"api: {{{versions}}}\n"
        f'scope: {{advertiserIds: ["{ADVERTISER}"], retailMediaAccountIds: ["{ACCOUNT}"]}}\n'
        f"batching: {batching}\n" + ("" if guarded else f"guardrails: {{{off}}}\n")
    )
