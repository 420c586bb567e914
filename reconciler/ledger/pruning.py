"""Remove old entries from the journal, except those that may still be needed.

It keeps every call that is open or awaited, the last call of each facet of an address, and all looks and runs of the
calls that are kept. Known values and used plans are not part of the journal and stay.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Cell, Database, Rows
from reconciler.ledger.records import Pruned

OLD = (
    "SELECT number FROM intents old WHERE at < ? AND number NOT IN (SELECT intent FROM open_calls)"
    " AND number NOT IN (SELECT intent FROM awaited) AND NOT EXISTS"
    " (SELECT 1 FROM items mine WHERE mine.intent = old.number AND NOT EXISTS"
    " (SELECT 1 FROM items later JOIN intents next ON next.number = later.intent WHERE later.kind = mine.kind"
    " AND later.key = mine.key AND later.intent > old.number AND next.facet = old.facet))"
)
"""Query of old calls, except open or awaited ones and the last of a facet for one of their items."""
OF_CALLS = ("items", "naturals", "settlements")

Find = Callable[[Database, str], Sequence[Cell]]
"""Returns the numbers of old calls."""


def find_old(database: Database, until: str) -> Sequence[Cell]:
    return [number for (number,) in database.execute(OLD, (until,))]


def prune(database: Database, before: datetime, find: Find = find_old) -> Pruned:
    """Remove calls intended before a date, then older looks and runs to which no call refers."""
    rows, until = Rows(database), codec.of_instant(before)
    named = f"{before.astimezone(UTC):%Y%m%dT%H%M%SZ}"  # prefix of run ids
    with database.transaction():
        old = find(database, until)
        for table in OF_CALLS:
            rows.delete(table, "intent = ?", *((number,) for number in old))
        rows.delete("intents", "number = ?", *((number,) for number in old))
        looks = database.execute(
            "SELECT number FROM looks WHERE at < ? AND number NOT IN (SELECT look FROM intents WHERE look IS NOT NULL)",
            (until,),
        )
        rows.delete("looks", "number = ?", *looks)
        runs = database.execute(
            "SELECT id FROM runs WHERE id < ? AND id NOT IN (SELECT run FROM intents)"
            " AND id NOT IN (SELECT run FROM looks) AND number < (SELECT max(number) FROM runs)",
            (named,),
        )
        rows.delete("endings", "run = ?", *runs)
        rows.delete("runs", "id = ?", *runs)
    return Pruned(len(runs), len(old), len(looks))
