"""``static/plan.svg``: the first plan of the tutorial as a terminal shows it. A test follows the tutorial, so it is real."""

import re
from html import escape
from pathlib import Path

from reconciler.cli.terminal import colour_of
from reconciler.reports.wrapping import wrap_line

TUTORIAL = Path(__file__).resolve().parents[1] / "tutorial" / "index.md"
PLAN = re.compile(r"\$ reconciler plan [^\n]*--sandbox\n.*?(?=\n(?:warning|note)\[|```)", re.DOTALL)
TINTS = {"green": "#7ee787", "yellow": "#f2cc60", "red": "#ff7b72", None: "#e6edf3"}
SIZE, ADVANCE, STEP, MARGIN = 13, 7.83, 19, 18
"""Of the type, and of a letter of it as the browsers' fixed-width types are: six tenths."""
COLUMNS = 80
SPACE = "&#160;"
"""Others are folded, whatever a drawing says of them."""
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def pages() -> dict[str, str]:
    found = PLAN.search(TUTORIAL.read_text(encoding="utf-8"))
    assert found is not None
    lines = found[0].rstrip().splitlines()
    return {"static/plan.svg": _drawn([(part, _tint(line)) for line in lines for part in wrap_line(line, COLUMNS)])}


def _drawn(lines: list[tuple[str, str]]) -> str:
    width, height = round(max(len(line) for line, _ in lines) * ADVANCE) + 2 * MARGIN, len(lines) * STEP + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + number * STEP + SIZE}" fill="{tint}"'
        f' textLength="{len(line) * ADVANCE:.0f}">{escape(line).replace(" ", SPACE)}</text>'
        for number, (line, tint) in enumerate(lines)
        if line
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img"'
        f' aria-label="reconciler plan in a terminal" font-family="{FONT}" font-size="{SIZE}">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n{rows}\n</svg>\n'
    )


def _tint(line: str) -> str:
    return "#79c0ff" if line.startswith("$") else TINTS[colour_of(line)]
