"""Writes what the documentation takes from the code: ``docs/reference``, the pictures of a plan.

With ``--check`` nothing is written, and what is not current is named. A page is made by a module with a function
``pages() -> {path below docs: text}``; name a new one in ``PAGES``.
"""

import sys
from pathlib import Path

import commands
import comment
import contents
import exits
import guardrails
import kinds
import picture
import problems
import project
import reports
import sandbox

import schemas

REFERENCE = (contents, commands, kinds, guardrails, exits, problems, project, reports, sandbox, schemas)
PAGES = (picture, comment)
DOCS = Path(__file__).resolve().parents[1]


def main(check: bool) -> int:
    wanted = {f"reference/{name}": text for module in REFERENCE for name, text in module.pages().items()}
    wanted |= {name: text for module in PAGES for name, text in module.pages().items()}
    listed = {str(file.relative_to(DOCS)) for file in (DOCS / "reference").rglob("*.md")}
    stale = sorted(name for name in wanted.keys() | listed if wanted.get(name) != _now(name))
    for name in stale:
        sys.stdout.write(("not current: " if check else "written: ") + f"{name}\n")
        if not check:
            _write(DOCS / name, wanted.get(name))
    return int(check and bool(stale))


def _now(name: str) -> str | None:
    file = DOCS / name
    return file.read_text(encoding="utf-8") if file.exists() else None


def _write(file: Path, text: str | None) -> None:
    if text is None:
        file.unlink()
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
