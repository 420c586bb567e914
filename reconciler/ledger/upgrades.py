"""What the statements of a new format cannot do: fill it with what the rows of the old one tell."""

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
"""Rows that are read and written in one turn: a journal of years is not held in memory."""
OLD_INTENT = "number, run, name, at, call, details"
LAST_GOOD = "SELECT max(runs.number) FROM runs JOIN endings ON endings.run = runs.id WHERE endings.exit_code = 0"


def to_third(database: Database) -> None:
    """List apart what is open or awaited, tell the kind and effect of each call, and note the project's looks."""
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
        last = _last(rows, number)
        if last is None or not last[3]:
            rows.insert(OPEN, (number,))
        if effect == WriteEffect.ADD.value and after[str(run)] > int(good or 0):
            topups[shape["items"][0]["id"]] = (number, shape["items"][0]["address"], facet) if _accepted(last) else None
    rows.insert(AWAITED, *((number, kind, codec.of_name(key), facet) for number, (kind, key), facet in _some(topups)))
    _note_looks(rows)


def _intents(database: Database) -> Iterator[Row]:
    """The calls as the earlier formats have them, each checked against its seal."""
    reached: Cell = 0
    chosen = f"SELECT {OLD_INTENT}, seal FROM intents WHERE number > ? ORDER BY number LIMIT {AT_ONCE}"
    while some := database.execute(chosen, (reached,)):
        for *cells, sealed in some:
            if checksum(cells) != sealed:
                raise Damaged(database.where, "a row of intents is not what was written")
            yield tuple(cells)
        reached = some[-1][0]


def _last(rows: Rows, intent: Cell) -> Row | None:
    found = rows.select("settlements", "WHERE intent = ? ORDER BY number DESC LIMIT 1", intent)
    return found[0] if found else None


def _accepted(settlement: Row | None) -> bool:
    """Whether an answer said so of all its items; what a person decided needs no read."""
    if settlement is None or settlement[5] is not None:
        return False
    return [each["status"] for each in json.loads(str(settlement[4]))] == [ItemStatus.APPLIED.value]


def _some(topups: Mapping[Any, tuple[Cell, list[Any], str] | None]) -> list[tuple[Cell, list[Any], str]]:
    return [each for each in topups.values() if each is not None]


def _machine(record: str) -> dict[str, str]:
    """The machine of a run, as far as ``who`` tells it."""
    host = str(json.loads(record).get("who", "")).rpartition("@")[2]
    return {"machine": host} if host else {}


def _note_looks(rows: Rows) -> None:
    """What stood under addresses of no kind, or of the kind ``owned``, were notes of the project."""
    found = rows.select("observations", "WHERE kind IN ('', 'owned')")
    rows.delete("observations", "kind IN ('', 'owned') AND key = ?", *((key,) for _, key, _, _ in found))
    rows.insert("notes", *((f"{kind} {key}" if kind else key, at, values) for kind, key, at, values in found))


UPGRADES: Mapping[int, Callable[[Database], None]] = {3: to_third}
"""By the format that they lead to; each runs in the transaction of its statements."""
