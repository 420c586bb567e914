"""Environment of one command: the project's files, the API or the sandbox, the clock, the ledger.

Secrets come from the environment only, and are read only if the files need them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from reconciler import __version__
from reconciler.commands import connection, decided_beside, saved_plans
from reconciler.commands.connection import CommandRefused
from reconciler.commands.early_reads import EarlyReads
from reconciler.config import loader
from reconciler.config import moved as moved_blocks
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.engine import open_calls, run_journal
from reconciler.engine import plan as plan_engine
from reconciler.engine.environment import Ahead, Environment, StateSnapshot
from reconciler.engine.progress import CallProgress, LongWait, Tell, count_progress
from reconciler.engine.refresh import kind_reader
from reconciler.engine.scope_reads import first_reads
from reconciler.executor.evidence import Times
from reconciler.executor.looks import KindReader
from reconciler.executor.ports import Stop
from reconciler.guardrails.max_increase_24_hours import RULE as ROLLING
from reconciler.guardrails.protected import RULE as PROTECTED
from reconciler.kinds.kind import Kind
from reconciler.ledger import Ledger, LedgerError
from reconciler.model import Address, Cause, Problem, Run, error
from reconciler.planfile.plan_file import PlanContext, PlanFile
from reconciler.provider.http import Api, Clock

DAY = timedelta(hours=24)


class Session:
    """Everything that a use-case needs; a context manager that closes the connections."""

    def __init__(
        self,
        paths: tuple[str, ...],
        loaded: LoadResult,
        project: Project,
        outside: Environment,
        api: Api,
        home: connection.LedgerHome,
        tell: Tell,
        moment: datetime | None = None,
        unreachable: Problem | None = None,
    ) -> None:
        self.paths = paths
        self.loaded = loaded
        self.project = project
        self.outside = outside
        self.api = api
        self.home = home
        self.tell = tell
        # The time of the run: taken once, when the server's clock is known, or set by ``plan --at``.
        self.moment = moment
        self.unreachable = unreachable  # problem of the first request, which is sent once

    @property
    def now(self) -> datetime:
        """The time of the run."""
        assert self.moment is not None, "the run has not begun"
        return self.moment

    @property
    def stated(self) -> str:
        """Digest of what the files state at the time of the run."""
        from reconciler.config import overrides  # imported here: a plan does not ask for it

        return f"{self.loaded.digest} {overrides.find_holding(self.loaded, self.now)}"

    def begin(self) -> Problem | None:
        """Take the time of the run if it is not set; return the problem if the server's clock is unknown."""
        if self.moment is None:
            if (trouble := self.learn_time()) is not None:
                return trouble
            self.moment = self.outside.clock()
        return None

    def learn_time(self) -> Problem | None:
        if self.unreachable is None:
            self.unreachable = connection.learn_time(self.api, self.project, self._list_kinds())
        return self.unreachable

    def read_ahead(self) -> None:
        """Begin the first reads of a plan of the whole project, before it asks for them."""
        if self.project.whole:
            self.outside.ahead.begin(first_reads(self.project, self._list_kinds()))

    def _list_kinds(self) -> list[Kind]:
        """Return the kinds that the files hold."""
        held = {each.address.kind for each in self.loaded.desired}
        return [kind for name, kind in self.project.kinds.items() if name in held]

    def plan(
        self, targets: Sequence[str], allowed: Mapping[str, str] | None = None, *, part: bool = False
    ) -> "plan_engine.PreparedPlan | Run":
        """Return a plan; it takes no lock and writes nothing, not even an empty ledger.

        With ``part`` only what the targets, or the files, need is read.
        """
        with self.remembering(create=False) as book:
            unreachable = None if plan_engine.is_always_wrong(self.loaded) else self.learn_time()
            recovery = open_calls.Recovery() if unreachable else self.recover(book)
            return self.prepare(book, recovery, targets, allowed, part=part)

    def prepare(
        self,
        book: Ledger,
        recovery: open_calls.Recovery,
        targets: Sequence[str],
        allowed: Mapping[str, str] | None = None,
        saved: PlanFile | None = None,
        *,
        part: bool = True,
    ) -> "plan_engine.PreparedPlan | Run":
        """Return the plan of the files, or the saved plan as it stands now, with one time for all checks."""
        trouble = None if (wrong := plan_engine.is_always_wrong(self.loaded)) else self.begin()
        if wrong or trouble:
            run = plan_engine.validate(self.loaded, self.outside.clock())
            problems = (*recovery.problems, *run.problems, *((trouble,) if trouble else ()))
            return replace(run, command="plan", problems=plan_engine.unique(problems), unchanged=0)
        planned = plan_engine.plan(
            self.loaded,
            self.outside,
            self.now,
            self.memory(book, self.now, recovery),
            targets=targets,
            noted=(*recovery.problems, *connection.skew(self.api)),
            allowed=allowed,
            recorded=plan_engine.Recorded(saved, self.circumstances()) if saved else None,
            part=part,
        )
        if isinstance(planned, Run):
            return planned
        problems = (*planned.run.problems, *decided_beside.find(planned.run))
        return replace(planned, run=replace(planned.run, problems=problems))

    def memory(
        self, book: Ledger, now: datetime | None = None, recovery: open_calls.Recovery | None = None
    ) -> StateSnapshot:
        """Return the ledger's snapshot; changes of the last 24 hours only if requested and if a guardrail uses them."""
        recovery = recovery or open_calls.Recovery()
        counted = now is not None and self.project.guardrails.has(ROLLING.name)
        named = None if self.project.guardrails.has(PROTECTED.name) else self._list_addresses()
        known = run_journal.load_snapshot(book, named, now - DAY if now is not None and counted else None)
        made = moved_blocks.made_exchanges(self.project, book)
        ids, values = moved_blocks.resolve_moves(self.project, {**known.ids, **recovery.ids}, known.values, made)
        held = {"holds": recovery.holds, "fresh": recovery.fresh, "accepted": recovery.accepted}
        return replace(known, ids=ids, values=values, **held)

    def _list_addresses(self) -> set[Address]:
        """Return the addresses of the files, so that a plan of a few does not read a large ledger."""
        return {each.address for each in self.loaded.desired} | set(moved_blocks.moved_addresses(self.project))

    def settle(self, book: Ledger) -> open_calls.Recovery:
        """Look for the open calls of earlier runs, and store the result. An interrupt then has sent nothing."""
        try:
            recovery = self.recover(book)
        except KeyboardInterrupt:
            hint = "apply again: it looks for the same first"
            problem = error(
                Cause.INTERRUPTED, "interrupted while it looked for what an earlier run left open", hint=hint
            )
            raise CommandRefused(connection.refused_run(problem)) from None
        open_calls.settle(book, recovery, self.outside.clock())
        return recovery

    def recover(self, book: Ledger) -> open_calls.Recovery:
        past = open_calls.PastReader(
            self.project.kinds,
            self._reader,
            self.outside.clock(),
            self.outside.times,
            self.api.knows_time,
            connection.lock_holder().host,
        )
        recovery = open_calls.recover_open(book, past)
        if recovery != open_calls.Recovery():
            self.api.forget_ahead()  # the plan must not stand on reads that are older than those of the recovery
        return recovery

    def save(self, run: Run, file: Path, targets: Sequence[str], hours: float) -> str:
        """Write the plan atomically; return its digest."""
        return saved_plans.save(run, file, self.circumstances(targets, hours))

    def circumstances(self, targets: Sequence[str] = (), hours: float = 0.0) -> PlanContext:
        """Return the conditions under which a plan is made now."""
        now = self.now.replace(microsecond=0)
        return PlanContext(
            tool=__version__,
            commit=connection.git_commit(self.project.folder),
            config=self.loaded.digest,
            versions=dict(self.project.versions),
            scope=dict(self.project.scope),
            paths=self.paths,
            targets=tuple(targets),
            merged=self.project.merged,
            created=now,
            expires=now + timedelta(hours=hours),
        )

    def with_files(self, loaded: LoadResult, project: Project) -> "Session":
        """Return a session of the same connections with other files."""
        other = copy(self)
        other.loaded, other.project = loaded, project
        return other

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.api.close()

    @contextmanager
    def remembering(self, *, create: bool) -> Iterator[Ledger]:
        """Open the ledger without the lock. Raise :class:`CommandRefused` if it cannot be opened."""
        try:
            book = connection.open_ledger(self.project, self.home, create=create)
        except LedgerError as trouble:
            raise CommandRefused(connection.refused_run(run_journal.ledger_problem(trouble))) from trouble
        try:
            yield book
        finally:
            book.close()

    def announce_wait(self, holder: object) -> None:
        self.tell(LongWait(f"waiting for the lock of {holder}"))

    def _reader(self, kind: str) -> "KindReader":
        """Return a reader that reads now: what was read ahead may be older than the time by which it is judged."""
        report = call_progress(self.tell, self.api, self.outside.stop)
        send = report.reading(lambda call: self.api.send(call, again=True))
        return kind_reader(self.project, replace(self.outside, send=send), kind)


def call_progress(tell: Tell, api: Api, stop: Stop) -> CallProgress:
    """Return the progress of the calls of one API; once the run is stopped, only reads are left to report."""
    clock = api.clock.monotonic
    return CallProgress(tell, clock, api.limit_used, api.calls_per_minute, lambda: stop.reason is not None)


def open_session(
    paths: Sequence[str],
    *,
    sandbox: str | None,
    api_url: str | None,
    tell: Tell,
    clock: Clock | None = None,
    ahead: bool = False,
) -> Session:
    """Open the session of a command; all waits and times in it use one clock.

    ``ahead`` begins to read what is live while the files are parsed: only for a command that takes no lock, since what
    is read before a lock is held may be changed by its holder. Raise :class:`CommandRefused` if files or credentials
    are not in order.
    """
    early = EarlyReads(api_url, tell, clock) if ahead and sandbox is None else None
    loaded = loader.load(paths, on_read=count_progress("reading", "file", tell), begun=early.begin if early else None)
    if loaded.project is None or loaded.failed:
        if early is not None:
            early.close()
        raise CommandRefused(replace(plan_engine.validate(loaded, datetime.now(UTC)), unchanged=0))  # none was compared
    project = loaded.project
    products = {project.kinds[each.address.kind].product for each in loaded.desired}
    if sandbox is not None:
        api = connection.connect_sandbox(connection.sandbox_state(project, sandbox), tell, clock=clock)
    else:
        begun = early.api_of(products) if early is not None else None
        api = begun or connection.connect_api(api_url, products, tell, clock=clock)
    home = connection.ledger_home(project, sandbox, api_url)
    return Session(tuple(paths) or (".",), loaded, project, _environment(api, project, tell), api, home, tell)


def _environment(api: Api, project: Project, tell: Tell) -> Environment:
    stop = Stop()
    calls = call_progress(tell, api, stop)
    return Environment(
        calls.reading(api.send),
        api.now,
        stop.wrap_sleep(api.clock.sleep),
        progress=calls.sending,
        stop=stop,
        channel=api.channel(lambda: stop.reason is not None),
        times=Times(project.look_for, project.settle_after),
        ahead=Ahead(api.read_ahead, api.forget_ahead, lambda: api.ahead_for),
    )


__all__ = ["CommandRefused", "Session", "open_session"]
