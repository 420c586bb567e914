"""A value survives the way to the wire and back, in every version, and however loosely the API writes it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds import nested_types, value_types
from reconciler.kinds.kind import Field
from reconciler.model import Json
from reconciler.provider import codec

from .portfolios import Spoken, drawn, flow, raws, spoken, written


def rows() -> list[Any]:
    """Every field that can be written and read, in every version."""
    return [
        pytest.param(case, row, id=f"{case!r}-{row.name}")
        for case in spoken()
        for row in written(case.kind)
        if row.path("read") is not None and not row.is_map
    ]


@pytest.mark.parametrize(("case", "row"), rows())
@given(data=st.data())
def test_what_is_written_is_read_again(case: Spoken, row: Field, data: st.DataObject) -> None:
    value = row.type.parse(data.draw(raws(row.type)))
    path = str(row.path("read")).removesuffix(".value").split(".")
    said = heard(codec.dump_json({"value": row.type.write(value)}))["value"]
    answer = loosely(data, said, row.type)
    for number, name in enumerate(reversed(path)):
        boxed = number == 0 and data.draw(st.booleans())
        answer = {data.draw(spelled(name)): {"value": answer} if boxed else answer}

    live = codec.decode_row(case.kind, {"id": "1", "attributes": answer})

    assert live.values[row.name] == value


def heard(text: bytes) -> Any:
    """A body as the other side hears it."""
    import json
    from decimal import Decimal

    return json.loads(text, parse_float=Decimal)


def spelled(name: str) -> st.SearchStrategy[str]:
    """A key in the documented case mostly, or in another."""
    return st.sampled_from((name, name, name.lower(), name[:1].upper() + name[1:]))


def loosely(data: st.DataObject, said: Json, form: value_types.ValueType) -> Json:
    """The same value in another spelling that the API has been seen to use."""
    match form, said:
        case value_types.EnumType(), str():
            aliases = [alias for alias, word in form.aliases.items() if word == said]
            return data.draw(st.sampled_from((said, said.upper(), said[:1].upper() + said[1:], *aliases)))
        case nested_types.SetType(each=each), list():
            return [loosely(data, one, each) for one in data.draw(st.permutations(said + said[:1]))]
        case value_types.MoneyType(), (int() | object()) if not isinstance(said, str | None | list | dict):
            return data.draw(st.sampled_from((said, f"{said}", f"{said}0" if "." in f"{said}" else f"{said}.0")))
        case nested_types.ObjectType(of=of), dict():
            return {data.draw(spelled(name)): loosely(data, part, of[name]) for name, part in said.items()}
    return said


@pytest.mark.parametrize("case", spoken(), ids=repr)
@given(data=st.data())
def test_what_a_table_draws_is_what_its_type_accepts(case: Spoken, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from([row for row in written(case.kind) if not row.is_map]))

    raw = drawn(data.draw, case.kind, row)[row.name]

    assert raw is None or row.type.parse(raw) is not None
    assert flow(raw)


def worded(case: Spoken) -> list[Field]:
    """Fields whose values are words of a list, which a new version may make longer."""
    return [row for row in written(case.kind) if isinstance(row.type, value_types.EnumType) and row.path("read")]


@pytest.mark.parametrize("case", [case for case in spoken() if worded(case)], ids=repr)
@given(data=st.data())
def test_unknown_words_and_keys_do_no_harm(case: Spoken, data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(worded(case)))
    path = str(row.path("read")).removesuffix(".value").split(".")
    answer: Any = "brandNewWord"
    for name in reversed(path):
        answer = {name: answer, "brandNewKey": [1]}

    live = codec.decode_row(case.kind, {"id": "1", "attributes": answer})

    assert live.values[row.name] == "brandNewWord"
