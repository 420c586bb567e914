"""Changes made by another user during a run (contract §11, rule 79)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from ..balances.book import edited_by_user
from ..clock import stamp
from ..state import COLLECTIONS, State

_STAMPED = ("retailMediaCampaigns", "lineItems")
"""Collections whose records hold the time of their last change."""
DEFAULT_USER = "Kip Heaney"
"""Login of the editing user by default, as the history of a balance shows it."""


def edit(state: State, collection: str, key: str, changes: Mapping[str, Any], by: str = DEFAULT_USER) -> None:
    """Set dotted paths of a record. Raise `KeyError` if there is no such record."""
    if collection not in COLLECTIONS or state.get(collection, key) is None:
        raise KeyError(f"{collection}/{key}")
    record = deepcopy(state.collections[collection][key])
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = record
        for name in parents:
            place = place.setdefault(name, {})
        place[last] = decimals(value)
    before = state.collections[collection][key]
    if collection in _STAMPED and "updatedAt" not in changes:
        record["updatedAt"] = stamp(state.clock.now())
    state.put(collection, key, record)
    if collection == "balances":  # balances are the only records with a readable history of changes
        edited_by_user(state, key, before, by)


def decimals(value: Any) -> Any:
    """Return the same value with floats, as Python and YAML callers write them, converted to decimals."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: decimals(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [decimals(one) for one in value]
    return value
