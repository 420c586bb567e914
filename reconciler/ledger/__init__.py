"""Ledger: ids by address, last applied values, the journal of runs, the lock. It does not decide what is live.

``open`` takes ``sqlite:PATH``, relative to the project, ``postgresql://…``, or a bucket, ``s3://BUCKET/PREFIX``; the
errors are listed in :mod:`reconciler.ledger.errors`.
"""

from collections.abc import Sequence
from pathlib import Path

from reconciler.ledger.errors import (
    Damaged,
    Foreign,
    LedgerError,
    Locked,
    LockLost,
    Newer,
    Unsafe,
    Unsettled,
    Unwritable,
)
from reconciler.ledger.interface import Ledger
from reconciler.ledger.sql_ledger import SqlLedger

DEFAULT = "sqlite:.reconciler/ledger.db"


def open(
    url: str,
    folder: Path,
    *,
    name: str | None = None,
    aliases: Sequence[str] = (),
    scopes: Sequence[str] = (),
    server: str = "",
    create: bool = True,
    audit: bool = True,
) -> Ledger:
    """Open the ledger at ``url``. Without ``create`` it is read-only, and nothing is written.

    In a shared database ``name`` identifies the project's ledger, ``aliases`` are earlier names of the project, and
    ``scopes`` the scopes that it writes to; a file belongs to one project. Raise ``Foreign`` if the ids are of another
    ``server`` (host and port). Without ``audit``, rows are checked only when they are read, for a ledger that is to be
    examined.
    """
    book = _open_store(url, folder, name, aliases, scopes, create=create, audit=audit)
    try:
        if server:
            book.belong(server, create=create)
    except BaseException:
        book.close()
        raise
    return book


def _open_store(
    url: str,
    folder: Path,
    name: str | None,
    aliases: Sequence[str],
    scopes: Sequence[str],
    *,
    create: bool,
    audit: bool,
) -> SqlLedger:
    scheme, colon, rest = url.partition(":")
    if url == "none":
        from reconciler.ledger import sqlite

        return SqlLedger(sqlite.open_passing())
    if scheme == "sqlite" and rest:
        from reconciler.ledger import sqlite

        return SqlLedger(sqlite.open_sqlite(folder / Path(rest).expanduser(), create=create, audit=audit))
    if scheme in ("postgresql", "postgres") and rest.startswith("//"):
        from reconciler.ledger import postgres

        if not name:
            raise LedgerError(f"{scheme}://…", "the project has no name", NAMELESS)
        return SqlLedger(postgres.open_postgres(url, name, aliases=aliases, scopes=scopes, create=create))
    if scheme in ("s3", "gs", "az") and rest.startswith("//"):
        from reconciler.ledger.objects import opening

        if not name:
            raise LedgerError(f"{scheme}://…", "the project has no name", NAMELESS)
        return opening.open_objects(url, name, scopes=scopes, create=create)
    shown = f"{scheme}:…" if colon and scheme.isalnum() else "?"
    raise LedgerError(shown, "there is no such store", "write sqlite:PATH, s3://BUCKET/PREFIX, postgresql://… or none")


NAMELESS = (
    "write `name: …` in reconciler.yaml: it distinguishes this project's ledger from the others of the same store"
)


__all__ = [
    "DEFAULT",
    "Damaged",
    "Foreign",
    "Ledger",
    "LedgerError",
    "LockLost",
    "Locked",
    "Newer",
    "Unsafe",
    "Unsettled",
    "Unwritable",
    "open",
]
