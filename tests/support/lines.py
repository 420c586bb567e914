"""Counts lines of code without docstrings, comments and blank lines: ``python tests/support/lines.py [FOLDER...]``."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from pathlib import Path

NO_CODE = (
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
)


def count(text: str) -> int:
    """Return the lines on which code stands; a text that is a statement of its own is a docstring."""
    told = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for each in tokens if each.type not in NO_CODE for line in range(each.start[0], each.end[0] + 1)}
    return len(code - told)


def main(folders: list[str]) -> None:
    """Print the number of each folder; of the package and its tests where none is named."""
    for folder in folders or ["reconciler", "tests"]:
        files = [each for each in sorted(Path(folder).rglob("*.py")) if "node_modules" not in each.parts]
        lines = sum(count(each.read_text(encoding="utf-8")) for each in files)
        sys.stdout.write(f"{folder}: {lines:,} lines of code in {len(files)} files\n")


if __name__ == "__main__":
    main(sys.argv[1:])
