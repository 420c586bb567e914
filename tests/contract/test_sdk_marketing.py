"""The official SDK for Marketing Solutions works against the sandbox, unchanged: ad sets."""

from __future__ import annotations

import pytest

from .strangers import visit


@pytest.mark.sdk
def test_the_official_sdk_searches_creates_patches_starts_and_stops_ad_sets():
    seen = visit("marketing_solutions.py")
    assert seen.code == 0, seen.output
    assert [one for one in seen.operations if one[0] != "GET"] == [
        ("POST", 200),
        ("POST", 201),
        ("POST", 400),
        ("PATCH", 200),
        ("POST", 200),
        ("PUT", 200),
        ("POST", 200),
        ("POST", 200),
        ("PATCH", 200),
        ("PATCH", 200),
    ]
