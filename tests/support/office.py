"""Opens and saves spreadsheets with LibreOffice, and gives them to `set --from`: ``make office``. CI does not run it.

A table that comes back unedited changes no byte: as xlsx, and as csv whose columns are opened as text. With the columns
as LibreOffice takes them, a csv has lost zeros, which is an error at each cell. One edited bid is the only change.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from openpyxl import load_workbook

PROJECT = 'version: 1\nscope: {advertiserIds: ["1352"]}\n'
BLOCK = """\
  {name}:   # the {number}th
    id: "{id}"
    name: "{title}"
    bidding: {{bidAmount: {bid}}} # agreed
    schedule: {{startDate: 2026-12-01}}
"""
TITLES = ("FR prospecting", "=SUM(A1)", "00042", "1,5", "1/2", "2026-12-01", "TRUE", "Été → 夏", "-5", "1E5")
"""Names that a spreadsheet likes to take for something else."""
FILTERS = {"csv": "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false", "xlsx": "xlsx"}
TEXT = "CSV:44,34,76,1,{columns},0,true,false"
"""What the import dialog asks: commas, quotes, UTF-8, the type of each column."""


def reconciler(at: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "reconciler.cli", *words], cwd=at, capture_output=True, text=True, check=False
    )


def saved(sheet: Path, form: str, *, as_text: bool) -> Path:
    """The sheet as LibreOffice saves it after it has opened it."""
    office = shutil.which("soffice") or sys.exit("soffice is not installed: apt-get install libreoffice-calc")
    out = sheet.parent / ("as-text" if as_text else "as-it-likes")
    out.mkdir(exist_ok=True)
    profile = f"-env:UserInstallation=file://{sheet.parent}/profile"
    words = [office, profile, "--headless", "--convert-to", FILTERS[form], "--outdir", str(out)]
    if form == "csv":
        columns = len(next(csv.reader(sheet.open(encoding="utf-8-sig"))))
        typed = "/".join(f"{number}/2" for number in range(1, columns + 1)) if as_text else ""
        words += [f"--infilter={TEXT.format(columns=typed)}"]
    subprocess.run([*words, str(sheet)], check=True, capture_output=True, timeout=300)
    return out / sheet.name


def play(folder: Path, form: str) -> bool:
    """Whether one form comes back unharmed, and what is spoilt is refused; says what happened."""
    ads = folder / "ads.yaml"
    blocks = "".join(
        BLOCK.format(
            name=f"ad-{n}", number=n, id=str(6974 * 10**12 + n), title=TITLES[n % len(TITLES)], bid=f"1.{n:02}"
        )
        for n in range(1, 41)
    )
    ads.write_text(f"adSets:\n{blocks}", encoding="utf-8")
    (folder / "reconciler.yaml").write_text(PROJECT, encoding="utf-8")
    before = ads.read_bytes()
    sheet = folder / f"ads.{form}"
    done = reconciler(folder, "export", "--format", form, "--out", sheet.name)
    assert done.returncode == 0, done.stderr
    good = True
    for as_text in (True, False) if form == "csv" else (False,):
        back = saved(sheet, form, as_text=as_text)
        done = reconciler(folder, "set", "--from", str(back))
        same = ads.read_bytes() == before
        sys.stdout.write(f"{form}, columns {'as text' if as_text else 'as they are taken'}: exit {done.returncode}, ")
        sys.stdout.write(f"bytes {'the same' if same else 'CHANGED'}\n{indented(done.stdout + done.stderr)}")
        good &= same and (done.returncode == 0 or (not as_text and form == "csv"))
    edited = edit(saved(sheet, form, as_text=True), form)
    done = reconciler(folder, "set", "--from", str(edited))
    wanted = before.replace(b"bidAmount: 1.07}", b"bidAmount: 9.99}")
    right = ads.read_bytes() == wanted
    sys.stdout.write(f"{form}, one bid edited: exit {done.returncode}, {'exactly it' if right else 'NOT as wanted'}\n")
    return good and right


def edit(sheet: Path, form: str) -> Path:
    """One bid is another."""
    if form == "csv":
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        rows = [["9.99" if cell == "1.07" else cell for cell in row] for row in rows]
        with sheet.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return sheet
    book = load_workbook(sheet)
    for row in book.active.iter_rows():
        for cell in row:
            if isinstance(cell.value, float) and abs(cell.value - 1.07) < 1e-9:
                cell.value = 9.99
    book.save(sheet)
    return saved(sheet, form, as_text=True)


def indented(text: str) -> str:
    lines = text.splitlines()
    return "".join(f"    {line}\n" for line in lines[:8]) + (
        f"    … {len(lines) - 8} more lines\n" if len(lines) > 8 else ""
    )


if __name__ == "__main__":
    results = []
    for each in ("csv", "xlsx"):
        with tempfile.TemporaryDirectory() as empty:
            results.append(play(Path(empty), each))
    sys.exit(0 if all(results) else 1)
