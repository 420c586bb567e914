"""Kinds of faults, and their required keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = frozenset(
    [
        "advance",
        "content_type",
        "date",
        "delay",
        "edit",
        "empty",
        "gzip_bomb",
        "html",
        "item_errors",
        "lag",
        "late",
        "lost_answer",
        "lost_request",
        "noise",
        "normalise",
        "old_id",
        "redirect",
        "reset_in_body",
        "revoke_consent",
        "short_list",
        "silence",
        "stale",
        "status",
        "truncated",
    ]
)

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "advance": ("seconds",),
    "date": ("seconds",),
    "delay": ("seconds",),
    "edit": ("collection", "id", "set"),
    "late": ("seconds",),
    "old_id": ("id",),
    "short_list": ("form",),
    "stale": ("seconds",),
    "status": ("status",),
}

CHOICES: Mapping[tuple[str, str], frozenset[object]] = {
    ("late", "drop"): frozenset({None, "reset", "silence"}),
    ("short_list", "form"): frozenset({"cut", "uncounted", "first_page", "small_pages", "shift"}),
}
"""Allowed values by (kind, key)."""


def wrong(fault: Mapping[str, Any]) -> str | None:
    """Return a message that says what is wrong with a scripted fault, or None."""
    kind = fault.get("kind")
    if kind not in KINDS:
        return f"no such fault: {kind!r}"
    missing = [key for key in REQUIRED.get(kind, ()) if key not in fault]
    if missing:
        return f"a fault {kind!r} needs {', '.join(missing)}"
    for (of, key), choices in CHOICES.items():
        if of == kind and fault.get(key) not in choices:
            return f"{key} of a fault {kind!r} cannot be {fault.get(key)!r}"
    return None
