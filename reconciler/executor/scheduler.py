"""Send the calls of a plan in stages and return the outcome of every item. Nothing else is ever sent.

Calls of one stage may be in flight together, except for money and batches of creates: these are sent one by one, and
the first unknown outcome blocks all later money. A failed item blocks only what depends on it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from reconciler.executor.attempts import Result
from reconciler.executor.call_items import select_items
from reconciler.executor.sender import Sender
from reconciler.kinds.write_methods import Stage
from reconciler.model import Address, Call, ItemOutcome, ItemStatus, Problem, WriteEffect, error
from reconciler.model.threads import Threads

DEPENDENT = (Stage.NESTED, Stage.START)
"""Stages whose calls need the earlier changes of the same resource in force."""
Progress = Callable[[int], None]
"""Function that is called with the number of items that were sent and have ended."""


class SendResult(Struct, frozen=True):
    """Outcomes of some calls, in their order, and further problems from the API."""

    outcomes: tuple[ItemOutcome, ...]
    problems: tuple[Problem, ...]

    @property
    def ids(self) -> Mapping[Address, str]:
        """Ids of created objects by address, if the response gave them."""
        return {each.item.address: each.id for each in self.outcomes if each.id and each.status is ItemStatus.APPLIED}


def run_calls(
    calls: Sequence[Call],
    sender: Sender,
    *,
    in_flight: int,
    progress: Progress,
    threads: Threads,
    earlier: Sequence[ItemOutcome] = (),
) -> SendResult:
    """Send the calls stage by stage; ``earlier`` are the outcomes of the calls before them."""
    sender.looks.expect(calls)
    ended: list[ItemOutcome] = list(earlier)
    said: list[Problem] = []
    doubts = [
        each for each in earlier if each.status is ItemStatus.UNKNOWN and _is_money(each.item.address.kind, sender)
    ]
    for (_, stage), upcoming in groupby(calls, key=lambda call: (call.raises_exposure, call.stage)):
        failed = _find_failed(ended) if stage in DEPENDENT else {}
        ready = [part for call in upcoming for part in _split_possible(call, failed)]
        ended += [outcome for part in ready if isinstance(part, tuple) for outcome in part]
        sending = [part for part in ready if isinstance(part, Call)]
        for _call, (results, problems) in _send_stage(sending, sender, in_flight, doubts, threads):
            ended += results
            said += problems
            progress(sum(each.status is not ItemStatus.NOT_SENT for each in results))
    return SendResult(tuple(ended[len(earlier) :]), tuple(said))


def _find_failed(ended: Sequence[ItemOutcome]) -> dict[Address, ItemOutcome]:
    """Return the last outcome of each resource that is not applied; once for all calls of a stage."""
    return {each.item.address: each for each in ended if each.status is not ItemStatus.APPLIED}


def _split_possible(call: Call, failed: Mapping[Address, ItemOutcome]) -> Iterator[Call | tuple[ItemOutcome, ...]]:
    """Yield the call with the items whose dependencies succeeded, and the outcomes of the other items."""
    dropped = [index for index, item in enumerate(call.items) if item.address in failed]
    yield tuple(_mark_blocked(call, index, failed[call.items[index].address]) for index in dropped)
    kept = [index for index in range(len(call.items)) if index not in dropped]
    if kept:
        yield select_items(call, kept)


def _mark_blocked(call: Call, index: int, cause: ItemOutcome) -> ItemOutcome:
    item = call.items[index]
    message = f"not sent, since {cause.call} was {cause.status.value} for it"
    return ItemOutcome(
        call.name, item, ItemStatus.NOT_SENT, item.id, (error("depends", message, at=item.place, address=item.address),)
    )


def _send_stage(
    calls: Sequence[Call], sender: Sender, in_flight: int, doubts: list[ItemOutcome], threads: Threads
) -> Iterator[tuple[Call, Result]]:
    """Send the calls of a stage; ``doubts`` are unknown outcomes of creates and top-ups, which block later money."""
    together = [call for call in calls if _can_overlap(call, sender)]
    apart = [call for call in calls if not _can_overlap(call, sender)]
    yield from zip(together, threads.map(sender.send, together, in_flight), strict=True)
    for call in apart:
        money = _is_money(call.kind, sender)
        if doubts and money:
            yield call, (tuple(_mark_blocked(call, index, doubts[0]) for index in range(len(call.items))), ())
            continue
        result = sender.send(call)
        doubts += [each for each in result[0] if money and each.status is ItemStatus.UNKNOWN]
        yield call, result


def _is_money(kind: str, sender: Sender) -> bool:
    return sender.targets[kind].kind.money


def _can_overlap(call: Call, sender: Sender) -> bool:
    """Return True if a call may be in flight beside others: absolute writes, and single creates without cost.

    Each is journaled by itself, and found again by a unique natural key.
    """
    kind = sender.targets[call.kind].kind
    creates_one = call.effect is WriteEffect.CREATE and kind.create is not None and kind.create.chunk == 1
    return call.effect.absolute or (creates_one and not kind.money)
