"""Environment of one command: the project's files, the API or the sandbox, the clock, the ledger.

Secrets come from the environment only, and are read only if the files need them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from msgspec.structs import replace

from reconciler import __version__
from reconciler.commands import connection, saved_plans
from reconciler.commands.connection import CommandRefused
from reconciler.config import loader
from reconciler.config import moved as moved_blocks
from reconciler.config.loader import LoadResult
from reconciler.config.project import Project
from reconciler.engine import plan as plan_engine
from reconciler.engine import run_journal
from reconciler.engine.environment import Environment, StateSnapshot
from reconciler.engine.progress import LongWait, Tell, throttled_progress, with_read_progress
from reconciler.engine.refresh import kind_reader
from reconciler.executor.evidence import Times
from reconciler.executor.looks import KindReader
from reconciler.executor.sender import Stop
from reconciler.guardrails.max_increase_24_hours import RULE as ROLLING
from reconciler.guardrails.protected import RULE as PROTECTED
from reconciler.ledger import Ledger, LedgerError
from reconciler.ledger.errors import PlanUsed
from reconciler.ledger.interface import RunRecord
from reconciler.model import Address, Cause, Problem, Run, Verdict, error
from reconciler.planfile import digest, staleness
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
        # The problem of the first request, which is sent once.
        self.unreachable = unreachable

    @property
    def now(self) -> datetime:
        """The time of the run."""
        assert self.moment is not None, "the run has not begun"
        return self.moment

    def begin(self) -> Problem | None:
        """Take the time of the run if it is not set; return the problem if the server's clock is unknown."""
        if self.moment is None:
            trouble = self._learn_time()
            if trouble is not None:
                return trouble
            self.moment = self.outside.clock()
        return None

    def _learn_time(self) -> Problem | None:
        held = {each.address.kind for each in self.loaded.desired}
        kinds = [kind for name, kind in self.project.kinds.items() if name in held]
        if self.unreachable is None:
            self.unreachable = connection.learn_time(self.api, self.project, kinds)
        return self.unreachable

    def plan(
        self, targets: Sequence[str], allowed: Mapping[str, str] | None = None
    ) -> "plan_engine.PreparedPlan | Run":
        """Return a plan; it takes no lock and writes nothing, not even an empty ledger."""
        with self.remembering(create=False) as book:
            unreachable = None if plan_engine.is_always_wrong(self.loaded) else self._learn_time()
            recovery = run_journal.Recovery() if unreachable else self._recovery(book)
            return self.prepare(book, recovery, targets, allowed)

    def prepare(
        self,
        book: Ledger,
        recovery: run_journal.Recovery,
        targets: Sequence[str],
        allowed: Mapping[str, str] | None = None,
        saved: PlanFile | None = None,
    ) -> "plan_engine.PreparedPlan | Run":
        """Return the plan of the files, or the saved plan as it stands now, with one time for all checks."""
        trouble = None if (wrong := plan_engine.is_always_wrong(self.loaded)) else self.begin()
        if wrong or trouble:
            run = plan_engine.validate(self.loaded, self.outside.clock())
            problems = (*recovery.problems, *run.problems, *((trouble,) if trouble else ()))
            return replace(run, command="plan", problems=plan_engine.unique(problems), unchanged=0)
        return plan_engine.plan(
            self.loaded,
            self.outside,
            self.now,
            self.memory(book, self.now, recovery),
            targets=targets,
            noted=(*recovery.problems, *connection.skew(self.api)),
            allowed=allowed,
            recorded=plan_engine.Recorded(saved, self.circumstances()) if saved else None,
        )

    def memory(
        self, book: Ledger, now: datetime | None = None, recovery: run_journal.Recovery | None = None
    ) -> StateSnapshot:
        """Return the ledger's snapshot; changes of the last 24 hours only if requested and if a guardrail uses them."""
        recovery = recovery or run_journal.Recovery()
        counted = now is not None and self.project.guardrails.has(ROLLING.name)
        named = None if self.project.guardrails.has(PROTECTED.name) else self._named()
        known = run_journal.load_snapshot(book, named, now - DAY if now is not None and counted else None)
        ids, values = moved_blocks.resolve_moves(self.project, {**known.ids, **recovery.ids}, known.values)
        return replace(known, ids=ids, values=values, holds=recovery.holds, fresh=recovery.fresh)

    def _named(self) -> set[Address]:
        """Return the addresses of the files, so that a plan of a few does not read a large ledger."""
        return {each.address for each in self.loaded.desired} | set(moved_blocks.moved_addresses(self.project))

    @contextmanager
    def writing(self, lock_timeout: float) -> "Iterator[WriteSession]":
        """Hold the lock of the scope, with the open calls of earlier runs settled. Raise :class:`CommandRefused`."""
        try:
            with (
                self.remembering(create=True) as book,
                book.lock(self.project.locks, connection.lock_holder(), timeout=lock_timeout, waiting=self._waiting),
            ):
                unreachable = None if plan_engine.is_always_wrong(self.loaded) else self._learn_time()
                recovery = run_journal.Recovery() if unreachable else self._settled(book)
                moved_blocks.apply_moves(self.project, book)
                yield WriteSession(self, book, recovery)
        except LedgerError as trouble:
            raise CommandRefused(connection.refused_run(run_journal.ledger_problem(trouble))) from trouble

    def _settled(self, book: Ledger) -> run_journal.Recovery:
        """Look for the open calls of earlier runs, and store the result. An interrupt then has sent nothing."""
        try:
            recovery = self._recovery(book)
        except KeyboardInterrupt:
            hint = "apply again: it looks for the same first"
            problem = error(
                Cause.INTERRUPTED, "interrupted while it looked for what an earlier run left open", hint=hint
            )
            raise CommandRefused(connection.refused_run(problem)) from None
        run_journal.settle(book, recovery, self.outside.clock())
        return recovery

    def _recovery(self, book: Ledger) -> run_journal.Recovery:
        past = run_journal.PastReader(
            self.project.kinds,
            self._reader,
            self.outside.clock(),
            self.outside.times,
            self.api.knows_time,
            connection.lock_holder().host,
        )
        return run_journal.recover_open(book, past)

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

    def _waiting(self, holder: object) -> None:
        self.tell(LongWait(f"waiting for the lock of {holder}"))

    def _reader(self, kind: str) -> "KindReader":
        return kind_reader(self.project, self.outside, kind)


class WriteSession:
    """A session that holds the lock: it may plan, and then apply the plan."""

    def __init__(
        self, session: Session, ledger: Ledger, recovery: run_journal.Recovery, plan_digest: str | None = None
    ) -> None:
        self.session = session
        self.ledger = ledger
        self.recovery = recovery
        # Digest of the saved plan that is applied, which is used once.
        self.plan_digest = plan_digest

    def plan(
        self, targets: Sequence[str], allowed: Mapping[str, str] | None = None
    ) -> "plan_engine.PreparedPlan | Run":
        prepared = self.session.prepare(self.ledger, self.recovery, targets, allowed)
        if isinstance(prepared, plan_engine.PreparedPlan) and not (prepared.run.failed or prepared.run.plan.total):
            self._adopt(prepared, complete=True)
        return prepared

    def _adopt(self, prepared: "plan_engine.PreparedPlan", *, complete: bool) -> None:
        """Store the values in force; all of them if the plan was of the whole project and nothing is left to do."""
        session = self.session
        found = sum(len(pairs) for pairs in prepared.pairs.values())
        complete = complete and session.project.whole and found == len(session.loaded.desired)
        run_journal.record_in_force(
            self.ledger, prepared.pairs, session.loaded.digest, session.outside.clock(), complete=complete
        )

    def reviewed(self, file: Path, approved: str | None) -> "plan_engine.PreparedPlan | Run":
        """Return a saved plan if it still holds and is the approved one, else a run with the problem."""
        session = self.session
        saved = saved_plans.read(file, session.project.kinds)
        if approved is not None and not digest.is_of(approved, saved.digest):
            message = f"digest mismatch: approved {approved}, the file holds {saved.digest}"
            hint = "apply the approved plan, or review this one"
            return connection.refused_run(staleness.stale_problem(message, hint))
        use = self.ledger.plan_used(saved.digest)
        if use is not None:
            return connection.refused_run(run_journal.ledger_problem(PlanUsed(self.ledger.where, use)))
        self.plan_digest = saved.digest
        prepared = session.prepare(self.ledger, self.recovery, saved.made.targets, saved.allowed, saved)
        return prepared.run if isinstance(prepared, plan_engine.PreparedPlan) and prepared.run.failed else prepared

    def apply(
        self, prepared: "plan_engine.PreparedPlan", exit_code: Callable[[Run], int], *, bisect: bool = False
    ) -> Run:
        """Apply the plan as one run of the ledger."""
        outside = replace(self.session.outside, bisect=bisect, wary=self.ledger.is_new)
        allowed = {each.rule: str(each.because) for each in prepared.run.judgements if each.verdict is Verdict.ALLOWED}
        plan = prepared.run.plan
        planned = sum(len(call.items) for call in plan.calls) + len(plan.deferred)
        record = replace(self._record(outside.clock()), allowed=allowed, plan_digest=self.plan_digest, planned=planned)
        run_id = self.ledger.begin(record)
        api = self.session.api
        journal = run_journal.RunJournal(self.ledger, run_id, outside.clock, outside.times, lambda: api.knows_time)
        mark = journal.token(self.session.project.kinds, prepared.pairs)
        token = mark if self.session.project.memo_token else (lambda call: None)
        self._adopt(prepared, complete=False)
        run = plan_engine.apply(prepared, outside, journal, token)
        try:
            if exit_code(run) == 0:
                self._adopt(prepared, complete=True)
            self.ledger.finish(run_id, outside.clock(), exit_code(run))
            if self.session.project.ledger_keep is not None:
                run_journal.prune(self.ledger, self.session.project.ledger_keep, outside.clock())
        except LedgerError as trouble:  # sent calls must be reported, even if the ledger fails
            run = replace(run, problems=tuple(dict.fromkeys((*run.problems, run_journal.ledger_problem(trouble)))))
        return run

    def _record(self, now: datetime) -> RunRecord:
        holder = connection.lock_holder()
        return RunRecord(
            "apply",
            self.session.project.name,
            now,
            __version__,
            who=f"{holder.who}@{holder.host}",
            pid=holder.pid,
            machine=holder.host,
            commit=connection.git_commit(self.session.project.folder),
            ci_name=holder.ci_name,
            ci_url=holder.ci_url,
        )


def open_session(
    paths: Sequence[str], *, sandbox: str | None, api_url: str | None, tell: Tell, clock: Clock | None = None
) -> Session:
    """Open the session of a command; all waits and times in it use one clock.

    Raise :class:`CommandRefused` if files or credentials are not in order.
    """
    loaded = loader.load(paths, told=throttled_progress("reading files, {} of {}", tell))
    if loaded.project is None or loaded.failed:
        raise CommandRefused(plan_engine.validate(loaded, datetime.now(UTC)))
    project = loaded.project
    products = {project.kinds[each.address.kind].product for each in loaded.desired}
    if sandbox is not None:
        api = connection.connect_sandbox(connection.sandbox_state(project, sandbox), tell, clock=clock)
    else:
        api = connection.connect_api(api_url, products, tell, clock=clock)
    stop = Stop()
    outside = Environment(
        with_read_progress(api.send, tell),
        api.now,
        stop.cutting(api.clock.sleep),
        progress=throttled_progress("sending calls, {} of {}", tell),
        stop=stop,
        channel=api.channel(lambda: stop.reason is not None),
        times=Times(project.look_for, project.settle_after),
    )
    home = connection.ledger_home(project, sandbox, api_url)
    return Session(tuple(paths) or (".",), loaded, project, outside, api, home, tell)


__all__ = ["CommandRefused", "Session", "WriteSession", "open_session"]
