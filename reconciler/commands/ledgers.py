"""The ledger on the command line: what it holds, told; and the two things a person may change in it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from reconciler import keeper
from reconciler.commands import access
from reconciler.commands.access import Unusable
from reconciler.files import project as projects
from reconciler.ledger import Ledger, LedgerError
from reconciler.model import Address, Run, error
from reconciler.reports import ledger as told

RUNS = 50


def listed(project: str, sandbox: str | None, api_url: str | None) -> str:
    """Addresses with their ids."""
    return _asked(project, sandbox, api_url, lambda book: _lines(told.listing(book.ids(), book.values())))


def history(project: str, sandbox: str | None, api_url: str | None, address: str) -> str:
    """All that the journal knows of an address."""
    return _asked(
        project, sandbox, api_url, lambda book: _lines(told.history(_address(address), book.history(_address(address))))
    )


def runs(project: str, sandbox: str | None, api_url: str | None) -> str:
    """The latest runs."""
    return _asked(project, sandbox, api_url, lambda book: _lines(told.runs(book.runs(RUNS))))


def show(project: str, sandbox: str | None, api_url: str | None, run: str) -> str:
    """One run with its calls."""

    def one(book: Ledger) -> str:
        found = book.run(run)
        if found is None:
            hint = "`reconciler ledger runs` lists them"
            raise Unusable(access.stopped(error("no-such-run", f"the ledger has no run {run}", hint=hint)))
        return _lines(told.run(found))

    return _asked(project, sandbox, api_url, one)


def forget(project: str, sandbox: str | None, api_url: str | None, address: str) -> str:
    """Let go of an address; the journal stays."""

    def one(book: Ledger) -> str:
        known = _address(address) in book.ids()
        book.forget(_address(address))
        return _lines(told.forgotten(_address(address), known=known))

    return _asked(project, sandbox, api_url, one, changing=True)


def resolve(
    project: str, sandbox: str | None, api_url: str | None, run: str, call: str, *, applied: bool, because: str
) -> str:
    """A person's decision about a call that reading could not settle."""

    def one(book: Ledger) -> str:
        who, found = access.holder(), projects.find([project])[0]
        locks = found.locks if found else ()  # under the lock: a call in flight is not for a person to decide
        with book.lock(locks, who, timeout=0, waiting=lambda holder: None):
            book.resolve(run, call, applied=applied, because=because, by=who.who, at=datetime.now(UTC))
        return f"Resolved: {call} of run {run} was {'applied' if applied else 'not applied'}.\n"

    return _asked(project, sandbox, api_url, one, changing=True)


COMMANDS: Mapping[str, Callable[..., str]] = {
    "list": listed,
    "history": history,
    "runs": runs,
    "show": show,
    "forget": forget,
}


def _asked(
    project: str, sandbox: str | None, api_url: str | None, ask: Callable[[Ledger], str], *, changing: bool = False
) -> str:
    """Ask the ledger of a project; without ``changing``, none is made for that. Raises :class:`Unusable`."""
    found, _, problems = projects.find([project])
    if found is None:
        raise Unusable(Run("ledger", "", problems=problems))
    home = access.home(found, sandbox, api_url)
    try:
        book = access.remembered(found, home, create=changing)
        try:
            return ask(book)
        finally:
            book.close()
    except LedgerError as trouble:
        raise Unusable(access.stopped(keeper.told(trouble))) from trouble


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _address(text: str) -> Address:
    kind, _, key = text.partition(".")
    return Address(kind, key)
