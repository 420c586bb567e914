"""Rows of all tests, gathered in a folder, as Markdown: ``python tests/crash/tables.py FOLDER DOCS``."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

RESULTS = "FAULTS_RESULTS"
Row = dict[str, Any]


def keep(table: str, rows: Iterable[Row]) -> None:
    """For the tables, if somebody wants them."""
    folder = os.environ.get(RESULTS)
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with Path(folder, f"{table}-{os.getpid()}.jsonl").open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def read(folder: Path, table: str) -> list[Row]:
    return [json.loads(line) for file in sorted(folder.glob(f"{table}-*.jsonl")) for line in file.open()]


def markdown(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


CRASH = """# Crash matrix

A run can be killed at any moment: by the system, by a CI timeout, by a power cut. This page shows what was left each
time we tried, and what the next run made of it. It is written by

```console
$ make faults
```

The plans mix all kinds and all ways of writing: create, patch, start and stop, bids, budgets, links, sets, top-ups up
and down. Each call passes the moments below; at each of them the run was killed, and the same command was run again
with nothing but the ledger's file (or, where it says *deleted*, not even that) and the account.

- **SIGKILL**: the real command as a process, before a served sandbox that outlives it.
- **forked**: the process forks at the moment in question, and its copy is what is left after a kill: the file as it
  is on the disk, the account as it is. One run of a plan so tries them all.
- **forked, bucket**: the same with the ledger in a bucket. Moments that leave the same objects and the same account
  count once.

After each, the sandbox's own state and log are judged, not what the run says of itself:

- *converged*: the account is as the files want it, and the plan after that is empty;
- *asked*: the run ended with exit code 6 and named what needs a manual decision;
- *violations*: something was created twice, funded twice, sent outside the plan, or not reached. The sum that was
  sent to each balance must be the sum that was planned, and the sum by which it changed.

"""
MOMENTS = """Each cell is how often the run was killed there; a violation would stand beside it.

- *before intend*: the call is planned, and not written down.
- *inside intend*: between the statements of its entry in the ledger, and on both sides of the commit.
- *before send*: it is written down, and no byte has left.
- *before the answer*: the API has done it, and no answer has come.
- *before settle*: the answer is there, and not yet written down.
- *inside settle*, *after settle*: as above, for how it ended.
- *the run*: what the ledger writes of the run itself: its begin, its end, what it remembers.

"""
SHORT = {
    "after intend, before send": "before send",
    "after send, before the answer": "before the answer",
    "after the answer, before settle": "before settle",
    "other ledger writes": "the run",
}


def crash_matrix(rows: list[Row], boundaries: Sequence[str]) -> str:
    text = CRASH + _sums(rows) + "\n## At which moment of which call\n\n" + MOMENTS
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["operation"], row["boundary"]].append(row)
    operations = sorted({operation for operation, _ in groups}, key=lambda name: (name[0].islower(), name))
    met = [each for each in boundaries if any(boundary == each for _, boundary in groups)]
    head = ["call", *(SHORT.get(each, each) for each in met)]
    return text + markdown(
        head, ([name, *(_cell(groups.get((name, each), [])) for each in met)] for name in operations)
    )


def _cell(rows: list[Row]) -> str:
    asked, violations = sum(row["asked"] for row in rows), sum(bool(row["violations"]) for row in rows)
    told = [f"{asked} asked"] * bool(asked) + [f"**{violations} violations**"] * bool(violations)
    return ", ".join([f"{len(rows):,}", *told]) if rows else ""


def _sums(rows: list[Row]) -> str:
    ways: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in rows:
        kills = "killed once" if row["depth"] == 1 else "killed again while it recovered"
        ways[row["how"], "kept" if row["kept"] else "deleted", kills].append(row)
    head = ["how", "ledger", "kills", "runs", "converged", "asked", "violations"]
    lines = [[*key, *_figures(ways[key])] for key in sorted(ways)]
    return markdown(head, [*lines, ["**all**", "", "", *_figures(rows)]])


def _figures(rows: list[Row]) -> list[str]:
    asked, violations = sum(row["asked"] for row in rows), sum(bool(row["violations"]) for row in rows)
    return [f"{len(rows):,}", f"{len(rows) - asked - violations:,}", f"{asked:,}", f"{violations:,}"]


FAULT = """# Fault matrix

Each fault was tried on each kind of call that a run makes, in a run of its own: the full product. A cell tells how the
items of that call ended, and the exit code. After it the fault was taken away, and the same command was run again:
each time it ended with 0, the plan after it was empty, and nothing was there twice. It is written by `make faults`,
and our tests hold each cell.

- *applied 0*: it took effect once, and was found or sent again.
- *rejected 5*: it had no effect, and the API said why.
- *not sent 5*: it is proved that it had no effect; the next run has it again.
- *unknown 6*: not known yet; the next run looks before it acts.
- Of reads: *read 0* (asked again, or done without), or *refused* with the exit code of the run; nothing was written.

A fault affects the first sending only, unless it says *every*, *always* or a number. A *gzip bomb* is a small answer
that unpacks to more than the bound. *500 applied* had its effect although it says that it failed.

"""
CHAPTERS = (
    ("Retail Media", ("retail ",)),
    ("Campaigns", ("campaign ", "campaigns search")),
    ("Ad sets", ("ad set ", "audience link", "category bids", "multipliers")),
    ("Sellers", ("seller bids", "seller campaign", "budget ")),
    ("Balances", ("balance ", "campaigns append", "campaigns delete", "funds ")),
    ("Reads", ("token", " read")),
    ("Some items of a batch are refused", ("bulk ",)),
)
"""The calls of each, by how their names begin, or end: the last that fits."""


NOTES = {
    CHAPTERS[-1][
        0
    ]: "Two or three items in one call, of which the second is refused; and answers that report this badly: first how"
    " the errors count the items, then how the list of what was done counts them.\n\n"
}


def fault_matrix(rows: list[Row]) -> str:
    cells = {(row["fault"], row["operation"]): row["said"] for row in rows}
    text = FAULT + f"{len(cells):,} combinations.\n\n"
    faults = _in_order(rows, "fault", "row")
    by_chapter: dict[str, list[str]] = {title: [] for title, _ in CHAPTERS}
    for operation in _in_order(rows, "operation", "column"):
        by_chapter[_chapter(operation)].append(operation)
    for title, part in by_chapter.items():
        lines = ([f, *(cells.get((f, o), "") for o in part)] for f in faults if any((f, o) in cells for o in part))
        text += f"## {title}\n\n" + NOTES.get(title, "") + markdown(["fault", *part], lines) + "\n"
    return text.rstrip() + "\n"


def _in_order(rows: list[Row], name: str, place: str) -> list[str]:
    """Names by their place in the test: processes that share the work write when they please."""
    return [name for _, name in sorted({(row[place], row[name]) for row in rows})]


def _chapter(operation: str) -> str:
    fits = [title for title, names in CHAPTERS if any(operation.startswith(n) or operation.endswith(n) for n in names)]
    return fits[-1]


def main(results: Path, docs: Path) -> None:
    from boundaries import BOUNDARIES

    crashes, faults = read(results, "crash"), read(results, "fault")
    written = {}
    if crashes:
        written["crash-matrix.md"] = crash_matrix(crashes, BOUNDARIES)
    if faults:
        written["fault-matrix.md"] = fault_matrix(faults)
    for name, text in written.items():
        (docs / name).write_text(text)
        print(text)  # noqa: T201 - it is what the target shows


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(Path(sys.argv[1]), Path(sys.argv[2]))
