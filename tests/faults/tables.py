"""Rows of all tests, gathered in a folder, as Markdown: ``python tests/faults/tables.py FOLDER DOCS``."""

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


CRASH = """# What a kill leaves behind

A run may be killed at any moment. These are the figures of the last `make faults`: at each boundary, of each
operation, the process was killed, and the command run again with nothing but the disk and the account. *Converged*:
the next run reached what the files want, and the plan after it was empty. *Asked*: it ended with exit code 6 and named
what a person must decide. *Violations*: something was created or funded twice, sent outside the plan, or not reached.

"""


def crash_matrix(rows: list[Row], boundaries: Sequence[str]) -> str:
    text = CRASH + _sums(rows) + "\n## By boundary and operation\n\n"
    head = ["boundary", "operation", "runs", "converged", "asked", "violations"]
    order = {name: number for number, name in enumerate(boundaries)}
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["boundary"], row["operation"]].append(row)
    keys = sorted(groups, key=lambda key: (order.get(key[0], 99), key[1]))
    return text + markdown(head, ([*key, *_figures(groups[key])] for key in keys))


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


FAULT = """# What each fault does to each operation

One fault at the first sending of each kind of call, and what the run then says of its items: how they end, its exit
code, and how often the call was sent. These are the figures of the last `make faults`; the tests hold each of them.

- *applied*, code 0: it took effect once, and was found or sent again.
- *rejected*, code 5: it had no effect, and the API said why.
- *unknown*, code 6: nobody can tell, and a person is asked.
- For reads: *read* (it was asked again) or *refused* with the code of its run; nothing was written.

"""


def fault_matrix(rows: list[Row]) -> str:
    operations = list(dict.fromkeys(row["operation"] for row in rows))
    faults = list(dict.fromkeys(row["fault"] for row in rows))
    cells = {(row["fault"], row["operation"]): row["said"] for row in rows}
    text = FAULT + f"{len(rows):,} combinations.\n\n"
    for title, part in (
        ("Writes", [o for o in operations if " read" not in o]),
        ("Reads", [o for o in operations if " read" in o]),
    ):
        text += (
            f"## {title}\n\n"
            + markdown(
                ["fault", *part],
                ([f, *(cells.get((f, o), "") for o in part)] for f in faults if any((f, o) in cells for o in part)),
            )
            + "\n"
        )
    return text


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
