"""Ids by address, last applied values, the journal of runs, the lock. A memory, not an authority.

``open`` takes ``sqlite:PATH``, relative to the project, or ``postgresql://…``; the errors are drawn
in :mod:`reconciler.ledger.errors`.
"""

from pathlib import Path

from reconciler.ledger.book import Book
from reconciler.ledger.errors import Damaged, LedgerError, Locked, Lost, Newer, Unsafe, Unsettled, Unwritable
from reconciler.ledger.store import Ledger

DEFAULT = "sqlite:.reconciler/ledger.db"


def open(url: str, folder: Path, *, create: bool = True) -> Ledger:
    """The ledger that a project names. Without ``create`` it is only read, and nothing is written for that."""
    scheme, colon, rest = url.partition(":")
    if scheme == "sqlite" and rest:
        from reconciler.ledger import sqlite

        return Book(sqlite.opened(folder / Path(rest).expanduser(), create=create))
    if scheme in ("postgresql", "postgres") and rest.startswith("//"):
        from reconciler.ledger import postgres

        return Book(postgres.opened(url, create=create))
    shown = f"{scheme}:…" if colon and scheme.isalnum() else "?"
    raise LedgerError(shown, "there is no such store", "write sqlite:PATH or postgresql://…")


__all__ = [
    "DEFAULT",
    "Damaged",
    "Ledger",
    "LedgerError",
    "Locked",
    "Lost",
    "Newer",
    "Unsafe",
    "Unsettled",
    "Unwritable",
    "open",
]
