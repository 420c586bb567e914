"""Draws docstrings at random, to be read as by someone who has not seen the code: none may need a second reading.

``python tests/support/docstrings.py --seed 17 --number 30 [--revision REV]`` prints them, of this tree or of a commit;
with ``--beside REV``, those of the names that only one function or class has in both, the old sentence beside the new.
"""

from __future__ import annotations

import argparse
import ast
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def sources(revision: str | None) -> Iterator[tuple[str, str]]:
    """Yield path and text of each module, in the order of their paths."""
    if revision is None:
        for file in sorted((ROOT / "reconciler").rglob("*.py")):
            yield str(file.relative_to(ROOT)), file.read_text(encoding="utf-8")
        return
    for name in _git("ls-tree", "-r", "--name-only", revision, "reconciler").splitlines():
        if name.endswith(".py"):
            yield name, _git("show", f"{revision}:{name}")


def docstrings(revision: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield place and text of each docstring."""
    for path, text in sources(revision):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, DOCUMENTED) and (found := ast.get_docstring(node)):
                yield f"{path}:{getattr(node, 'lineno', 1)} {getattr(node, 'name', '')}".strip(), found


def draw(seed: int, number: int, revision: str | None = None) -> list[tuple[str, str]]:
    """Return this number of docstrings, drawn by the seed."""
    found = list(docstrings(revision))
    random.Random(seed).shuffle(found)
    return found[:number]


def draw_pairs(seed: int, number: int, revision: str) -> list[tuple[str, str, str]]:
    """Return place, old and new first line of this number of docstrings that both trees have."""
    old, new = _by_name(revision), _by_name(None)
    both = sorted(old.keys() & new.keys())
    random.Random(seed).shuffle(both)
    return [(new[name][0], old[name][1], new[name][1]) for name in both[:number]]


def _by_name(revision: str | None) -> dict[str, tuple[str, str]]:
    """Return place and first line of each docstring whose name, but for a leading underscore, is the only one."""
    found: dict[str, list[tuple[str, str]]] = {}
    for place, text in docstrings(revision):
        name = place.partition(" ")[2].lstrip("_")
        found.setdefault(name, []).append((place, text.splitlines()[0]))
    return {name: each[0] for name, each in found.items() if name and len(each) == 1}


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=17)
    options.add_argument("--number", type=int, default=30)
    options.add_argument("--revision")
    options.add_argument("--beside")
    given = options.parse_args()
    if given.beside:
        for place, before, after in draw_pairs(given.seed, given.number, given.beside):
            sys.stdout.write(f"\n{place}\n  - {before}\n  + {after}\n")
        sys.exit()
    sys.stdout.write(f"seed {given.seed}, {given.revision or 'this tree'}\n")
    for place, text in draw(given.seed, given.number, given.revision):
        sys.stdout.write(f"\n{place}\n    " + "\n    ".join(text.splitlines()) + "\n")
