"""Sends a plan and says how every item ended. Nothing outside the plan is ever sent.

Calls of one stage may be in flight together; what creates or funds goes one by one. A failed item
stops what depended on it and nothing else.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby

from reconciler.courier import Courier, Result
from reconciler.kinds.kind import Stage
from reconciler.model import Address, Call, Effect, Outcome, Problem, Status, error

DEPENDENT = (Stage.NESTED, Stage.START)
"""Stages that make sense only if what came before them for the same resource is in force."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Sent:
    """How the items of some calls ended, in the order of the calls, and what else the API said."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[Problem, ...]

    @property
    def ids(self) -> Mapping[Address, str]:
        """Ids of what was created, where the answer told them."""
        return {each.item.address: each.id for each in self.outcomes if each.id and each.status is Status.APPLIED}


def execute(calls: Sequence[Call], courier: Courier, *, in_flight: int, progress: Progress) -> Sent:
    """Send the calls stage by stage."""
    ended: list[Outcome] = []
    said: list[Problem] = []
    done = 0
    for _, stage in groupby(calls, key=lambda call: call.stage):
        ready = [part for call in stage for part in _possible(call, ended)]
        ended += [outcome for part in ready if isinstance(part, tuple) for outcome in part]
        sending = [part for part in ready if isinstance(part, Call)]
        for _call, (results, problems) in _sent(sending, courier, in_flight):
            ended += results
            said += problems
            done += 1
            progress(done, len(calls))
    return Sent(tuple(ended), tuple(said))


def without(call: Call, dropped: Sequence[int]) -> Call | None:
    """The call without some of its items; None if none is left."""
    kept = [index for index in range(len(call.items)) if index not in dropped]
    if not kept:
        return None
    if not dropped:
        return call
    assert isinstance(call.body, dict)
    data = call.body["data"]
    assert isinstance(data, list)
    return replace(
        call, items=tuple(call.items[index] for index in kept), body={"data": [data[index] for index in kept]}
    )


def _possible(call: Call, ended: Sequence[Outcome]) -> Iterator[Call | tuple[Outcome, ...]]:
    """The call as far as what it depends on succeeded, and the outcomes of the rest."""
    if call.stage not in DEPENDENT:
        yield call
        return
    failed = {each.item.address: each for each in ended if each.status is not Status.APPLIED}
    dropped = [index for index, item in enumerate(call.items) if item.address in failed]
    yield tuple(_waited_in_vain(call, index, failed[call.items[index].address]) for index in dropped)
    rest = without(call, dropped)
    if rest is not None:
        yield rest


def _waited_in_vain(call: Call, index: int, cause: Outcome) -> Outcome:
    item = call.items[index]
    message = f"not sent, since {cause.call} was {cause.status.value} for it"
    return Outcome(
        call.name, item, Status.NOT_SENT, item.id, (error("depends", message, at=item.place, address=item.address),)
    )


def _sent(calls: Sequence[Call], courier: Courier, in_flight: int) -> Iterator[tuple[Call, Result]]:
    apart = [call for call in calls if call.effect is not Effect.SET]
    together = [call for call in calls if call.effect is Effect.SET]
    if len(together) > 1:
        with ThreadPoolExecutor(min(in_flight, len(together))) as pool:
            yield from zip(together, pool.map(courier.carry, together), strict=True)
    else:
        yield from ((call, courier.carry(call)) for call in together)
    doubt: Outcome | None = None
    for call in apart:
        if doubt is not None and courier.targets[call.kind].kind.money:
            yield call, (tuple(_waited_in_vain(call, index, doubt) for index in range(len(call.items))), ())
            continue
        result = courier.carry(call)
        doubt = next((each for each in result[0] if each.status is Status.UNKNOWN), doubt)
        yield call, result
