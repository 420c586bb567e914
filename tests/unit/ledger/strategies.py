"""Values, calls and outcomes: any that the types allow."""

from __future__ import annotations

from datetime import UTC, date

from hypothesis import strategies as st

from reconciler.model import (
    Address,
    BodyForm,
    Call,
    FieldChange,
    FixedLocator,
    Item,
    ItemOutcome,
    ItemStatus,
    Place,
    Problem,
    Severity,
    Span,
    WriteEffect,
)

texts = st.text(max_size=8)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
instants = st.datetimes(timezones=st.just(UTC), allow_imaginary=False).map(lambda at: at.replace(fold=0))
scalars = st.none() | st.booleans() | st.integers() | decimals | texts | instants | st.dates(date(1, 1, 1))
keys = texts | st.sampled_from(["$decimal", "$tuple", "$map", "$date", "$", "\x00", "\\", '"'])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
bodies = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | decimals | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
addresses = st.builds(Address, st.sampled_from(["adSets", "balances"]), keys)
spans = st.builds(Span, texts, st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
places = spans.map(lambda span: Place(FixedLocator(span), ()))
moves = st.builds(FieldChange, texts, texts, values, values, places, st.booleans())
items = st.builds(Item, addresses, st.none() | texts, st.lists(moves, max_size=2).map(tuple), places)
calls = st.builds(
    Call,
    name=texts,
    kind=texts,
    facet=texts,
    effect=st.sampled_from(WriteEffect),
    method=texts,
    path=texts,
    rows=st.lists(bodies, max_size=3).map(tuple),
    form=st.builds(BodyForm, st.booleans(), st.booleans()),
    query=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    items=st.lists(items, max_size=3).map(tuple),
    atomic=st.booleans(),
    stage=st.integers(0, 9),
    raises_exposure=st.booleans(),
    product=texts,
)
problems = st.builds(
    Problem, st.sampled_from(Severity), texts, texts, st.none() | spans, st.none() | addresses, st.none() | texts
)
outcomes = st.lists(
    st.builds(
        ItemOutcome,
        texts,
        items,
        st.sampled_from(ItemStatus),
        st.none() | texts,
        st.lists(problems, max_size=2).map(tuple),
    ),
    max_size=3,
)
