"""The official SDK for Retail Media works against the sandbox, unchanged: balances, funds, campaigns, history."""

from __future__ import annotations

import pytest

from .strangers import visit


@pytest.mark.sdk
def test_the_official_sdk_creates_patches_and_funds_balances():
    seen = visit("retail_media.py")
    assert seen.code == 0, seen.output
    assert [one for one in seen.operations if one[0] in ("POST", "PATCH")] == [
        ("POST", 201),
        ("POST", 400),
        ("PATCH", 200),
        ("PATCH", 200),
        ("POST", 200),
        ("POST", 200),
        ("POST", 400),
        ("POST", 200),
        ("POST", 200),
        ("POST", 200),
    ]
