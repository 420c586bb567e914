"""Writes ``docs/reference`` anew from the code. With ``--check`` it writes nothing, and fails if a page is not current.

A page is a module with a function ``pages() -> {path below docs/reference: text}``; name a new one in ``PAGES``.
"""

import sys
from pathlib import Path

import commands
import contents
import exits
import guardrails
import kinds
import problems
import project
import reports

import schemas

PAGES = (contents, commands, kinds, guardrails, exits, problems, project, reports, schemas)
REFERENCE = Path(__file__).resolve().parents[1] / "reference"


def main(check: bool) -> int:
    wanted = {name: text for module in PAGES for name, text in module.pages().items()}
    there = {str(file.relative_to(REFERENCE)): file.read_text(encoding="utf-8") for file in REFERENCE.rglob("*.md")}
    stale = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    for name in stale:
        sys.stdout.write(("not current: " if check else "written: ") + f"{name}\n")
        file = REFERENCE / name
        if check:
            continue
        if name not in wanted:
            file.unlink()
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted[name], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
