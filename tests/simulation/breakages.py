"""The rules of contract §9, each switched off in one line: the simulation has to find every one of them.

`python -m tests.simulation --breakages` plays seeds with each until the promise is broken, and prints how many it took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from reconciler.engine import open_calls
from reconciler.executor import evidence, held, history_evidence, sender
from reconciler.executor.evidence import Finding, ItemFinding
from reconciler.executor.looks import Looks
from reconciler.ledger.journal import JournalWriter
from reconciler.ledger.past import JournalReader
from reconciler.model import Delivery, WriteEffect
from reconciler.provider.http import messages


@dataclass(frozen=True)
class Breakage:
    """One rule, and what is put in place of what keeps it."""

    rule: str
    places: tuple[tuple[Any, str], ...]
    instead: Callable[..., Any]

    @contextmanager
    def made(self) -> Iterator[None]:
        """Switch the rule off for a while."""
        patches = [patch.object(place, name, self.instead) for place, name in self.places]
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()


_again = sender._Attempts.again


def _sends_again(self: Any, answer: Any, *, late: bool) -> float | None:
    if answer.fate is Delivery.LOST and self.unreached < 2:
        self.unreached += 1
        return 5.0
    return _again(self, answer, late=late)


def _ignored(self: Any, call: Any, given: Any) -> Any:
    return {} if call.effect is WriteEffect.CREATE else None


def _funded_by_amount(lost: Any, shown: Any) -> ItemFinding:
    move = lost.call.items[0].fields[0]
    if shown.amount == move.after:
        return ItemFinding(Finding.APPLIED, lost.call.items[0].id)
    return ItemFinding(Finding.NOTHING, because="the amount is not there")


BREAKAGES: Mapping[str, Breakage] = {
    "2": Breakage("what is lost is sent again by the run that lost it", ((sender._Attempts, "again"),), _sends_again),
    "3": Breakage(
        "absence is believed before settleAfter",
        ((evidence, "ends_absent"),),
        lambda verdict, *, held, own_run: verdict.finding is Finding.NOTHING and not own_run,
    ),
    "4": Breakage(
        "a lagging read is believed",
        ((open_calls, "_lagging"), (open_calls, "_fresh"), (open_calls, "_just_accepted")),
        lambda *given: iter(()),
    ),
    "5": Breakage(
        "every 4xx is a refusal", ((messages, "proves_no_effect"),), lambda status, headers, body: 400 <= status < 500
    ),
    "6": Breakage("any id proves a create", ((evidence, "is_proved_by"),), lambda id, shown: id is not None),
    "7": Breakage("what a fresh look shows is ignored", ((Looks, "before_funds"), (Looks, "appeared")), _ignored),
    "12": Breakage("the amount proves a top-up", ((history_evidence, "judge_top_up"),), _funded_by_amount),
    "13": Breakage("a renamed object is not a doubt", ((evidence, "_is_but_for_its_name"),), lambda *given: False),
    "14": Breakage(
        "an undecided address matches",
        ((held, "matching"),),
        lambda holds, kind, blocks: (tuple(blocks), []),
    ),
    "issue 2": Breakage(
        "a saved plan is used twice", ((JournalWriter, "_use_plan"), (JournalReader, "plan_used")), lambda *given: None
    ),
    "issue 6": Breakage("a new ledger is trusted", ((sender.Sender, "_doubly_looked"),), lambda self, call: 0),
}
"""By the number of the rule. Rule 8 (a paused machine), 9 and 10 are not of the promise that the oracle judges, or need
real processes; rule 15 is kept by `resolve` itself; rule 11 has no PUT that could double; rule 16 is one of clocks."""
