"""Which format the tables of a ledger have, and how they come to ours."""

from collections.abc import Callable

from reconciler.ledger.checked_rows import Database
from reconciler.ledger.errors import Damaged, LedgerError, Newer
from reconciler.ledger.tables import FORMAT, MIGRATIONS
from reconciler.ledger.upgrades import UPGRADES

Found = Callable[[], int | None]
"""Asks a store for its format; None if it has no tables."""


def stored_format(database: Database) -> int:
    """The format that the tables say they have."""
    ((found,),) = database.execute("SELECT max(version) FROM format")
    if not isinstance(found, int) or found < 1:
        raise Damaged(database.where, "it does not tell its format")
    return found


def judge(database: Database, found: int, *, migrating: bool) -> None:
    """Refuse what a later version wrote, and to read what an earlier one did and nobody has brought here yet."""
    if found > FORMAT:
        raise Newer(database.where, f"it has format {found}, and this version knows {FORMAT}")
    if found < FORMAT and not migrating:
        raise LedgerError(
            database.where,
            f"it has the old format {found}",
            "run `reconciler apply` or `reconciler drift` once: they bring it to ours",
        )


def migrate(database: Database, found: Found, before: tuple[str, ...] = ()) -> None:
    """Bring the tables to our format, all the way or not at all; the second to come finds them so."""
    with database.transaction():
        have = found() or 0
        if have >= FORMAT:
            return
        for statement in before:
            database.execute(statement)
        for version, step in enumerate(MIGRATIONS[have:], have + 1):
            for statement in step:
                database.execute(statement)
            if have and version in UPGRADES:  # a new ledger holds nothing that could be brought along
                UPGRADES[version](database)
        database.execute("DELETE FROM format")
        database.execute("INSERT INTO format VALUES (?)", (FORMAT,))
