"""A value that cannot be changed: the hint names something that a file can state."""

from __future__ import annotations

import pytest

from reconciler.kinds.versions import find_version
from reconciler.model import Address, Desired, FixedLocator, Live, Origin, Place, Span
from reconciler.planning.diff import diff

AD_SET = find_version("marketingSolutions", "2026-07").kinds["adSets"]
PLACE = Place(FixedLocator(Span("ads.yaml", 1, 1)), ())


@pytest.mark.parametrize(
    ("live", "cure"),
    [
        ("conversions", "write conversions again, or describe a new ad set"),
        ("unknown", "remove objective, or describe a new ad set"),
        (None, "remove objective, or describe a new ad set"),
    ],
)
def test_the_hint_for_a_fixed_field_can_be_followed(live: str | None, cure: str) -> None:
    block = Desired(Address("adSets", "summer"), "7", {"objective": "clicks"}, Origin(PLACE))
    changes, problems = diff(AD_SET, [(block, Live("adSets", "7", {"objective": live}))], {})

    assert changes == ()
    assert [(each.code, each.hint) for each in problems] == [("fixed-field", cure)]
