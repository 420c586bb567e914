"""Carries out the order that never overspends: increases last, and only as far as decreases made room for them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec.structs import replace

from reconciler.model import Call, Change, Outcome, Problem, Status, error
from reconciler.planning import exposure
from reconciler.planning.exposure import Ground
from reconciler.sending.courier import only
from reconciler.sending.execute import Sent

Confirm = Callable[[Sequence[Outcome]], tuple[tuple[Outcome, ...], tuple[Problem, ...]]]
"""The outcomes as a read shows them, and what was accepted but is not in force."""


class Carry(Protocol):
    """Sends calls, knowing how earlier ones ended."""

    def __call__(self, calls: Sequence[Call], earlier: Sequence[Outcome]) -> Sent: ...


def carried(
    ground: Ground,
    calls: Sequence[Call],
    carry: Carry,
    confirm: Confirm,
    *,
    earlier: Sequence[Outcome] = (),
    deferred: Sequence[Change] = (),
) -> Sent:
    """Send what raises nothing, look whether it is in force, then send as many increases as that leaves room for."""
    frees = [call for call in calls if not call.raises_exposure]
    rises = [call for call in calls if call.raises_exposure]
    first = carry(frees, earlier)
    if not rises:
        return first
    believed = _believed((*earlier, *first.outcomes), confirm)
    dropped = exposure.unfunded(ground, believed, rises, deferred)
    kept = [rest for call in rises if (rest := _without(call, dropped)) is not None]
    second = carry(kept, (*earlier, *first.outcomes))
    unsent = tuple(_unsent(rises, dropped))
    return Sent((*first.outcomes, *second.outcomes, *unsent), (*first.problems, *second.problems))


def _believed(outcomes: Sequence[Outcome], confirm: Confirm) -> tuple[Outcome, ...]:
    """A decrease counts once it is seen; what was accepted and is not in force, or cannot be read, is in doubt."""
    seen, problems = confirm(outcomes)
    doubted = {problem.address for problem in problems}
    everything = None in doubted
    return tuple(
        replace(each, status=Status.UNKNOWN)
        if each.status is Status.APPLIED and (everything or each.item.address in doubted)
        else each
        for each in seen
    )


def _without(call: Call, dropped: Mapping[str, tuple[int, ...]]) -> Call | None:
    left = dropped.get(call.name, ())
    kept = [index for index in range(len(call.items)) if index not in left]
    return only(call, kept) if kept else None


def _unsent(calls: Sequence[Call], dropped: Mapping[str, tuple[int, ...]]) -> Iterator[Outcome]:
    for call in calls:
        for index in dropped.get(call.name, ()):
            item = call.items[index]
            message = f"{item.address} was not raised, since a decrease that was to make room for it is not in force"
            problem = error("unfunded", message, at=item.place, address=item.address, hint="plan again")
            yield Outcome(call.name, item, Status.NOT_SENT, item.id, (problem,))
