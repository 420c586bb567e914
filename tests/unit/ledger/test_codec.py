"""Laws of the columns of a ledger: what is written is what is read, and instants sort as their texts."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.ledger import codec

from . import strategies
from .samples import NOW


@given(st.dictionaries(strategies.keys, strategies.values, max_size=3))
def test_values_survive_to_the_type_and_the_last_zero(values: dict[str, Any]) -> None:
    stored = codec.of_values(values)
    assert stored.isascii()
    assert "\0" not in stored
    assert repr(codec.to_values(stored)) == repr(values)


@given(st.text(st.characters(exclude_categories=())))
@example("\\u0000")
def test_a_name_survives_and_holds_nothing_that_a_database_refuses(name: str) -> None:
    stored = codec.of_name(name)
    assert codec.to_name(stored) == name
    assert stored.isprintable()
    stored.encode()


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=3), min_size=2, max_size=2, unique=True))
@example(["\0", "\\u0000"])
def test_two_names_are_never_stored_as_one(names: list[str]) -> None:
    assert codec.of_name(names[0]) != codec.of_name(names[1])


@given(strategies.instants, strategies.instants)
def test_instants_sort_as_their_texts(one: datetime, other: datetime) -> None:
    assert codec.to_instant(codec.of_instant(one)) == one
    assert (codec.of_instant(one) < codec.of_instant(other)) == (one < other)


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    paris = NOW.astimezone(timezone(timedelta(hours=1)))
    assert codec.of_instant(paris) == codec.of_instant(NOW)


def test_amounts_keep_their_digits() -> None:
    assert str(codec.to_values(codec.of_values({"bid": Decimal("0.900")}))["bid"]) == "0.900"
