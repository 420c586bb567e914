"""Tables of a ledger, and the migrations between formats."""

from collections.abc import Mapping

TABLES: Mapping[str, tuple[str, ...]] = {
    "resources": ("kind", "key", "id", "vals"),
    "observations": ("kind", "key", "at", "vals"),
    "seen": ("kind", "key", "facet", "at", "server_at", "vals"),
    "notes": ("name", "at", "vals"),
    "runs": ("number", "id", "record"),
    "endings": ("run", "ended", "exit_code"),
    "plans": ("digest", "run", "at"),
    "looks": ("number", "run", "at", "kind", "parents", "ids"),
    "intents": ("number", "run", "name", "at", "kind", "facet", "effect", "look", "call", "details"),
    "items": ("intent", "position", "kind", "key"),
    "naturals": ("intent", "kind", "natural_key"),
    "settlements": ("number", "intent", "at", "conclusive", "outcomes", "resolution"),
    "open_calls": ("intent",),
    "awaited": ("intent", "kind", "key", "facet"),
    "servers": ("server",),
}
"""Columns of each table; every row ends with a checksum over them."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "CREATE TABLE format (version INTEGER NOT NULL)",
        "CREATE TABLE resources (kind TEXT NOT NULL, key TEXT NOT NULL, id TEXT, vals TEXT NOT NULL,"
        " seal BIGINT NOT NULL, PRIMARY KEY (kind, key))",
        "CREATE TABLE observations (kind TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, vals TEXT NOT NULL,"
        " seal BIGINT NOT NULL, PRIMARY KEY (kind, key))",
        "CREATE TABLE runs (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL,"
        " seal BIGINT NOT NULL)",
        "CREATE TABLE endings (run TEXT PRIMARY KEY REFERENCES runs (id), ended TEXT NOT NULL,"
        " exit_code INTEGER NOT NULL, seal BIGINT NOT NULL)",
        "CREATE TABLE intents (number INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (id), name TEXT NOT NULL,"
        " at TEXT NOT NULL, call TEXT NOT NULL, details TEXT NOT NULL, seal BIGINT NOT NULL)",
        "CREATE INDEX intents_run ON intents (run)",
        "CREATE INDEX intents_at ON intents (at)",
        "CREATE TABLE items (intent INTEGER NOT NULL REFERENCES intents (number), position INTEGER NOT NULL,"
        " kind TEXT NOT NULL, key TEXT NOT NULL, seal BIGINT NOT NULL, PRIMARY KEY (intent, position))",
        "CREATE INDEX items_address ON items (kind, key)",
        "CREATE TABLE settlements (number INTEGER PRIMARY KEY, intent INTEGER NOT NULL REFERENCES intents (number),"
        " at TEXT NOT NULL, conclusive INTEGER NOT NULL, outcomes TEXT NOT NULL, resolution TEXT,"
        " seal BIGINT NOT NULL)",
        "CREATE INDEX settlements_intent ON settlements (intent)",
        "CREATE TABLE holders (scope TEXT PRIMARY KEY, holder TEXT NOT NULL)",
    ),
    ("CREATE TABLE servers (server TEXT PRIMARY KEY, seal BIGINT NOT NULL)",),
    (
        "DROP INDEX items_address",
        "CREATE INDEX items_address ON items (kind, key, intent)",
        "CREATE INDEX resources_id ON resources (kind, id)",
        "CREATE TABLE seen (kind TEXT NOT NULL, key TEXT NOT NULL, facet TEXT NOT NULL, at TEXT NOT NULL,"
        " server_at TEXT, vals TEXT NOT NULL, seal BIGINT NOT NULL, PRIMARY KEY (kind, key, facet))",
        "CREATE TABLE notes (name TEXT PRIMARY KEY, at TEXT NOT NULL, vals TEXT NOT NULL, seal BIGINT NOT NULL)",
        "CREATE TABLE plans (digest TEXT PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, seal BIGINT NOT NULL)",
        "CREATE TABLE looks (number INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL,"
        " parents TEXT NOT NULL, ids TEXT NOT NULL, seal BIGINT NOT NULL)",
        "ALTER TABLE intents ADD COLUMN kind TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE intents ADD COLUMN facet TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE intents ADD COLUMN effect TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE intents ADD COLUMN look INTEGER",
        "CREATE INDEX intents_effect ON intents (effect, kind)",
        "CREATE TABLE naturals (intent INTEGER NOT NULL REFERENCES intents (number), kind TEXT NOT NULL,"
        " natural_key TEXT NOT NULL, seal BIGINT NOT NULL)",
        "CREATE INDEX naturals_key ON naturals (kind, natural_key)",
        "CREATE INDEX naturals_intent ON naturals (intent)",
        "CREATE TABLE open_calls (intent INTEGER PRIMARY KEY REFERENCES intents (number), seal BIGINT NOT NULL)",
        "CREATE TABLE awaited (intent INTEGER NOT NULL REFERENCES intents (number), kind TEXT NOT NULL,"
        " key TEXT NOT NULL, facet TEXT NOT NULL, seal BIGINT NOT NULL, PRIMARY KEY (intent, kind, key, facet))",
        "CREATE INDEX awaited_address ON awaited (kind, key)",
        "ALTER TABLE holders ADD COLUMN generation BIGINT NOT NULL DEFAULT 0",
    ),
)
"""Statements from each format to the next, in SQL that every store accepts. Add entries, never edit them.

Steps that SQL alone cannot do follow: see :mod:`reconciler.ledger.upgrades`.
"""
FORMAT = len(MIGRATIONS)
