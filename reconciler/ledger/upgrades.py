"""Steps of a migration that SQL cannot do: fill new tables from old rows."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.ledger import codec
from reconciler.ledger.checked_rows import Cell, Database, Row, Rows, checksum
from reconciler.ledger.errors import Damaged
from reconciler.ledger.past import AWAITED, OPEN
from reconciler.model import ItemStatus, WriteEffect
from reconciler.model.stored_codec import text

AT_ONCE = 500
"""Rows read and written at a time, so that a long journal is not held in memory."""
OLD_INTENT = "number, run, name, at, call, details"
LAST_GOOD = "SELECT max(runs.number) FROM runs JOIN endings ON endings.run = runs.id WHERE endings.exit_code = 0"


def to_third(database: Database) -> None:
    """Upgrade to format 3: list open and awaited calls, set kind and effect of each call, move the project's notes."""
    rows = Rows(database)
    after = {str(id): int(str(number)) for number, id, _ in rows.select("runs")}
    ((good,),) = database.execute(LAST_GOOD)
    machines = {str(id): _machine(str(record)) for _, id, record in rows.select("runs")}
    topups: dict[str | None, tuple[Cell, list[Any], str] | None] = {}
    for number, run, name, at, call, details in _intents(database):
        shape, told = json.loads(str(call)), {**json.loads(str(details)), **machines[str(run)]}
        effect, facet = str(shape["effect"]), codec.of_name(shape["facet"])
        cells = (number, run, name, at, shape["kind"], facet, effect, None, call, text(told))
        database.execute(
            "UPDATE intents SET kind = ?, facet = ?, effect = ?, details = ?, seal = ? WHERE number = ?",
            (shape["kind"], facet, effect, text(told), checksum(cells), number),
        )
        last = _find_last(rows, number)
        if last is None or not last[3]:
            rows.insert(OPEN, (number,))
        if effect == WriteEffect.ADD.value and after[str(run)] > int(good or 0):
            topups[shape["items"][0]["id"]] = (
                (number, shape["items"][0]["address"], facet) if _is_accepted(last) else None
            )
    rows.insert(
        AWAITED, *((number, kind, codec.of_name(key), facet) for number, (kind, key), facet in _drop_empty(topups))
    )
    _note_looks(rows)


def _intents(database: Database) -> Iterator[Row]:
    """Yield the calls in the columns of the earlier formats, each checked against its checksum."""
    reached: Cell = 0
    chosen = f"SELECT {OLD_INTENT}, seal FROM intents WHERE number > ? ORDER BY number LIMIT {AT_ONCE}"
    while some := database.execute(chosen, (reached,)):
        for *cells, sealed in some:
            if checksum(cells) != sealed:
                raise Damaged(database.where, "a row of intents is not what was written")
            yield tuple(cells)
        reached = some[-1][0]


def _find_last(rows: Rows, intent: Cell) -> Row | None:
    found = rows.select("settlements", "WHERE intent = ? ORDER BY number DESC LIMIT 1", intent)
    return found[0] if found else None


def _is_accepted(settlement: Row | None) -> bool:
    """Return True if a response accepted all items; a user's decision needs no confirmation."""
    if settlement is None or settlement[5] is not None:
        return False
    return [each["status"] for each in json.loads(str(settlement[4]))] == [ItemStatus.APPLIED.value]


def _drop_empty(topups: Mapping[Any, tuple[Cell, list[Any], str] | None]) -> list[tuple[Cell, list[Any], str]]:
    return [each for each in topups.values() if each is not None]


def _machine(record: str) -> dict[str, str]:
    """Return the machine of a run if ``who`` contains it."""
    host = str(json.loads(record).get("who", "")).rpartition("@")[2]
    return {"machine": host} if host else {}


def _note_looks(rows: Rows) -> None:
    """Move observations of addresses without a kind, or of the kind ``owned``, to the project's notes."""
    found = rows.select("observations", "WHERE kind IN ('', 'owned')")
    rows.delete("observations", "kind IN ('', 'owned') AND key = ?", *((key,) for _, key, _, _ in found))
    rows.insert("notes", *((f"{kind} {key}" if kind else key, at, values) for kind, key, at, values in found))


UPGRADES: Mapping[int, Callable[[Database], None]] = {3: to_third}
"""Upgrade by the format that it leads to; each runs in the transaction of its statements."""
