"""Read and write spreadsheet files (csv, xlsx) as rows of cells. Amounts are never converted to float."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from reconciler.config.sheet_cells import NUMBER, Cell, escape

BOM = "\ufeff"
MISSING = "xlsx files need the package openpyxl: pip install openpyxl"


class SheetError(ValueError):
    """Raised if a spreadsheet cannot be read or written; the text says why."""


class Column(Struct, frozen=True):
    """An exported column: its heading, and True if its cells are amounts."""

    heading: str
    amounts: bool = False


def write_csv(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bytes:
    """Return a csv file, in UTF-8 with the mark that spreadsheets look for."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([each.heading for each in columns])
    writer.writerows([escape(cell) for cell in row] for row in rows)
    return (BOM + out.getvalue()).encode()


def write_xlsx(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bytes:
    """Return an xlsx file: amounts as numbers, all else as text. Raises :class:`SheetError`."""
    try:
        from openpyxl import Workbook
    except ImportError:
        raise SheetError(MISSING) from None
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "resources"
    for number, row in enumerate([[each.heading for each in columns], *rows], 1):
        for place, text in enumerate(row, 1):
            if not text:
                continue
            cell = sheet.cell(number, place)
            if number > 1 and columns[place - 1].amounts and NUMBER.fullmatch(text):
                cell.value, cell.number_format = Decimal(text), "0.00##"
            else:
                cell.value, cell.number_format = text, "@"
                cell.data_type = "s"  # also if it begins with '='
    sheet.freeze_panes = "B2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(file: Path) -> list[list[Cell]]:
    """Return the rows of a file, by its ending. Raises :class:`SheetError`."""
    try:
        content = file.read_bytes()
    except OSError as trouble:
        raise SheetError(f"{file} cannot be read: {trouble.strerror}") from None
    return _read_xlsx(file, content) if file.suffix.lower() == ".xlsx" else _read_csv(file, content)


def _read_csv(file: Path, content: bytes) -> list[list[Cell]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SheetError(f"{file} is not UTF-8: save it as 'CSV UTF-8'") from None
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        return [[Cell(cell) for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as why:
        raise SheetError(f"{file} cannot be read: {why}") from None


def _read_xlsx(file: Path, content: bytes) -> list[list[Cell]]:
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise SheetError(MISSING) from None
    try:
        sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
        return [[_cell(each.value, each.data_type) for each in row] for row in sheet.iter_rows()]
    except Exception as why:  # a damaged archive ends in errors of many libraries
        raise SheetError(f"{file} is no xlsx file that can be read: {why}") from None


def _cell(value: object, form: str) -> Cell:
    """Return a cell as text: a number by its shortest digits, as typed."""
    if value is None:
        return Cell("")
    if form == "f":
        return Cell("", "a formula")
    if form == "d":
        return Cell("", "a date of the spreadsheet, not text")
    if form == "e":
        return Cell("", f"an error of the spreadsheet ({value})")
    if isinstance(value, bool):
        return Cell("true" if value else "false")
    if form == "n" and isinstance(value, int | float):
        text = repr(value)
        return Cell(text.removesuffix(".0") if "e" not in text else text)
    return Cell(escape(str(value)))
