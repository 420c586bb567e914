"""The compiled ways through a kind say what the plain table says, and nouns made lazily are plain dataclasses."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields, replace
from dataclasses import dataclass as by_library
from dataclasses import field as with_
from decimal import Decimal

import pytest

from reconciler import dialects, wire
from reconciler.kinds.compiled import MOST, Memo, compiled
from reconciler.lazily import FEW, dataclass
from reconciler.model import Span
from reconciler.sharing import Shared, holds

AD_SET = next(dialects.every("adSets"))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (1, Decimal(1)), (Decimal("1.0"), Decimal("1.00")), ("1", 1), ([1], ["1"]), ("", None)],
)
def test_a_memo_tells_apart_what_is_equal_but_not_the_same(one: object, other: object) -> None:
    memo = Memo(repr)  # type: ignore[arg-type]
    assert [memo.of(one), memo.of(other), memo.of(one)] == [repr(one), repr(other), repr(one)]  # type: ignore[arg-type]


def test_a_memo_is_bounded_and_keeps_no_refusal() -> None:
    made: list[object] = []
    memo = Memo(lambda raw: made.append(raw))  # type: ignore[func-returns-value]
    for number in range(2 * MOST):
        memo.of(str(number))
    assert len(memo) == MOST
    refusing = Memo(lambda raw: int(str(raw)))
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            refusing.of("x")


def test_the_documented_key_wins_over_another_case() -> None:
    for names in (("bidding", "Bidding"), ("Bidding", "bidding")):
        attributes = {name: {"bidAmount": 0.5 if name == "bidding" else 0.7} for name in names}
        live = wire.decode(AD_SET, {"id": "1", "attributes": attributes})
        assert live.values["bidding.bidAmount"] == Decimal("0.5")
    only = wire.decode(AD_SET, {"id": "1", "attributes": {"BIDDING": {"BidAmount": {"value": 0.7}}}})
    assert only.values["bidding.bidAmount"] == Decimal("0.7")


def test_what_a_row_does_not_show_is_none_or_empty() -> None:
    values = wire.decode(AD_SET, {"id": "1", "attributes": {"bidding": None, "unheard": {"of": 1}}}).values
    assert values["bidding.bidAmount"] is None
    assert values["targeting.deliveryLimitations.devices"] == ()
    assert values.keys() == {row.name for row, _ in AD_SET.reads if row.keyed_by is None}


def test_a_block_is_flattened_down_to_whole_values() -> None:
    geo = {"countries": {"operand": "in", "values": ["FR"]}}
    block = {"name": "x", "budget": None, "targeting": {"geoLocation": geo}, "categoryBids": {"5|1": 1}}
    assert compiled(AD_SET).flat(block) == {
        "name": "x",
        "budget": None,
        "targeting.geoLocation.countries": geo["countries"],
        "categoryBids.5|1": 1,
    }


def test_shared_values_are_a_mapping_like_any() -> None:
    stated, rest = {"a": 1, "b": None}, {"c": 2}
    values = Shared(stated, rest)
    whole = {"a": 1, "b": None, "c": 2}
    assert values == whole
    assert whole == values
    assert {**values} == dict(values.items()) == whole
    assert list(values.keys()) == list(values) == list(whole)
    assert len(values) == 3
    assert [values["a"], values.get("c"), values.get("d", 9)] == [1, 2, 9]
    assert "b" in values
    assert "d" not in values
    assert holds(values, stated)
    assert holds(values, {"a": 1, "c": 2})
    assert not holds(values, {"a": 2})


@dataclass(frozen=True, slots=True, order=True)
class Noun:
    """One of ours."""

    name: str
    parts: list[int] = with_(default_factory=list)
    aside: int = with_(default=0, compare=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("a noun has a name")

    def __str__(self) -> str:
        return self.name


def test_a_lazy_noun_is_a_frozen_dataclass() -> None:
    noun = Noun("a", [1], 2)
    assert repr(noun) == "Noun(name='a', parts=[1], aside=2)"
    assert str(noun) == "a"
    assert noun == Noun("a", [1], 3)
    assert noun != Noun("b", [1])
    assert noun < replace(noun, name="b")
    assert Noun("a").parts is not Noun("a").parts
    assert [each.name for each in fields(Noun)] == ["name", "parts", "aside"]
    assert copy.deepcopy(noun) == pickle.loads(pickle.dumps(noun)) == noun
    assert len({Span("f", 1, 1), Span("f", 1, 1)}) == 1
    with pytest.raises(FrozenInstanceError):
        noun.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del noun.name
    with pytest.raises(AttributeError):
        noun.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Noun()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="a noun has a name"):
        Noun("")


WAYS: list[tuple[tuple[object, ...], dict[str, object]]] = [
    (("a",), {}),
    ((), {"aside": 2, "name": "a"}),
    (("a", [1]), {"aside": 0}),
    ((), {}),
    (("a", [], 0, 1), {}),
    (("a",), {"name": "b"}),
    (("a",), {"other": 1}),
]
"""Arguments of a noun, some of which do not fit."""


@pytest.mark.parametrize("known", [0, FEW + 1], ids=["the first object", "an object of many"])
@pytest.mark.parametrize("way", range(len(WAYS)))
def test_the_first_objects_are_filled_like_all_others(way: int, known: int) -> None:
    """The first ones are filled field by field, the others by a compiled method: nobody can tell which."""
    bodies: dict[str, object] = {name: vars(Noun)[name] for name in ("__post_init__", "__str__")}
    bodies |= {"__annotations__": Noun.__annotations__, "parts": with_(default_factory=list), "aside": 5}
    ours, library = (made(type("Twin", (), dict(bodies))) for made in (dataclass(frozen=True), by_library(frozen=True)))
    for _ in range(known):
        ours("a")
    args, named = WAYS[way]
    results = []
    for cls in (ours, library):
        try:
            results.append(vars(cls(*args, **named)))
        except TypeError as why:
            results.append({"why": str(why).removeprefix("Twin.")})
    assert results[0] == results[1]


class Plain:
    """No dataclass, and without fields."""

    __slots__ = ()
    count: int

    @property
    def twice(self) -> int:
        return 2 * self.count


@dataclass(slots=True)
class Tally(Plain):
    """One of ours that changes."""

    count: int = 0


@dataclass(frozen=True, eq=False)
class Same:
    """One of ours that is equal to itself alone."""

    count: int = 0


def test_a_lazy_noun_may_change_or_be_itself_alone_or_have_a_plain_base() -> None:
    tally = Tally()
    tally.count += 2
    assert tally == Tally(2)
    assert tally.twice == 4
    assert copy.deepcopy(tally) == tally
    with pytest.raises(TypeError, match="unhashable"):
        hash(tally)
    assert Same(1) != Same(1)
    assert len({Same(1), Same(1)}) == 2
