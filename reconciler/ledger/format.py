"""Format version of a ledger's tables, and its migration to the current one."""

from collections.abc import Callable

from reconciler.ledger.checked_rows import Database
from reconciler.ledger.errors import Damaged, LedgerError, Newer
from reconciler.ledger.tables import FORMAT, MIGRATIONS
from reconciler.ledger.upgrades import UPGRADES

Found = Callable[[], int | None]
"""Returns the format of a store, or None if it has no tables."""


def stored_format(database: Database) -> int:
    """Return the format version in the tables. Raise ``Damaged`` if there is none."""
    ((found,),) = database.execute("SELECT max(version) FROM format")
    if not isinstance(found, int) or found < 1:
        raise Damaged(database.where, "it does not state its format")
    return found


def judge(database: Database, found: int, *, migrating: bool) -> None:
    """Raise if the schema is newer than this version, or older and not migrated."""
    if found > FORMAT:
        raise Newer(database.where, f"it has format {found}, and this version knows {FORMAT}")
    if found < FORMAT and not migrating:
        raise LedgerError(
            database.where,
            f"it has the old format {found}",
            "run `reconciler apply` or `reconciler drift` once: they bring it to ours",
        )


def migrate(database: Database, found: Found, before: tuple[str, ...] = ()) -> None:
    """Migrate the tables to the current format in one transaction; no effect if another process has done so."""
    with database.transaction():
        have = found() or 0
        if have >= FORMAT:
            return
        for statement in before:
            database.execute(statement)
        for version, step in enumerate(MIGRATIONS[have:], have + 1):
            for statement in step:
                database.execute(statement)
            if have and version in UPGRADES:  # a new ledger has no rows to upgrade
                UPGRADES[version](database)
        database.execute("DELETE FROM format")
        database.execute("INSERT INTO format VALUES (?)", (FORMAT,))
