"""Tables of one project in a shared database, so that projects never share an address, an id or a lock.

A namespace is a PostgreSQL schema named after the project. It records the scopes that wrote through it, so that a
copied project file is detected.
"""

import json
from collections.abc import Iterable, Sequence

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Database
from reconciler.ledger.errors import Foreign, LedgerError

SHARED = "reconciler"
"""Schema that all projects of a database shared in an earlier format."""


def of(name: str) -> str:
    """Return the schema name of a project. Names are lower-case words, so the mapping is unique."""
    return f"{SHARED}_{name}"


def exists(database: Database, schema: str) -> bool:
    """Return True if the schema exists.

    It reads the catalogue, since ``to_regnamespace`` answers from a cache that may be older than the lock.
    """
    return bool(database.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = ?", (schema,)))


def has_tables(database: Database, schema: str) -> bool:
    """Return True if the schema holds the tables of a ledger."""
    known = "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = ? AND tablename = 'format'"
    return bool(database.execute(known, (schema,)))


def may_use(database: Database, schema: str) -> bool:
    """Return True if the user may read an existing schema."""
    return database.execute("SELECT has_schema_privilege(?, 'USAGE')", (schema,)) == [(True,)]


def is_ours(database: Database, name: str, aliases: Iterable[str]) -> bool:
    """Return True if the shared schema holds runs of this project only.

    ``aliases`` are the project's names before it had one. Raise ``LedgerError`` if it holds runs of several projects,
    which only a person can separate.
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
        "start empty, and nothing is created twice",
    )


def find_newcomers(database: Database, scopes: Sequence[str]) -> list[str]:
    """Return the scopes that have not written here. A project's scope may change gradually.

    Raise ``Foreign`` if other scopes wrote here and none of these did.
    """
    known = {codec.to_name(str(scope)) for (scope,) in database.execute("SELECT scope FROM holders")}
    if known and scopes and not known & set(scopes):
        whose, asked = (", ".join(sorted(each)) for each in (known, scopes))
        raise Foreign(database.where, f"the name is taken by a project of {whose}; this one is of {asked}")
    return sorted(set(scopes) - known)
