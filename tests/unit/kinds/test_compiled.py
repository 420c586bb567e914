"""The compiled ways through a kind say what the plain table says."""

from decimal import Decimal

import pytest

from reconciler.kinds import versions
from reconciler.kinds.compiled import MOST, BoundedCache, compile_kind
from reconciler.kinds.shared_values import SharedValues, holds_field
from reconciler.provider import codec

AD_SET = next(versions.kind_across_versions("adSets"))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, Decimal(1)), (Decimal("1.0"), Decimal("1.00")), ("1", 1), ([1], ["1"]), ("", None)],
)
def test_a_memo_tells_apart_what_is_equal_but_not_the_same(one: object, other: object) -> None:
    memo = BoundedCache(repr)  # type: ignore[arg-type]
    assert [memo.of(one), memo.of(other), memo.of(one)] == [repr(one), repr(other), repr(one)]  # type: ignore[arg-type]


def test_a_memo_is_bounded_and_keeps_no_refusal() -> None:
    made: list[object] = []
    memo = BoundedCache(lambda raw: made.append(raw))  # type: ignore[func-returns-value]
    for number in range(2 * MOST):
        memo.of(str(number))
    assert len(memo) == MOST
    refusing = BoundedCache(lambda raw: int(str(raw)))
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            refusing.of("x")


def test_the_documented_key_wins_over_another_case() -> None:
    for names in (("bidding", "Bidding"), ("Bidding", "bidding")):
        attributes = {name: {"bidAmount": 0.5 if name == "bidding" else 0.7} for name in names}
        live = codec.decode_row(AD_SET, {"id": "1", "attributes": attributes})
        assert live.values["bidding.bidAmount"] == Decimal("0.5")
    only = codec.decode_row(AD_SET, {"id": "1", "attributes": {"BIDDING": {"BidAmount": {"value": 0.7}}}})
    assert only.values["bidding.bidAmount"] == Decimal("0.7")


def test_what_a_row_does_not_show_is_none_or_empty() -> None:
    values = codec.decode_row(AD_SET, {"id": "1", "attributes": {"bidding": None, "unheard": {"of": 1}}}).values
    assert values["bidding.bidAmount"] is None
    assert values["targeting.deliveryLimitations.devices"] == ()
    assert values.keys() == {row.name for row, _ in AD_SET.reads if row.list_key is None}


def test_a_block_is_flattened_down_to_whole_values() -> None:
    geo = {"countries": {"operand": "in", "values": ["FR"]}}
    block = {"name": "x", "budget": None, "targeting": {"geoLocation": geo}, "categoryBids": {"5|1": 1}}
    assert compile_kind(AD_SET).flat(block) == {
        "name": "x",
        "budget": None,
        "targeting.geoLocation.countries": geo["countries"],
        "categoryBids.5|1": 1,
    }


def test_shared_values_are_a_mapping_like_any() -> None:
    stated, rest = {"a": 1, "b": None}, {"c": 2}
    values = SharedValues(stated, rest)
    whole = {"a": 1, "b": None, "c": 2}
    assert values == whole
    assert whole == values
    assert {**values} == dict(values.items()) == whole
    assert list(values.keys()) == list(values) == list(whole)
    assert len(values) == 3
    assert [values["a"], values.get("c"), values.get("d", 9)] == [1, 2, 9]
    assert "b" in values
    assert "d" not in values
    assert holds_field(values, stated)
    assert holds_field(values, {"a": 1, "c": 2})
    assert not holds_field(values, {"a": 2})
