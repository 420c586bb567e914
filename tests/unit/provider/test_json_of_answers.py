"""The JSON of an answer: the fast decoder means what the standard one means, row by row, and refuses the same."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.provider.http.messages import Reply, decode_reply

ROWS = '{"id": "1", "a": -1.50e+3, "b": [true, null, "é\\u00e9\\n"]}, {"id": 12345678901234567890123}, 7'
TEXT = f'{{"data": [{ROWS}], "w": []}}'
PIECES = st.sampled_from(
    [*(b"%c" % each for each in b'{}[]",:019.eE+-\\u \t\n\x00\xff'), b"NaN", b'"\\ud800"', b"1e99999"]
)
EDITS = st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, 2), PIECES), max_size=3)


def decode(body: bytes, hook: Any = None) -> Any:
    return decode_reply(Reply(200, {}, body), hook)


def refuse(constant: str) -> None:
    raise ValueError(constant)


def standard(body: bytes) -> Any:
    return json.loads(body, parse_float=Decimal, parse_constant=refuse)


@given(EDITS)
def test_any_text_means_what_the_standard_decoder_means(edits: list[tuple[int, int, bytes]]) -> None:
    body = TEXT.encode()
    for at, cut, piece in edits:
        body = body[:at] + piece + body[at + cut :]
    try:
        expected = standard(body)
    except (ValueError, ArithmeticError):
        for hook in (None, dict):
            with pytest.raises(ValueError, match=r"the JSON that|valid JSON"):
                decode(body, hook)
    else:
        assert repr(decode(body)) == repr(expected)
        assert decode(body, dict) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32-le"])
def test_each_row_is_converted_in_every_encoding(encoding: str) -> None:
    whole = decode(TEXT.encode(encoding), lambda row: row["id"])
    assert whole == {"data": ["1", 12345678901234567890123, 7], "w": []}


@pytest.mark.parametrize("body", [b"[]", b'{"data": null}', b'{"data": {"id": "1"}}', b"{}", b"3"])
def test_what_holds_no_rows_is_returned_as_it_is(body: bytes) -> None:
    assert decode(body, lambda row: None) == standard(body)


def test_an_exponent_beyond_every_decimal_is_refused() -> None:
    with pytest.raises(ValueError, match="valid JSON"):
        decode(b'{"amount": 1e99999999999999999999}')
