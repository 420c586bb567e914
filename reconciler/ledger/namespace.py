"""Each project of a database has tables of its own: two of them never share an address, an id or a lock.

A namespace is a PostgreSQL schema named after the project. It knows which scopes ever wrote through it, so that
a copied project file is told and never obeyed.
"""

import json
from collections.abc import Iterable, Sequence

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Database
from reconciler.ledger.errors import Foreign, LedgerError

SHARED = "reconciler"
"""Where all projects of a database were before each had a schema of its own."""


def of(name: str) -> str:
    """The schema of the project of that name. Names are lower-case words, so no two projects have the same."""
    return f"{SHARED}_{name}"


def exists(database: Database, schema: str) -> bool:
    """By the catalogue's rows: ``to_regnamespace`` would answer from a cache that is older than our turn."""
    return bool(database.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?", (schema,)))


def has_tables(database: Database, schema: str) -> bool:
    """Whether a ledger was made there."""
    known = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ? AND tablename = 'format'"
    return bool(database.execute(known, (schema,)))


def may_use(database: Database, schema: str) -> bool:
    """Whether this user may look into a schema that there is."""
    return database.execute("SELECT has_schema_privilege(?, 'USAGE')", (schema,)) == [(True,)]


def is_ours(database: Database, name: str, aliases: Iterable[str]) -> bool:
    """Whether the old schema of all projects holds this one's runs, and nobody else's.

    ``aliases`` are what the project was called while it had no name. Raises ``LedgerError`` where runs of several
    projects stand in it: which of its addresses are whose, only a person can tell.
    """
    if not (has_tables(database, SHARED) and may_use(database, SHARED)):
        return False
    runs = database.execute(f"SELECT record FROM {SHARED}.runs")
    found = {str(json.loads(str(record)).get("project")) for (record,) in runs}
    mine = {name, *aliases}
    if not found & mine:
        return False
    if found <= mine:
        return True
    others = ", ".join(sorted(found - mine))
    raise LedgerError(
        database.where,
        f"its schema {SHARED} holds runs of this project and of others: {others}",
        f'settle what is open there, then let one keep it: ALTER SCHEMA {SHARED} RENAME TO "{of(name)}"; the others '
        "begin anew, and nothing is created twice",
    )


def newcomers(database: Database, scopes: Sequence[str]) -> list[str]:
    """Those of the scopes that never wrote here. A project's scope may grow, shrink and move on, one by one.

    Raises ``Foreign`` if others wrote here, and none of the scopes did.
    """
    known = {codec.to_name(str(scope)) for (scope,) in database.execute("SELECT scope FROM holders")}
    if known and scopes and not known & set(scopes):
        whose, asked = (", ".join(sorted(each)) for each in (known, scopes))
        raise Foreign(database.where, f"the name is taken by a project of {whose}; this one is of {asked}")
    return sorted(set(scopes) - known)
