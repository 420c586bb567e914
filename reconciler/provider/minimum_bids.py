"""Compare bids with the least that is accepted where they are to run: a read, although it is a POST."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.kinds.cells import MinimumBid
from reconciler.kinds.kind import Kind
from reconciler.kinds.value_types import MoneyType
from reconciler.model import Desired, Live, Pair, Problem, Severity, Value, warning
from reconciler.model.money import format_in_sentence
from reconciler.provider.lists import Send, read_call, send_read
from reconciler.provider.read_errors import ReadError


def find_low_bids(kind: Kind, root: str, pairs: Sequence[Pair], send: Send) -> Iterator[Problem]:
    """Yield a warning for each bid that moves to less than the minimum; one read for each place where they run."""
    if kind.minimum_bid is None:
        return
    least: dict[str, Value | Problem] = {}
    for desired, live in pairs:
        places = live.values if live is not None else desired.values
        where = str(places.get(kind.minimum_bid.by) or "")
        for name in _list_moving(kind.minimum_bid, desired, live) if where else ():
            if where not in least:
                least[where] = _read_least(kind, kind.minimum_bid, root, where, send)
            known, bid = least[where], desired.values[name]
            if isinstance(known, Problem):
                yield known
            elif isinstance(known, Decimal) and isinstance(bid, Decimal) and bid < known:
                message = f"{name} {format_in_sentence(bid)} is below {format_in_sentence(known)}, the least at {where}"
                hint = "products of it may ask for more; a lower bid is refused, or does not deliver"
                yield warning("bid-below-minimum", message, at=desired.at(name), address=desired.address, hint=hint)


def _list_moving(minimum: MinimumBid, desired: Desired, live: Live | None) -> Iterator[str]:
    """Yield the bids that the files state and that are not in force."""
    for name in minimum.fields:
        value = desired.values.get(name)
        if isinstance(value, Decimal) and (live is None or live.values.get(name) != value):
            yield name


def _read_least(kind: Kind, minimum: MinimumBid, root: str, where: str, send: Send) -> Value | Problem:
    """Return the least bid, or a note that it cannot be read: it asks for the right to write."""
    path = minimum.path.format(root=root, place=where)
    try:
        body = send_read(read_call(kind, "POST", path, body=minimum.body), send).body
    except ReadError as unread:
        message = f"the least bid at {where} could not be read: {unread.problem.message}"
        return Problem(Severity.NOTE, "minimum-unread", message)
    data = body.get("data") if isinstance(body, dict) else None
    attributes = data.get("attributes") if isinstance(data, dict) else None
    return MoneyType().read(attributes.get(minimum.attribute)) if isinstance(attributes, dict) else None
