"""Read an object directly before it is replaced, and make the body of its PUT from what was read."""

from msgspec.structs import replace

from reconciler.executor.looks import KindReader
from reconciler.kinds.write_methods import Replace
from reconciler.model import Call, ItemOutcome, ItemStatus, Problem
from reconciler.planning.replacement import merge_fresh


def freshen(call: Call, reader: KindReader, *, again: bool) -> Call | Problem | None:
    """Return the call with the body by a new read, the problem that forbids it, or None if it is in force already.

    ``again`` is true after an earlier sending. Raise :class:`reconciler.provider.reader.ReadError` if the read fails.
    """
    write = reader.kind.writes[call.facet]
    assert isinstance(write, Replace)
    merged = merge_fresh(reader.kind, write, call, reader.read_object(call.path), reader.zones(), again=again)
    if merged.done:
        return None
    return merged.problem or replace(call, rows=(merged.row,))


def mark_refused(call: Call, problem: Problem, *, lost: bool) -> tuple[ItemOutcome, ...]:
    """Return the outcome of a replacement that is not sent; unknown if an earlier sending was lost."""
    status = ItemStatus.UNKNOWN if lost else ItemStatus.NOT_SENT
    return tuple(ItemOutcome(call.name, item, status, item.id, (problem,)) for item in call.items)


def mark_in_force(call: Call) -> tuple[ItemOutcome, ...]:
    """Return the outcome of a replacement that a new read shows in force."""
    return tuple(ItemOutcome(call.name, item, ItemStatus.APPLIED, item.id) for item in call.items)
