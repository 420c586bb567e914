"""Parts of a call, and the outcomes of items that were not sent."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from reconciler.kinds.write_methods import AddDifference
from reconciler.model import Call, ItemOutcome, ItemStatus, Problem, error
from reconciler.provider import codec


def select_items(call: Call, kept: Sequence[int]) -> Call:
    """Return the call with these of its items only."""
    if len(kept) == len(call.items):
        return call
    rows, items = (tuple(each[index] for index in kept) for each in (call.rows, call.items))
    return replace(call, items=items, rows=rows)


def mark_unsent(call: Call, reason: Problem) -> tuple[ItemOutcome, ...]:
    """Return the outcomes of a call that was not sent for this reason."""
    return tuple(_mark_each_unsent(call, reason))


def _mark_each_unsent(call: Call, reason: Problem) -> Iterator[ItemOutcome]:
    for item in call.items:
        problem = error(reason.code, reason.message, at=item.place, address=item.address, hint=reason.hint)
        yield ItemOutcome(call.name, item, ItemStatus.NOT_SENT, item.id, (problem,))


def report_appeared(call: Call, index: int, id: str) -> Problem:
    item = call.items[index]
    message = f"{id} appeared since this was planned, and is what {item.address} would be"
    return error("appeared", message, at=item.place, address=item.address, hint="plan again: it is taken over then")


def with_mark(call: Call, write: object, token: str | None) -> Call:
    """Return the call with the mark by which the history distinguishes it from any other."""
    if token is None or not isinstance(write, AddDifference):
        return call
    return replace(call, rows=tuple(codec.extend_item(write.envelope, row, {write.memo: token}) for row in call.rows))
