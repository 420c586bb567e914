"""A spreadsheet and back: only changed cells become edits, and a cell that the spreadsheet spoiled stops all."""

from __future__ import annotations

import csv
import datetime
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from reconciler.config.sheet_cells import escape, unescape

from ..support.commands import Ended, project, reconciler
from .test_set import COUNT, FILES, content, many

__all__ = ["many"]

ADS = """\
adSets:
  # The first one.
  fr:
    id: "123467"
    name: "=FR, prospecting" # a name that looks like a formula
    campaignId: 358313
    schedule: {startDate: 2026-12-01, endDate: null}
    bidding: {bidAmount: 0.9}
    budget: {budgetAmount: 100}
    targeting:
      deliveryLimitations: {devices: [mobile, Desktop]}
      geoLocation: {zipCodes: {operand: in, values: ["01000", "75001"]}}
  de: {id: "0123470", name: 'DE, always on', bidding: {bidAmount: 1.25}}
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return project(tmp_path, {"ads.yaml": ADS})


def text(folder: Path) -> str:
    return (folder / "ads.yaml").read_text(encoding="utf-8")


def rows(folder: Path) -> list[list[str]]:
    ended = reconciler("export", at=folder)
    assert ended.code == 0, ended.said
    return list(csv.reader(io.StringIO(ended.out)))


def take(folder: Path, table: list[list[str]], *more: str, delimiter: str = ",") -> Ended:
    with (folder / "t.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(table)
    return reconciler("set", "--from", "t.csv", *more, at=folder)


def changed(folder: Path, row: int, column: str, value: str) -> list[list[str]]:
    table = rows(folder)
    table[row][table[0].index(column)] = value
    return table


# --- Round trips ----------------------------------------------------------------------------------------------


def test_the_table_has_the_address_the_id_the_name_and_a_column_for_each_field(here: Path) -> None:
    table = rows(here)

    assert table[0][:4] == ["address", "id", "name", "campaignId"]
    assert table[1][:4] == ["adSets.fr", "123467", "'=FR, prospecting", "358313"]
    assert dict(zip(table[0], table[1], strict=True))["targeting.deliveryLimitations.devices"] == "[desktop, mobile]"
    assert dict(zip(table[0], table[2], strict=True))["budget.budgetAmount"] == ""


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
@pytest.mark.parametrize("live", [[], ["--live", "--sandbox", "world.json"]], ids=["files", "live"])
def test_a_round_trip_without_an_edit_changes_no_byte(tmp_path: Path, name: str, live: list[str]) -> None:
    ads = ADS.replace('"0123470"', '"123470"') if live else ADS
    folder = project(tmp_path, {"ads.yaml": ads})
    exported = reconciler("export", "--format", name[2:], "--out", name, *live, at=folder)
    assert exported.code == 0, exported.said

    ended = reconciler("set", "--from", name, at=folder)

    assert (ended.code, text(folder)) == (0, ads), ended.said
    assert "Nothing to change" in ended.out


def test_live_values_stand_beside_the_files(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": 'adSets: {fr: {id: "123467", bidding: {bidAmount: 2}}}\n'})

    ended = reconciler("export", "--live", "--sandbox", "world.json", at=folder)

    assert ended.out.splitlines() == [
        "address,id,bidding.bidAmount,live: bidding.bidAmount",
        "adSets.fr,123467,2.00,0.90",
    ]


@pytest.mark.parametrize(
    ("row", "column", "value", "old", "new"),
    [
        (1, "bidding.bidAmount", "1.10", "bidAmount: 0.9}", "bidAmount: 1.10}"),
        (1, "budget.budgetAmount", "120", "budgetAmount: 100}", "budgetAmount: 120}"),
        (2, "name", "DE; new", "'DE, always on'", "'DE; new'"),
        (1, "schedule.endDate", "2026-12-31", "endDate: null", "endDate: 2026-12-31"),
        (2, "budget.budgetAmount", "7.5", "1.25}}", "1.25}, budget: {budgetAmount: 7.50}}"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_a_changed_cell_changes_its_value_and_nothing_else(
    here: Path, row: int, column: str, value: str, old: str, new: str, delimiter: str
) -> None:
    ended = take(here, changed(here, row, column, value), delimiter=delimiter)

    assert ended.code == 0, ended.said
    assert text(here) == ADS.replace(old, new)
    assert "Changed 1 value of 1 resource in 1 file." in ended.out


def test_rows_may_be_missing_and_in_another_order(here: Path) -> None:
    table = changed(here, 2, "bidding.bidAmount", "3")

    ended = take(here, [table[0], table[2]])

    assert ended.code == 0, ended.said
    assert text(here) == ADS.replace("1.25", "3.00")


# --- Cells that are wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "value", "says"),
    [
        (1, "address", "adSets.fx", "cell A2: no resource has the address 'adSets.fx'"),
        (1, "address", "adSets.de", "cell A3: adSets.de stands in row 2 too"),
        (1, "bidding.bidAmount", "=B2*1.1", "'=B2*1.1' is a formula"),
        (1, "bidding.bidAmount", "+A1", "'+A1' is a formula"),
        (1, "bidding.bidAmount", "1,10", "1,10 has a comma for its decimals"),
        (1, "bidding.bidAmount", "1.234,50", "has a comma for its decimals"),
        (1, "bidding.bidAmount", "viel", "is no amount"),
        (1, "bidding.bidAmount", "1.23456", "has more than 4 decimals"),
        (1, "bidding.bidAmount", "", "an empty cell removes no value"),
        (1, "schedule.startDate", "46357", "46357 is a date as a number of the spreadsheet"),
        (1, "schedule.startDate", "01/12/2026", "schedule.startDate"),
        (1, "id", "1.23E+05", "the id is 123467, not '1.23E+05'"),
        (2, "id", "123470", "the id is 0123470, not '123470'"),
        (1, "campaignId", "6.97E+17", "6.97E+17 was rounded by the spreadsheet"),
        (1, "targeting.geoLocation.zipCodes", '{operand: in, values: ["1000", "75001"]}', "lost the zeros"),
        (0, "bidding.bidAmount", "bidding.bidAmont", "there is no field 'bidding.bidAmont'"),
        (0, "campaignId", "name", "the column 'name' stands twice"),
        (0, "address", "adress", "there is no column 'address'"),
    ],
)
def test_a_wrong_cell_is_an_error_at_its_place_and_nothing_is_written(
    here: Path, row: int, column: str, value: str, says: str
) -> None:
    table = changed(here, 2, "bidding.bidAmount", "9")  # a good edit beside it is not written either
    place = table[0].index(column)
    table[row][place] = value

    ended = take(here, table)

    assert (ended.code, text(here)) == (1, ADS), ended.said
    assert says in ended.out
    line = 3 if "stands in row" in says else row + 1
    column_number = 1 if "no column" in says else place + 1
    assert f"t.csv:{line}:{column_number}: error[bad-" in ended.out
    assert "No file was changed." in ended.out


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("=1+1", "is a formula"),
        (datetime.date(2026, 12, 1), "is a date of the spreadsheet, not text"),
        (1.12345, "has more than 4 decimals"),
        (1e-7, "was rounded by the spreadsheet"),
        (True, "is no amount"),
    ],
    ids=str,
)
def test_a_wrong_cell_of_xlsx_is_an_error_too(here: Path, value: Any, says: str) -> None:
    assert reconciler("export", "--format", "xlsx", "--out", "t.xlsx", at=here).code == 0
    book = load_workbook(here / "t.xlsx")
    heads = [cell.value for cell in book.worksheets[0][1]]
    book.worksheets[0].cell(2, heads.index("bidding.bidAmount") + 1).value = value
    book.save(here / "t.xlsx")

    ended = reconciler("set", "--from", "t.xlsx", at=here)

    assert (ended.code, text(here)) == (1, ADS), ended.said
    assert says in ended.out


def test_an_id_as_a_number_that_lost_its_digits_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, {"ads.yaml": 'adSets: {a: {id: "697000000000000123", name: x}}\n'})
    book = Workbook()
    for row in (["address", "id", "name"], ["adSets.a", 697000000000000123.0, "y"]):
        book.worksheets[0].append(row)
    book.save(folder / "t.xlsx")

    ended = reconciler("set", "--from", "t.xlsx", at=folder)

    assert ended.code == 1
    assert "cell B2: the id is 697000000000000123, not '6.97" in ended.out


@pytest.mark.parametrize(("name", "bytes_", "says"), [
    ("t.csv", b"address,n\xe4me\n", "is not UTF-8"),
    ("t.csv", b"", "there is no column 'address'"),
    ("t.xlsx", b"PK no", "is no xlsx file that can be read"),
    ("none.csv", None, "cannot be read: No such file"),
])  # fmt: skip
def test_a_file_that_is_no_table_is_refused(here: Path, name: str, bytes_: bytes | None, says: str) -> None:
    if bytes_ is not None:
        (here / name).write_bytes(bytes_)

    ended = reconciler("set", "--from", name, at=here)

    assert (ended.code, text(here)) == (1, ADS)
    assert says in ended.out


def test_a_sheet_stands_alone(here: Path) -> None:
    ended = reconciler("set", "adSets.*", "name=x", "--from", "t.csv", at=here)

    assert ended.code == 1
    assert "--from SHEET takes values from the sheet alone" in ended.err


@given(text=st.text(st.sampled_from("'=+-@\t\ra1 "), max_size=6))
def test_an_escaped_text_is_no_formula_and_comes_back(text: str) -> None:
    escaped = escape(text)

    assert unescape(escaped) == text
    assert escaped[:1] not in ("=", "@", "\t", "\r")


# --- Two thousand ---------------------------------------------------------------------------------------------


def test_two_thousand_bids_change_by_way_of_a_spreadsheet(many: Path) -> None:
    for number in range(FILES):
        (many / f"{number}.yaml").write_bytes(content(number, "0.75"))
    assert reconciler("export", "--out", "t.csv", at=many).code == 0
    with (many / "t.csv").open(newline="", encoding="utf-8-sig") as file:
        table = list(csv.reader(file))
    place = table[0].index("bidding.bidAmount")
    for row in table[1:]:
        row[place] = str(Decimal(row[place]) * Decimal("1.12"))

    ended = take(many, table)

    assert ended.code == 0, ended.said
    for number in range(FILES):
        assert (many / f"{number}.yaml").read_bytes() == content(number, "0.84")
    told = json.loads(reconciler("plan", "--sandbox", "world.json", "--format", "json", at=many).out)
    assert (len(told["resource_changes"]), told["calls"]["count"]) == (COUNT, 40)
