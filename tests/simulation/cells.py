"""The matrix of late effects: what is sent × how it is answered × when it lands × how far reads lag × who looks."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import combinations, product
from typing import Any

from .scenario import ANSWERS as LATE_ANSWERS
from .scenario import FUNDS, PATHS
from .wants import WANTS

SUBJECTS = {
    "retail campaign": "retail1",
    "line item": "item1",
    "campaign": "campaign1",
    "ad set": "adSet1",
    "seller campaign": "pair",
    "seller budgets": "budget5",
    "balance": "balance1",
    "funds": "more",
}
NEVER, BEFORE = "never", "before"
EFFECTS = (NEVER, BEFORE, "5", "20", "40", "120", "300")
"""Seconds after the call; `before` is before its answer."""
TURNED_AWAY = ("429", "401")
"""Answers that mean, by a named assumption, that nothing happened."""
STOPPED = ("killed", "interrupted")
ANSWERS = (*LATE_ANSWERS, *TURNED_AWAY, "400", *STOPPED)
LAGS = ("0", "5", "30", "120")
SAME = "the same run"
LOOKERS = (SAME, "the next here", "the next elsewhere", "one with an older ledger", "one with no ledger")
DIMENSIONS = (tuple(SUBJECTS), ANSWERS, EFFECTS, LAGS, LOOKERS)
REFUSAL = {"errors": [{"code": "invalid-data", "title": "Invalid data", "type": "validation"}]}


@dataclass(frozen=True)
class Cell:
    """One combination."""

    subject: str
    answer: str
    effect: str
    lag: str
    looker: str

    def __str__(self) -> str:
        lag = "fresh reads" if self.lag == "0" else f"reads {self.lag} s behind"
        return f"{self.subject}, {self.answer}, effect {self.effect}, {lag}, looked at by {self.looker}"

    @property
    def is_possible(self) -> bool:
        """Return whether there is such a thing: a stopped run does not look, a refusal has no effect."""
        if self.answer in STOPPED and self.looker == SAME:
            return False
        if self.answer == "400":
            return self.effect == NEVER
        return self.answer not in TURNED_AWAY or self.effect in (NEVER, BEFORE)

    @property
    def lost(self) -> int:
        """Return the number of the run whose call it is."""
        return 2 if self.looker == "one with an older ledger" else 1

    @property
    def wanted(self) -> str:
        return SUBJECTS[self.subject]

    def scenario(self) -> dict[str, Any]:
        """Return it as a scenario of the simulation."""
        wants = [self.wanted]
        run: dict[str, Any] = {"do": "apply", "faults": [self._fault()]}
        if self.answer in STOPPED:
            run["end"] = {"at": 1, "when": "after", "how": "kill" if self.answer == "killed" else "interrupt"}
        steps = [run]
        if self.looker == "one with an older ledger":
            wants = ["bid", self.wanted]
            shown = {"do": "wait", "seconds": 300}  # else the bid is set again, and the stop comes after that call
            steps = [{"do": "files", "wants": ["bid"]}, {"do": "apply"}, shown, {"do": "files", "wants": wants}, run]
        if self.looker != SAME:
            steps.append({"do": "apply", **_LOOKS[self.looker]})
        views = [{"kind": "stale", "seconds": int(self.lag), "count": None}] if self.lag != "0" else []
        return {"wants": wants, "views": views, "steps": steps}

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    def _fault(self) -> dict[str, Any]:
        want = WANTS[self.wanted]
        chosen = {"method": "POST", "path": FUNDS if want.balance else PATHS[want.section]}
        if self.answer in TURNED_AWAY:
            refusal = {
                "status": int(self.answer),
                "headers": {"x-ratelimit-reset": "1"} if self.answer == "429" else {},
            }
            return {"kind": "status", "applied": self.effect == BEFORE, **refusal, **chosen}
        if self.answer == "400":
            return {"kind": "status", "status": 400, "body": REFUSAL, **chosen}
        answer = {"drop": "reset"} if self.answer in STOPPED else LATE_ANSWERS[self.answer]
        if self.effect == BEFORE:
            return {"kind": "late", "seconds": 0, **answer, **chosen}
        return {"kind": "late", "seconds": None if self.effect == NEVER else int(self.effect), **answer, **chosen}


_LOOKS: dict[str, dict[str, str]] = {
    "the next here": {"host": "a"},
    "the next elsewhere": {"host": "b"},
    "one with an older ledger": {"host": "b", "ledger": "older"},
    "one with no ledger": {"host": "b", "ledger": "none"},
}


def every() -> list[Cell]:
    """Return all cells that are possible."""
    return [cell for values in product(*DIMENSIONS) if (cell := Cell(*values)).is_possible]


@cache
def pairwise() -> list[Cell]:
    """Return cells among which every possible pair of two values occurs; the same ones each time."""
    cells = every()
    bits: dict[tuple[tuple[int, str], ...], int] = {}
    pairs = [sum(1 << bits.setdefault(pair, len(bits)) for pair in _pairs(cell)) for cell in cells]
    order = list(range(len(cells)))
    random.Random(9).shuffle(order)
    left, chosen = (1 << len(bits)) - 1, list[Cell]()
    while left:
        best = max(order, key=lambda number: (pairs[number] & left).bit_count())
        chosen.append(cells[best])
        left &= ~pairs[best]
    return chosen


def _pairs(cell: Cell) -> Iterator[tuple[tuple[int, str], ...]]:
    yield from combinations(enumerate(_values(cell)), 2)


def _values(cell: Cell) -> Sequence[str]:
    return (cell.subject, cell.answer, cell.effect, cell.lag, cell.looker)
