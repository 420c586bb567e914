"""Faults between a call and the state: late or altered writes, stale reads."""

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
"""Wrapper of a handler by kind of fault, from the innermost to the outermost."""


def handled(fired: Sequence[Record], call: Call, handler: Handler) -> Response:
    """Return the handler's response, with the faults applied to its effect or to the state that it reads."""
    kept = [fault for fault in fired if fault["kind"] in _WRAPPERS]
    inner = wrapped(kept, handler)
    slow = next((fault for fault in fired if fault["kind"] == "late"), None)
    if views.reads(call.request):
        return inner(views.lagging(call))
    return inner(call) if slow is None else late.promise(slow, kept, call, inner)


def wrapped(faults: Iterable[Record], handler: Handler) -> Handler:
    """Return the handler wrapped in the given faults."""
    for kind, wrapper in _WRAPPERS.items():
        for fault in faults:
            if fault["kind"] == kind:
                handler = partial(_wrapped, wrapper, fault, handler)
    return handler


def _wrapped(
    wrapper: Callable[[Record, Call, Handler], Response], fault: Record, inner: Handler, call: Call
) -> Response:
    return wrapper(fault, call, inner)
