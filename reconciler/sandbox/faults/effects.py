"""What faults do between a call and the state: writes that land late or otherwise, reads of an older world."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ..call import Call, Handler
from ..message import Response
from ..state import Record
from . import ids, items, late, lists, names, views

_WRAPPERS: dict[str, Callable[[Record, Call, Handler], Response]] = {
    "item_errors": items.answer,
    "normalise": names.answer,
    "old_id": ids.answer,
    "short_list": lists.answer,
    "stale": views.answer,
    "lag": views.hide,
}
"""From the innermost to the outermost."""


def handled(fired: Sequence[Record], call: Call, handler: Handler) -> Response:
    """The handler's answer, with all that these faults do to its effect or to what it sees."""
    kept = [fault for fault in fired if fault["kind"] in _WRAPPERS]
    inner = wrapped(kept, handler)
    slow = next((fault for fault in fired if fault["kind"] == "late"), None)
    if views.reads(call.request):
        return inner(views.lagging(call))
    return inner(call) if slow is None else late.promise(slow, kept, call, inner)


def wrapped(faults: Iterable[Record], handler: Handler) -> Handler:
    """The handler within all that these faults do to it."""
    for kind, wrapper in _WRAPPERS.items():
        for fault in faults:
            if fault["kind"] == kind:
                handler = partial(_wrapped, wrapper, fault, handler)
    return handler


def _wrapped(
    wrapper: Callable[[Record, Call, Handler], Response], fault: Record, inner: Handler, call: Call
) -> Response:
    return wrapper(fault, call, inner)
