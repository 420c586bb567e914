"""The rules of contract §9, each switched off in one line: the simulation has to find every one of them.

`python -m tests.simulation --breakages` plays seeds with each until the promise is broken, and prints how many it took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from reconciler.commands import ledger as ledger_commands
from reconciler.engine import open_calls
from reconciler.engine.open_calls import PastReader
from reconciler.engine.run_journal import RunJournal
from reconciler.executor import evidence, held, history_evidence, recovery, sender
from reconciler.executor.attempts import Attempts
from reconciler.executor.evidence import Finding, ItemFinding
from reconciler.executor.looks import Looks
from reconciler.ledger.journal import JournalWriter
from reconciler.ledger.past import JournalReader
from reconciler.ledger.records import Intent
from reconciler.model import Delivery, ItemOutcome, ItemStatus, WriteEffect
from reconciler.provider.http import messages


@dataclass(frozen=True)
class Breakage:
    """One rule, and what is put in place of what keeps it."""

    rule: str
    places: tuple[tuple[Any, str], ...]
    instead: Callable[..., Any]
    too: tuple[tuple[Any, str, Callable[..., Any]], ...] = ()
    """Further places, each with something else in its place."""

    @contextmanager
    def made(self) -> Iterator[None]:
        """Switch the rule off for a while."""
        with ExitStack() as patches:
            for place, name, instead in (*((place, name, self.instead) for place, name in self.places), *self.too):
                patches.enter_context(patch.object(place, name, instead))
            yield


_pause_before_restart = Attempts.pause_before_restart
_counts = PastReader.is_held
_looked_for_by_run = recovery.settle_by_looks


def _ends_by_absence(ended: Any, findings: Any, hold: Any) -> tuple[ItemOutcome, ...]:
    """End what the run that lost it did not see as not sent."""
    looked = _looked_for_by_run(ended, findings, hold)
    return tuple(
        replace(each, status=ItemStatus.NOT_SENT) if each.status is ItemStatus.UNKNOWN else each for each in looked
    )


def _sends_again(self: Any, answer: Any, *, late: bool) -> float | None:
    if answer.fate is Delivery.LOST and self.unreached < 2:
        self.unreached += 1
        return 5.0
    return _pause_before_restart(self, answer, late=late)


def _ignored(self: Any, call: Any, given: Any) -> Any:
    return {} if call.effect is WriteEffect.CREATE else None


def _funded_by_amount(lost: Any, shown: Any) -> ItemFinding:
    move = lost.call.items[0].fields[0]
    if shown.amount == move.after:
        return ItemFinding(Finding.APPLIED, lost.call.items[0].id)
    return ItemFinding(Finding.NOTHING, because="the amount is not there")


def _held_unless_absolute(self: Any, intent: Any) -> bool:
    return not intent.call.effect.repeatable and _counts(self, intent)


def _held_by_own_clock(self: Intent, now: Any, server_now: Any, machine: str) -> bool:
    return self.held_until is not None and now < self.held_until


BREAKAGES: Mapping[str, Breakage] = {
    "1": Breakage(
        "what the run that lost it does not see did not happen", ((recovery, "settle_by_looks"),), _ends_by_absence
    ),
    "2": Breakage(
        "what is lost is sent again by the run that lost it", ((Attempts, "pause_before_restart"),), _sends_again
    ),
    "3": Breakage(
        "absence is taken for an end before settleAfter",
        ((evidence, "ends_absent"),),
        lambda verdict, *, held, own_run: verdict.finding is Finding.NOTHING and not own_run,
    ),
    "4": Breakage(
        "a lagging read is taken for the truth",
        ((open_calls, "_lagging"), (open_calls, "_fresh"), (open_calls, "_just_accepted")),
        lambda *given: iter(()),
    ),
    "5": Breakage(
        "every 4xx is a refusal", ((messages, "proves_no_effect"),), lambda status, headers, body: 400 <= status < 500
    ),
    "6": Breakage("any id proves a create", ((evidence, "is_proved_by"),), lambda id, shown: id is not None),
    "6, last sentence": Breakage(
        "that it exists already is a refusal like others", ((recovery, "doubt_taken"),), lambda kind, ended: ended
    ),
    "7": Breakage(
        "what a fresh look shows is ignored", ((Looks, "look_before_funds"), (Looks, "find_appeared")), _ignored
    ),
    "8": Breakage("a call leaves however old its intent is", ((RunJournal, "may_leave"),), lambda self, intent: True),
    "9": Breakage(
        "the run that lost a call does not look for it", ((evidence, "list_pauses"),), lambda look_for: iter(())
    ),
    "10": Breakage("an unanswered absolute write is closed", ((PastReader, "is_held"),), _held_unless_absolute),
    "12": Breakage("the amount proves a top-up", ((history_evidence, "judge_top_up"),), _funded_by_amount),
    "13": Breakage("a renamed object is not a doubt", ((evidence, "_is_but_for_its_name"),), lambda *given: False),
    "14": Breakage(
        "an undecided address matches",
        ((held, "select_matchable"),),
        lambda holds, kind, blocks: (tuple(blocks), []),
    ),
    "15": Breakage(
        "a person may take a call for absent at any time",
        ((ledger_commands, "_find_decided_ids"),),
        lambda *given: iter(()),
    ),
    "16": Breakage(
        "settleAfter is counted on the clock of any machine",
        ((Intent, "is_held"),),
        _held_by_own_clock,
    ),
    "issue 2": Breakage(
        "a saved plan is used twice", ((JournalWriter, "_use_plan"), (JournalReader, "plan_used")), lambda *given: None
    ),
    "issue 6": Breakage("a new ledger is trusted", ((sender.Sender, "_look_twice"),), lambda self, call: 0),
}
"""By the number of the rule. Rule 11 is of a PUT that replaces a whole object: no drawn world sends one yet."""
