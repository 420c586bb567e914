"""What accounts really hold: currencies without cents and with three decimals, boxes with new keys, extreme dates."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from reconciler.kinds.currency import decimals
from reconciler.kinds.date_types import InstantType
from reconciler.kinds.value_types import CountType, InvalidValue, MoneyType, unbox

from ...support.bench import bench
from ...support.readings import errors

BUDGET = (
    'adSets:\n  one:\n    id: "123467"\n    budget: '
    "{budgetStrategy: capped, budgetRenewal: daily, budgetDeliverySmoothing: standard, budgetAmount: %s}\n"
)


@pytest.mark.parametrize(("currency", "places"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4), ("XAU", 2)])
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, places: int) -> None:
    assert decimals(currency) == places
    assert decimals(currency.lower()) == places


@pytest.mark.parametrize("unknown", [None, "ABC", "currency of advertiser 1352", ""])
def test_an_unknown_currency_has_two(unknown: str | None) -> None:
    assert decimals(unknown) == 2


@pytest.mark.parametrize(
    ("currency", "amount", "codes"),
    [
        ("KWD", "55.125", []),
        ("KWD", "55.1255", ["too-many-decimals"]),
        ("JPY", "5500", []),
        ("JPY", "5500.00", []),
        ("JPY", "5500.50", ["too-many-decimals"]),
        ("EUR", "55.12", []),
        ("EUR", "55.125", ["too-many-decimals"]),
    ],
)
def test_an_amount_may_have_the_decimals_of_its_currency(currency: str, amount: str, codes: list[str]) -> None:
    with bench() as desk:
        desk.write({"a.yaml": BUDGET % amount})
        file = desk.folder / "reconciler.yaml"
        file.write_text(f"{file.read_text()}currencies: {{'1352': {currency}}}\n")
        assert [code for _, code in errors(desk.plan())] == codes


@pytest.mark.parametrize(
    "text", ["1000.125", "1234.567", "0.3333", "0.1", "12345678901234567890.125", "0.1" + 40 * "7", "7"]
)
def test_what_is_read_is_never_rounded(text: str) -> None:
    assert MoneyType(by_currency=True).read(Decimal(text)) == Decimal(text)
    assert MoneyType().read(text) == Decimal(text)


@pytest.mark.parametrize("text", ["1000.125", "100.5", "100", "0.0001"])
def test_what_is_sent_as_text_keeps_every_digit(text: str) -> None:
    sent = MoneyType(by_currency=True, as_text=True).write(Decimal(text))
    assert Decimal(str(sent)) == Decimal(text)
    assert len(str(sent).partition(".")[2]) >= 2


@pytest.mark.parametrize("wire", ["NaN", "Infinity", "many", [], {"a": 1}])
def test_what_is_no_amount_is_kept_as_it_came(wire: object) -> None:
    assert MoneyType().read(wire) == str(wire)  # type: ignore[arg-type]
    assert CountType().read(wire) == str(wire)  # type: ignore[arg-type]


def test_a_box_is_opened_whatever_stands_beside_its_value() -> None:
    assert unbox({"value": 5, "currency": "EUR"}) == 5
    assert unbox({"value": None, "since": "2026"}) is None
    assert unbox({}) is None
    assert unbox({"operand": "in", "values": []}) == {"operand": "in", "values": []}


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_an_instant_beyond_the_calendar_is_refused_in_files_and_kept_in_answers(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        InstantType().parse(text)
    assert refused.value.code == "bad-date"
    assert InstantType().read(text) == text


def test_the_last_and_the_first_instants_are_understood() -> None:
    assert InstantType().parse("9999-12-31T23:59:59Z") == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert InstantType().parse("0001-01-01") == datetime(1, 1, 1, tzinfo=UTC)
