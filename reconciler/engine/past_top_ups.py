"""The top-ups of the ledger beside each other: earlier sendings of one call, and others of the same amount."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property

from reconciler.executor import history_evidence
from reconciler.executor import recovery as recover
from reconciler.executor.evidence import UnansweredCall
from reconciler.ledger.interface import Intent, Ledger
from reconciler.model import ItemOutcome, ItemStatus, WriteEffect

RUN_LASTS = timedelta(hours=2)
"""Time within which a run sends a call again that the API turned away: 20 times, each after a minute at most."""
NO_EFFECT = (ItemStatus.NOT_SENT, ItemStatus.REJECTED)


class PastTopUps:
    """The top-ups that may be confused with some intents; they are read from the ledger once, and if it is needed."""

    def __init__(self, ledger: Ledger, intents: Iterable[Intent]) -> None:
        self._ledger = ledger
        self._oldest = min((each.at for each in intents if each.call.effect is WriteEffect.ADD), default=None)

    @cached_property
    def _by_object(self) -> Mapping[str | None, Sequence[Intent]]:
        found: dict[str | None, list[Intent]] = {}
        since = None if self._oldest is None else self._oldest - RUN_LASTS
        for each in () if since is None else self._ledger.intents_since(since, WriteEffect.ADD):
            found.setdefault(each.call.items[0].id, []).append(each)
        return found

    def make_unanswered(self, intent: Intent, known: Collection[str] | None = None) -> UnansweredCall:
        """Return the call of an intent with its earlier sendings in the same run: one may have taken effect."""
        earlier: tuple[UnansweredCall, ...] = ()
        if intent.call.effect is WriteEffect.ADD:
            same = (each for each in self._list_same_object(intent) if each.at >= intent.at - RUN_LASTS)
            mine = (each for each in same if _is_earlier(each, intent))
            earlier = tuple(UnansweredCall(each.call, each.at, token=each.token) for each in mine)
        return UnansweredCall(intent.call, intent.at, intent.before, known, intent.token, earlier)

    def count_equal(self, intent: Intent) -> int:
        """Return the number of other calls of ours that may have left an entry of the same amount in the history.

        A call that was refused left none, and an earlier sending of the same call is the same top-up.
        """
        since, delta = intent.at - history_evidence.SKEW, recover.delta_of(intent.call)
        return sum(
            each.at >= since
            and each.number != intent.number
            and recover.delta_of(each.call) == delta
            and any(outcome.status not in NO_EFFECT for outcome in list_outcomes(each))
            for each in self._list_same_object(intent)
        )

    def _list_same_object(self, intent: Intent) -> Sequence[Intent]:
        return self._by_object.get(intent.call.items[0].id, ())


def list_outcomes(intent: Intent) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of an intent; all unknown if it has none."""
    if intent.outcomes:
        return intent.outcomes
    return tuple(ItemOutcome(intent.call.name, item, ItemStatus.UNKNOWN, item.id) for item in intent.call.items)


def _is_earlier(other: Intent, intent: Intent) -> bool:
    """Return True if an intent is an earlier sending of the same call, which the API turned away."""
    return other.number < intent.number and (other.run, other.call.name) == (intent.run, intent.call.name)
