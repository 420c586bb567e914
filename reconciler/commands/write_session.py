"""Session that holds the lock: it plans, and applies the plan as one run of the ledger."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from msgspec.structs import replace

from reconciler import __version__
from reconciler.commands import connection, saved_plans
from reconciler.commands.connection import CommandRefused
from reconciler.commands.session import Session
from reconciler.config import moved as moved_blocks
from reconciler.drift import baseline
from reconciler.engine import open_calls, run_journal
from reconciler.engine import plan as plan_engine
from reconciler.engine.progress import wait_message
from reconciler.ledger import Ledger, LedgerError
from reconciler.ledger.errors import PlanUsed
from reconciler.ledger.interface import RunRecord
from reconciler.model import Address, ItemStatus, Plan, Problem, Run, Severity, Verdict
from reconciler.planfile import digest, plan_file, staleness


class WriteSession:
    """A session that holds the lock: it may plan, and then apply the plan."""

    def __init__(
        self, session: Session, ledger: Ledger, recovery: open_calls.Recovery, plan_digest: str | None = None
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
            self._remember(prepared)
            self._note_agreement(prepared)
        return prepared

    def confirm(
        self, prepared: "plan_engine.PreparedPlan", targets: Sequence[str], allowed: Mapping[str, str] | None = None
    ) -> "plan_engine.PreparedPlan | Run":
        """Return the plan after the user's confirmation: read again, and refused if any part of it has changed.

        Contract §9 rule 7: a question may stay open for hours, and the user approved what was shown.
        """
        again = self.plan(targets, allowed)
        if isinstance(again, Run):
            return again
        shown, now = (
            [plan_file.call_shape(call) for call in each.run.plan.calls] + list(map(str, each.run.plan.deferred))
            for each in (prepared, again)
        )
        if again.run.failed or shown == now:
            return again.run if again.run.failed else again
        message = "what is live moved while the question was open: the plan is not the one that was shown"
        return connection.refused_run(staleness.stale_problem(message, "apply again, and look at the new plan"))

    def _remember(self, prepared: "plan_engine.PreparedPlan") -> baseline.Agreement:
        """Store the live id of each block, so that a renamed object is found, and the values in force."""
        session = self.session
        return baseline.remember_baseline(self.ledger, prepared.pairs, session.stated, session.outside.clock())

    def _note_agreement(self, prepared: "plan_engine.PreparedPlan") -> None:
        """Record that the whole project is in force, if the plan covered it; later differences are later changes."""
        found = sum(len(pairs) for pairs in prepared.pairs.values())
        if self.session.project.whole and found == len(self.session.loaded.desired):
            baseline.note_agreement(self.ledger, self.session.outside.clock())

    def review_saved(self, file: Path, approved: str | None) -> "plan_engine.PreparedPlan | Run":
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
        allowed = {each.rule: str(each.reason) for each in prepared.run.judgements if each.verdict is Verdict.ALLOWED}
        plan = prepared.run.plan
        planned = sum(len(call.items) for call in plan.calls) + len(plan.deferred)
        record = replace(self._record(outside.clock()), allowed=allowed, plan_digest=self.plan_digest, planned=planned)
        run_id = self.ledger.begin(record)
        api = self.session.api
        journal = run_journal.RunJournal(self.ledger, run_id, outside.clock, outside.times, lambda: api.knows_time)
        mark = journal.token(self.session.project.kinds, prepared.pairs)
        token = mark if self.session.project.memo_token else (lambda call: None)
        before = self._remember(prepared)
        noted = self._unknown_past(plan)
        run = plan_engine.apply(prepared, outside, journal, token)
        run = replace(run, problems=(*run.problems, *noted))
        try:
            if exit_code(run) == 0:
                baseline.note_applied(self.ledger, before, _find_applied(run), outside.clock())
                self._note_agreement(prepared)
            self.ledger.finish(run_id, outside.clock(), exit_code(run))
            if self.session.project.ledger_keep is not None:
                run_journal.prune(self.ledger, self.session.project.ledger_keep, outside.clock())
        except LedgerError as trouble:  # sent calls must be reported, even if the ledger fails
            run = replace(run, problems=tuple(dict.fromkeys((*run.problems, run_journal.ledger_problem(trouble)))))
        return run

    def _unknown_past(self, plan: Plan) -> tuple[Problem, ...]:
        """Return a note if the ledger is new: an earlier run may have calls in flight.

        The in-process simulator has no other user, and `ledger: none` means that this is intended.
        """
        session = self.session
        doubles = any(not call.effect.absolute for call in plan.calls)
        if not (self.ledger.is_new and doubles) or session.home.server == "sandbox":
            return ()
        seconds = session.outside.times.look_for.total_seconds()
        why = "the ledger is new, so it is looked twice before anything is created or funded"
        session.tell(wait_message(seconds, session.outside.clock(), why))
        if session.project.ledger == connection.NO_LEDGER:
            return ()
        message = "the ledger was new: what earlier runs sent is not known"
        if self.plan_digest is not None:
            message += ", nor whether this plan was applied before"
        hint = "keep it between runs, or write `ledger: none` if every run is to begin without one"
        return (Problem(Severity.NOTE, "ledger-new", message, hint=hint),)

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


def _find_applied(run: Run) -> set[tuple[Address, str]]:
    """Return the values that the run has applied, by address and field."""
    ended = (each.item for each in run.outcomes if each.status is ItemStatus.APPLIED)
    return {(item.address, move.field) for item in ended for move in item.fields}


@contextmanager
def open_writing(session: Session, lock_timeout: float, *, ahead: bool = False) -> Iterator[WriteSession]:
    """Hold the lock of the scope, and settle the open calls of earlier runs. Raise :class:`CommandRefused`.

    ``ahead`` begins the reads of a plan of the whole project as soon as the lock is held.
    """
    try:
        with (
            session.remembering(create=True) as book,
            book.lock(
                session.project.locks,
                connection.lock_holder(),
                timeout=lock_timeout,
                waiting=session.announce_wait,
            ),
        ):
            wrong = plan_engine.is_always_wrong(session.loaded)
            if ahead and not wrong:
                session.read_ahead()
            unreachable = None if wrong else session.learn_time()
            recovery = open_calls.Recovery() if unreachable else session.settle(book)
            refusal = moved_blocks.apply_moves(
                session.project, book, session.outside.clock(), lambda: _busy(book, recovery)
            )
            if refusal is not None:
                raise CommandRefused(connection.refused_run(refusal))
            yield WriteSession(session, book, recovery)
    except LedgerError as trouble:
        raise CommandRefused(connection.refused_run(run_journal.ledger_problem(trouble))) from trouble


def _busy(book: Ledger, recovery: open_calls.Recovery) -> set[Address]:
    """Return the addresses of the calls that were open when the run began, or are held."""
    settled = {each.item.address for _, ended in recovery.settled for each in ended}
    held = {item.address for hold in recovery.holds for item in hold.call.items}
    return settled | held | {item.address for intent in book.open_intents() for item in intent.call.items}
