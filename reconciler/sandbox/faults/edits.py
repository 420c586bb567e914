"""What another user changes meanwhile (contract §11, rule 79)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

from ..balances.book import edited_by_user
from ..state import COLLECTIONS, State

DEFAULT_USER = "Kip Heaney"
"""Who edits, if no one is named: the login that the history of a balance shows."""


def edit(state: State, collection: str, key: str, changes: Mapping[str, Any], by: str = DEFAULT_USER) -> None:
    """Set dotted paths of a record. Raises `KeyError` if there is no such record."""
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
    state.put(collection, key, record)
    if collection == "balances":  # the one kind of record whose changes are in a history that can be read
        edited_by_user(state, key, before, by)


def decimals(value: Any) -> Any:
    """Return the same value with decimals for binary floats, as Python and YAML callers write them."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: decimals(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [decimals(one) for one in value]
    return value
