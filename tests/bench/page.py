"""The figures of a bench as a table, and as the page of the docs."""

import os
import platform
from dataclasses import dataclass, field

from measure import NOW, Cost

PAGE = """\
# Benchmarks

What `make bench` measured, and wrote. **Read the ratios, not the seconds**: contestants take turns in one run, and the
median of five turns counts.

## Goals

{goals}

{notes}

## How it was measured

On {day}, with Python {python} on {system} with {cores} cores; the load average was {load:.1f} before it began. CPU is
user and system time of the process and its children.

- An ad set is 866 bytes of block YAML with 76 nodes, 100 of them in a file. A share of them has another bid live.
- *Ours* is the installed command, `reconciler plan`, as a whole process: it reads and judges the files, gets a
  token, checks the portfolio, reads what is live, and prints the plan with its money. It talks HTTP to a local
  server without latency that sends prepared answers; the server's time is its own and is not counted.
- *Start* is CPU of the installed command over `python -c pass` in the same environment, which holds nothing else.
- *parse-only* parses the same files with PyYAML's `CSafeLoader`, garbage collection off, and does nothing else.
- The *naive* stack is `CSafeLoader`, `jsonschema` and `deepdiff` on each pair. The *lower bound* is our strict
  loader, `jsonschema-rs`, `orjson` and `==` on plain dicts: no kinds, no decimals, no money, no HTTP, no report.
- *octoDNS* plans as many records from YAML to YAML, and does less for each: a record has about 60 bytes, both sides are
  local files, and nothing is fetched over HTTP. It parses with PyYAML's slower loader, which is most of its time.
- *Writes* are counted by the sandbox over HTTP; the time of calls by a server that answers after 100 ms, or that takes
  25 calls in 6 seconds. The ideal is arithmetic: eight in flight, and no window wasted.
- *Rollback*, *drift --accept files*, *json* and *--out* are whole processes beside a plan as text of the same account,
  in which every bid changes. A rollback undoes a run of as many bids that a ledger tells of: it plans twice, and edits
  every file. *Mistakes* is `validate` of one file in which every block has two. A growth exponent is of the time
  beyond that of one ad set: 1 is in proportion.
- *Answers after 100 ms, a search after 2 s*: wall time of `plan`, beside one of a single ad set of the same account,
  which reads as much (*read*), and `validate`, which parses as much (*parse*).
- *A plan of a part* is of one file of a hundred ad sets, or has `--target`; the server has an answer for its campaigns.
- The ideal of an *apply* is the plan, its calls of 100 ms eight at a time after the first, and one more read of the
  account: 100 ms, and what such a read takes more than one of an account with one ad set.

## Costs

{costs}

## Where the time of a plan goes

Microseconds of CPU an ad set, in one process (`tests/bench/stages.py`), 1 % changed:

{stages}

## Again

```console
$ make bench                  # all of it, and this page: about twenty minutes
$ make bench QUICK=1          # small portfolios, without octoDNS: below two minutes, and writes nothing
```

See [scale](scale.md) for what this means for an account.
"""


@dataclass(frozen=True)
class Goal:
    """At most (or with ``up`` at least) so much; ``stretch`` is what would be better still."""

    bound: float
    stretch: float | None = None
    up: bool = False

    def met(self, value: float, bound: float) -> bool:
        return value >= bound if self.up else value <= bound

    def judge(self, value: float) -> str:
        if self.stretch is not None and self.met(value, self.stretch):
            return "better than the stretch"
        return "met" if self.met(value, self.bound) else "**missed**: [why](scale.md#what-was-missed)"

    def __str__(self) -> str:
        stretch = "" if self.stretch is None else f" ({self.stretch:g})"
        return f"{'at least' if self.up else 'at most'} {self.bound:g}{stretch}"


@dataclass
class Figures:
    """Everything that was measured, in its order."""

    costs: list[tuple[str, int, Cost]] = field(default_factory=list)
    ratios: list[tuple[str, float, Goal | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    load: float = 0.0
    """How busy the machine was before: processes that wanted a core, over a minute."""

    def add(self, name: str, size: int, cost: Cost) -> None:
        self.costs.append((name, size, cost))

    def ratio(self, name: str, value: float, goal: Goal | None = None) -> None:
        self.ratios.append((name, value, goal))

    def note(self, line: str) -> None:
        self.notes.append(line)

    def goals(self) -> str:
        rows = [
            (name, f"{value:.2f}", str(goal or ""), goal.judge(value) if goal else "")
            for name, value, goal in self.ratios
        ]
        return _table(("what", "measured", "goal (stretch)", ""), rows)

    def table(self) -> str:
        """All of it, for a terminal."""
        return "\n\n".join(
            ("", self.goals(), "\n".join(f"- {note}" for note in self.notes), self._costs(), self._stages(), "")
        )

    def _costs(self) -> str:
        rows = [
            (
                name,
                f"{size:,}",
                f"{cost.cpu:.2f}",
                f"{cost.wall:.2f}",
                f"{cost.cpu / size * 1e6:,.0f}" if size > 1 else "",
                f"{cost.kib / 1024:.0f}" if cost.kib else "",
            )
            for name, size, cost in self.costs
        ]
        return _table(("process", "objects", "CPU s", "wall s", "CPU µs each", "peak MiB"), rows)

    def _stages(self) -> str:
        rows = [(name, f"{each:.1f}") for name, each in self.stages.items()]
        return _table(("stage", "µs"), [*rows, ("together", f"{sum(self.stages.values()):.1f}")])


def text(figures: Figures) -> str:
    """The page."""
    return PAGE.format(
        day=NOW.date(),
        python=platform.python_version(),
        system=platform.system(),
        cores=os.cpu_count(),
        load=figures.load,
        goals=figures.goals(),
        notes="\n".join(f"- {note}" for note in figures.notes),
        costs=figures._costs(),
        stages=figures._stages(),
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
