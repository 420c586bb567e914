"""Plays cells of the matrix, judges them, and writes the table: `python -m tests.simulation.matrix --write FILE`.

A cell is judged by the oracle, and by what an *unknown* may not hide: what was visible within `lookFor` is told as
applied by the run that lost it, what had no effect is sent once by the run after `settleAfter`, and a documented
refusal is *rejected*.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.crash.tables import markdown

from . import hunt, oracle
from .cells import ANSWERS, BEFORE, LAGS, LOOKERS, NEVER, STOPPED, SUBJECTS, TURNED_AWAY, Cell, every, pairwise
from .lab import Played
from .wants import WANTS

VISIBLE = 100
"""Seconds within which a read has to show an effect for the losing run to see it; `lookFor` is 120 s."""


@dataclass(frozen=True)
class Judged:
    """What came of a cell."""

    cell: Cell
    end: str
    excused: int
    broken: tuple[str, ...]


def judged(cell: Cell) -> Judged:
    """Play a cell and judge it."""
    played, broken = hunt.tried(cell.scenario())
    sentences = [f"{each.law}: {each.sentence}" for each in broken]
    return Judged(cell, _end(cell, played), len(oracle.excused(played)), (*sentences, *_hidden(cell, played)))


def _first_told(cell: Cell, played: Played) -> str:
    """Return what the run told of its call."""
    run = played.runs[cell.lost - 1]
    if run.code is None:
        return "killed"
    address = WANTS[cell.wanted].address
    return next((each.status for each in run.told if each.address == address), "nothing told")


def _end(cell: Cell, played: Played) -> str:
    """Return how the call ended: what its own run told, and what took effect in the end."""
    sent = [each for each in played.sendings if each.effects]
    effects = len(sent)
    by = "" if effects != 1 else ("seen" if sent[0] is played.sendings[0] else "sent again")
    return f"{_first_told(cell, played)}, {by or ('doubled' if effects else 'missing')}"


def _hidden(cell: Cell, played: Played) -> Iterator[str]:
    """Yield what is told as unknown and could have been known."""
    told = _first_told(cell, played)
    run = played.runs[cell.lost - 1]
    if played.sendings[0].run != cell.lost:
        yield f"run {cell.lost} ended before its call was sent: the cell tries nothing"
    if cell.answer == "400" and told != "rejected":
        yield f"a documented refusal is told as {told}"
    if cell.effect == NEVER:
        after = [each for each in played.runs if each.number > cell.lost + (cell.looker != LOOKERS[0])]
        if len(after) != 1 or after[0].code != 0:
            yield f"after settleAfter {len(after)} runs were needed, and the last ended with {after[-1].code}"
        return
    if cell.answer in STOPPED or not played.sendings[0].effects or (cell.answer in TURNED_AWAY and cell.lag != "0"):
        return
    seconds = (0 if cell.effect == BEFORE else int(cell.effect)) + int(cell.lag)
    if seconds <= VISIBLE and told != "applied":
        yield f"visible after {seconds} s, and told as {told}"
    if seconds == 0 and run.code != 0:
        yield f"visible at once, and the run ended with {run.code}"


def played_all(cells: Sequence[Cell]) -> Iterator[Judged]:
    """Play cells in as many processes as the machine has cores, in no order."""
    workers = int(os.environ.get("WORKERS", str(os.cpu_count() or 1)))
    if workers == 1:
        yield from map(judged, cells)
        return
    with multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=300) as pool:
        yield from pool.imap_unordered(judged, cells, chunksize=8)


TITLE = """# Late-effect matrix

A write that got no answer may take effect later, and a read may not show yet what is there. Each line of the tables
counts cells of one matrix, of which impossible ones are left out:

- {subjects},
- answered by {answers},
- with an effect never, before the answer, 5, 20, 40, 120 or 300 s after it,
- while reads are fresh, 5, 30 or 120 s behind,
- and looked at by the same run, the next on this machine, the next on another, one with an older ledger, one with none.

After each, all faults ended, two hours passed, and the command was run until it ended with 0. It is written by
`make faults`; what took effect in the simulator is judged, not what the program says.

A column is what the run that lost the answer reported, and what took effect in the end: *seen* (its own call, once),
*sent again* (its own call never, a later one once). *Could not be known*: created or funded twice, where the last
look showed neither the object nor the history and the ledger was missing or older, or where the API's own 429
or 401 came after the effect and reads lagged. *Broken*: the promise did not hold, or an *unknown* hid what
could have been known.

"""


def written(rows: Sequence[Judged]) -> str:
    """Return the page of the matrix."""
    broken = [row for row in rows if row.broken]
    text = TITLE.format(subjects=", ".join(SUBJECTS), answers=", ".join(ANSWERS))
    excused = sum(bool(row.excused) for row in rows)
    text += f"{len(rows):,} of {len(every()):,} cells, {len(broken):,} broken, {excused:,} could not be known.\n\n"
    dimensions = {
        "By who looks": ("looker", LOOKERS),
        "By answer": ("answer", ANSWERS),
        "By what is sent": ("subject", tuple(SUBJECTS)),
        "By how far reads are behind": ("lag", LAGS),
    }
    for title, (name, values) in dimensions.items():
        text += f"## {title}\n\n{_table(rows, name, values)}\n"
    return text.rstrip() + "\n"


def _table(rows: Sequence[Judged], name: str, values: Sequence[str]) -> str:
    ends = sorted({row.end for row in rows})
    lines = []
    for value in values:
        of = [row for row in rows if getattr(row.cell, name) == value]
        counts = Counter(row.end for row in of)
        excused, broken = sum(bool(row.excused) for row in of), sum(bool(row.broken) for row in of)
        lines.append(
            [value, len(of), *(counts[end] or "" for end in ends), excused or "", f"**{broken}**" if broken else 0]
        )
    return markdown([name, "cells", *ends, "could not be known", "broken"], lines)


def main(words: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.simulation.matrix", description=__doc__)
    asked.add_argument("--sample", action="store_true", help="only the pairwise sample that CI plays")
    asked.add_argument("--cells", type=int, help="only so many, drawn at random")
    asked.add_argument("--write", type=Path, help="the page to write")
    given = asked.parse_args(words)
    cells = pairwise() if given.sample else every()
    if given.cells is not None:
        cells = random.Random(given.cells).sample(cells, given.cells)
    rows = sorted(played_all(cells), key=lambda row: cells.index(row.cell))
    page = written(rows)
    if given.write is not None:
        given.write.write_text(page, encoding="utf-8")
    sys.stdout.write(page + "\n" + "\n".join(_complaints(rows)) + "\n")
    return int(any(row.broken for row in rows))


def _complaints(rows: Iterable[Judged]) -> Iterator[str]:
    for row in rows:
        for sentence in row.broken:
            yield f"{row.cell}: {sentence}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
