"""Exposure-safe order: send increases last, and only as far as confirmed decreases fund them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from reconciler.executor.call_items import select_items
from reconciler.executor.scheduler import SendResult
from reconciler.model import Call, Change, ItemOutcome, ItemStatus, Problem, error
from reconciler.planning import exposure
from reconciler.planning.exposure import ExposureContext

Confirm = Callable[[Sequence[ItemOutcome]], tuple[tuple[ItemOutcome, ...], tuple[Problem, ...]]]
"""Returns the outcomes as a read shows them, and problems of accepted items that are not in force."""


class SendCalls(Protocol):
    """Sends calls, given the outcomes of earlier ones."""

    def __call__(self, calls: Sequence[Call], earlier: Sequence[ItemOutcome]) -> SendResult: ...


def run_exposure_safe(
    ground: ExposureContext,
    calls: Sequence[Call],
    carry: SendCalls,
    confirm: Confirm,
    *,
    earlier: Sequence[ItemOutcome] = (),
    deferred: Sequence[Change] = (),
) -> SendResult:
    """Send the calls without increases, confirm them by a read, then send the increases that they fund."""
    frees = [call for call in calls if not call.raises_exposure]
    rises = [call for call in calls if call.raises_exposure]
    first = carry(frees, earlier)
    if not rises:
        return first
    confirmed = _doubt_unconfirmed((*earlier, *first.outcomes), confirm)
    dropped = exposure.find_unfunded_items(ground, confirmed, rises, deferred)
    kept = [rest for call in rises if (rest := _drop_items(call, dropped)) is not None]
    second = carry(kept, (*earlier, *first.outcomes))
    unsent = tuple(_mark_dropped(rises, dropped))
    return SendResult((*first.outcomes, *second.outcomes, *unsent), (*first.problems, *second.problems))


def _doubt_unconfirmed(outcomes: Sequence[ItemOutcome], confirm: Confirm) -> tuple[ItemOutcome, ...]:
    """Return the outcomes with accepted items that are not confirmed by a read as unknown."""
    seen, problems = confirm(outcomes)
    doubted = {problem.address for problem in problems}
    everything = None in doubted
    return tuple(
        replace(each, status=ItemStatus.UNKNOWN)
        if each.status is ItemStatus.APPLIED and (everything or each.item.address in doubted)
        else each
        for each in seen
    )


def _drop_items(call: Call, dropped: Mapping[str, tuple[int, ...]]) -> Call | None:
    left = dropped.get(call.name, ())
    kept = [index for index in range(len(call.items)) if index not in left]
    return select_items(call, kept) if kept else None


def _mark_dropped(calls: Sequence[Call], dropped: Mapping[str, tuple[int, ...]]) -> Iterator[ItemOutcome]:
    for call in calls:
        for index in dropped.get(call.name, ()):
            item = call.items[index]
            message = f"{item.address} was not raised, since a decrease that was to make room for it is not in force"
            problem = error("unfunded", message, at=item.place, address=item.address, hint="plan again")
            yield ItemOutcome(call.name, item, ItemStatus.NOT_SENT, item.id, (problem,))
