"""Laws of a plan file's codec: what is written is what is read, to the last zero, position and reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from reconciler.model import Action, Excuse, FieldChange, Judgement, Money, Problem, RuleLevel, WriteEffect
from reconciler.model.codec import Unfit
from reconciler.model.money import BidShift, Ceiling, Commitment, DatedBudget, Funds, Period
from reconciler.planfile.plan_codec import CODEC, Batching, Content, StoredCall, StoredChange

from ..ledger import strategies
from ..model.test_stored import shown

words = st.text("abc:/.é😀", max_size=8)
counts, maybe = st.integers(0, 2**63), st.none() | words
amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
spans = strategies.spans.map(lambda span: replace(span, width=1))
"""The width of a position is not written."""
places = strategies.places
addresses = st.builds(strategies.Address, st.sampled_from(["adSets", "balances"]), words)
problems = st.builds(
    Problem, st.sampled_from(list(strategies.Severity)), words, words, st.none() | spans, st.none() | addresses, maybe
)
few_problems = st.lists(problems, max_size=2).map(tuple)
excuses = st.builds(Excuse, spans, strategies.instants, words, counts, few_problems)
judgements = st.builds(
    Judgement,
    words,
    st.sampled_from(RuleLevel),
    words,
    few_problems,
    maybe,
    st.booleans(),
    st.lists(excuses, max_size=2).map(tuple),
)


def rows(kind: Any, *parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.builds(kind, *parts), max_size=2).map(tuple)


periods = st.sampled_from(Period)
money = st.builds(
    Money,
    commitments=rows(Commitment, words, periods, amounts, amounts, counts, counts),
    funds=rows(Funds, words, amounts, amounts, amounts, amounts, counts, counts),
    bids=rows(BidShift, words, words, words, counts, counts, *[st.none() | amounts] * 5),
    dated=rows(DatedBudget, words, addresses, words, words, words, counts, *[st.none() | amounts] * 3),
    ceilings=rows(Ceiling, words, st.none() | periods, amounts, amounts, counts, counts),
)
plain = st.recursive(st.none() | st.booleans() | words, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
"""Values as a plan file holds them; the field of the kind knows their type."""
moves = st.builds(FieldChange, words, words, plain, plain, places, st.booleans())
changes = st.builds(
    StoredChange,
    addresses,
    st.sampled_from(Action),
    maybe,
    places,
    st.none() | st.dictionaries(words, plain, max_size=2),
    st.dictionaries(words, words, max_size=2),
    st.lists(moves, max_size=2).map(tuple),
)
calls = st.builds(
    StoredCall,
    *[words] * 3,
    st.lists(st.tuples(words, words), max_size=2).map(tuple),
    words,
    st.sampled_from(WriteEffect),
    words,
    st.lists(addresses, max_size=2).map(tuple),
    words,
)
texts = st.lists(words, max_size=2).map(tuple)
contents = st.builds(
    Content,
    *[words] * 3,
    maybe,
    words,
    st.dictionaries(words, words, max_size=2),
    st.dictionaries(words, texts, max_size=2),
    texts,
    texts,
    st.sampled_from(Batching),
    strategies.instants,
    strategies.instants,
    st.none() | money,
    st.lists(judgements, max_size=1).map(tuple),
    st.lists(changes, max_size=1).map(tuple),
    counts,
    st.dictionaries(words, words, max_size=2),
    st.lists(calls, max_size=1).map(tuple),
    st.lists(changes, max_size=1).map(tuple),
    counts,
    counts,
)
STORED = {Problem: problems, Judgement: judgements, Money: money, StoredChange: changes, Content: contents}


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_is_written_is_what_is_read(kind: Any, data: st.DataObject) -> None:
    noun = data.draw(STORED[kind])
    text = json.dumps(CODEC.write(noun))
    found = CODEC.read(json.loads(text), kind)

    assert shown(found) == shown(noun)  # to the type and the last zero
    assert found == noun
    assert json.dumps(CODEC.write(found)) == text  # positions too


@settings(max_examples=5)
@given(contents)
def test_a_file_that_lacks_a_key_is_refused_by_its_name(content: Content) -> None:
    shape = CODEC.write(content)
    for each in fields(Content):
        with pytest.raises(Unfit, match=f"{each.name}: it is missing"):
            CODEC.read({name: part for name, part in shape.items() if name != each.name}, Content)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"unchanged": True}, "unchanged: True is not of type int"),
        ({"bound": "7"}, "bound: '7' is not of type int"),
        ({"created": "2026-11-21T00:00:00"}, "created: 2026-11-21T00:00:00 has no offset"),
        ({"batching": "both"}, "batching: 'both' is not a valid Batching"),
        ({"calls": {}}, r"calls: \{\} is not of type list"),
        ({"money": {"commitments": [{"currency": "EUR"}], "funds": [], "bids": []}}, "money.commitments.period: it is"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
@settings(max_examples=5)
@given(content=contents)
def test_a_value_of_another_type_is_refused_with_the_keys_that_lead_to_it(
    changed: dict[str, Any], reason: str, content: Content
) -> None:
    with pytest.raises(Unfit, match=f"^{reason}"):
        CODEC.read({**CODEC.write(content), **changed}, Content)


def test_an_earlier_file_without_what_came_later_is_read() -> None:
    shape = {"rule": "bounds", "level": "hard", "limit": "", "because": None, "problems": []}
    assert CODEC.read(shape, Judgement) == Judgement("bounds", RuleLevel.HARD, "")
    assert CODEC.read({"commitments": [], "funds": [], "bids": []}, Money) == Money()
