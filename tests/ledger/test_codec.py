"""Laws of the codec: what is written is what is read, to the type and the last zero."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import fields

from reconciler.ledger import codec
from reconciler.ledger.store import Holder
from reconciler.model import Call, Item, Outcome, Place, Status

from . import strategies
from .samples import NOW, RUN, call


def shown(value: Any) -> str:
    """With the types and every digit, which ``==`` does not look at; places by what they point to."""
    match value:
        case Place():
            return f"Place({value.span!r})"
        case tuple() | list():
            return f"{type(value).__name__}({', '.join(map(shown, value))})"
        case dict():
            return f"{{{', '.join(f'{name!r}: {shown(part)}' for name, part in value.items())}}}"
        case _ if hasattr(value, "__dataclass_fields__"):
            return f"{type(value).__name__}({', '.join(shown(getattr(value, each.name)) for each in fields(value))})"
        case _:
            return repr(value)


@given(st.dictionaries(strategies.keys, strategies.values, max_size=3))
def test_values_survive_to_the_type_and_the_last_zero(values: dict[str, Any]) -> None:
    stored = codec.of_values(values)
    assert stored.isascii()
    assert "\0" not in stored
    assert shown(codec.to_values(stored)) == shown(values)


@given(strategies.calls)
def test_a_call_survives_whole_with_its_places(sent: Call) -> None:
    assert shown(codec.to_call(codec.of_call(sent))) == shown(sent)


@given(strategies.outcomes)
def test_outcomes_survive_whole(ended: list[Outcome]) -> None:
    assert shown(codec.to_outcomes(codec.of_outcomes(ended))) == shown(tuple(ended))


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


def test_records_survive() -> None:
    assert codec.to_run(codec.of_record(RUN)) == RUN
    holder = Holder("ann", "build-7", 41, datetime.now(UTC), "nightly", "https://ci.example/7")
    assert codec.to_holder(codec.of_record(holder)) == holder


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="set is not a value"):
        codec.shaped({"field": {1}})  # type: ignore[dict-item]


@pytest.mark.parametrize("kind", [Call, Item, Outcome])
def test_no_field_of_the_nouns_is_left_out(kind: type) -> None:
    """A field that somebody adds to a noun would otherwise be lost without a word."""
    shape = {
        Call: lambda: codec.of_call(call()),
        Item: lambda: codec.of_call(call()),
        Outcome: lambda: codec.of_outcomes([Outcome("c", call().items[0], Status.APPLIED)]),
    }[kind]()
    kept = [each.name for each in fields(kind)]
    assert all(f'"{name}":' in shape for name in kept)


def test_amounts_keep_their_digits() -> None:
    assert str(codec.to_values(codec.of_values({"bid": Decimal("0.900")}))["bid"]) == "0.900"
