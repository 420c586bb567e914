"""Laws of what is stored: what is written is what is read, to the type and the last zero; positions are not stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields, replace

from reconciler.ledger.records import Holder, Resolution, RunRecord
from reconciler.model import (
    NOWHERE,
    Address,
    Call,
    FieldChange,
    Item,
    ItemOutcome,
    Place,
    Problem,
    ReadBack,
    Span,
    error,
)
from reconciler.model.codec import Unfit
from reconciler.model.stored_codec import dumps, loads, tag, untag

from ..ledger import strategies
from ..ledger.samples import RUN, call, ended

texts, maybe, instants = strategies.texts, st.none() | strategies.texts, strategies.instants
runs = st.builds(
    RunRecord,
    texts,
    texts,
    instants,
    texts,
    allowed=st.dictionaries(strategies.keys, texts, max_size=2),
    plan_digest=maybe,
    planned=st.integers(0, 9),
    machine=texts,
)
resolutions = st.builds(
    Resolution,
    st.booleans(),
    texts,
    texts,
    instants,
    st.dictionaries(strategies.keys, texts, max_size=2),
    st.booleans(),
)
holders = st.builds(Holder, texts, texts, st.integers(), st.none() | instants, maybe, maybe)
outcomes = st.tuples(strategies.outcomes, st.sampled_from(ReadBack)).map(
    lambda drawn: tuple(replace(each, seen=drawn[1]) for each in drawn[0])
)
STORED: dict[Any, st.SearchStrategy[Any]] = {
    Call: strategies.calls,
    Item: strategies.items,
    FieldChange: strategies.moves,
    Problem: strategies.problems,
    tuple[ItemOutcome, ...]: outcomes,
    RunRecord: runs,
    Resolution: resolutions,
    Holder: holders,
    Address: strategies.addresses,
}


def shown(value: Any) -> str:
    """With the types and every digit, which ``==`` does not look at, and without positions."""
    match value:
        case Place() | Span():
            return "None"
        case tuple() | list():
            return f"{type(value).__name__}({', '.join(map(shown, value))})"
        case dict():
            return f"{{{', '.join(f'{name!r}: {shown(part)}' for name, part in value.items())}}}"
        case Struct():
            return f"{type(value).__name__}({', '.join(shown(getattr(value, each.name)) for each in fields(value))})"
        case _:
            return repr(value)


@pytest.mark.parametrize("kind", STORED, ids=str)
@given(data=st.data())
def test_what_is_written_is_what_is_read(kind: Any, data: st.DataObject) -> None:
    noun = data.draw(STORED[kind])
    stored = dumps(noun)
    assert stored.isascii()
    assert "\0" not in stored
    assert shown(loads(stored, kind)) == shown(noun)


@given(strategies.bodies)
def test_a_body_survives(body: Any) -> None:
    assert shown(untag(json.loads(json.dumps(tag(body))))) == shown(body)


@pytest.mark.parametrize("kind", [Call, Item, FieldChange, ItemOutcome, Problem, RunRecord, Resolution, Holder])
def test_no_field_of_the_nouns_is_left_out_but_where_it_stood(kind: type[Struct]) -> None:
    """A field that a noun gets later would else be lost without a word."""
    item = call().items[0]
    samples: dict[type[Struct], Any] = {
        Call: call(),
        Item: item,
        FieldChange: item.fields[0],
        ItemOutcome: ended(call())[0],
        Problem: error("code", "message"),
        RunRecord: RUN,
        Resolution: Resolution(True, "", "", datetime(2026, 11, 21, tzinfo=UTC)),
        Holder: Holder(),
    }
    kept = set(json.loads(dumps(samples[kind])))
    assert {each.name for each in fields(kind)} - kept <= {"place", "span"}


def test_no_position_is_worked_out_to_write_a_call() -> None:
    class Unasked:
        def has(self, path: Any) -> bool:
            raise AssertionError(path)

        def span(self, path: Any, *, key: bool = False) -> Span:
            raise AssertionError(path)

    place = Place(Unasked(), ("a",))
    move = replace(call().items[0].fields[0], place=place)
    item = replace(call().items[0], place=place, fields=(move,))
    kept = loads(dumps(replace(call(), items=(item,))), Call)
    assert kept.items[0].place is kept.items[0].fields[0].place is NOWHERE


@pytest.mark.parametrize(
    ("stored", "kind"),
    [
        ('{"kind":"adSets"}', Address),
        ('["adSets"]', Address),
        ('["adSets",7]', Address),
        ("7", Address),
        ('{"field":"f","facet":"b","before":1,"after":{"$decimal":"x"},"seen":true}', FieldChange),
        ('{"field":"f","facet":"b","before":1,"after":2,"seen":"yes"}', FieldChange),
        ('[{"call":"c","item":null,"status":"applied"}]', tuple[ItemOutcome, ...]),
        ('{"severity":"fatal","code":"c","message":"m"}', Problem),
        ('{"command":"c","project":"p","started":"yesterday","version":"v"}', RunRecord),
    ],
)
def test_what_is_no_noun_of_the_kind_is_refused(stored: str, kind: Any) -> None:
    with pytest.raises(Unfit, match="it is no"):
        loads(stored, kind)


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="set is not a value"):
        tag({"field": {1}})


def test_what_json_cannot_tell_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(replace(call(), rows=(float("nan"),)))


def test_what_an_earlier_format_tells_more_is_passed_over() -> None:
    old = (
        '{"field":"bid","facet":"bids","before":null,"after":{"$decimal":"0.90"},"place":["a.yaml",2,3,9],"seen":true}'
    )
    assert loads(old, FieldChange) == FieldChange("bid", "bids", None, Decimal("0.90"))


def test_a_call_that_was_stored_with_its_whole_body_is_read_with_it() -> None:
    sent = call()
    shape = json.loads(dumps(sent))
    shape["body"] = tag(sent.body)
    del shape["rows"], shape["form"]

    assert loads(json.dumps(shape), type(sent)).body == sent.body
