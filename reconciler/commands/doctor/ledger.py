"""Checks of the ledger: whether it opens, its content, open intents, and the lock's holder."""

from collections.abc import Iterator

from reconciler.commands import connection
from reconciler.config.project import Project
from reconciler.engine import run_journal
from reconciler.ledger import LedgerError
from reconciler.ledger.tables import FORMAT
from reconciler.model import Cause
from reconciler.model.doctor import Check, CheckLevel, check_of_problem

GROUP = "Ledger"


def check_ledger(project: Project, home: connection.LedgerHome) -> Iterator[Check]:
    """Yield all checks of the ledger, which is opened read-only and never created."""
    try:
        book = connection.open_ledger(project, home, create=False)
    except LedgerError as trouble:
        yield check_of_problem(GROUP, "opens", run_journal.ledger_problem(trouble))
        return
    try:
        runs, known = book.runs(1), len(book.ids())
        said = (
            f"{book.where} knows {known:,} of our names"
            if runs or known
            else f"{book.where} is empty: nothing was applied yet"
        )
        yield Check(
            GROUP, "opens", CheckLevel.OK, said, facts={"where": book.where, "addresses": known, "format": FORMAT}
        )
        if runs:
            last = runs[0]
            ended = f"exit code {last.exit_code}" if last.exit_code is not None else "not ended, or killed"
            facts = {"run": last.id, "exit_code": last.exit_code}
            yield Check(GROUP, "last run", CheckLevel.OK, f"{last.id}: {ended}", facts=facts)
        opened = book.open_intents()
        level, hint = (
            (CheckLevel.WARNING, "the next apply looks for them before it plans") if opened else (CheckLevel.OK, None)
        )
        named = ", ".join(f"{each.call.name} of {each.run}" for each in opened[:5])
        said = f"{len(opened):,} calls have no known end: {named}" if opened else "every call has a known end"
        yield Check(GROUP, "open calls", level, said, hint, facts={"open": len(opened)})
        holders = book.find_holders(project.locks)
        for holder in holders:
            hint = "wait for it; nothing can be applied"
            yield Check(GROUP, "lock", CheckLevel.ERROR, f"held by {holder}", hint, Cause.LOCKED.value)
        if not holders:
            yield Check(GROUP, "lock", CheckLevel.OK, "free")
    except LedgerError as trouble:
        yield check_of_problem(GROUP, "reads", run_journal.ledger_problem(trouble))
    finally:
        book.close()
