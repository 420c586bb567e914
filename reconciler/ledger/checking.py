"""Check all rows of a ledger: checksums, and consistency between the tables."""

from collections.abc import Iterator

from reconciler.ledger.checked_rows import Database, Rows
from reconciler.ledger.records import Checkup
from reconciler.ledger.tables import TABLES

UNSETTLED = (
    "SELECT count(*) FROM intents WHERE NOT EXISTS (SELECT 1 FROM settlements WHERE settlements.intent = intents.number"
    " AND conclusive = 1 AND settlements.number ="
    " (SELECT max(later.number) FROM settlements later WHERE later.intent = intents.number))"
    " AND number NOT IN (SELECT intent FROM open_calls)"
)
REFERENCES = {
    ("endings", "run"): ("runs", "id"),
    ("intents", "run"): ("runs", "id"),
    ("intents", "look"): ("looks", "number"),
    ("items", "intent"): ("intents", "number"),
    ("naturals", "intent"): ("intents", "number"),
    ("settlements", "intent"): ("intents", "number"),
    ("open_calls", "intent"): ("intents", "number"),
    ("awaited", "intent"): ("intents", "number"),
}


def check(database: Database) -> Checkup:
    """Return the number of rows, and every problem found in them."""
    rows = Rows(database)
    wrong = [f"{table}: the row {name} is not what was written" for table in TABLES for name in rows.broken(table)]
    return Checkup(
        sum(rows.count(table, "1 = 1") for table in TABLES), (*wrong, *_find_missing(rows), *_find_unlisted(database))
    )


def _find_missing(rows: Rows) -> Iterator[str]:
    for (table, column), (other, key) in REFERENCES.items():
        lost = rows.count(table, f"{column} IS NOT NULL AND {column} NOT IN (SELECT {key} FROM {other})")
        if lost:
            yield f"{table}: {lost} of its rows belong to {other} that are missing"


def _find_unlisted(database: Database) -> Iterator[str]:
    ((count,),) = database.execute(UNSETTLED)
    if count:
        yield f"open_calls: {count} calls without a known end are missing in it"
