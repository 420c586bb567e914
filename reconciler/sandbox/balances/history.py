"""Balance history in the spelling and envelope of the requested version (rule 75)."""

from __future__ import annotations

from typing import Any

from .balance import Entry

_COMMON = (
    "BalanceCreated", "BalanceAdded", "BalanceRemoved", "BalanceUncapped", "BalanceCapped",
    "EndDate", "StartDate", "BalanceName", "ValueAdd", "Unknown",
)  # fmt: skip
_SINCE_G2 = ("RetailerPoNumber", "CriteoPoNumber", "RetailerId")


def change_types(generation: str) -> dict[str, str]:
    """Return stored change type -> spelling of a generation; types that G1 lacks are `Unknown` there."""
    if generation == "G1":
        gone = dict.fromkeys(_SINCE_G2, "Unknown")
        return {name: name for name in _COMMON} | gone | {"RetailerPoNumber": "PoNumber"}
    names = (*_COMMON, *_SINCE_G2)
    if generation == "P":
        return {name: name for name in names}
    return {name: name[:1].lower() + name[1:] for name in names}


def unsupported(wanted: str, generation: str) -> str | None:
    """Return the first of the comma-separated types that the generation does not have, or None."""
    known = {spelling.lower() for spelling in change_types(generation).values()}
    return next((name for name in _split(wanted) if name.lower() not in known), None)


def told(entries: tuple[Entry, ...], wanted: str | None, generation: str) -> list[dict[str, Any]]:
    """Return the entries of the wanted types, newest first."""
    spellings = change_types(generation)
    only = None if wanted is None else {name.lower() for name in _split(wanted)}
    return [
        _item(entry, spellings[entry.change_type])
        for entry in reversed(entries)
        if only is None or spellings[entry.change_type].lower() in only
    ]


def _split(wanted: str) -> list[str]:
    return [name.strip() for name in wanted.split(",") if name.strip()]


def _item(entry: Entry, spelling: str) -> dict[str, Any]:
    return {
        "dateOfModification": entry.at,
        "changeType": spelling,
        "changeDetails": {
            "previousValue": entry.previous,
            "currentValue": entry.current,
            "changeValue": entry.change,
        },
        "modifiedByUser": entry.by,
        "memo": entry.memo,
    }
