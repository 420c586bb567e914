"""The figures in ``README.md``: the first table, or the first sum, of the page that measured them.

Rows without a goal stay on that page, where there is one for others.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
GOALLESS = re.compile(r"\|[^|]+\|[^|]+\|\s*\|\s*\|")
FIGURES = re.compile(r"(?:^\|.*\n)+|^[\d,]+ combinations\.$", re.MULTILINE)


def pages() -> dict[str, str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return {"../README.md": MARKED.sub(lambda block: block[1] + _of(block[2]) + block[3], text)}


def _of(name: str) -> str:
    page = ROOT / "docs" / "explanation" / f"{name}.md"
    if not page.exists():
        return f"*Not measured yet: `make {'bench' if name == 'benchmarks' else 'faults'}` does it.*\n"
    found = FIGURES.search(page.read_text(encoding="utf-8"))
    assert found is not None, f"{page} holds no figures"
    rows = [row for row in found[0].splitlines() if not GOALLESS.fullmatch(row)]
    link = f"[Everything that was measured](docs/explanation/{name}.md)"
    return "\n".join([*rows, "", link, ""])
