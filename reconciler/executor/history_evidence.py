"""Decide what an amount and its history prove about a top-up with an unknown or a recent outcome (contract §9)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from reconciler.executor.evidence import Finding, ItemFinding, UnansweredCall
from reconciler.kinds.cells import HistoryLine
from reconciler.model import Value

SKEW = timedelta(minutes=2)
"""Allowed difference by which the history's clock may be behind the intent's clock."""


class TopUpEvidence(Struct, frozen=True):
    """Reads of the object of a top-up: its amount, and its history or None.

    ``application`` is our application's name in the history; ``others`` the number of other calls of ours with the same
    amount; ``echoes`` is true if the history returns memos (assumption ``memoEcho``).
    """

    amount: Value
    history: Sequence[HistoryLine] | None
    application: str | None = None
    others: int = 0
    echoes: bool = True


def judge_top_up(lost: UnansweredCall, shown: TopUpEvidence) -> ItemFinding:
    """Return the finding about a top-up: applied if the history has our token (rule 12).

    Without a token: an entry after the sending, by our own application, of exactly our delta, that no other call of
    ours explains. The amount alone counts only if the history cannot be read, and an unchanged amount is no evidence.
    """
    item = lost.call.items[0]
    move = item.fields[0]
    if not isinstance(move.before, Decimal) or not isinstance(move.after, Decimal):
        return ItemFinding(Finding.DOUBT, because=f"{move.field} was {move.before}: the sum that was sent is not known")
    if shown.history is None:
        if shown.amount == move.after != move.before:
            return ItemFinding(Finding.APPLIED, item.id)
        return ItemFinding(Finding.DOUBT, because=f"{move.field} is {shown.amount}, and its history cannot be read")
    if any(each.memo in lost.marks for each in shown.history):
        return ItemFinding(Finding.APPLIED, item.id)
    since = [each for each in shown.history if _is_since(each, lost.begun - SKEW)]
    alike = [each for each in since if each.amount == move.after - move.before and _may_be_ours(each, shown)]
    if len(alike) > shown.others:
        if shown.application is not None and (lost.token is None or not shown.echoes):
            return ItemFinding(Finding.APPLIED, item.id)
        because = "the history has an entry of this amount that may be it, without a mark that says so"
        return ItemFinding(Finding.DOUBT, because=because)
    if shown.amount == move.before or shown.amount == move.before + _add_up(since):
        return ItemFinding(Finding.NOTHING, because=f"{move.field} is {shown.amount}, and the history does not have it")
    moved = f"{move.field} is {shown.amount}; it was {move.before}, and {move.after} was wanted"
    return ItemFinding(Finding.DOUBT, because=f"{moved}: its history does not say who moved it")


def _may_be_ours(entry: HistoryLine, shown: TopUpEvidence) -> bool:
    """Return True if the entry may be ours: by our application, as far as known, and with no other call's mark."""
    by_us = shown.application is None or entry.who == shown.application
    return by_us and not is_mark(entry.memo or "")


def make_mark(run: str, number: int) -> str:
    """Return the memo that marks one top-up of ours in the history."""
    return f"reconciler {run} {number}"


def is_mark(memo: str) -> bool:
    """Return True if a memo is the mark of a top-up of this tool."""
    words = memo.split(" ")
    return len(words) == 3 and words[0] == "reconciler" and words[2].isascii() and words[2].isdigit()


def _add_up(entries: Iterable[HistoryLine]) -> Decimal:
    return sum((each.amount for each in entries if each.amount is not None), Decimal(0))


def _is_since(entry: HistoryLine, when: datetime) -> bool:
    """Return True if an entry may be from then or later; one without a readable time may be."""
    return entry.at is None or entry.at >= when


def is_explained(accepted: UnansweredCall, shown: TopUpEvidence) -> bool:
    """Return True if a history explains that an amount differs from the one after an accepted top-up (rule 4).

    It has our entry, and that and all later ones together lead to the amount.
    """
    move = accepted.call.items[0].fields[0]
    if not isinstance(move.before, Decimal) or not isinstance(move.after, Decimal):
        return False
    entries = shown.history or ()
    if accepted.token is not None and shown.echoes:
        own = [each for each in entries if each.memo in accepted.marks]
    else:
        since, delta = accepted.begun - timedelta(seconds=1), move.after - move.before
        own = [each for each in entries if _is_since(each, since) and each.amount == delta]
    if not own:
        return False
    at = own[0].at
    later = [each for each in entries if each is not own[0] and (at is None or _is_since(each, at))]
    return shown.amount == move.after + _add_up(later)


def has_newer_entry(history: Sequence[HistoryLine] | None, seen_at: datetime) -> bool:
    """Return True if a history has an entry about funds after that moment (rule 4)."""
    return any(each.amount is not None and _is_since(each, seen_at + timedelta(seconds=1)) for each in history or ())
