"""``static/comment.svg``: the plan of the quickstart as a comment on a pull request. It is drawn from the real report."""

import re
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from textwrap import shorten

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "quickstart"
WIDTH, STEP, MARGIN, SIZE = 900, 22, 20, 13
COLUMNS = (MARGIN + 14, MARGIN + 230, MARGIN + 440, MARGIN + 570)
FONT = "-apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"
TINTS = {"~": "#9a6700", "+": "#1a7f37", "-": "#cf222e"}
LINES = 3
"""Fields of one change that are drawn; the others are counted."""


def pages() -> dict[str, str]:
    return {"static/comment.svg": _drawn(_report())}


def _report() -> str:
    with tempfile.TemporaryDirectory() as folder:
        project = shutil.copytree(EXAMPLE, Path(folder) / "quickstart", ignore=shutil.ignore_patterns(".*"))
        words = [sys.executable, "-m", "reconciler", "plan", project.name, "--sandbox", "--format", "markdown"]
        return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


def _plain(text: str) -> str:
    return re.sub(r"[`*]|\\(?=\W)", "", text).strip()


def _cells(row: str) -> list[str]:
    return [_plain(each) for each in row.strip().strip("|").split(" | ")]


def _drawn(report: str) -> str:
    rows = report.splitlines()
    title = next(row for row in rows if row.startswith("### ")).removeprefix("### ")
    start = next(number for number, row in enumerate(rows) if row.startswith("| Budgets"))
    budgets = [_cells(row) for row in rows[start : rows.index("", start)] if not row.startswith("|---")]
    changes = [_cells(row) for row in rows if re.match(r"\| [~+-] \|", row)]
    calls = next(re.sub(r"<[^>]+>", "", row) for row in rows if row.startswith("<details><summary>"))
    marks: list[str] = []
    y = MARGIN + 8
    marks.append(_text(MARGIN + 14, y, "reconciler commented on this pull request", fill="#59636e"))
    y += 2 * STEP + 8
    marks.append(_text(MARGIN + 14, y, title, weight="600", size=16))
    y += STEP // 2
    for number, row in enumerate(budgets):
        y += STEP
        marks += [
            _text(x, y, cell, weight="600" if number == 0 else "400") for x, cell in zip(COLUMNS, row, strict=False)
        ]
    y += STEP // 2
    for sign, resource, change, place in (row[:4] for row in changes):
        y += STEP
        name, _, human = resource.partition("<br>")
        marks.append(_text(MARGIN + 14, y, sign, fill=TINTS[sign], weight="600"))
        marks.append(_text(MARGIN + 34, y, f"{name}  {human}", weight="600"))
        marks.append(_text(MARGIN + 560, y, place, fill="#0969da"))
        moves = change.split("<br>")
        more = [f"and {len(moves) - LINES} fields more"] if len(moves) > LINES else []
        for move in (*moves[:LINES], *more):
            y += STEP
            marks.append(_text(MARGIN + 54, y, shorten(move, 110, placeholder=" …"), fill="#59636e"))
    y += STEP + STEP // 2
    marks.append(_text(MARGIN + 14, y, f"▸ {_plain(calls)}"))
    height = y + 2 * MARGIN
    body = "\n".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img"'
        f' aria-label="reconciler plan as a comment on a pull request" font-family="{FONT}" font-size="{SIZE}">\n'
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{height - 2}" rx="8" fill="#ffffff" stroke="#d1d9e0"/>\n'
        f'<rect x="1" y="1" width="{WIDTH - 2}" height="{STEP + MARGIN}" rx="8" fill="#f6f8fa" stroke="#d1d9e0"/>\n{body}\n</svg>\n'
    )


def _text(x: int, y: int, text: str, *, fill: str = "#1f2328", weight: str = "400", size: int = SIZE) -> str:
    return f'<text x="{x}" y="{y}" fill="{fill}" font-weight="{weight}" font-size="{size}">{escape(text)}</text>'
