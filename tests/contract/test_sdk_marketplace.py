"""The official SDK for Marketing Solutions works against the sandbox, unchanged: sellers, budgets, bids."""

from __future__ import annotations

import pytest

from .strangers import visit


@pytest.mark.sdk
def test_the_official_sdk_lists_creates_and_patches_budgets_and_bids():
    seen = visit("marketplace.py")
    assert seen.code == 0, seen.output
    assert [one for one in seen.operations if one[0] in ("POST", "PATCH")] == [
        ("POST", 200),
        ("PATCH", 200),
        ("PATCH", 200),
        ("POST", 400),
        ("PATCH", 200),
        ("PATCH", 200),
        ("POST", 200),
    ]
