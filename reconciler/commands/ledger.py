"""Commands on the ledger: show its content, and the changes that a person may make."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from reconciler.commands import connection, run_effects
from reconciler.commands.connection import CommandRefused
from reconciler.config import project_files, project_schema
from reconciler.drift import baseline
from reconciler.engine import run_journal
from reconciler.ledger import Damaged, Ledger, LedgerError
from reconciler.ledger.interface import Intent
from reconciler.model import Address, Item, Run, WriteEffect, error
from reconciler.reports import ledger as ledger_report

RUNS = 50


def list_addresses(project: str, sandbox: str | None, api_url: str | None) -> str:
    """Return the addresses with their ids."""
    return _ask_ledger(project, sandbox, api_url, lambda book: _lines(ledger_report.listing(book.ids(), book.values())))


def history(project: str, sandbox: str | None, api_url: str | None, address: str) -> str:
    """Return the journal's entries of an address."""
    return _ask_ledger(
        project,
        sandbox,
        api_url,
        lambda book: _lines(ledger_report.history(_address(address), book.history(_address(address)))),
    )


def runs(project: str, sandbox: str | None, api_url: str | None) -> str:
    """Return the latest runs, each with its effects."""
    found = project_files.find_project([project])[0]

    def list_runs(book: Ledger) -> str:
        past = book.runs(RUNS)
        histories = ((each.id, book.run(each.id)) for each in past) if found else ()
        effects = {id: run_effects.summary(found, history) for id, history in histories if found and history}
        return _lines(ledger_report.runs(past, effects))

    return _ask_ledger(project, sandbox, api_url, list_runs)


def show(project: str, sandbox: str | None, api_url: str | None, run: str) -> str:
    """Return one run with its calls."""

    def one(book: Ledger) -> str:
        found = book.run(run_effects.latest(book) if run == run_effects.LAST else run)
        if found is None:
            raise CommandRefused(connection.no_such_run(run))
        return _lines(ledger_report.run(found))

    return _ask_ledger(project, sandbox, api_url, one)


def forget(project: str, sandbox: str | None, api_url: str | None, address: str) -> str:
    """Remove what is known of an address; its history is kept."""

    def one(book: Ledger) -> str:
        known = _address(address) in book.ids()
        book.forget(_address(address))
        return _lines(ledger_report.forget_message(_address(address), known=known))

    return _ask_ledger(project, sandbox, api_url, one, changing=True)


class CallDecision(Struct, frozen=True):
    """A user's decision on a call: evidence, created ids, and whether it counts at once."""

    applied: bool
    because: str
    ids: tuple[str, ...] = ()
    certain: bool = False


def resolve(project: str, sandbox: str | None, api_url: str | None, run: str, call: str, decision: CallDecision) -> str:
    """Record a user's decision on a call that reading could not settle."""

    def one(book: Ledger) -> str:
        who, found = connection.lock_holder(), project_files.find_project([project])[0]
        locks = found.locks if found else ()  # under the lock, since a call in flight must not be decided
        settle_after = found.settle_after if found else project_schema.SETTLE_AFTER
        now = connection.moment(found, sandbox) if found else datetime.now(UTC)
        with book.lock(locks, who, timeout=0, waiting=lambda holder: None):
            meant = [each for each in book.open_intents() if (each.run, each.call.name) == (run, call)]
            ids = [named for each in meant for named in _find_decided_ids(each, decision, now, settle_after, who.host)]
            book.resolve(
                run,
                call,
                applied=decision.applied,
                because=decision.because,
                by=who.who,
                at=now,
                ids={str(address): id for address, id in ids},
                certain=decision.certain,
            )
            baseline.doubt_agreement(book, now)
        return f"Resolved: {call} of run {run} was {'applied' if decision.applied else 'not applied'}.\n"

    return _ask_ledger(project, sandbox, api_url, one, changing=True)


def _refuse_too_soon(held: Intent, now: datetime, machine: str) -> None:
    """Raise :class:`CommandRefused` if a call may still take effect, or only its machine can tell (rule 16)."""
    until = held.held_until or now
    message = f"{held.call.name} may still take effect until {until:%Y-%m-%d %H:%M} UTC"
    hint = "wait until then, or add --certain if you have seen why it never will"
    if now >= until and held.machine and held.is_held(now, None, machine):
        message += f" by the clock of {held.machine}, which sent it: the clock of this machine may be another"
        hint = "look at the account, and add --certain if it is not there; or resolve it on that machine"
    elif now >= until:
        return
    raise CommandRefused(connection.refused_run(error("too-soon", message, hint=hint)))


def _find_decided_ids(
    intent: Intent, decision: CallDecision, now: datetime, settle_after: timedelta, machine: str
) -> Iterator[tuple[Address, str]]:
    """Yield the ids of a decision.

    Raise :class:`CommandRefused` if the decision could cause a double effect (contract §9, 15).
    """
    items = intent.call.items
    creates = intent.call.effect is WriteEffect.CREATE
    if not decision.applied:
        if not intent.call.effect.absolute and not decision.certain:
            _refuse_too_soon(intent.with_hold(settle_after), now, machine)
        return
    named = dict(_split_named_id(each, items) for each in decision.ids)
    strange = [each for each in named if each not in {str(item.address) for item in items}]
    missing = [str(item.address) for item in items if creates and str(item.address) not in named]
    if strange or missing or (named and not creates):
        what = f"--id names {strange[0]}, which is not in it" if strange else "--id must name what it created"
        what = "it creates nothing that --id could name" if named and not creates else what
        one = f"--id {missing[0]}=ID" if len(items) > 1 and missing else "--id ID"
        hint = (
            f"add {one}; without it the next run would create it again" if missing else "leave --id out, or correct it"
        )
        raise CommandRefused(connection.refused_run(error("no-id", f"{intent.call.name}: {what}", hint=hint)))
    yield from ((item.address, named[str(item.address)]) for item in items if str(item.address) in named)


def _split_named_id(text: str, items: Sequence[Item]) -> tuple[str, str]:
    """Return address and id of ``--id``; a batch needs both."""
    address, equals, id = text.rpartition("=")
    return (address, id) if equals else (str(items[0].address) if len(items) == 1 else "?", id)


def prune(project: str, sandbox: str | None, api_url: str | None, keep: timedelta) -> str:
    """Remove entries from the journal that are older than ``keep``."""

    def one(book: Ledger) -> str:
        found = project_files.find_project([project])[0]
        before = (connection.moment(found, sandbox) if found else datetime.now(UTC)) - keep
        with book.lock(found.locks if found else (), connection.lock_holder(), timeout=0, waiting=lambda holder: None):
            removed = book.prune(before)
            book.compact()
        return _lines(ledger_report.describe_pruned(removed, before))

    return _ask_ledger(project, sandbox, api_url, one, changing=True)


def check(project: str, sandbox: str | None, api_url: str | None) -> str:
    """Check every row. Raise :class:`CommandRefused` if one is damaged."""

    def one(book: Ledger) -> str:
        found = book.check()
        if found.damage:
            problems = [error(Damaged.code, f"ledger {book.where}: {each}") for each in found.damage]
            problems[-1] = replace(problems[-1], hint=Damaged.advice)
            raise CommandRefused(connection.refused_run(*problems))
        return _lines(ledger_report.describe_checked(found, len(book.open_intents()), len(book.list_accepted())))

    return _ask_ledger(project, sandbox, api_url, one, audit=False)


COMMANDS: Mapping[str, Callable[..., str]] = {
    "list": list_addresses,
    "history": history,
    "runs": runs,
    "show": show,
    "forget": forget,
    "check": check,
}


def _ask_ledger(
    project: str,
    sandbox: str | None,
    api_url: str | None,
    ask: Callable[[Ledger], str],
    *,
    changing: bool = False,
    audit: bool = True,
) -> str:
    """Run a query on a project's ledger; without ``changing`` none is created. Raise :class:`CommandRefused`."""
    found, _, problems = project_files.find_project([project])
    if found is None:
        raise CommandRefused(Run("ledger", "", problems=problems))
    home = connection.ledger_home(found, sandbox, api_url)
    try:
        book = connection.open_ledger(found, home, create=changing, audit=audit)
        try:
            return ask(book)
        finally:
            book.close()
    except LedgerError as trouble:
        raise CommandRefused(connection.refused_run(run_journal.ledger_problem(trouble))) from trouble


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _address(text: str) -> Address:
    kind, _, key = text.partition(".")
    return Address(kind, key)
