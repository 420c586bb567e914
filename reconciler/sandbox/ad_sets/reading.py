"""Search and single reads of ad sets (contract §3.3.1, §3.3.2, §11 rules 15 to 17)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..call import Call
from ..encoding import array, encode
from ..errors import envelope, problem
from ..message import Response
from ..state import Record
from . import guide, shapes
from .common import current, single
from .fields import Fields, invalid
from .words import Dialect, dialect_of

_FILTERS = {"adSetIds": "id", "campaignIds": "campaignId", "advertiserIds": "advertiserId"}
_HIDDEN = problem(
    "cannot-expose-specific-adsets",
    "Some ad sets cannot be exposed",
    "The configuration of some ad sets prevents their retrieval through this endpoint",
)


def search(call: Call) -> Response:
    """Return every ad set of the portfolio that matches all filters."""
    body = Fields(call.body, "body")
    filters = body.section("filters")
    show = _shown(call, body)
    chosen = _candidates(call, filters)
    shown, warnings = [], []
    for record in sorted(chosen, key=_by_id):
        if not call.advertises_for(record["advertiserId"]):
            continue
        if record.get("unexposable"):
            warnings = [_HIDDEN]
            continue
        shown.append(encode(show(record)))
    return envelope(call, array(shown), warnings=warnings)


def get(call: Call) -> Response:
    """Return one ad set; one that cannot be exposed yields a warning and no data."""
    record = single(call)
    if record.get("unexposable"):
        return envelope(call, None, warnings=[_HIDDEN])
    return envelope(call, show(call, record))


def show(call: Call, record: Record) -> dict[str, Any]:
    """Return the resource of an ad set in the form of the call's API version."""
    return _show(call, dialect_of(call), record)


def _show(call: Call, dialect: Dialect, record: Record) -> dict[str, Any]:
    told = shapes.resource(current(call, record), dialect, call.state, call.now)
    return guide.resource(told, call.state.spent(record, call.now)) if dialect.guide else told


def _by_id(record: Record) -> int:
    return int(record["id"])


def _shown(call: Call, body: Fields) -> Callable[[Record], dict[str, Any]]:
    dialect = dialect_of(call)
    meta = body.section("meta") if dialect.projection else None
    names = None if meta is None else meta.texts("fields")
    if names is None:
        return lambda record: _show(call, dialect, record)
    wanted = frozenset(names)
    if not wanted <= set(shapes.PROJECTED):
        raise invalid("meta/fields", f"{', '.join(sorted(wanted - set(shapes.PROJECTED)))} is not a field")
    return lambda record: shapes.projected(_show(call, dialect, record), wanted)


def _candidates(call: Call, filters: Fields | None) -> Iterable[Record]:
    """Return the records that match the filters, of every advertiser."""
    rows = call.state.all("adSets")
    wanted = {field: ids for key, field in _FILTERS.items() if (ids := _ids(call, filters, key)) is not None}
    by_id = wanted.pop("id", None)
    found = list(rows.values() if by_id is None else (rows[key] for key in by_id if key in rows))
    for field, ids in wanted.items():
        found = [record for record in found if record[field] in ids]
    return found


def _ids(call: Call, filters: Fields | None, key: str) -> frozenset[str] | None:
    """Return the ids of one filter, or None if it does not filter."""
    given = None if filters is None else filters.texts(key)
    if given is None:
        return None
    ids = frozenset(str(int(one)) for one in given if one.isascii() and one.isdigit() and len(one) < 40)
    return None if not ids and call.options.all_unparsable_filter == "ignored" else ids
